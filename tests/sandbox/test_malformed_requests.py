"""Requests that no client should send: each is refused in HubSpot's words, and the portal goes on."""

import json
import string
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Clock, Portal, SandboxServer
from sandbox.api.app import ENDPOINTS
from sandbox.api.calls import Endpoint
from tests.sandbox.asking import NOW

HTTP = urllib3.PoolManager(retries=False)
BATCH, SEARCH, LISTS = "/crm/v3/objects/contacts/batch", "/crm/v3/objects/contacts/search", "/crm/v3/lists"
PROPERTIES = "/crm/v3/properties/contacts"


def ask(server: SandboxServer, method: str, path: str, body: bytes) -> urllib3.BaseHTTPResponse:
    return HTTP.request(method, server.url + path, body=body, headers={"Authorization": "Bearer pat-sandbox"})


def a_filter(**said: Any) -> dict[str, Any]:
    return {"filterGroups": [{"filters": [said]}]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", SEARCH, {"limit": "x"}),
        ("POST", SEARCH, {"limit": -1}),
        ("POST", SEARCH, {"limit": 0}),
        ("POST", SEARCH, {"limit": 10**30}),
        ("POST", SEARCH, {"after": "9" * 5_000}),
        ("POST", SEARCH, {"filterGroups": "city"}),
        ("POST", SEARCH, {"filterGroups": [["city"]]}),
        ("POST", SEARCH, {"filterGroups": [{"filters": {"propertyName": "city"}}]}),
        ("POST", SEARCH, {"filters": 5}),
        ("POST", SEARCH, {"sorts": {"propertyName": "city"}}),
        ("POST", SEARCH, {"sorts": [{"propertyName": "city", "direction": "SIDEWAYS"}]}),
        ("POST", SEARCH, {"query": ["a"]}),
        ("POST", SEARCH, a_filter(propertyName=5, operator="EQ", value="1")),
        ("POST", SEARCH, a_filter(propertyName="city")),
        ("POST", SEARCH, a_filter(propertyName="city", operator="EQ")),
        ("POST", SEARCH, a_filter(propertyName="city", operator="IN", value="bonn")),
        ("POST", SEARCH, a_filter(propertyName="createdate", operator="BETWEEN", value="1")),
        ("POST", SEARCH, a_filter(propertyName="createdate", operator="GT", value="9" * 15)),
        ("POST", f"{BATCH}/read", {"inputs": ["751"]}),
        ("POST", f"{BATCH}/read", {"inputs": [{"id": ["751"]}]}),
        ("POST", f"{BATCH}/read", {"inputs": [{"id": "751"}], "properties": "city"}),
        ("POST", f"{BATCH}/update", {"inputs": [None]}),
        ("POST", f"{BATCH}/update", {"inputs": [{"properties": {"city": "Bonn"}}]}),
        ("POST", f"{BATCH}/update", {"inputs": [{"id": "751", "properties": ["city"]}]}),
        ("POST", f"{BATCH}/update", {"inputs": [{"id": "751", "properties": {"city": ["Bonn"]}}]}),
        ("POST", f"{BATCH}/create", {"inputs": {"properties": {}}}),
        ("POST", f"{BATCH}/upsert", {"inputs": [{"id": {}, "idProperty": "email"}]}),
        ("POST", f"{BATCH}/update", {}),
        ("PATCH", "/crm/v3/objects/contacts/751", {"properties": {"city": {"name": "Bonn"}}}),
        ("PATCH", "/crm/v3/objects/contacts/751", {"properties": {"notes_last_updated": "9" * 15}}),
        ("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": [751]}),
        ("POST", LISTS, {"name": ["Pilot"], "processingType": "MANUAL"}),
        ("POST", f"{LISTS}/search", {"count": "x"}),
        ("POST", f"{LISTS}/search", {"count": 0}),
        ("POST", f"{LISTS}/search", {"offset": -1}),
        ("PUT", f"{LISTS}/1/memberships/add", {"recordIds": ["751"]}),
        ("PUT", f"{LISTS}/1/memberships/add", [["751"]]),
        ("POST", PROPERTIES, {"name": 5, "label": "x", "type": "number", "fieldType": "number", "groupName": "x"}),
        ("POST", PROPERTIES, {"name": "x", "label": "x", "type": "number", "fieldType": "number", "groupName": []}),
        ("PATCH", f"{PROPERTIES}/city", {"displayOrder": "first"}),
        ("PATCH", f"{PROPERTIES}/city", {"options": ["Bonn"]}),
        ("POST", f"{PROPERTIES}/groups", {"name": "ours", "label": "Ours", "displayOrder": "first"}),
        ("POST", "/_sandbox/clock", {"move_s": "soon"}),
        ("POST", "/_sandbox/clock", {"move_s": 10**300}),
        ("POST", "/_sandbox/switches", {"self": True}),
        ("POST", "/_sandbox/switches", ["index_lag_s"]),
        ("GET", f"{LISTS}/1/memberships?limit=x", None),
        ("GET", "/crm/v3/objects/contacts?limit=x", None),
        ("GET", f"/crm/v3/objects/contacts?after={'9' * 5_000}", None),
        ("GET", "/_sandbox/requests?path=(", None),
    ],
    ids=lambda part: str(part)[-60:],
)
def test_what_is_not_as_it_should_be_is_refused_in_the_usual_envelope(
    portal: Portal, server: SandboxServer, method: str, path: str, body: Any
) -> None:
    portal.add_contact()
    portal.add_list("Pilot")
    answer = ask(server, method, path, json.dumps(body).encode())
    told = answer.json()
    assert (answer.status, told["status"], told["category"]) == (400, "error", "VALIDATION_ERROR")
    assert told["message"]
    assert told["correlationId"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b'{"limit": NaN}', b'"\\ud800"', b"[" * 2_900])
