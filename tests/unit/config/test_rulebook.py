"""Rulebooks that are right: what they extend, what they mean, and how they feed the rules."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import AccountScore, Rulebook, load_rulebook, rulebook_schema
from scoring import CountRule, EngagementRule, FactRule, Phrases, RecencyRule, SilenceRule

DEFAULT = load_rulebook()


def ours(folder: Path, text: str) -> Rulebook:
    file = folder / "ours.yaml"
    file.write_text(text, encoding="utf-8")
    return load_rulebook(file)


def test_without_a_path_the_packaged_default_is_loaded() -> None:
    assert load_rulebook(None) == load_rulebook("default") == load_rulebook(Path("default"))
    assert DEFAULT.name == "default"
    assert DEFAULT.version.startswith("default-")


def test_a_rulebook_that_changes_nothing_means_the_same_under_its_own_name(tmp_path: Path) -> None:
    rulebook = ours(tmp_path, "extends: default\n")
    assert rulebook.rubric == DEFAULT.rubric
    assert rulebook.policy == DEFAULT.policy
    assert rulebook.version == DEFAULT.version.replace("default", "ours")


def test_mappings_merge_and_lists_replace(tmp_path: Path) -> None:
    rulebook = ours(
        tmp_path,
        """
extends: default
name: acme
lists: {industries_primary: [Software, Banking]}
rules:
  G05: {points: 80}
  X01: {label: Webshop order, group: web, kind: social, points: 3}
forms: {hand_raise: [call me]}
""",
    )
    rules = {rule.key: rule for rule in rulebook.rubric.rules}
    hand_raise = rules["G05"]
    assert isinstance(hand_raise, EngagementRule)
    assert (hand_raise.points, hand_raise.repeats) == (80, "once")
    assert rulebook.rubric.forms["hand_raise"].phrases.texts == ("call me",)
    assert list(rulebook.rubric.forms) == list(DEFAULT.rubric.forms)
    assert rules["X01"].label == "Webshop order"
    industry = rules["F01"]
    assert isinstance(industry, FactRule)
    assert industry.cases[0].condition.holds("banking")


@pytest.mark.parametrize("nothing", ["off", "null", ""])
def test_what_is_off_is_gone(tmp_path: Path, nothing: str) -> None:
    rulebook = ours(
        tmp_path,
        f"""
extends: default
groups: {{forms: {{points_max: {nothing}}}}}
rules:
  E06: {nothing}
policy:
  gates: {{intent_days: {nothing}}}
