"""What a write changes, what it leaves alone, and what refuses it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sandbox import Portal
from tests.sandbox.asking import days_before, ids_of, refusal, update


def stage_of(portal: Portal, contact: str) -> str | None:
    return portal.contact(contact).properties.get("lifecyclestage")


def modified(portal: Portal, contact: str) -> str:
    return portal.contact(contact).properties["lastmodifieddate"]


def test_a_batch_update_answers_what_is_stored_now(portal: Portal, contacts: Any) -> None:
    first, second = portal.add_contact(lifecyclestage="lead"), portal.add_contact()
    answer = update(contacts, (first, {"city": "Bonn"}), (second, {"city": "Oslo"}))
    assert answer.status == "COMPLETE"
    assert {each.id: each.properties["city"] for each in answer.results} == {first: "Bonn", second: "Oslo"}
    told = next(each.properties for each in answer.results if each.id == first)
    assert told["lifecyclestage"] == "lead"
    assert told["hs_pipeline"] == "contacts-lifecycle-pipeline"
    assert {"createdate", "lastmodifieddate", "hs_object_id", "hs_object_source"} <= set(told)
    assert "hs_lastmodifieddate" not in told, "that is the date of other kinds"


def test_results_do_not_come_in_the_order_of_the_inputs(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(3)]
    assert ids_of(update(contacts, *((each, {"city": "Bonn"}) for each in added))) != added


def test_an_unknown_id_fails_alone(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    answer = update(contacts, (contact, {"city": "Bonn"}), ("99999", {"city": "Bonn"}))
    assert ids_of(answer) == [contact]
    assert answer.num_errors == 1
    assert (answer.errors[0].category, answer.errors[0].context) == ("OBJECT_NOT_FOUND", {"ids": ["99999"]})


def test_the_same_id_twice_refuses_the_whole_batch(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    status, body = refusal(lambda: update(contacts, (contact, {"city": "Bonn"}), (contact, {"city": "Oslo"})))
    assert status == 400
    assert body["message"] == f"Duplicate IDs found in batch input: [{contact}]. IDs must be unique"
    assert body["context"] == {"ids": [contact]}
    assert "city" not in portal.contact(contact).properties


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"no_such_property": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"numemployees": "lots"}, "INVALID_OPTION"),
        ({"lifecyclestage": "no_such_stage"}, "INVALID_OPTION"),
        ({"hubspot_owner_id": "1"}, "INVALID_OPTION"),
        ({"hs_analytics_num_visits": "3"}, "READ_ONLY_VALUE"),
        ({"associatedcompanyid": "1,200"}, "INVALID_LONG"),
        ({"email": "not an address"}, "INVALID_EMAIL"),
        ({"city": "x" * 65_537}, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_one_bad_value_refuses_the_whole_batch_and_names_no_record(
    portal: Portal, contacts: Any, written: dict[str, str], code: str
) -> None:
    good, bad = portal.add_contact(), portal.add_contact()
    status, body = refusal(lambda: update(contacts, (good, {"city": "Bonn"}), (bad, written)))
    name = next(iter(written))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    start = "Property values were not valid: "
    assert body["message"].startswith(start)
    assert [(e["name"], e["error"]) for e in json.loads(body["message"].removeprefix(start))] == [(name, code)]
    assert [(e["code"], e["context"]) for e in body["errors"]] == [(code, {"propertyName": [name]})]
    assert bad not in json.dumps({key: value for key, value in body.items() if key != "correlationId"})
    assert "city" not in portal.contact(good).properties


def test_a_rule_of_the_portal_refuses_the_whole_batch(portal: Portal, contacts: Any) -> None:
    portal.validation_rules["city"] = "[A-Za-z ]+"
    good, bad = portal.add_contact(), portal.add_contact()
    status, body = refusal(lambda: update(contacts, (good, {"city": "Bonn"}), (bad, {"city": "Bonn 2"})))
    assert (status, body["errors"][0]["code"]) == (400, "INVALID_ALPHA")
    assert "city" not in portal.contact(good).properties
    assert update(contacts, (good, {"city": ""})).status == "COMPLETE"


def test_more_than_a_hundred_inputs_are_refused(contacts: Any) -> None:
    status, _ = refusal(lambda: update(contacts, *((str(n), {"city": "Bonn"}) for n in range(101))))
    assert status == 400


def test_an_email_as_id_succeeds_and_changes_nothing(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    answer = update(contacts, ("ada@a.example", {"city": "Bonn"}))
    assert answer.results == []
    assert "city" not in portal.contact(contact).properties


def test_a_value_that_is_there_already_moves_no_date_and_leaves_no_history(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(createdate=days_before(5), city="Bonn")
    before = modified(portal, contact)
    update(contacts, (contact, {"city": "Bonn"}))
    assert modified(portal, contact) == before
    assert len(portal.contact(contact).versions("city")) == 1


def test_a_changed_value_moves_the_date(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(createdate=days_before(5), city="Bonn")
    update(contacts, (contact, {"city": "Oslo"}))
    assert modified(portal, contact) == "2026-11-02T09:30:00.000Z"
    told = contacts.basic_api.get_by_id(contact)
    assert told.updated_at.isoformat() == "2026-11-02T09:30:00+00:00"


def test_a_calculated_property_moves_no_date(portal: Portal) -> None:
    contact = portal.add_contact(createdate=days_before(5))
    before = modified(portal, contact)
    portal.hubspot_records(contact, num_conversion_events=1, recent_conversion_event_name="Pricing page: Price sheet")
    assert modified(portal, contact) == before
    portal.hubspot_records(contact, hs_analytics_num_visits=1)
    assert modified(portal, contact) != before


def test_a_cleared_value_is_empty_text_and_clearing_what_was_never_set_is_no_change(
    portal: Portal, contacts: Any
) -> None:
    contact = portal.add_contact(city="Bonn")
    update(contacts, (contact, {"city": "", "phone": ""}))
    told = contacts.basic_api.get_by_id(contact, properties=["city", "phone"]).properties
    assert told["city"] == ""
    assert told["phone"] is None


def test_times_are_taken_as_milliseconds_or_iso(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    for written in ("1793610000123", "2026-11-02T09:00:00.123Z"):
        answer = contacts.basic_api.update(contact, {"properties": {"hs_latest_source_timestamp": written}})
        assert answer.properties["hs_latest_source_timestamp"] == "2026-11-02T09:00:00.123Z"


def test_a_leading_semicolon_adds_to_a_multi_select(portal: Portal, contacts: Any) -> None:
    portal.define("interests", "enumeration", "checkbox", options=["a", "b", "c"])
    contact = portal.add_contact(interests="a")
    update(contacts, (contact, {"interests": ";b"}))
    assert portal.contact(contact).properties["interests"] == "a;b"
    status, _ = refusal(lambda: update(contacts, (contact, {"interests": ";d"})))
    assert status == 400


def test_one_contact_can_be_updated_by_email(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    body = {"properties": {"city": "Bonn"}}
    assert contacts.basic_api.update("ada@a.example", body, id_property="email").id == contact
    assert portal.contact(contact).properties["city"] == "Bonn"


def test_an_update_of_nothing_is_refused(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    status, body = refusal(lambda: contacts.basic_api.update(contact, {"properties": {}}))
    assert status == 400
    assert body["message"] == "No properties found to update, please provide at least one."


def test_a_new_contact_gets_the_portals_first_stage(portal: Portal, contacts: Any) -> None:
    created = contacts.basic_api.create({"properties": {"email": "ada@a.example"}})
    assert created.properties["lifecyclestage"] == "lead"
    assert stage_of(portal, created.id) == "lead"


def test_a_taken_email_is_a_conflict_that_names_the_contact(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    status, body = refusal(lambda: contacts.basic_api.create({"properties": {"email": "Ada@a.example"}}))
    assert (status, body["category"]) == (409, "CONFLICT")
    assert body["message"] == f"Contact already exists. Existing ID: {contact}"


def test_a_taken_email_refuses_an_update_too_and_nothing_is_written(portal: Portal, contacts: Any) -> None:
    portal.add_contact(email="ada@a.example")
    first, second = portal.add_contact(), portal.add_contact()
    status, _ = refusal(lambda: update(contacts, (first, {"city": "Bonn"}), (second, {"email": "ada@a.example"})))
    assert status == 409
    assert "city" not in portal.contact(first).properties


def test_two_inputs_of_a_batch_cannot_take_the_same_email(portal: Portal, contacts: Any) -> None:
    first, second = portal.add_contact(email="ada@a.example"), portal.add_contact()
    new = {"email": "Grace@a.example"}
    status, body = refusal(lambda: update(contacts, (first, {**new, "city": "Bonn"}), (second, new)))
    assert (status, body["message"]) == (409, f"Contact already exists. Existing ID: {first}")
    assert portal.contact(first).properties["email"] == "ada@a.example"


def test_what_follows_other_properties_has_no_history(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example", lifecyclestage="lead")
    portal.clock.move(timedelta(hours=1))
    update(contacts, (contact, {"lifecyclestage": "marketingqualifiedlead", "email": "ada@b.example"}))
    names = ["hs_v2_date_entered_current_stage", "hs_lifecyclestage_lead_date", "hs_email_domain", "lastmodifieddate"]
    told = contacts.basic_api.get_by_id(contact, properties_with_history=[*names, "lifecyclestage"])
    assert [told.properties_with_history[name] for name in names] == [[]] * 4
    assert len(told.properties_with_history["lifecyclestage"]) == 2


def test_a_new_email_moves_the_contact_to_its_domain(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    update(contacts, (contact, {"email": "Ada@b.example"}))
    told = contacts.basic_api.get_by_id("ada@b.example", id_property="email", properties=["email", "hs_email_domain"])
    assert (told.properties["email"], told.properties["hs_email_domain"]) == ("ada@b.example", "b.example")
    assert refusal(lambda: contacts.basic_api.get_by_id("ada@a.example", id_property="email"))[0] == 404


def test_a_new_owner_is_dated(portal: Portal, contacts: Any) -> None:
    owner = portal.add_owner("ada@own.example")
    contact = portal.add_contact(createdate=days_before(5))
    update(contacts, (contact, {"hubspot_owner_id": owner.id}))
    assert portal.contact(contact).properties["hubspot_owner_assigneddate"] == "2026-11-02T09:30:00.000Z"


def test_an_earlier_stage_is_answered_200_and_changes_nothing(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(lifecyclestage="salesqualifiedlead")
    answer = update(contacts, (contact, {"lifecyclestage": "lead"}))
    assert answer.results[0].properties["lifecyclestage"] == "salesqualifiedlead"
    assert len(portal.contact(contact).versions("lifecyclestage")) == 1


def test_a_portal_may_be_switched_to_accept_an_earlier_stage(portal: Portal, contacts: Any) -> None:
    portal.switches.backward_stage_writes = True
    contact = portal.add_contact(lifecyclestage="salesqualifiedlead")
    answer = update(contacts, (contact, {"lifecyclestage": "lead"}))
    assert answer.results[0].properties["lifecyclestage"] == "lead"


def test_a_cleared_stage_can_be_set_to_any(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(lifecyclestage="customer")
    assert update(contacts, (contact, {"lifecyclestage": ""})).results[0].properties["lifecyclestage"] == ""
    update(contacts, (contact, {"lifecyclestage": "subscriber"}))
    assert stage_of(portal, contact) == "subscriber"


def test_a_person_may_set_an_earlier_stage_but_a_deal_may_not(portal: Portal) -> None:
    contact = portal.add_contact(lifecyclestage="opportunity")
    portal.person_sets(contact, "lifecyclestage", "lead")
    assert stage_of(portal, contact) == "lead"
    portal.deal_sync_sets(contact, "customer")
    portal.deal_sync_sets(contact, "opportunity")
    assert stage_of(portal, contact) == "customer"


def test_the_time_spent_in_a_stage_is_counted_when_it_is_left(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(createdate=days_before(9), lifecyclestage="lead")
    day_ms = 86_400_000
    for stage in ("marketingqualifiedlead", "", "lead"):
        update(contacts, (contact, {"lifecyclestage": stage}))
    portal.clock.move(timedelta(days=2))
    update(contacts, (contact, {"lifecyclestage": "customer"}))
    told = portal.contact(contact).properties
    assert told["hs_v2_latest_time_in_lead"] == str(2 * day_ms)
    assert told["hs_v2_cumulative_time_in_lead"] == str(11 * day_ms)


def test_who_is_set_back_by_hand_never_became_the_later_stage(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(lifecyclestage="lead")
    names = ["hs_lifecyclestage_lead_date", "hs_lifecyclestage_customer_date"]
    for stage in ("customer", "lead"):
        portal.person_sets(contact, "lifecyclestage", stage)
    told = contacts.basic_api.get_by_id(contact, properties=names).properties
    assert told[names[0]]
    assert told[names[1]] == ""


def test_stage_dates_follow_the_stage(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(createdate=days_before(9), lifecyclestage="lead")
    update(contacts, (contact, {"lifecyclestage": "marketingqualifiedlead"}))
    told = portal.contact(contact).properties
    assert told["hs_v2_date_entered_lead"] == "2026-10-24T09:30:00.000Z"
    assert told["hs_v2_date_exited_lead"] == told["hs_v2_date_entered_marketingqualifiedlead"]
    assert told["hs_v2_date_entered_current_stage"] == "2026-11-02T09:30:00.000Z"


@pytest.mark.parametrize(("empties", "expected"), [(True, ""), (False, "2026-11-02T10:30:00.000Z")])
def test_what_a_clear_does_to_the_stage_date_is_a_switch(
    portal: Portal, contacts: Any, empties: bool, expected: str
) -> None:
    portal.switches.clear_empties_entered_date = empties
    contact = portal.add_contact(lifecyclestage="lead")
    portal.clock.move(timedelta(hours=1))
    update(contacts, (contact, {"lifecyclestage": ""}))
    assert portal.contact(contact).properties["hs_v2_date_entered_current_stage"] == expected
