"""Listing contacts, getting one, and reading a hundred at once."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox import Portal
from sandbox.times import to_iso, to_ms
from tests.sandbox.asking import days_before, ids_of, refusal, refused, update


def test_a_walk_through_the_list_meets_every_contact_once_in_order_of_id(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact(email=f"{n}@a.example") for n in range(260)]
    met: list[str] = []
    after = None
    while True:
        page = contacts.basic_api.get_page(limit=100, after=after)
        met += ids_of(page)
        if page.paging is None:
            break
        after = page.paging.next.after
    assert met == added


def test_ids_differ_in_length_so_that_text_order_is_another_order(portal: Portal) -> None:
    added = [portal.add_contact() for _ in range(260)]
    assert sorted(added) != added


def test_the_cursor_is_the_id_of_the_next_contact(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(3)]
    assert contacts.basic_api.get_page(limit=2).paging.next.after == added[2]


def test_the_link_to_the_next_page_asks_the_same_from_there_on(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(3)]
    link = urlsplit(contacts.basic_api.get_page(limit=2, properties=["email", "city"]).paging.next.link)
    assert parse_qs(link.query) == {"limit": ["2"], "properties": ["email", "city"], "after": [added[2]]}


def test_a_page_of_more_than_a_hundred_is_refused(contacts: Any) -> None:
    status, body = refusal(lambda: contacts.basic_api.get_page(limit=101))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_a_page_with_history_holds_at_most_fifty(contacts: Any) -> None:
    status, _ = refusal(lambda: contacts.basic_api.get_page(limit=51, properties_with_history=["email"]))
    assert status == 400


def test_without_named_properties_a_default_set_comes_back(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example", jobtitle="CFO")
    told = contacts.basic_api.get_by_id(contact).properties
    assert set(told) == {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}


def test_unknown_properties_are_left_out_and_empty_ones_are_null(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    told = contacts.basic_api.get_by_id(contact, properties=["phone", "no_such_property"]).properties
    assert told["phone"] is None
    assert "no_such_property" not in told


def test_properties_may_be_repeated_or_separated_by_commas(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(phone="1", city="Bonn")
    for named in (["phone", "city"], ["phone,city"]):
        told = contacts.basic_api.get_by_id(contact, properties=named).properties
        assert (told["phone"], told["city"]) == ("1", "Bonn")


def test_a_contact_is_found_by_email_in_any_case(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    assert contacts.basic_api.get_by_id("ADA@a.example", id_property="email").id == contact


def test_an_unknown_id_or_email_is_not_found(contacts: Any) -> None:
    status, body = refusal(lambda: contacts.basic_api.get_by_id("99999"))
    assert (status, body["message"], body["category"]) == (404, "resource not found", "OBJECT_NOT_FOUND")
    status, _ = refusal(lambda: contacts.basic_api.get_by_id("no@body.example", id_property="email"))
    assert status == 404


def test_an_id_that_is_no_number_is_told_so(contacts: Any) -> None:
    status, body = refusal(lambda: contacts.basic_api.get_by_id("ada@a.example"))
    assert status == 404
    assert body["message"] == "Object not found.  objectId are usually numeric."
    assert body["context"] == {"id": ["ada@a.example"]}


def test_a_batch_read_answers_in_another_order_and_names_what_is_missing(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(3)]
    answer = contacts.batch_api.read(
        {"inputs": [{"id": each} for each in (*added, "99998", "99999")], "properties": []}
    )
    assert sorted(ids_of(answer)) == added
    assert ids_of(answer) != added
    assert answer.num_errors == 2
    assert [(e.category, e.context) for e in answer.errors] == [("OBJECT_NOT_FOUND", {"ids": ["99998", "99999"]})]


def test_the_date_of_an_update_is_that_of_the_last_change(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    portal.clock.move(timedelta(seconds=1.5))
    portal.person_sets(contact, "city", "Bonn")
    read = contacts.basic_api.get_by_id(contact, properties=["lastmodifieddate"])
    assert to_iso(to_ms(read.updated_at)) == read.properties["lastmodifieddate"]
    assert read.updated_at == portal.clock.now()


def test_a_batch_read_takes_emails(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    asked = {"inputs": [{"id": "ada@a.example"}], "idProperty": "email", "properties": ["email"]}
    assert ids_of(contacts.batch_api.read(asked)) == [contact]


def test_a_batch_read_takes_a_hundred_inputs_or_fifty_with_history(contacts: Any) -> None:
    status, body = refusal(lambda: contacts.batch_api.read({"inputs": [{"id": str(n)} for n in range(101)]}))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    asked = {"inputs": [{"id": str(n)} for n in range(51)], "propertiesWithHistory": ["email"]}
    status, body = refusal(lambda: contacts.batch_api.read(asked))
    assert status == 400
    assert "property histories is 50" in body["message"]


def test_the_portal_remembers_which_requests_asked_for_histories(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    contacts.basic_api.get_page(limit=1, properties=["email"])
    contacts.basic_api.get_page(limit=1, properties_with_history=["email"])
    for names in ([], ["email"]):
        asked = {"inputs": [{"id": contact}], "properties": ["email"], "propertiesWithHistory": names}
        contacts.batch_api.read(asked)
    assert [request.history for request in portal.requests] == [False, True, False, True]


def test_history_tells_every_stage_and_who_set_it_newest_first(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(createdate=days_before(30), lifecyclestage="subscriber")
    portal.workflow_sets(contact, "lifecyclestage", "lead", at=days_before(20))
    portal.person_sets(contact, "lifecyclestage", "marketingqualifiedlead", at=days_before(10), user_id=77)
    update(contacts, (contact, {"lifecyclestage": "salesqualifiedlead"}))
    history = contacts.basic_api.get_by_id(contact, properties_with_history=["lifecyclestage"])
    versions = history.properties_with_history["lifecyclestage"]
    assert [version.value for version in versions] == [
        "salesqualifiedlead",
        "marketingqualifiedlead",
        "lead",
        "subscriber",
    ]
    assert [version.source_type for version in versions] == ["INTEGRATION", "CRM_UI", "AUTOMATION_PLATFORM", "IMPORT"]
    assert versions[0].source_id == str(portal.app_id)
    assert versions[1].updated_by_user_id == 77
    assert [version.timestamp for version in versions[1:]] == [days_before(10), days_before(20), days_before(30)]


def test_a_loaded_value_has_a_history_of_one(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(createdate=days_before(3), city="Bonn")
    told = contacts.basic_api.get_by_id(contact, properties_with_history=["city", "phone"]).properties_with_history
    assert [(version.value, version.timestamp) for version in told["city"]] == [("Bonn", days_before(3))]
    assert told["phone"] == []


def test_companies_are_read_like_contacts(portal: Portal, client: Any) -> None:
    company = portal.add_company(name="Alder", numberofemployees=80, type="PARTNER")
    asked = {"inputs": [{"id": company}], "properties": ["type", "numberofemployees"]}
    told = client.crm.companies.batch_api.read(asked).results[0].properties
    assert (told["type"], told["numberofemployees"]) == ("PARTNER", "80")
    assert ids_of(client.crm.companies.basic_api.get_page()) == [company]


@pytest.mark.parametrize("path", ["/crm/v3/objects/gadgets", "/crm/v3/objects/gadgets/751"])
def test_a_kind_of_record_that_does_not_exist_is_told_so(client: Any, path: str) -> None:
    answer = client.api_request({"path": path})
    assert (answer.status_code, answer.json()["message"]) == (400, "Unable to infer object type from: gadgets")
    asked = client.api_request({"method": "POST", "path": "/crm/v3/objects/gadgets/search", "body": {}})
    assert asked.status_code == 400


def test_a_url_beyond_eight_kilobytes_is_answered_in_html(contacts: Any) -> None:
    names = [f"property_number_{n}" for n in range(900)]
    error = refused(lambda: contacts.basic_api.get_page(properties=names))
    assert error.status == 414
    assert error.body.startswith("<html>")