""",
    )
    assert "E06" not in {rule.key for rule in rulebook.rubric.rules}
    assert rulebook.rubric.groups["forms"].points_max is None
    assert rulebook.policy.gates.intent_days is None


def test_a_rulebook_may_extend_one_that_extends_another(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: classic\nreasons_max: 3\n", encoding="utf-8")
    rulebook = ours(tmp_path, "extends: base.yaml\npolicy: {moves: none}\n")
    assert (rulebook.name, rulebook.reasons_max, rulebook.policy.moves) == ("ours", 3, "none")
    assert rulebook.policy.mql.exit == 35


def test_only_true_and_false_are_not_text(tmp_path: Path) -> None:
    rulebook = ours(tmp_path, "extends: default\nlists: {territories_served: [NO, Yes, 2026-01-01]}\n")
    territory = next(rule for rule in rulebook.rubric.rules if rule.key == "F05")
    assert isinstance(territory, FactRule)
    assert all(territory.cases[0].condition.holds(country) for country in ("NO", "Yes", "2026-01-01"))


def test_a_list_may_be_a_text_file_next_to_the_rulebook(tmp_path: Path) -> None:
    (tmp_path / "rivals.txt").write_text("# ours\nRival.example\n\nother.example # new\n", encoding="utf-8")
    rulebook = ours(tmp_path, "extends: default\nlists: {competitor_domains: rivals.txt}\n")
    assert rulebook.policy.exclusions.competitor_domains == {"rival.example", "other.example"}


def test_the_version_is_the_same_for_the_same_meaning_however_it_is_written(tmp_path: Path) -> None:
    one = ours(tmp_path, "extends: default\nreasons_max: 3\nrules: {G01: {points: 6, points_max: 18}}\n").version
    again = "# ours\nrules:\n  G01:\n    points_max: 18\n    points: 6.0\nreasons_max: 3\nextends: default\n"
    assert ours(tmp_path, again).version == one


def test_the_version_is_another_for_another_meaning(tmp_path: Path) -> None:
    lists = "lists: {own_domains: [a.example]}"
    changes = ["", "reasons_max: 3", "rules: {G01: {points: 6}}", "policy: {moves: up}", lists]
    assert len({ours(tmp_path, f"extends: default\n{change}\n").version for change in changes}) == 5


def test_the_order_of_form_classes_means_something(tmp_path: Path) -> None:
    trial = "\n  trial:\n  - trial\n"
    assert trial in DEFAULT.text
    moved = DEFAULT.text.replace(trial, "\n", 1).replace("\nforms:\n", f"\nforms:{trial}", 1)
    assert ours(tmp_path, moved).version != DEFAULT.version


@pytest.mark.parametrize("name", ["default", "classic"])
def test_the_text_of_a_rulebook_is_complete_in_itself_and_reads_back_the_same(tmp_path: Path, name: str) -> None:
    rulebook = load_rulebook(name)
    assert ours(tmp_path, rulebook.text) == rulebook


words = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    points=st.integers(-500, 500) | st.floats(-500, 500),
    industries=st.lists(words.filter(lambda word: word != "off"), max_size=4),
    moves=st.sampled_from(["all", "up", "none"]),
)
def test_any_rulebook_reads_back_as_it_was_written(
    tmp_path: Path, points: float, industries: list[str], moves: str
) -> None:
    content = {
        "extends": "default",
        "rules": {"G05": {"points": points}},
        "policy": {"moves": moves},
        "lists": {"industries_primary": industries},
    }
    rulebook = ours(tmp_path, yaml.safe_dump(content))
    assert ours(tmp_path, rulebook.text) == rulebook


def test_every_rule_is_fed_by_what_sources_name() -> None:
    sources = DEFAULT.sources
    for rule in DEFAULT.rubric.rules:
        match rule:
            case FactRule():
                assert {case.fact for case in rule.cases} <= set(sources.facts)
            case EngagementRule() | CountRule():
                assert rule.kind in sources.engagements
            case RecencyRule():
                assert set(rule.kinds) <= set(sources.engagements)
            case SilenceRule():
                assert {rule.sent, *rule.touches} <= set(sources.engagements)


def test_sources_name_the_properties_in_order_of_preference() -> None:
    employees = DEFAULT.sources.facts["employees"]
    assert (employees.from_, employees.type) == (("company.numberofemployees", "numemployees"), "number")
    *_, meeting = DEFAULT.sources.engagements["meeting_booked"]
    assert (meeting.at, meeting.lasts_until) == (("engagements_last_meeting_booked",), "hs_latest_meeting_activity")
    assert DEFAULT.sources.engagements["button_click"] == ()


def test_sources_name_the_acts_of_feeds_and_what_stands_in_for_them() -> None:
    listed, latest, first = DEFAULT.sources.engagements["form"]
    assert (listed.feed, listed.act, listed.without) == ("submissions", "sent", None)
    assert (latest.without, first.without) == ("submissions", "submissions")
    booked, held = DEFAULT.sources.engagements["consultation_booked"]
    assert (booked.act, held.act, booked.named) == ("booked", "held", ("consultation", "strategy call"))


def test_a_message_that_sales_sent_by_linkedin_is_no_chat_of_the_lead() -> None:
    (messages,) = DEFAULT.sources.engagements["chat"]
    told = Phrases(messages.named)
    assert [told.stand_in(channel) for channel in ("WHATS_APP", "SMS", "LINKEDIN_MESSAGE")] == [True, True, False]


@pytest.mark.parametrize("name", ["default", "classic"])
def test_no_packaged_rule_counts_what_a_feed_lists_and_what_sums_it_up(name: str) -> None:
    """Replies to marketing mail are no one-to-one mail, so that both count; the rule gives points once."""
    for kind, sources in load_rulebook(name).sources.engagements.items():
        feeds = {source.feed for source in sources if source.feed}
        alone = [source for source in sources if source.feed is None and source.without is None]
        assert not feeds or not alone or kind == "email_reply"


def test_a_list_of_the_portal_may_tell_a_fact(tmp_path: Path) -> None:
    rulebook = ours(tmp_path, 'extends: default\nsources: {facts: {vip: {list: "12", type: bool, tier: free}}}\n')
    assert (rulebook.sources.facts["vip"].list_id, rulebook.sources.facts["vip"].from_) == ("12", ())


def test_a_rulebook_may_score_accounts(tmp_path: Path) -> None:
    account = ours(tmp_path, "extends: default\naccount: {label: Heat, property: account_heat, of: top}\n").account
    assert account == AccountScore(label="Heat", property="account_heat", of="top")
    assert DEFAULT.account is None


def test_our_properties_have_the_names_that_portals_know() -> None:
    assert DEFAULT.properties == {
        "score": "lead_score",
        "fit": "lead_score_fit",
        "engagement": "lead_score_engagement",
        "grade": "lead_grade",
        "reasons": "lead_score_reasons",
        "surge": "lead_scoring_surge",
        "exclusion": "lead_scoring_exclusion",
        "feedback": "lead_scoring_sales_feedback",
        "feedback_points": "lead_scoring_feedback_points",
        "resync": "lead_scoring_resync",
        "hold": "lead_scoring_hold",
    }


def test_partners_and_competitors_may_be_told_by_lists_and_properties(tmp_path: Path) -> None:
    rulebook = ours(
        tmp_path,
        """
