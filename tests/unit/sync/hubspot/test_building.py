"""A contact as HubSpot shows it, as a record."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config import EngagementSource, FactSource, Rulebook, Sources
from scoring import BadValue, Engagement, FurtherScore
from sync.hubspot.building import RecordBuilder
from sync.records import ContactRecord, PortalFacts
from tests.builders import the_packaged_rulebook
from workflows import Answer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
OURS = the_packaged_rulebook().properties
STANDARD = frozenset(
    {
        "lifecyclestage",
        "hs_v2_date_entered_current_stage",
        "lastmodifieddate",
        "email",
        "firstname",
        "lastname",
        "hs_email_optout",
        "associatedcompanyid",
        "annualrevenue",
        "visits",
        "visited_at",
        "opened_at",
        "form",
        "form_at",
        "hs_email_optout_1",
        "hs_email_optout_2",
        "tier",
    }
)


def a_portal(*, lacks: frozenset[str] = frozenset(), **facts: object) -> PortalFacts:
    known = PortalFacts(
        portal_id="1",
        time_zone=UTC,
        stages=("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "customer"),
        properties=(STANDARD | frozenset(OURS.values())) - lacks,
        options={},
        employee_emails=frozenset({"rep@ours.example"}),
        employee_domains=frozenset({"ours.example"}),
        server_time=NOW,
    )
    return replace(known, **facts)  # type: ignore[arg-type]


def a_rulebook(**changes: object) -> Rulebook:
    sources = Sources(
        facts={
            "revenue": FactSource(from_=("annualrevenue", "company.annualrevenue"), type="number", tier="free"),
            "lists_left": FactSource(from_=("hs_email_optout_*",), type="count_true", tier="free"),
        },
        engagements={
            "visit": (EngagementSource(count="visits", at=("visited_at", "opened_at"), tier="free"),),
            "form": (EngagementSource(name="form", at=("form_at",), tier="free"),),
            "chat": (),
        },
    )
    return replace(the_packaged_rulebook(), **{"sources": sources, **changes})  # type: ignore[arg-type]


def a_record(
    properties: Mapping[str, str | None],
    *,
    company: Mapping[str, str | None] | None = None,
    rulebook: Rulebook | None = None,
    portal: PortalFacts | None = None,
) -> ContactRecord:
    builder = RecordBuilder(rulebook or a_rulebook(), portal or a_portal(), now=NOW)
    return builder.build({"id": "7", "properties": properties}, company or {})


def test_only_what_the_rulebook_needs_and_the_portal_has_is_asked_for() -> None:
    builder = RecordBuilder(a_rulebook(), a_portal(lacks=frozenset({"opened_at"})), now=NOW)
    assert set(builder.contact_properties) == (STANDARD | set(OURS.values())) - {
        "opened_at",
        "tier",
        "firstname",
        "lastname",
    }
    assert set(builder.company_properties) == {"annualrevenue", "type"}


GROWTH = FurtherScore(label="Growth", property="growth_score", of="customers", groups=("forms",))


def with_growth() -> tuple[Rulebook, PortalFacts]:
    rulebook = a_rulebook()
    portal = a_portal()
    return (
        replace(rulebook, rubric=replace(rulebook.rubric, scores={"growth": GROWTH})),
        replace(portal, properties=portal.properties | {"growth_score"}),
    )


@pytest.mark.parametrize(("there", "text"), [("12.0", "12"), ("12", "12"), (None, ""), ("many", "many")])
def test_a_further_score_is_read_as_it_would_be_written(there: str | None, text: str) -> None:
    rulebook, portal = with_growth()
    assert a_record({"growth_score": there}, rulebook=rulebook, portal=portal).further == {"growth": text}
    builder = RecordBuilder(rulebook, portal, now=NOW)
    assert "growth_score" in builder.contact_properties
    assert builder.as_ours({"growth_score": there}) == {"growth_score": text}


@pytest.mark.parametrize(("there", "text"), [("true", "true"), ("false", ""), ("", ""), (None, "")])
def test_the_mark_of_a_surge_is_read_as_it_would_be_written(there: str | None, text: str) -> None:
    assert a_record({"lead_scoring_surge": there}).ours["surge"] == text


def test_the_first_property_that_holds_something_feeds_the_fact() -> None:
    assert a_record({"annualrevenue": ""}, company={"annualrevenue": "5,000"}).contact.facts["revenue"] == 5000
    assert a_record({"annualrevenue": "7"}, company={"annualrevenue": "5"}).contact.facts["revenue"] == 7


def test_a_fact_without_a_value_is_unknown() -> None:
    assert "revenue" not in a_record({"annualrevenue": None}).contact.facts


def test_a_value_that_cannot_be_read_is_named_without_being_quoted_and_the_next_one_counts() -> None:
    record = a_record({"annualrevenue": "ask Jane"}, company={"annualrevenue": "5"})
    assert record.contact.facts["revenue"] == 5
    assert record.contact.bad_values == (BadValue(where="annualrevenue", problem="not a number"),)


def test_lists_left_are_counted_over_all_of_them() -> None:
    assert a_record({"hs_email_optout_1": "true", "hs_email_optout_2": "false"}).contact.facts["lists_left"] == 1
    assert a_record({}).contact.facts["lists_left"] == 0
    no_lists = a_portal(lacks=frozenset({"hs_email_optout_1", "hs_email_optout_2"}))
    assert "lists_left" not in a_record({}, portal=no_lists).contact.facts


def test_an_engagement_counts_as_often_and_as_lately_as_its_properties_say() -> None:
    record = a_record({"visits": "3", "visited_at": "2026-11-01", "opened_at": YESTERDAY.isoformat()})
    assert list(record.contact.engagements) == [Engagement(kind="visit", at=YESTERDAY, count=3)]


def test_a_name_alone_is_an_engagement_without_a_date() -> None:
    assert list(a_record({"form": "Demo"}).contact.engagements) == [Engagement(kind="form", name="Demo")]


@pytest.mark.parametrize("nothing", [{}, {"visits": "0", "visited_at": "2026-11-01"}, {"visits": "", "form": None}])
def test_no_engagement_is_none_of_a_kind_that_can_be_told_of(nothing: Mapping[str, str | None]) -> None:
    contact = a_record(nothing).contact
    assert contact.engagements == []
    assert contact.seen_kinds == {"visit", "form"}


@pytest.mark.parametrize(
    "bad",
    [
        {"visits": "-4", "visited_at": "2026-11-01"},
        {"visits": "2", "visited_at": "2031-01-01"},
        {"visits": "2", "visited_at": "soon"},
    ],
)
def test_an_engagement_with_a_bad_count_or_date_is_unknown_not_zero(bad: Mapping[str, str]) -> None:
    contact = a_record(bad).contact
    assert contact.engagements == []
    assert contact.seen_kinds == {"form"}
    assert len(contact.bad_values) == 1


def test_a_kind_whose_properties_the_portal_lacks_is_not_known() -> None:
    portal = a_portal(lacks=frozenset({"form", "form_at"}))
    assert a_record({}, portal=portal).contact.seen_kinds == {"visit"}


@pytest.mark.parametrize(("kind", "lacks"), [("visit", "visits"), ("form", "form")])
def test_without_the_property_that_counts_or_names_them_engagements_are_unknown_not_one(kind: str, lacks: str) -> None:
    portal = a_portal(lacks=frozenset({lacks}))
    contact = a_record({"visited_at": "2026-11-01", "form_at": "2026-11-01", "form": "", "visits": "0"}, portal=portal)
    assert kind not in contact.contact.seen_kinds
    assert not [each for each in contact.contact.engagements if each.kind == kind]


def test_where_a_lead_stands_is_read_from_its_properties() -> None:
    standing = a_record(
        {
            "lifecyclestage": "lead",
            "hs_v2_date_entered_current_stage": "2026-11-01T00:00:00Z",
            OURS["feedback"]: "mql_not_ready",
            OURS["feedback_points"]: "12.0",
            OURS["hold"]: "true",
            OURS["score"]: "0",
            "hs_email_optout": "true",
        }
    ).standing
    assert (standing.stage, standing.stage_since) == ("lead", datetime(2026, 11, 1, tzinfo=UTC))
    assert (standing.answer, standing.points_taken) == (Answer.NOT_READY, 12)
    assert (standing.held, standing.opted_out, standing.was_scored) == (True, True, True)
    assert not standing.history_known


@pytest.mark.parametrize("empty", [None, ""])
def test_a_contact_of_which_nothing_is_known_stands_nowhere(empty: str | None) -> None:
    standing = a_record({"lifecyclestage": empty, OURS["feedback_points"]: empty, OURS["score"]: empty}).standing
    assert (standing.stage, standing.answer, standing.points_taken, standing.was_scored) == (None, None, None, False)


def test_an_answer_that_sales_cannot_give_is_none_and_is_named() -> None:
    record = a_record({OURS["feedback"]: "maybe"})
    assert record.standing.answer is None
    assert [bad.where for bad in record.contact.bad_values] == [OURS["feedback"]]


@pytest.mark.parametrize(
    ("email", "is_employee"),
    [("Rep@Ours.example", True), ("new@ours.example", True), ("jane@theirs.example", False), ("", False)],
)
def test_an_employee_is_known_by_address_or_domain(email: str, is_employee: bool) -> None:
    assert a_record({"email": email}).standing.employee is is_employee


def test_partners_and_competitors_are_known_by_company_list_domain_or_property() -> None:
    policy = the_packaged_rulebook().policy
    exclusions = replace(policy.exclusions, partner_domains=frozenset({"p.example"}))
    rulebook = a_rulebook(
        policy=replace(policy, exclusions=exclusions),
        partner_property={"tier": frozenset({"Partner"})},
        competitor_property={"tier": frozenset({"rival"})},
    )
    assert a_record({}, company={"type": "Partner"}).standing.partner
    assert a_record({}, portal=a_portal(partner_ids=frozenset({"7"}))).standing.partner
    assert a_record({"email": "a@p.example"}, rulebook=rulebook).standing.partner
    assert a_record({"tier": "PARTNER"}, rulebook=rulebook).standing.partner
    assert a_record({}, company={"type": "VENDOR"}).standing.competitor
    assert a_record({"tier": "rival"}, rulebook=rulebook).standing.competitor
    neither = a_record(
        {"tier": "gold", "email": "a@b.example"}, rulebook=rulebook, company={"type": "PROSPECT"}
    ).standing
    assert (neither.partner, neither.competitor) == (False, False)


def test_our_properties_are_shown_in_the_form_in_which_we_write_them() -> None:
    ours = a_record({OURS["score"]: "41.0", OURS["hold"]: "false", OURS["resync"]: "true", OURS["grade"]: None}).ours
    assert (ours["score"], ours["hold"], ours["resync"], ours["grade"]) == ("41", "", "true", "")
    assert set(ours) == set(OURS)


@pytest.mark.parametrize(
    "trace",
    [{"lifecyclestage": ""}, {"hs_v2_date_entered_lead": "2026-01-01T00:00:00Z"}],
    ids=["an emptied stage", "the date of a stage"],
)
def test_a_contact_without_a_stage_that_shows_a_trace_of_one_is_known_to_have_had_one(trace: dict[str, str]) -> None:
    portal = a_portal()
    portal = replace(portal, properties=portal.properties | {"hs_v2_date_entered_lead"})
    assert a_record(trace, portal=portal).standing.had_stage
    assert not a_record({"lifecyclestage": None}, portal=portal).standing.had_stage
    assert not a_record(trace | {"lifecyclestage": "lead"}, portal=portal).standing.had_stage
