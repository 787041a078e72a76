"""What nobody could verify of HubSpot, each tried both ways."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sandbox import Portal
from sandbox.limits import TierName
from sandbox.records import IMPORTED
from sandbox.switches import Switches
from tests.sandbox.asking import NOW, days_before, ids_of, refusal, refused, update

NOW_ISO, NOW_MS = "2026-11-02T09:30:00.000Z", "1793611800000"


def modified(portal: Portal, contact: str) -> str:
    return portal.contact(contact).properties["lastmodifieddate"]


def told(contacts: Any, contact: str, name: str) -> Any:
    return contacts.basic_api.get_by_id(contact, properties=[name]).properties[name]


# Lifecycle stages.


@pytest.mark.parametrize(("empties", "expected"), [(False, "2026-10-24T09:30:00.000Z"), (True, "")])
def test_clearing_a_stage_may_empty_the_date_of_entering_it(
    portal: Portal, contacts: Any, empties: bool, expected: str
) -> None:
    portal.switches.clear_empties_stage_dates = empties
    contact = portal.add_contact(createdate=days_before(9), lifecyclestage="lead")
    update(contacts, (contact, {"lifecyclestage": ""}))
    assert told(contacts, contact, "hs_v2_date_entered_lead") == expected


@pytest.mark.parametrize(("in_ms", "expected"), [(True, NOW_MS), (False, NOW_ISO)])
def test_the_older_stage_date_comes_in_milliseconds_or_in_iso(
    portal: Portal, contacts: Any, in_ms: bool, expected: str
) -> None:
    portal.switches.became_dates_in_ms = in_ms
    contact = portal.add_contact(lifecyclestage="lead")
    assert told(contacts, contact, "hs_lifecyclestage_lead_date") == expected
    assert told(contacts, contact, "hs_lifecyclestage_customer_date") is None


@pytest.mark.parametrize("tells", [True, False])
def test_the_result_of_an_update_may_lack_the_stage(portal: Portal, contacts: Any, tells: bool) -> None:
    portal.switches.update_tells_stage = tells
    contact = portal.add_contact(lifecyclestage="lead")
    answered = update(contacts, (contact, {"lifecyclestage": "customer", "city": "Bonn"})).results[0].properties
    assert answered.get("lifecyclestage") == ("customer" if tells else None)
    assert answered["city"] == "Bonn"


# What moves the date of the last change.


@pytest.mark.parametrize(
    ("switch", "name"),
    [
        ("calculated_moves_date", "num_conversion_events"),
        ("rollups_move_date", "hs_email_open"),
        ("equations_move_date", "num_associated_deals"),
    ],
)
@pytest.mark.parametrize("moves", [True, False])
def test_what_hubspot_counts_may_move_the_date(portal: Portal, switch: str, name: str, moves: bool) -> None:
    portal.switches.turn(**{switch: moves})
    contact = portal.add_contact(createdate=days_before(5))
    before = modified(portal, contact)
    counted: dict[str, Any] = {name: 3}
    portal.hubspot_records(contact, **counted)
    assert (modified(portal, contact) != before) is moves


@pytest.mark.parametrize("moves", [True, False])
def test_joining_or_leaving_a_list_may_move_the_date(portal: Portal, client: Any, moves: bool) -> None:
    portal.switches.memberships_move_date = moves
    joins, leaves = portal.add_contact(createdate=days_before(5)), portal.add_contact(createdate=days_before(5))
    pilot = portal.add_list("Pilot", [leaves])
    changed = {"recordIdsToAdd": [joins], "recordIdsToRemove": [leaves]}
    client.crm.lists.memberships_api.add_and_remove(list_id=pilot, membership_change_request=changed)
    assert [modified(portal, each) == NOW_ISO for each in (joins, leaves)] == [moves, moves]


@pytest.mark.parametrize("moves", [True, False])
def test_another_company_or_a_booked_meeting_may_move_the_date(portal: Portal, moves: bool) -> None:
    portal.switches.associations_move_date = moves
    hired, invited = portal.add_contact(createdate=days_before(5)), portal.add_contact(createdate=days_before(5))
    portal.person_sets(hired, "associatedcompanyid", portal.add_company())
    portal.add_meeting([invited], starts=NOW)
    assert [modified(portal, each) == NOW_ISO for each in (hired, invited)] == [moves, moves]


# Writing.


def traced(good: str, bad: str) -> dict[str, Any]:
    written = [(good, "t-1", {"city": "Bonn"}), (bad, "t-2", {"numemployees": "lots"})]
    return {"inputs": [{"id": i, "objectWriteTraceId": t, "properties": p} for i, t, p in written]}


def test_with_trace_ids_a_bad_value_refuses_the_whole_batch_all_the_same(portal: Portal, contacts: Any) -> None:
    good, bad = portal.add_contact(), portal.add_contact()
    assert refusal(lambda: contacts.batch_api.update(traced(good, bad)))[0] == 400
    assert told(contacts, good, "city") is None


def test_with_trace_ids_a_bad_value_may_fail_alone(portal: Portal, contacts: Any) -> None:
    portal.switches.trace_ids_on_update = True
    good, bad = portal.add_contact(), portal.add_contact()
    answer = contacts.batch_api.update(traced(good, bad))
    assert ids_of(answer) == [good]
    assert [(e.category, e.context) for e in answer.errors] == [("VALIDATION_ERROR", {"objectWriteTraceId": ["t-2"]})]
    # One input without a trace id, and the whole batch stands or falls together.
    partly = traced(good, bad)
    del partly["inputs"][0]["objectWriteTraceId"]
    assert refusal(lambda: contacts.batch_api.update(partly))[0] == 400


def test_a_bad_value_may_fail_alone_but_an_unknown_name_never_does(portal: Portal, contacts: Any) -> None:
    good, bad = portal.add_contact(), portal.add_contact()
    batch = [(good, {"city": "Bonn"}), (bad, {"numemployees": "none of them"})]
    assert refusal(lambda: update(contacts, *batch))[0] == 400
    portal.switches.bad_values_fail_alone = True
    answer = update(contacts, *batch)
    assert ids_of(answer) == [good]
    assert answer.num_errors == 1
    assert [(e.category, e.context) for e in answer.errors] == [("VALIDATION_ERROR", {"ids": [bad]})]
    assert refusal(lambda: update(contacts, (good, {"city": "Ulm"}), (bad, {"no_such": "1"})))[0] == 400
    assert told(contacts, good, "city") == "Bonn"


@pytest.mark.parametrize("name", ["no_such", "num_conversion_events"])
def test_what_cannot_be_written_may_be_passed_over(portal: Portal, contacts: Any, name: str) -> None:
    contact = portal.add_contact()
    assert refusal(lambda: update(contacts, (contact, {name: "1", "city": "Bonn"})))[0] == 400
    portal.switches.unwritable_properties_ignored = True
    update(contacts, (contact, {name: "1", "city": "Bonn"}))
    held = portal.contact(contact).properties
    assert (held.get(name), held["city"]) == (None, "Bonn")


@pytest.mark.parametrize(("as_text", "order"), [(False, [998, 999, 1000, 1001]), (True, [1000, 1001, 998, 999])])
def test_lists_may_be_in_order_of_ids_as_text(portal: Portal, contacts: Any, as_text: bool, order: list[int]) -> None:
    portal.switches.list_in_text_order = as_text
    portal.insert(portal.contacts, {}, IMPORTED, default_time=NOW_ISO, record_id=998)
    for _ in range(3):
        portal.add_contact()
    walked, after = [], None
    while True:
        page = contacts.basic_api.get_page(limit=3, after=after)
        walked += [int(each.id) for each in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert walked == order


def test_a_list_may_refuse_to_begin_where_none_of_its_pages_ended(portal: Portal, contacts: Any) -> None:
    ids = [int(portal.add_contact()) for _ in range(6)]
    assert [int(each.id) for each in contacts.basic_api.get_page(limit=2, after=str(ids[3])).results] == ids[3:5]
    portal.switches.list_begins_anywhere = False
    assert refusal(lambda: contacts.basic_api.get_page(limit=2, after=str(ids[3])))[0] == 400
    named = contacts.basic_api.get_page(limit=2).paging.next.after
    assert [int(each.id) for each in contacts.basic_api.get_page(limit=2, after=named).results] == ids[2:4]


@pytest.mark.parametrize(("clears", "expected"), [(True, ""), (False, "Bonn")])
def test_null_may_clear_or_be_passed_over(portal: Portal, contacts: Any, clears: bool, expected: str) -> None:
    portal.switches.null_clears = clears
    contact = portal.add_contact(city="Bonn")
    update(contacts, (contact, {"city": None}))
    assert portal.contact(contact).properties["city"] == expected


@pytest.mark.parametrize("follows", [True, False])
def test_batches_may_follow_a_merge(portal: Portal, contacts: Any, follows: bool) -> None:
    portal.switches.batches_follow_merges = follows
    kept, gone = portal.add_contact(), portal.add_contact()
    survivor = portal.merge(kept, gone)
    read = contacts.batch_api.read({"inputs": [{"id": gone}], "properties": [], "propertiesWithHistory": []})
    written = update(contacts, (gone, {"city": "Bonn"}))
    assert ids_of(read) == ids_of(written) == ([survivor] if follows else [])
    assert (portal.contact(survivor).properties.get("city") == "Bonn") is follows


# Reading.


@pytest.mark.parametrize(("as_null", "expected"), [(False, ""), (True, None)])
def test_a_cleared_value_is_empty_or_null(portal: Portal, contacts: Any, as_null: bool, expected: str | None) -> None:
    portal.switches.cleared_is_null = as_null
    contact = portal.add_contact(city="Bonn")
    assert update(contacts, (contact, {"city": ""})).results[0].properties["city"] == expected
    assert contacts.basic_api.get_page(properties=["city"]).results[0].properties["city"] == expected
    assert contacts.search_api.do_search({"properties": ["city"]}).results[0].properties["city"] == expected


@pytest.mark.parametrize(("most", "expected"), [(0, ["3", "2", "1"]), (2, ["3", "2"])])
def test_a_history_may_show_the_newest_versions_only(
    portal: Portal, contacts: Any, most: int, expected: list[str]
) -> None:
    portal.switches.history_entries_max = most
    contact = portal.add_contact(city="1")
    for city in ("2", "3"):
        portal.person_sets(contact, "city", city)
    history = contacts.basic_api.get_by_id(contact, properties_with_history=["city"]).properties_with_history["city"]
    assert [each.value for each in history] == expected


def test_reads_may_be_behind_what_was_written_with_values_history_and_new_contacts(
    portal: Portal, contacts: Any
) -> None:
    old = portal.add_contact(city="Bonn")
    portal.switches.reads_lag_s = 5
    new = portal.add_contact(city="Rome")
    assert update(contacts, (old, {"city": "Kiel"})).results[0].properties["city"] == "Kiel"

    def read() -> tuple[list[str], list[str], list[str]]:
        batch = {"inputs": [{"id": old}, {"id": new}], "properties": ["city"], "propertiesWithHistory": ["city"]}
        listed, together = contacts.basic_api.get_page(properties=["city"]), contacts.batch_api.read(batch)
        past = next(each for each in together.results if each.id == old).properties_with_history["city"]
        return (
            [each.properties["city"] for each in listed.results],
            sorted(each.properties["city"] for each in together.results),
            [version.value for version in past],
        )

    assert read() == (["Bonn"], ["Bonn"], ["Bonn"])
    assert told(contacts, old, "city") == "Bonn"
    assert refusal(lambda: contacts.basic_api.get_by_id(new))[0] == 404
    portal.clock.move(timedelta(seconds=5))
    assert read() == (["Kiel", "Rome"], ["Kiel", "Rome"], ["Kiel", "Bonn"])
    assert told(contacts, old, "city") == "Kiel"


def who_set(portal: Portal, contacts: Any) -> dict[str, tuple[str, str | None]]:
    """By value, under which name and with which user a history tells who wrote it."""
    contact = portal.add_contact(lifecyclestage="subscriber", city="1")
    portal.workflow_sets(contact, "city", "2")
    portal.person_sets(contact, "city", "3")
    update(contacts, (contact, {"city": "4"}))
    portal.deal_sync_sets(contact, "opportunity")
    names = ["city", "lifecyclestage"]
    history = contacts.basic_api.get_by_id(contact, properties_with_history=names).properties_with_history
    return {each.value: (each.source_type, each.updated_by_user_id) for name in names for each in history[name]}


def test_histories_may_name_what_writes_by_itself_otherwise(portal: Portal, contacts: Any) -> None:
    likely = {name for name, _ in who_set(portal, contacts).values()}
    assert likely == {"IMPORT", "AUTOMATION_PLATFORM", "CRM_UI", "INTEGRATION", "DEALS"}
    portal.switches.sources_named_otherwise = True
    otherwise = {name for name, _ in who_set(portal, contacts).values()}
    assert otherwise == {"BATCH_UPDATE", "WORKFLOWS", "CRM_UI", "INTEGRATIONS_PLATFORM", "PORTAL_OBJECT_SYNC"}


def test_histories_may_name_the_user_who_stands_behind_what_writes_by_itself(portal: Portal, contacts: Any) -> None:
    assert [value for value, (_, user) in who_set(portal, contacts).items() if user] == ["3"]
    portal.switches.processes_tell_user = True
    assert all(user for _, user in who_set(portal, contacts).values())


# Search.


@pytest.mark.parametrize(
    ("switch", "limit", "groups"),
    [("filter_groups_max", 6, [1] * 6), ("filters_max", 25, [5] * 5)],
)
def test_a_search_may_have_more_filters(
    portal: Portal, contacts: Any, switch: str, limit: int, groups: list[int]
) -> None:
    has_city = {"propertyName": "city", "operator": "HAS_PROPERTY"}
    asked = {"filterGroups": [{"filters": [has_city] * size} for size in groups]}
    assert refusal(lambda: contacts.search_api.do_search(asked))[0] == 400
    portal.switches.turn(**{switch: limit})
    assert contacts.search_api.do_search(asked).total == 0


# Limits.


@pytest.mark.parametrize("as_others", [False, True])
def test_a_refused_search_may_tell_its_policy(portal: Portal, contacts: Any, as_others: bool) -> None:
    portal.switches.search_limit_tells_policy = as_others
    for _ in range(5):
        contacts.search_api.do_search({})
    error = refused(lambda: contacts.search_api.do_search({}))
    assert json.loads(error.body).get("policyName") == ("SECONDLY" if as_others else None)


@pytest.mark.parametrize(("tells", "expected"), [(False, None), (True, "10")])
def test_a_refused_burst_may_tell_how_long_to_wait(
    portal: Portal, contacts: Any, tells: bool, expected: str | None
) -> None:
    portal.switches.burst_limit_tells_wait = tells
    for _ in range(190):
        contacts.basic_api.get_page()
    # By POST: a GET is repeated by the client's connection pool where it is told how long to wait.
    error = refused(lambda: contacts.batch_api.update({"inputs": []}))
    assert error.headers.get("Retry-After") == expected


@pytest.mark.parametrize(("tier", "may_have"), [("free", True), ("free", False), ("starter", False)])
def test_free_accounts_may_list_marketing_mail_as_well(
    portal: Portal, client: Any, tier: TierName, may_have: bool
) -> None:
    portal.tier, portal.switches.mail_events_below_professional = tier, may_have
    answered = client.api_request({"path": "/email/public/v1/events"})
    assert answered.status_code == (200 if may_have else 403)
    assert "content" in portal.scopes
    asked = {
        "method": "POST",
        "path": "/oauth/v2/private-apps/get/access-token-info",
        "body": {"tokenKey": portal.token},
    }
    assert ("content" in client.api_request(asked).json()["scopes"]) is may_have


@pytest.mark.parametrize("scope", ["crm.objects.contacts.read", "sales-email-read"])
@pytest.mark.parametrize("both", [True, False])
def test_reading_emails_may_need_two_scopes(portal: Portal, client: Any, both: bool, scope: str) -> None:
    emails = {"path": "/crm/v3/objects/emails"}
    portal.switches.emails_need_both_scopes = both
    assert client.api_request(emails).status_code == 200
    portal.scopes.discard(scope)
    answered = client.api_request(emails)
    assert answered.status_code == (403 if both else 200)
    assert not both or answered.json()["context"]["requiredGranularScopes"] == [scope]


def test_a_professional_account_may_have_the_other_daily_limit(portal: Portal, contacts: Any) -> None:
    portal.switches.professional_daily_max = 650_000
    headers = contacts.basic_api.get_page_with_http_info()[2]
    assert headers["X-HubSpot-RateLimit-Daily"] == "650000"
    assert Portal(tier="enterprise").limits.daily == 1_000_000


def test_a_change_of_members_names_no_more_than_it_may(portal: Portal, client: Any) -> None:
    pilot, added = portal.add_list("Pilot"), [portal.add_contact() for _ in range(3)]
    portal.switches.list_change_ids_max = 2
    api = client.crm.lists.memberships_api
    assert refusal(lambda: api.add(list_id=pilot, request_body=added))[0] == 400
    assert api.add(list_id=pilot, request_body=added[:2]).records_ids_added == added[:2]


# The account.


@pytest.mark.parametrize(("can", "expected"), [(True, 200), (False, 404)])
def test_a_service_key_may_not_tell_its_scopes(portal: Portal, client: Any, can: bool, expected: int) -> None:
    portal.switches.token_can_be_introspected = can
    path = "/oauth/v2/private-apps/get/access-token-info"
    answer = client.api_request({"method": "POST", "path": path, "body": {"tokenKey": "pat-sandbox"}})
    assert answer.status_code == expected


@pytest.mark.parametrize(("named", "expected"), [(True, "OBJECT_ALREADY_EXISTS"), (False, None)])
def test_the_conflict_of_a_group_may_be_bare(portal: Portal, client: Any, named: bool, expected: str | None) -> None:
    portal.switches.taken_group_named = named
    group = {"name": "contactinformation", "label": "Again"}
    status, body = refusal(lambda: client.crm.properties.groups_api.create("contacts", group))
    assert (status, body.get("category")) == (409, expected)


def test_a_new_property_may_take_a_moment_until_it_can_be_read(portal: Portal, client: Any) -> None:
    portal.switches.property_readable_after_s = 0.5
    portal.define("tier", "string", "text")
    api = client.crm.properties.core_api
    assert refusal(lambda: api.get_by_name("contacts", "tier"))[0] == 404
    assert "tier" not in {each.name for each in api.get_all("contacts").results}
    portal.clock.move(timedelta(seconds=0.5))
    assert api.get_by_name("contacts", "tier").name == "tier"
    assert "tier" in {each.name for each in api.get_all("contacts").results}


# Turning them.


def test_switches_are_turned_while_the_portal_is_served(portal: Portal, client: Any) -> None:
    path = "/_sandbox/switches"
    assert client.api_request({"path": path}).json()["switches"] == Switches().as_json()
    body = {"index_lag_s": 30, "cleared_is_null": True}
    answer = client.api_request({"method": "POST", "path": path, "body": body})
    assert answer.json()["switches"] == {**Switches().as_json(), **body}
    assert (portal.switches.index_lag_s, portal.switches.cleared_is_null) == (30.0, True)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"indx_lag_s": 1}, "there is no switch indx_lag_s"),
        ({"index_lag_s": "soon"}, "index_lag_s is a number from 0 on"),
        ({"index_lag_s": -1}, "index_lag_s is a number from 0 on"),
        ({"filters_max": 2.5}, "filters_max is a number from 0 on"),
        ({"null_clears": "perhaps"}, "null_clears is true or false"),
    ],
)
def test_a_switch_that_makes_no_sense_is_refused_and_none_is_turned(
    portal: Portal, client: Any, wrong: dict[str, Any], complaint: str
) -> None:
    body = {"cleared_is_null": True, **wrong}
    answer = client.api_request({"method": "POST", "path": "/_sandbox/switches", "body": body})
    assert answer.status_code == 400
    assert complaint in answer.json()["message"]
    assert portal.switches == Switches()


def test_text_turns_a_switch_as_a_command_line_gives_it() -> None:
    switches = Switches()
    switches.turn(cleared_is_null="true", null_clears="off", index_lag_s="2.5", filters_max="25")
    assert switches == Switches(cleared_is_null=True, null_clears=False, index_lag_s=2.5, filters_max=25)
