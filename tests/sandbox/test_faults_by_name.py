"""The faults that HubSpot is known for, as the official client meets them."""

import json
from typing import Any

import pytest
import urllib3

from sandbox import Fault, Portal, SandboxServer
from tests.sandbox.asking import ids_of, refusal, refused, update

UPDATE = ("POST", "contacts/batch/update$")
PAGE = ("GET", "objects/contacts$")


def test_each_kind_of_429_has_its_recorded_body(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault.burst_limit().on(*PAGE))
    portal.faults.add(Fault.daily_limit().on(*PAGE))
    portal.faults.add(Fault.search_limit().on("POST", "search$"))
    burst, daily = refusal(contacts.basic_api.get_page), refusal(contacts.basic_api.get_page)
    search = refused(lambda: contacts.search_api.do_search({}))
    assert (burst[0], burst[1]["policyName"], burst[1]["errorType"]) == (429, "TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert (daily[0], daily[1]["policyName"]) == (429, "DAILY")
    assert (search.status, json.loads(search.body)["category"]) == (429, "RATE_LIMITS")
    assert not [name for name in search.headers if "ratelimit" in name.lower()]


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.locked(), 423), (Fault.migration(retry_after_s=7), 477), (Fault.server_error(), 500)]
)
def test_passing_trouble_comes_in_the_usual_envelope(portal: Portal, contacts: Any, fault: Fault, status: int) -> None:
    portal.faults.add(fault.on(*PAGE))
    error = refused(contacts.basic_api.get_page)
    assert (error.status, json.loads(error.body)["status"]) == (status, "error")
    assert error.headers.get("Retry-After") == ("7" if status == 477 else None)
    contacts.basic_api.get_page()


@pytest.mark.parametrize("status", [502, 503, 504, 520, 521, 522, 523, 524, 525, 526])
def test_a_gateway_answers_with_a_page(portal: Portal, contacts: Any, status: int) -> None:
    portal.faults.add(Fault.gateway_page(status=status).on(*PAGE))
    error = refused(contacts.basic_api.get_page)
    assert (error.status, error.body[:6]) == (status, "<html>")
    assert error.headers["Content-Type"].startswith("text/html")


def test_a_url_that_is_too_long_is_answered_in_html(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault.url_too_long().on(*PAGE))
    error = refused(contacts.basic_api.get_page)
    assert (error.status, error.body[:6]) == (414, "<html>")


@pytest.mark.parametrize("applied", [False, True])
def test_a_write_whose_answer_is_an_error_may_have_been_applied(portal: Portal, contacts: Any, applied: bool) -> None:
    contact = portal.add_contact()
    portal.faults.add(Fault.gateway_page(status=504, applied=applied).on(*UPDATE))
    assert refused(lambda: update(contacts, (contact, {"city": "Bonn"}))).status == 504
    assert ("city" in portal.contact(contact).properties) is applied


@pytest.mark.parametrize("status", [201, 202, 204])
def test_the_client_makes_nothing_of_a_success_that_it_did_not_expect(
    portal: Portal, contacts: Any, status: int
) -> None:
    contact = portal.add_contact()
    portal.faults.add(Fault.unexpected_success(status=status).on(*UPDATE))
    assert update(contacts, (contact, {"city": "Bonn"})) is None
    assert portal.contact(contact).properties["city"] == "Bonn"


