"""What feeds each rule, by what a portal or a subscription has."""

from itertools import pairwise
from pathlib import Path

import pytest

from config import TIERS, Fed, Rulebook, Tier, fed_by, feeding, feeding_at, load_rulebook

DEFAULT = load_rulebook()


def at(tier: Tier, rulebook: Rulebook = DEFAULT) -> dict[str, Fed]:
    return {fed.rule.key: fed for fed in feeding_at(rulebook, tier)}


def ours(folder: Path, text: str) -> Rulebook:
    file = folder / "ours.yaml"
    file.write_text(f"extends: default\n{text}\n", encoding="utf-8")
    return load_rulebook(file)


@pytest.mark.parametrize("name", ["default", "classic"])
@pytest.mark.parametrize("tier", TIERS)
def test_every_rule_of_every_packaged_rulebook_has_its_place(name: str, tier: Tier) -> None:
    rulebook = load_rulebook(name)
    assert list(at(tier, rulebook)) == [rule.key for rule in rulebook.rubric.rules]


def test_what_a_feed_lists_takes_the_place_of_what_sums_it_up() -> None:
    pricing = at("professional")["W04"]
    assert (pricing.fitness, fed_by(pricing), pricing.tier) == ("summed up", "roll-ups", "enterprise")
    pricing = at("enterprise")["W04"]
    assert (pricing.fitness, fed_by(pricing), pricing.tier) == ("fed", "events", None)


def test_a_dearer_subscription_never_feeds_a_rule_worse() -> None:
    order = ("missing", "summed up", "fed", "to fill")
    for cheaper, dearer in pairwise(TIERS):
        for key, fed in at(cheaper).items():
            assert order.index(fed.fitness) <= order.index(at(dearer)[key].fitness), key


def test_a_rule_that_waits_for_a_list_or_a_class_says_so() -> None:
    industry, offer = at("free")["F01"], at("free")["G06"]
    assert (industry.fitness, fed_by(industry)) == ("to fill", "properties")
    assert (offer.fitness, fed_by(offer)) == ("to fill", "submissions")


def test_a_rule_that_nothing_tells_of_is_missing() -> None:
    button, social = at("enterprise")["W07"], at("free")["W08"]
    assert (button.fitness, fed_by(button), button.tier) == ("missing", "nothing", None)
    assert (social.fitness, social.tier) == ("missing", "professional")


def test_a_rule_of_several_kinds_is_summed_up_while_one_of_them_is() -> None:
    touch = at("free")["E05"]
    assert (touch.fitness, fed_by(touch), touch.tier) == ("summed up", "emails, roll-ups", "professional")
    assert at("professional")["E05"].fitness == "fed"


def test_silence_needs_to_know_what_was_sent() -> None:
    def sends_nothing(source: object) -> bool:
        return source not in DEFAULT.sources.engagements["email_delivered"]

    fed = {each.rule.key: each for each in feeding(DEFAULT, sends_nothing)}
    assert fed["E06"].fitness == "missing"


def test_a_list_of_the_portal_feeds_a_fact(tmp_path: Path) -> None:
    rulebook = ours(
        tmp_path,
        """
sources: {facts: {clicked: {list: "12", type: bool, tier: free}}}
rules: {A01: {label: Clicked a button, group: web, fact: clicked, cases: [{is: true, points: 5}]}}
""",
    )
    fed = at("free", rulebook)["A01"]
    assert (fed.fitness, fed_by(fed)) == ("fed", "list 12")
