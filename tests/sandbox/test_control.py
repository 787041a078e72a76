"""The sandbox's own endpoints, for tests and people outside this process."""

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from sandbox import Portal, SandboxServer
from tests.sandbox.asking import refused


class Control:
    """Asks `/_sandbox/…` of one server."""

    def __init__(self, server: SandboxServer, http: urllib3.PoolManager) -> None:
        self._base, self._http = f"{server.url}/_sandbox", http

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        answer = self._http.request(method, self._base + path, json=body, retries=False)
        return answer.status, answer.json() if answer.data else None


@pytest.fixture
def control(server: SandboxServer) -> Iterator[Control]:
    with urllib3.PoolManager() as http:
        yield Control(server, http)


@pytest.mark.parametrize(
    ("act", "source"),
    [
        ({"as": "person", "property": "lifecyclestage", "value": "customer"}, "CRM_UI"),
        ({"as": "workflow", "property": "lifecyclestage", "value": "customer"}, "AUTOMATION_PLATFORM"),
        ({"as": "integration", "property": "lifecyclestage", "value": "customer"}, "INTEGRATION"),
        ({"as": "hubspot", "property": "lifecyclestage", "value": "customer"}, "ANALYTICS"),
        ({"as": "deal_sync", "value": "customer"}, "DEALS"),
    ],
)
def test_a_contact_can_be_edited_as_anybody(portal: Portal, control: Control, act: dict[str, Any], source: str) -> None:
    contact = portal.add_contact(email="ada@a.example")
    _, told = control.ask("POST", "/contacts/ada@a.example", act)
    assert told["id"] == contact
    newest = told["history"]["lifecyclestage"][0]
    assert (newest["value"], newest["sourceType"]) == ("customer", source)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/contacts/751", {"as": "sales", "value": "maybe"}, "sales answer with one of: true_sql, not_ready"),
        ("/contacts/751", {"as": "person", "propety": "email", "value": ""}, "unknown: propety; known: as, property"),
        ("/clock", {"moves": 5}, "unknown: moves; known: move_s, to"),
    ],
)
def test_what_means_nothing_is_refused_with_what_is_known(
    portal: Portal, control: Control, path: str, body: dict[str, Any], says: str
) -> None:
    portal.add_contact()
    status, told = control.ask("POST", path, body)
    assert status == 400
    assert says in told["message"]


def test_sales_can_answer_with_the_propertys_own_value(portal: Portal, control: Control) -> None:
    portal.define("lead_scoring_sales_feedback", "enumeration", "radio", options=["true_sql", "mql_not_ready"])
    _, told = control.ask("POST", f"/contacts/{portal.add_contact()}", {"as": "sales", "value": "mql_not_ready"})
    assert told["properties"]["lead_scoring_sales_feedback"] == "mql_not_ready"


def test_sales_can_answer_at_a_given_time_and_take_it_back(portal: Portal, control: Control) -> None:
    portal.define("lead_scoring_sales_feedback", "enumeration", "radio", options=["true_sql", "mql_not_ready"])
    contact = portal.add_contact()
    at = "2026-11-01T00:00:00.000Z"
    _, told = control.ask("POST", f"/contacts/{contact}", {"as": "sales", "value": "not_ready", "at": at})
    version = told["history"]["lead_scoring_sales_feedback"][0]
    assert (version["value"], version["timestamp"]) == ("mql_not_ready", at)
    control.ask("POST", f"/contacts/{contact}", {"as": "sales", "value": None})
    assert portal.contact(contact).properties["lead_scoring_sales_feedback"] == ""


@pytest.mark.parametrize(
    "act",
    [
        {"as": "nobody"},
        {"as": "person", "property": "no_such_property", "value": "1"},
        {"as": "person", "property": "city", "value": "1", "at": "yesterday"},
        {"as": "sales", "value": "perhaps"},
    ],
)
def test_an_act_that_makes_no_sense_is_refused(portal: Portal, control: Control, act: dict[str, Any]) -> None:
    portal.define("lead_scoring_sales_feedback", "enumeration", "radio", options=["true_sql"])
    status, _ = control.ask("POST", f"/contacts/{portal.add_contact()}", act)
    assert status == 400


def test_contacts_can_be_merged_and_deleted(portal: Portal, control: Control) -> None:
    first, second = portal.add_contact(), portal.add_contact()
    _, merged = control.ask("POST", "/merge", {"primary": first, "other": second})
    assert list(portal.contacts.live) == [int(merged["id"])]
    assert control.ask("DELETE", f"/contacts/{merged['id']}?for_privacy=true")[0] == 204
    assert len(portal.contacts) == 0
    assert control.ask("GET", "/contacts/1")[0] == 404


def test_the_clock_can_be_moved_and_set(control: Control) -> None:
    assert control.ask("GET", "/clock")[1] == {"now": "2026-11-02T09:30:00.000Z"}
    assert control.ask("POST", "/clock", {"move_s": 3_600})[1] == {"now": "2026-11-02T10:30:00.000Z"}
    assert control.ask("POST", "/clock", {"to": "2027-01-01T00:00:00Z"})[1] == {"now": "2027-01-01T00:00:00.000Z"}


def test_requests_can_be_read_and_forgotten(control: Control, contacts: Any) -> None:
    contacts.basic_api.get_page(limit=7)
    _, told = control.ask("GET", "/requests?path=contacts")
    assert told["totals"]["read"] == 1
    assert [(each["path"], each["query"]) for each in told["requests"]] == [("/crm/v3/objects/contacts", "limit=7")]
    control.ask("DELETE", "/requests")
    assert control.ask("GET", "/requests")[1] == {"totals": {}, "requests": []}


def test_faults_can_be_added_listed_and_cleared(control: Control, contacts: Any) -> None:
    control.ask("POST", "/faults", {"path": "contacts", "status": 502, "times": 2})
    assert refused(contacts.basic_api.get_page).status == 502
    _, told = control.ask("GET", "/faults")
    assert [(each["path"], each["status"], each["times"]) for each in told["faults"]] == [("contacts", 502, 1)]
    control.ask("DELETE", "/faults")
    contacts.basic_api.get_page()


@pytest.mark.parametrize("fault", [{"colour": "red"}, {"drop": "sometimes"}])
def test_a_fault_that_makes_no_sense_is_refused(control: Control, fault: dict[str, Any]) -> None:
    assert control.ask("POST", "/faults", fault)[0] == 400
