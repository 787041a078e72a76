"""`doctor` and `rulebook check --portal`: what feeds each rule here, at what cost, and what is named in vain."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import Portal
from sandbox.account import Form
from tests.acceptance.conftest import Ended, Scoreline, not_where_events_need_object
from tests.acceptance.leads import a_rulebook

pytestmark = pytest.mark.usefixtures("provisioned")


def rules(ended: Ended) -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule for rule in ended.document["rules"]}


def feeds(ended: Ended) -> dict[str, dict[str, Any]]:
    return {feed["feed"]: feed for feed in ended.document["feeds"]}


def a_form(portal: Portal, name: str, *, form_type: str = "hubspot") -> str:
    form = Form(id=f"00000000-0000-4000-8000-{len(portal.forms):012}", name=name, form_type=form_type, created_ms=0)
    portal.forms.append(form)
    return form.id


def test_doctor_says_rule_by_rule_what_feeds_it(scoreline: Scoreline) -> None:
    found = rules(scoreline("doctor", "--json"))
    told = {key: (rule["state"], rule["fed_by"], rule["tier"]) for key, rule in found.items()}
    assert told["F07"] == ("fed", "properties", None)
    assert told["G05"] == ("fed", "submissions", None)
    assert told["E03"] == ("fed", "mail", None)
    assert told["K02"] == ("fed", "meetings", None)
    assert told["W04"] == ("summed up", "roll-ups", "enterprise")
    assert told["W07"] == ("missing", "nothing", None)
    assert told["F01"] == ("to fill", "properties", None)
    assert found["W04"]["lacking"] == [{"feed": "events", "act": "e_visited_page", "named": []}]


@not_where_events_need_object
def test_with_enterprise_pages_are_listed_one_by_one(portal: Portal, scoreline: Scoreline) -> None:
    portal.tier = "enterprise"
    pricing = rules(scoreline("doctor", "--json"))["W04"]
    assert (pricing["state"], pricing["fed_by"], pricing["tier"]) == ("fed", "events", None)


@pytest.mark.parametrize(("feed", "scope", "rule"), [("mail", "content", "E03"), ("emails", "sales-email-read", "E04")])
def test_a_feed_that_the_token_may_not_read_is_said_and_its_rules_go_by_roll_ups(
    portal: Portal, scoreline: Scoreline, feed: str, scope: str, rule: str
) -> None:
    portal.switches.emails_need_both_scopes = True
    portal.scopes.discard(scope)
    ended = scoreline("doctor", "--json")
    assert ended.status == 0  # less is known, and nothing is broken
    assert feeds(ended)[feed]["answers"] is False
    assert scope in feeds(ended)[feed]["problem"]
    assert feeds(ended)[feed]["requests_a_day"] == 0
    assert rules(ended)[rule]["state"] == "summed up"
    assert scope in scoreline("doctor").out


def test_what_a_feed_costs_a_day_follows_the_pause_between_passes(portal: Portal, scoreline: Scoreline) -> None:
    for number in range(3):
        a_form(portal, f"Demo {number}")
    found = feeds(scoreline("doctor", "--json"))
    assert found["meetings"]["requests_a_day"] == 288
    assert found["submissions"]["requests_a_day"] == 3 * 288
    assert found["mail"]["acts"] == ["click", "delivered", "open"]
    rarely = feeds(scoreline("doctor", "--json", SCORELINE_INCREMENTAL_EVERY_S="600"))
    assert rarely["meetings"]["requests_a_day"] == 144


def test_doctor_asks_each_feed_once_however_much_it_holds(portal: Portal, scoreline: Scoreline) -> None:
    for number in range(30):
        a_form(portal, f"Demo {number}")
    portal.requests.clear()
    assert scoreline("doctor").status == 0
    asked = [request.path for request in portal.requests]
    assert len([path for path in asked if "/submissions/forms/" in path]) == 1
    assert len([path for path in asked if "/email/public/" in path]) == 1
    assert len([path for path in asked if "/objects/meetings" in path]) == 1


def test_doctor_lists_the_forms_that_no_class_names(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    a_form(portal, "Request a demo")
    other = a_form(portal, "Formulaire 7")
    a_form(portal, "Comments on the blog", form_type="blog_comment")
    ended = scoreline("doctor", "--json")
    assert ended.document["forms_without_class"] == [{"id": other, "name": "Formulaire 7", "type": "hubspot"}]
    text = scoreline("doctor").out
    assert "1 form is in no class of the rulebook: sending one earns nothing." in text
    assert other in text

    named = a_rulebook(tmp_path / "named.yaml", f"forms: {{hand_raise: [demo, {{id: {other.upper()}}}]}}")
    assert scoreline("doctor", "--json", SCORELINE_RULEBOOK=named).document["forms_without_class"] == []


def test_doctor_names_the_properties_that_the_portal_lacks(scoreline: Scoreline, tmp_path: Path) -> None:
    other = a_rulebook(
        tmp_path / "other.yaml",
        "sources: {facts: {industry: {from: [branche], type: text, tier: free}}, engagements: {"
        "chat: [{count: chats, at: [notes_last_contacted], tier: free}],"
        "social: [{count: posts, tier: professional}]}}",
    )
    ended = scoreline("doctor", "--json", SCORELINE_RULEBOOK=other)
    found = rules(ended)
    assert ended.status == 0
    assert (found["F01"]["state"], found["F01"]["properties_lacking"]) == ("missing", ["branche"])
    assert found["K04"]["state"] == "missing"  # a date alone is not taken for a chat
    assert found["K04"]["advice"] == [
        "The portal has no property chats; create it, or correct the name in the rulebook."
    ]
    assert found["W08"]["advice"] == [
        "HubSpot Professional has posts; without it, name another property in the rulebook."
    ]


def test_doctor_says_that_a_list_is_gone(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    friends = portal.add_list("Our friends")
    told = {}
    for list_id in (friends, "99"):
        vip = f'sources: {{facts: {{vip: {{list: "{list_id}", type: bool, tier: free}}}}}}'
        rule = "rules: {A01: {label: A friend, group: web, fact: vip, cases: [{is: true, points: 5}]}}"
        rulebook = a_rulebook(tmp_path / "friends.yaml", f"{vip}\n{rule}")
        told[list_id] = rules(scoreline("doctor", "--json", SCORELINE_RULEBOOK=rulebook))["A01"]
    assert (told[friends]["state"], told[friends]["fed_by"], told[friends]["advice"]) == ("fed", f"list {friends}", [])
    assert told["99"]["state"] == "missing"
    assert "no list of contacts 99" in told["99"]["advice"][0]


def test_properties_that_a_rulebook_reads_and_the_portal_lacks_are_named_and_are_no_mistakes(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    file = a_rulebook(
        tmp_path / "ours.yaml",
        "sources: {facts: {industry: {from: [industry, company.branche], type: text, tier: free}}, engagements: {"
        "social: [{count: posts, tier: professional}]}}",
    )
    ended = scoreline("rulebook", "check", file, "--portal", "--json")
    assert (ended.status, ended.document["portal_id"]) == (0, str(portal.portal_id))
    lacking = {each["property"]: each for each in ended.document["properties_lacking"]}
    assert lacking["company.branche"] == {"property": "company.branche", "rules": ["F01"], "tier": "free"}
    assert lacking["posts"] == {"property": "posts", "rules": ["W08"], "tier": "professional"}
    assert "industry" not in lacking
    told = scoreline("rulebook", "check", file, "--portal").out
    assert f"Compared with portal {portal.portal_id}." in told
    assert "company.branche" in told
    assert "Compared" not in scoreline("rulebook", "check", file).out


MISNAMED = """
forms: {hand_raise: [demo, {id: 4f2c}, {name: Request a demmo}]}
sources:
  facts: {vip: {list: "99", type: bool, tier: free}}
  engagements: {button_click: [{feed: events, act: pe1_clicked, tier: enterprise}]}
