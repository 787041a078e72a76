"""Things that go wrong on demand, and what the portal remembers of the requests."""

import time
from typing import Any

import pytest
import urllib3

from sandbox import Fault, Portal, SandboxServer
from tests.sandbox.asking import refused, update

UPDATE = r"/contacts/batch/update$"


def test_a_fault_answers_instead_of_the_portal_as_often_as_told(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    portal.faults.add(Fault(method="POST", path=UPDATE, status=503, body="<html>busy</html>", times=2))
    for _ in range(2):
        error = refused(lambda: update(contacts, (contact, {"city": "Bonn"})))
        assert (error.status, error.body) == (503, "<html>busy</html>")
    update(contacts, (contact, {"city": "Bonn"}))
    assert portal.contact(contact).properties["city"] == "Bonn"


def test_a_fault_may_let_some_requests_pass_first(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault(path="contacts", status=423, body={"message": "locked"}, headers={"X-Lock": "2 s"}, skip=1))
    contacts.basic_api.get_page()
    assert refused(contacts.basic_api.get_page).headers["X-Lock"] == "2 s"


def test_faults_tell_which_of_them_no_request_has_met(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault(path="contacts", status=423, times=None))
    portal.faults.add(Fault(path="contatcs", status=500))
    refused(contacts.basic_api.get_page)
    assert [fault.path for fault in portal.faults.never_hit()] == ["contatcs"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]"])
def test_the_control_endpoint_takes_no_fault_that_says_nothing(
    portal: Portal, server: SandboxServer, body: bytes
) -> None:
    with urllib3.PoolManager() as http:
        assert http.request("POST", f"{server.url}/_sandbox/faults", body=body).status == 400
    assert portal.faults.pending() == []


def test_other_requests_are_spared(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault(method="PATCH", path="contacts", status=500, times=None))
    contacts.basic_api.get_page()
    assert len(portal.faults.pending()) == 1


@pytest.mark.parametrize(("drop", "applied"), [("before", False), ("after", True)])
def test_a_dropped_connection_leaves_open_whether_the_write_was_applied(
    portal: Portal, contacts: Any, drop: Any, applied: bool
) -> None:
    contact = portal.add_contact()
    portal.faults.add(Fault(path=UPDATE, drop=drop))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        update(contacts, (contact, {"city": "Bonn"}))
    assert ("city" in portal.contact(contact).properties) is applied
    assert [request.status for request in portal.requests.writes()] == [None]


def test_a_delayed_answer_comes_late(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault(path="contacts", delay_s=0.2))
    began = time.monotonic()
    contacts.basic_api.get_page()
    assert time.monotonic() - began >= 0.2


def test_somebody_may_act_just_before_a_request_is_done(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(lifecyclestage="lead")
    portal.faults.add(Fault(path=UPDATE, act=lambda: portal.person_sets(contact, "lifecyclestage", "customer")))
    update(contacts, (contact, {"lifecyclestage": "marketingqualifiedlead"}))
    assert portal.contact(contact).properties["lifecyclestage"] == "customer"


def test_every_request_is_remembered_with_how_many_records_it_named(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(3)]
    contacts.basic_api.get_page(limit=2)
    contacts.batch_api.read({"inputs": [{"id": each} for each in added], "properties": []})
    update(contacts, *((each, {"city": "Bonn"}) for each in added))
    remembered = [(r.method, r.path, r.status, r.inputs, r.write) for r in portal.requests]
    assert remembered == [
        ("GET", "/crm/v3/objects/contacts", 200, 0, False),
        ("POST", "/crm/v3/objects/contacts/batch/read", 200, 3, False),
        ("POST", "/crm/v3/objects/contacts/batch/update", 200, 3, True),
    ]
    assert portal.requests.totals == {"read": 2, "write": 1, "total": 3, "status_200": 3}


def test_requests_for_nothing_and_without_a_token_are_remembered_too(portal: Portal, server: SandboxServer) -> None:
    with urllib3.PoolManager() as http:
        http.request("GET", f"{server.url}/nowhere")
        http.request("GET", f"{server.url}/crm/v3/owners/")
    assert [(r.path, r.status) for r in portal.requests] == [("/nowhere", 401), ("/crm/v3/owners", 401)]


def test_requests_are_counted_by_pattern_and_forgotten_on_demand(portal: Portal, contacts: Any) -> None:
    contacts.basic_api.get_page()
    contacts.search_api.do_search({})
    assert len(portal.requests.matching("POST", "search$")) == 1
    assert portal.requests.writes() == []
    portal.requests.clear()
    assert list(portal.requests) == []
