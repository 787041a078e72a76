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
    ("act", "says"),
    [
        ({"value": "Bonn"}, "not set: [as]"),
        ({"as": "nobody", "value": "1"}, "'person', 'workflow', 'integration', 'hubspot', 'deal_sync' or 'sales'"),
        ({"as": "person", "property": "city"}, "not set: [value]"),
        ({"as": "person", "value": "Bonn"}, "person names a property"),
        ({"as": "sales", "property": "city", "value": "true_sql"}, "sales names no property"),
        ({"as": "sales", "value": "perhaps"}, "sales answer with one of"),
        ({"as": "sales", "value": "unqualified"}, "not one of the allowed options: [true_sql]"),
        ({"as": "deal_sync", "value": "won"}, "not one of the allowed options: [subscriber,"),
        ({"as": "person", "property": "no_such_property", "value": "1"}, "does not exist"),
        ({"as": "person", "property": "lifecyclestage", "value": "MQL"}, "not one of the allowed options"),
        ({"as": "workflow", "property": "numemployees", "value": "lots"}, "not one of the allowed options"),
        ({"as": "integration", "property": "closedate", "value": "soon"}, "not a valid long"),
        ({"as": "person", "property": "email", "value": "nobody"}, "is invalid"),
        ({"as": "person", "property": "email", "value": "Taken@a.example"}, "Contact already exists"),
        ({"as": "person", "property": "hs_analytics_num_visits", "value": "5"}, "is a read only property"),
        ({"as": "hubspot", "property": "hs_analytics_num_visits", "value": "many"}, "not a valid number"),
        ({"as": "person", "property": "city", "value": "1", "at": "yesterday"}, "'yesterday' is not a time"),
        ({"as": "person", "property": "city", "value": "1", "at": "2999-01-01T00:00:00Z"}, "at is in the future"),
    ],
    ids=lambda part: "" if isinstance(part, str) else str(part),
)
def test_an_edit_that_hubspot_would_not_take_is_refused(
    portal: Portal, control: Control, act: dict[str, Any], says: str
) -> None:
    portal.define("lead_scoring_sales_feedback", "enumeration", "radio", options=["true_sql"])
    contact = portal.add_contact()
    portal.add_contact(email="taken@a.example")
    before = dict(portal.contact(contact).properties)
    status, told = control.ask("POST", f"/contacts/{contact}", act)
    assert (status, says in told["message"]) == (409 if "exists" in says else 400, True), told["message"]
    assert dict(portal.contact(contact).properties) == before


def test_hubspot_alone_writes_read_only_properties(portal: Portal, control: Control) -> None:
    act = {"as": "hubspot", "property": "hs_analytics_num_visits", "value": 5}
    _, told = control.ask("POST", f"/contacts/{portal.add_contact()}", act)
    assert told["properties"]["hs_analytics_num_visits"] == "5"


@pytest.mark.parametrize("name", ["at", "contact", "self"])
def test_hubspot_writes_a_property_of_any_name(portal: Portal, control: Control, name: str) -> None:
    portal.define(name, "string", "text")
    act = {"as": "hubspot", "property": name, "value": "x"}
    status, told = control.ask("POST", f"/contacts/{portal.add_contact()}", act)
    assert (status, told["properties"][name]) == (200, "x")


def test_null_takes_a_value_away(portal: Portal, control: Control) -> None:
    contact = portal.add_contact(city="Bonn")
    _, told = control.ask("POST", f"/contacts/{contact}", {"as": "person", "property": "city", "value": None})
    assert told["properties"]["city"] == ""


def test_what_follows_other_properties_is_shown_without_a_history(portal: Portal, control: Control) -> None:
    _, told = control.ask("GET", f"/contacts/{portal.add_contact(lifecyclestage='lead')}")
    assert "hs_v2_date_entered_lead" in told["properties"].keys() - told["history"].keys()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "send either move_s or to"),
        ({"move_s": 5, "to": "2027-01-01T00:00:00Z"}, "send either move_s or to"),
        ({"move_s": -1}, "move_s: Input should be greater than or equal to 0"),
        ({"move_s": "soon"}, "move_s"),
        ({"move_s": 10**12}, "the clock goes no further than 3000-01-01"),
        ({"to": "2026-11-02T09:29:59Z"}, "to is in the past; it is 2026-11-02T09:30:00.000Z now"),
        ({"to": "tomorrow"}, "'tomorrow' is not a time"),
        ({"to": "9999-01-01T00:00:00Z"}, "the clock goes no further than 3000-01-01"),
    ],
)
def test_the_clock_only_goes_forward(control: Control, body: dict[str, Any], says: str) -> None:
    status, told = control.ask("POST", "/clock", body)
    assert (status, says in told["message"]) == (400, True), told["message"]
    assert control.ask("GET", "/clock")[1] == {"now": "2026-11-02T09:30:00.000Z"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/contact/751"), ("PUT", "/clock"), ("GET", "")])
def test_what_there_is_not_is_told_what_there_is(control: Control, method: str, path: str) -> None:
    status, told = control.ask(method, path)
    assert status == 404
    assert "GET /_sandbox/contacts/{id}, POST /_sandbox/contacts/{id}" in told["message"]
    assert "POST /_sandbox/switches" in told["message"]


def test_a_contact_cannot_be_merged_with_itself(portal: Portal, control: Control) -> None:
    contact = portal.add_contact(email="ada@a.example")
    assert control.ask("POST", "/merge", {"primary": contact, "other": "ada@a.example"})[0] == 400
    assert control.ask("POST", "/merge", {"primary": contact, "other": "99999"})[0] == 404


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


@pytest.mark.parametrize("told", [{"scope": "forms"}, {"retry_after_s": 7}, {"seconds": 2.5}, {"status": 503}])
def test_a_listed_fault_shows_what_it_was_told(control: Control, told: dict[str, Any]) -> None:
    (name,) = told
    named = {"scope": "scope_removed", "retry_after_s": "migration", "seconds": "slow", "status": "server_error"}[name]
    _, answer = control.ask("POST", "/faults", {"fault": named, **told})
    shown = answer["faults"][0]
    assert shown["name"] == named
    assert shown["delay_s" if name == "seconds" else name] == told[name]


@pytest.mark.parametrize("fault", [{"colour": "red"}, {"drop": "sometimes"}])
def test_a_fault_that_makes_no_sense_is_refused(control: Control, fault: dict[str, Any]) -> None:
    assert control.ask("POST", "/faults", fault)[0] == 400


def test_a_fault_that_lasts_is_listed_until_it_is_cleared(control: Control, contacts: Any) -> None:
    for fault in ({"fault": "locked"}, {"fault": "token_revoked"}):
        control.ask("POST", "/faults", fault)
    for status in (423, 401):
        assert refused(contacts.basic_api.get_page).status == status
    listed = control.ask("GET", "/faults")[1]["faults"]
    assert [(each["name"], each["times"]) for each in listed] == [("token_revoked", 0)]
    control.ask("DELETE", "/faults")
    assert control.ask("GET", "/faults")[1] == {"faults": []}