def test_a_success_may_be_empty_and_nothing_done(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    portal.faults.add(Fault.empty_success().on(*UPDATE))
    assert ids_of(update(contacts, (contact, {"city": "Bonn"}))) == []
    assert "city" not in portal.contact(contact).properties


def test_some_rows_of_a_batch_may_fail_alone(portal: Portal, contacts: Any) -> None:
    added = [portal.add_contact() for _ in range(5)]
    portal.faults.add(Fault.rows_failed(rows=2).on(*UPDATE))
    answer = update(contacts, *((each, {"city": "Bonn"}) for each in added), ("999", {"city": "Bonn"}))
    assert sorted(ids_of(answer)) == sorted(added[2:])
    assert (answer.status, answer.num_errors) == ("COMPLETE", 3)
    assert [each.context["ids"] for each in answer.errors] == [["999"], added[:2]]
    assert [each for each in added if "city" in portal.contact(each).properties] == added[2:]


def test_rows_that_are_none_are_refused_as_ever(portal: Portal, client: Any) -> None:
    portal.faults.add(Fault.rows_failed().on(*UPDATE))
    path = "/crm/v3/objects/contacts/batch/update"
    assert client.api_request({"method": "POST", "path": path, "body": {"inputs": ["x", 1]}}).status_code == 400


@pytest.mark.parametrize("cut", [Fault.reset_before(), Fault.reset_after(), Fault.body_cut()])
def test_a_connection_may_break_before_the_answer_is_whole(portal: Portal, contacts: Any, cut: Fault) -> None:
    portal.add_contact()
    portal.faults.add(cut.on(*PAGE, times=None))
    with pytest.raises(urllib3.exceptions.HTTPError):
        contacts.basic_api.get_page()
    portal.faults.clear()
    assert len(ids_of(contacts.basic_api.get_page())) == 1


@pytest.fixture
def raw(server: SandboxServer) -> Any:
    """Asks for one page of contacts, on a connection of its own, as it comes over the wire."""

    def ask() -> urllib3.BaseHTTPResponse:
        with urllib3.PoolManager(headers={"Authorization": "Bearer pat-sandbox"}, retries=False) as http:
            return http.request("GET", f"{server.url}/crm/v3/objects/contacts")

    return ask


@pytest.mark.parametrize("fault", [Fault.json_cut(), Fault.length_short()])
def test_an_answer_may_end_in_the_middle_of_its_json(portal: Portal, raw: Any, fault: Fault) -> None:
    portal.add_contact()
    portal.faults.add(fault.on(*PAGE))
    answer = raw()
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(answer.data)))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.data)
    assert len(json.loads(raw().data)["results"]) == 1


def test_an_answer_may_say_it_is_gzip_and_not_be(portal: Portal, raw: Any) -> None:
    portal.faults.add(Fault.gzip_broken().on(*PAGE))
    with pytest.raises(urllib3.exceptions.DecodeError):
        raw()


def test_a_token_that_is_revoked_at_a_request_is_unknown_from_then_on(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault.token_revoked().on(*PAGE, skip=1))
    contacts.basic_api.get_page()
    for call in (contacts.basic_api.get_page, lambda: contacts.search_api.do_search({})):
        assert refusal(call)[0] == 401


def test_a_scope_that_is_removed_at_a_request_is_missing_from_then_on(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    portal.faults.add(Fault.scope_removed().on(*UPDATE, skip=1))
    update(contacts, (contact, {"city": "Bonn"}))
    for _ in range(2):
        assert refusal(lambda: update(contacts, (contact, {"city": "Ulm"})))[0] == 403
    contacts.basic_api.get_page()


def test_a_day_that_is_used_up_at_a_request_lasts_until_midnight(portal: Portal, contacts: Any) -> None:
    portal.faults.add(Fault.day_used_up().on(*PAGE))
    for call in (contacts.basic_api.get_page, lambda: contacts.search_api.do_search({})):
        assert refusal(call)[1]["policyName"] == "DAILY"
    portal.clock.move_to(portal.limits.resets_at())
    contacts.basic_api.get_page()


@pytest.mark.parametrize("lasting", [Fault.token_revoked(), Fault.scope_removed(), Fault.day_used_up()])
def test_what_lasts_is_undone_when_the_faults_are_cleared(portal: Portal, contacts: Any, lasting: Fault) -> None:
    contact = portal.add_contact()
    portal.faults.add(lasting.on(times=None))
    for _ in range(2):
        assert refusal(lambda: update(contacts, (contact, {"city": "Bonn"})))[0] in (401, 403, 429)
    portal.faults.clear()
    update(contacts, (contact, {"city": "Bonn"}))
    assert portal.contact(contact).properties["city"] == "Bonn"


def test_a_day_that_was_used_up_is_given_back_as_it_was(portal: Portal, contacts: Any) -> None:
    contacts.basic_api.get_page()
    portal.faults.add(Fault.day_used_up().on(*PAGE))
    refused(contacts.basic_api.get_page)
    portal.faults.clear()
    assert portal.limits.used_today == 1