extends: default
policy:
  exclusions:
    partner_lists: ["17"]
    partner_property: {relation: [partner, reseller]}
    competitor_property: {relation: [rival]}
""",
    )
    assert rulebook.partner_lists == ("17",)
    assert rulebook.partner_property == {"relation": {"partner", "reseller"}}
    assert rulebook.competitor_property == {"relation": {"rival"}}


def test_the_packaged_policy_says_what_the_working_rules_say() -> None:
    policy = DEFAULT.policy
    assert (policy.moves, policy.clearing, policy.min_delta, policy.human_hold_days) == ("all", "always", 1, 30)
    assert (policy.gates.fit_min, policy.gates.fit_or_mofu, policy.gates.intent_days) == (0, 10, 60)
    assert policy.managed == ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead")
    assert "gmail.com" in policy.exclusions.free_mail_domains
    assert policy.exclusions.own_domains == frozenset()


def titles(schema: Any) -> set[str]:
    """Every title in it."""
    if isinstance(schema, list):
        return {title for part in schema for title in titles(part)}
    if not isinstance(schema, dict):
        return set()
    own = {schema["title"]} if isinstance(schema.get("title"), str) else set()
    return own | {title for part in schema.values() for title in titles(part)}


def test_the_schema_knows_every_key_and_needs_none() -> None:
    schema = rulebook_schema()
    assert {"extends", "rules", "groups", "forms", "policy", "sources", "properties"} <= set(schema["properties"])
    assert "'required'" not in str(schema)
    assert schema["title"] == "Rulebook"
    assert "Decay" in titles(schema)
    assert not [title for title in titles(schema) if title.endswith("Shape")], "editors show them"
    assert schema["properties"]["properties"]["anyOf"][0]["$ref"] == "#/$defs/PropertiesShape"


def test_the_schema_lets_what_is_off_and_half_a_rule_stand() -> None:
    rule = rulebook_schema()["properties"]["rules"]["anyOf"][0]["additionalProperties"]["anyOf"]
    assert rule[1] == {"enum": ["off", None]}
    assert len(rule[0]["anyOf"]) == 5


def test_a_rulebook_may_limit_the_total(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: default\nname: mine\ntotal: {points_max: 100, points_min: 0}\n")
    total = load_rulebook(file).rubric.total
    assert total is not None
    assert (total.points_max, total.points_min) == (100, 0)