policy: {exclusions: {partner_lists: ["77"]}, stages: {mql: {stage: mql}}}
"""


def test_a_rulebook_is_compared_with_the_portal_on_demand(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    portal.tier = "enterprise"
    a_form(portal, "Request a demo")
    file = a_rulebook(tmp_path / "ours.yaml", MISNAMED)
    assert scoreline("rulebook", "check", file).status == 0

    ended = scoreline("rulebook", "check", file, "--portal", "--json")

    assert (ended.status, ended.document["ok"]) == (2, False)
    found = [(mistake["path"], mistake["found"]) for mistake in ended.document["mistakes"]]
    assert found == [
        ("policy.stages.mql.stage", "'mql'"),
        ("forms.hand_raise", "the id '4f2c'"),
        ("forms.hand_raise", "the name 'request a demmo'"),
        ("sources.facts.vip.list", "'99'"),
        ("policy.exclusions.partner_lists.0", "'77'"),
        ("sources.engagements.button_click.0.act", "'pe1_clicked'"),
    ]
    told = scoreline("rulebook", "check", file, "--portal")
    assert told.status == 2
    assert "request a demo, perhaps" in told.err
    assert f"compared with portal {portal.portal_id}, has 6 mistakes" in told.err


def test_a_rulebook_that_fits_is_told_its_forms_without_a_class(
    portal: Portal, scoreline: Scoreline, tmp_path: Path
) -> None:
    demo, other = a_form(portal, "Request a demo"), a_form(portal, "Formulaire 7")
    members = portal.add_list("Our friends")
    file = a_rulebook(
        tmp_path / "ours.yaml",
        f"forms: {{trial: [{{id: {demo}}}]}}\n"
        f'sources: {{facts: {{vip: {{list: "{members}", type: bool, tier: free}}}}}}',
    )
    ended = scoreline("rulebook", "check", file, "--portal", "--json")
    assert (ended.status, ended.document["mistakes"]) == (0, [])
    assert ended.document["forms_without_class"] == [{"id": other, "name": "Formulaire 7", "type": "hubspot"}]
    assert other in scoreline("rulebook", "check", file, "--portal").out