def test_a_body_that_is_no_object_is_refused_as_input_json(portal: Portal, server: SandboxServer, body: bytes) -> None:
    told = ask(server, "POST", SEARCH, body).json()
    assert told["category"] == "VALIDATION_ERROR"
    assert told["message"].startswith("Invalid input JSON")


def test_what_lacks_a_field_is_told_which_and_where(portal: Portal, server: SandboxServer) -> None:
    told = ask(server, "POST", SEARCH, json.dumps(a_filter(value="1")).encode()).json()
    path = "filterGroups[0].filters[0]"
    assert told["message"].endswith(f"fields were not set: [{path}.propertyName, {path}.operator]")


def test_numbers_and_boxes_stand_for_their_texts_and_null_for_nothing(portal: Portal, server: SandboxServer) -> None:
    contact = portal.add_contact()
    written = {"inputs": [{"id": int(contact), "idProperty": None, "properties": {"city": 5, "phone": True}}]}
    assert ask(server, "POST", f"{BATCH}/update", json.dumps(written).encode()).status == 200
    assert [portal.contact(contact).properties[name] for name in ("city", "phone")] == ["5", "true"]


KEYS = st.sampled_from(
    [
        *("inputs", "id", "idProperty", "properties", "propertiesWithHistory", "objectWriteTraceId", "city", "email"),
        *("filterGroups", "filters", "propertyName", "operator", "value", "highValue", "values", "sorts", "direction"),
        *("limit", "after", "query", "count", "offset", "name", "label", "type", "fieldType", "groupName", "options"),
        *("displayOrder", "recordIdsToAdd", "primaryObjectId", "objectIdToMerge", "objectId", "processingType"),
        *("as", "property", "at", "move_s", "to", "primary", "other", "index_lag_s", "rows", "status", "times"),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["751", "752", "city", "createdate", "email", "EQ", "BETWEEN", "IN", "enumeration", "", "person"])
    | st.text(max_size=8)
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6)
)
BODIES = JSON.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=20)
PLACES = st.sampled_from(["751", "contacts", "companies", "meetings", "city", "9" * 30]) | st.text(
    string.ascii_letters + string.digits + "-_@.", min_size=1, max_size=8
)
QUERIES = st.dictionaries(
    st.sampled_from(["limit", "after", "archived", "properties", "idProperty", "associations", "objectId", "offset"]),
    st.sampled_from(["0", "x", "-1", "9" * 5_000, "true", "email", "city"]) | st.text(max_size=4),
    max_size=3,
)


@settings(max_examples=1_500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ENDPOINTS), st.lists(PLACES, min_size=3, max_size=3), QUERIES, BODIES)
def test_whatever_is_sent_is_answered_and_the_portal_goes_on(
    shared_server: SandboxServer, endpoint: Endpoint, places: list[str], query: dict[str, str], body: bytes
) -> None:
    portal = Portal(clock=Clock.stopped(NOW), tier="enterprise")
    for number in range(2):
        portal.add_contact(email=f"contact{number}@a.example", city="Bonn")
    shared_server.portal = portal
    path = endpoint.path.replace(":path", "")
    for name, place in zip(string.Formatter().parse(path), places, strict=False):
        path = path.replace(f"{{{name[1]}}}", place)
    url = f"{path}?{urlencode(query)}" if query else path
    assert ask(shared_server, endpoint.method, url, body).status < 500
    portal.faults.clear()
    assert ask(shared_server, "GET", "/crm/v3/objects/contacts", b"").status == 200
