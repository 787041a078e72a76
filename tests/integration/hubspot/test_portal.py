"""What a run must know of a portal, its properties made ready, and what works there."""

from dataclasses import replace
from typing import Any

import pytest

from config import AccountScore, Rulebook
from sandbox import Fault, Portal, Stage
from scoring import FurtherScore
from sync.hubspot import Check, Connection, HubSpotPortal, diagnose, provision
from sync.hubspot.portal import server_time
from sync.ports import FatalError, TokenRefused
from tests.integration.hubspot.conftest import NOW


def checks_of(connection: Connection, rulebook: Rulebook) -> dict[str, Check]:
    return {check.name: check for check in diagnose(connection, rulebook).checks}


def test_stages_come_in_the_portals_own_order(portal: Portal, connection: Connection, rulebook: Rulebook) -> None:
    portal.set_stages([Stage(id="2497212665", label="New"), *portal.stages])
    stages = HubSpotPortal(connection, rulebook).facts().stages
    assert stages == ("2497212665", *(stage.id for stage in portal.stages[1:]))


def test_stages_come_from_the_pipeline_where_the_property_has_no_options(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    bare = {"results": [{"name": "lifecyclestage", "type": "enumeration", "options": []}]}
    portal.faults.add(Fault(path="properties/contacts$", status=200, body=bare))
    assert HubSpotPortal(connection, rulebook).facts().stages == tuple(stage.id for stage in portal.stages)


def test_people_of_the_portal_are_its_owners_also_the_deactivated_ones(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    portal.add_owner("Ann@Ours.example")
    portal.add_owner("bob@ours.example", archived=True)
    portal.add_owner("cleo@gmail.com")
    portal.add_owner("dan@gmail.com")
    facts = HubSpotPortal(connection, rulebook).facts()
    assert facts.employee_emails == {"ann@ours.example", "bob@ours.example", "cleo@gmail.com", "dan@gmail.com"}
    assert facts.employee_domains == {"ours.example"}


def test_domains_that_the_rulebook_names_take_the_place_of_those_that_owners_share(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    portal.add_owner("ann@ours.example")
    portal.add_owner("bob@ours.example")
    named = replace(rulebook.policy.exclusions, own_domains=frozenset({"named.example"}))
    rulebook = replace(rulebook, policy=replace(rulebook.policy, exclusions=named))
    assert HubSpotPortal(connection, rulebook).facts().employee_domains == {"named.example"}


def test_partners_are_the_members_of_the_rulebooks_lists(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    contact = portal.add_contact(email="p@example.com")
    rulebook = replace(rulebook, partner_lists=(portal.add_list("Partners", [contact]),))
    assert HubSpotPortal(connection, rulebook).facts().partner_ids == {contact}


@pytest.mark.parametrize(
    ("details", "zone"),
    [
        ({"timeZone": "Europe/Berlin"}, "Europe/Berlin"),
        ({"timeZone": "Mars/Olympus", "utcOffsetMilliseconds": -12_600_000}, "UTC-03:30"),
        ({"timeZone": "../etc/passwd", "utcOffsetMilliseconds": 7_200_000}, "UTC+02:00"),
        ({}, "UTC"),
    ],
)
def test_a_time_zone_that_is_not_known_here_is_its_offset(
    portal: Portal, connection: Connection, rulebook: Rulebook, details: dict[str, object], zone: str
) -> None:
    portal.faults.add(Fault(path="account-info", status=200, body={"portalId": 5, **details}))
    facts = HubSpotPortal(connection, rulebook).facts()
    assert (facts.portal_id, str(facts.time_zone)) == ("5", zone)


def test_everything_of_ours_is_created_and_a_second_time_nothing_is_written(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    first = dict(provision(connection, rulebook))
    writes = connection.requests.write
    second = dict(provision(connection, rulebook))
    assert set(first) == {"lead_scoring", *rulebook.properties.values()}
    assert set(first.values()) == {"created"}
    assert set(second.values()) == {"was there"}
    assert connection.requests.write == writes
    facts = HubSpotPortal(connection, rulebook).facts()
    assert len(facts.options["lead_grade"]) == 16
    assert facts.options["lead_scoring_sales_feedback"] == {"true_sql", "mql_not_ready", "unqualified"}


def test_a_further_score_is_a_number_of_ours(portal: Portal, connection: Connection, rulebook: Rulebook) -> None:
    score = FurtherScore(label="Growth", property="growth_score", of="customers", groups=("forms",))
    richer = replace(rulebook, rubric=replace(rulebook.rubric, scores={"growth": score}))
    provision(connection, rulebook)
    assert "lacks 1 property of ours: growth_score" in checks_of(connection, richer)["our properties"].detail
    assert dict(provision(connection, richer))["growth_score"] == "created"
    defined = portal.contacts.definitions.require("growth_score")
    assert (defined.type, defined.label, defined.group) == ("number", "Growth", "lead_scoring")
    assert checks_of(connection, richer)["our properties"].ok


def test_missing_options_are_added_and_those_of_the_portal_stay(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    portal.define("lead_grade", "enumeration", "select", options=["A1", "X"])
    assert dict(provision(connection, rulebook))["lead_grade"].startswith("completed: A2")
    assert {"X", "A1", "D4"} <= HubSpotPortal(connection, rulebook).facts().options["lead_grade"]


def test_a_property_of_another_type_stops_it_before_anything_is_created(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    portal.define("lead_score", "string", "text")
    with pytest.raises(FatalError, match=r"lead_score is of type string; ours must be number.*Nothing was created"):
        provision(connection, rulebook)
    assert not portal.requests.writes()


def test_what_somebody_else_creates_at_the_same_time_is_as_good(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    def somebody_else() -> None:
        portal.define("lead_score", "number", "number")

    portal.faults.add(Fault(method="POST", path="properties/contacts$", act=somebody_else))
    assert dict(provision(connection, rulebook))["lead_score"] == "created"


def test_a_portal_that_is_ready_has_no_failed_check(portal: Portal, connection: Connection, rulebook: Rulebook) -> None:
    provision(connection, rulebook)
    checks = checks_of(connection, rulebook)
    assert not [check for check in checks.values() if check.ok is False]
    assert "190 requests in 10 seconds" in checks["burst limit"].detail


def test_what_is_missing_is_named_with_the_way_out(portal: Portal, connection: Connection, rulebook: Rulebook) -> None:
    portal.set_stages([stage for stage in portal.stages if stage.id != "marketingqualifiedlead"])
    checks = checks_of(connection, rulebook)
    assert not checks["our properties"].ok
    assert "scoreline provision" in checks["our properties"].advice
    assert "marketingqualifiedlead" in checks["lifecycle stages"].detail


def test_what_a_score_of_companies_needs_is_asked_for_only_where_there_is_one(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    scored = replace(rulebook, account=AccountScore(label="Heat", property="heat", of="top"))
    asked = {"write companies' scores", "companies' property"}
    assert not asked & checks_of(connection, rulebook).keys()

    checks = checks_of(connection, scored)
    assert checks["write companies' scores"].ok
    assert (checks["companies' property"].ok, checks["companies' property"].advice) == (
        False,
        "Run `scoreline provision`.",
    )

    provision(connection, scored)
    portal.scopes -= {"crm.objects.companies.write"}
    checks = checks_of(connection, scored)
    assert checks["companies' property"].ok
    assert "crm.objects.companies.write" in checks["write companies' scores"].detail


def test_scopes_that_the_token_lacks_are_named(portal: Portal, connection: Connection, rulebook: Rulebook) -> None:
    portal.scopes -= {"crm.objects.owners.read", "crm.objects.contacts.write"}
    checks = checks_of(connection, rulebook)
    assert "crm.objects.owners.read" in checks["read owners"].detail
    assert checks["write scores and stages"].ok is False
    assert checks["read contacts"].ok
    with pytest.raises(TokenRefused, match=r"crm\.objects\.owners\.read"):
        HubSpotPortal(connection, rulebook).facts()


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, {}), (405, {}), (415, {}), (500, {}), (204, None), (200, {"status": "COMPLETE"}), (400, {})],
)
def test_whatever_a_batch_of_nothing_is_answered_does_not_end_the_questions(
    portal: Portal, connection: Connection, rulebook: Rulebook, status: int, body: dict[str, Any] | None
) -> None:
    portal.faults.add(Fault(method="POST", path="contacts/batch/update", status=status, body=body, times=None))
    checks = checks_of(connection, rulebook)
    assert checks["write scores and stages"].ok is None
    assert "only the first write will tell" in checks["write scores and stages"].detail
    assert "our properties" in checks


def test_a_portal_can_be_asked_for_its_facts_when_only_the_reserve_of_the_day_is_left(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    portal.limits.used_today = 600_000
    rulebook = replace(rulebook, partner_lists=(portal.add_list("Partners"),))
    facts = [HubSpotPortal(connection, rulebook).facts() for _ in range(2)]
    assert facts[0].portal_id == facts[1].portal_id


def test_a_partner_list_that_is_not_there_is_named(portal: Portal, connection: Connection, rulebook: Rulebook) -> None:
    checks = checks_of(connection, replace(rulebook, partner_lists=("77",)))
    assert checks["read list 77"].ok is False
    assert "no list of contacts with the id 77" in checks["read list 77"].detail


def test_a_token_that_the_portal_does_not_know_ends_the_questions(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    portal.token = "pat-other"
    with pytest.raises(TokenRefused, match="HUBSPOT_ACCESS_TOKEN"):
        diagnose(connection, rulebook)


def test_hubspots_clock_is_taken_from_its_answers() -> None:
    assert server_time({"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}) == NOW
    assert server_time({}) is server_time({"Date": "noon"}) is None
