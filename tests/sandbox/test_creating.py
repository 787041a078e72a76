"""Contacts created, upserted and archived by the hundred."""

from typing import Any

import pytest

from sandbox import Portal
from tests.sandbox.asking import refusal


def named(*emails: str, **more: str) -> dict[str, Any]:
    """A batch that creates a contact for each address."""
    return {"inputs": [{"properties": {"email": email, **more}} for email in emails]}


def upserted(*written: tuple[str, dict[str, str]], by: str = "email") -> dict[str, Any]:
    return {"inputs": [{"id": email, "idProperty": by, "properties": values} for email, values in written]}


def test_a_batch_creates_each_contact_and_answers_201(portal: Portal, contacts: Any) -> None:
    answer, status, _ = contacts.batch_api.create_with_http_info(named("a@a.example", "b@a.example"))
    assert (status, answer.status) == (201, "COMPLETE")
    assert {each.properties["email"] for each in answer.results} == {"a@a.example", "b@a.example"}
    assert {each.properties["lifecyclestage"] for each in answer.results} == {"lead"}
    assert len(portal.contacts) == 2


def test_one_taken_email_refuses_the_whole_batch_and_only_the_first_is_named(portal: Portal, contacts: Any) -> None:
    first, _ = portal.add_contact(email="a@a.example"), portal.add_contact(email="b@a.example")
    status, body = refusal(lambda: contacts.batch_api.create(named("new@a.example", "a@a.example", "b@a.example")))
    assert (status, body["category"]) == (409, "CONFLICT")
    assert body["message"] == f"Contact already exists. Existing ID: {first}"
    assert len(portal.contacts) == 2


def test_the_same_email_twice_is_a_conflict_without_an_id(portal: Portal, contacts: Any) -> None:
    status, body = refusal(lambda: contacts.batch_api.create(named("a@a.example", "A@a.example")))
    assert (status, body["message"]) == (409, "Contact already exists.")
    assert len(portal.contacts) == 0


def test_one_bad_value_refuses_the_whole_batch(portal: Portal, contacts: Any) -> None:
    bad = {"inputs": [*named("a@a.example")["inputs"], *named("b@a.example", numemployees="lots")["inputs"]]}
    assert refusal(lambda: contacts.batch_api.create(bad))[0] == 400
    assert len(portal.contacts) == 0


def test_with_trace_ids_a_bad_value_fails_alone(portal: Portal, contacts: Any) -> None:
    bad = {"inputs": [*named("a@a.example")["inputs"], *named("b@a.example", numemployees="lots")["inputs"]]}
    for number, each in enumerate(bad["inputs"]):
        each["objectWriteTraceId"] = f"t-{number}"
    answer, status, _ = contacts.batch_api.create_with_http_info(bad)
    assert (status, answer.num_errors, answer.errors[0].context) == (207, 1, {"objectWriteTraceId": ["t-1"]})
    assert [each.properties["email"] for each in answer.results] == ["a@a.example"]


def test_an_upsert_tells_what_is_new(portal: Portal, contacts: Any) -> None:
    known = portal.add_contact(email="a@a.example", city="Bonn")
    answer = contacts.batch_api.upsert(upserted(("a@a.example", {"city": "Oslo"}), ("b@a.example", {"city": "Rom"})))
    assert {each.properties["city"]: each.new for each in answer.results} == {"Oslo": False, "Rom": True}
    assert portal.contact(known).properties["city"] == "Oslo"
    assert portal.contact("b@a.example").properties["city"] == "Rom"


@pytest.mark.parametrize("second", ["a@a.example", "c@a.example"])
def test_two_inputs_of_an_upsert_cannot_take_the_same_address(portal: Portal, contacts: Any, second: str) -> None:
    both = upserted(("a@a.example", {"city": "Oslo"}), (second, {"email": "A@a.example"}))
    status, body = refusal(lambda: contacts.batch_api.upsert(both))
    assert (status, body["category"]) == (409, "CONFLICT")
    assert len(portal.contacts) == 0


def test_an_upsert_needs_a_unique_property(contacts: Any) -> None:
    status, body = refusal(lambda: contacts.batch_api.upsert(upserted(("Bonn", {}), by="city")))
    assert (status, body["message"]) == (400, "Unable to perform update/upsert by non-unique 0-1 property")


def test_contacts_are_archived_by_the_hundred(portal: Portal, contacts: Any) -> None:
    gone, stays = portal.add_contact(), portal.add_contact()
    contacts.batch_api.archive({"inputs": [{"id": gone}, {"id": "99999"}]})
    assert list(portal.contacts.live) == [int(stays)]


def test_a_batch_of_more_than_a_hundred_creates_nothing(portal: Portal, contacts: Any) -> None:
    assert refusal(lambda: contacts.batch_api.create(named(*(f"{n}@a.example" for n in range(101)))))[0] == 400
    assert len(portal.contacts) == 0
