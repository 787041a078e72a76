"""Every answer parses into the models of HubSpot's own client, and nothing that HubSpot sends is lost on the way."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any

import pytest

from sandbox import Portal
from sandbox.account import Form
from sandbox.activity import Occurrence
from sandbox.happenings import call_logged, chat, deal_created, email_answered
from tests.sandbox.asking import NOW, REFUSALS

# The client has no place for these; the last two are those of users.
LOST_BY_THE_CLIENT = {"url", "warnings", "dataSensitivity"}
LOST_OF_USERS = {".results[0].firstName", ".results[0].lastName"}


@pytest.fixture
def portal(portal: Portal) -> Portal:
    """A portal with something of everything; its contacts are 751 to 753."""
    portal.tier = "enterprise"
    company = portal.add_company(name="Acme", domain="acme.example")
    portal.add_owner("ada@own.example", "Ada", "Abbott")
    for name in ("ada", "bob", "eve"):
        portal.add_contact(email=f"{name}@a.example", lifecyclestage="lead", associatedcompanyid=company)
    portal.person_sets("751", "lifecyclestage", "customer")
    portal.define("tier", "enumeration", "select", options=["a", "b"])
    portal.add_list("Pilot", ["751"])
    portal.forms.append(Form(id="guid-1", name="Demo", created_ms=0))
    portal.add_meeting(["751"], starts=NOW)
    for happens in (chat, call_logged, email_answered, deal_created):
        happens(portal, Random(1), "752")
    portal.activity.occurrences.append(Occurrence(id="e-1", contact_id=751, type="e_visited_page", at_ms=0))
    return portal


def ids(*given: str) -> dict[str, Any]:
    return {"inputs": [{"id": each} for each in given]}


def reading(*given: str) -> dict[str, Any]:
    return {**ids(*given), "properties": ["city"], "propertiesWithHistory": ["lifecyclestage"]}


def reading_any(*given: str) -> dict[str, Any]:
    return {**ids(*given), "properties": ["hs_timestamp"], "propertiesWithHistory": []}


def writing(*given: str) -> dict[str, Any]:
    return {"inputs": [{"id": each, "properties": {"city": "Bonn"}} for each in given]}


def a_property(name: str) -> dict[str, Any]:
    return {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "contactinformation"}


Asked = Callable[[Any], Any]

CONTACTS: dict[str, Asked] = {
    "list": lambda api: api.basic_api.get_page(
        limit=2, properties_with_history=["lifecyclestage"], associations=["companies"]
    ),
    "get": lambda api: api.basic_api.get_by_id("751", associations=["companies"]),
    "create": lambda api: api.basic_api.create({"properties": {"email": "new@a.example"}}),
    "update": lambda api: api.basic_api.update("751", {"properties": {"city": "Bonn"}}),
    "merge": lambda api: api.basic_api.merge({"primaryObjectId": "751", "objectIdToMerge": "752"}),
    "search": lambda api: api.search_api.do_search({"limit": 1, "properties": ["city"]}),
    "batch read": lambda api: api.batch_api.read(reading("751", "752")),
    "batch read, one missing": lambda api: api.batch_api.read(reading("751", "9")),
    "batch update": lambda api: api.batch_api.update(writing("751", "752")),
    "batch update, one missing": lambda api: api.batch_api.update(writing("751", "9")),
    "batch create": lambda api: api.batch_api.create({"inputs": [{"properties": {"email": "new@a.example"}}]}),
    "batch upsert": lambda api: api.batch_api.upsert(
        {"inputs": [{"id": "ada@a.example", "idProperty": "email", "properties": {"city": "Bonn"}}]}
    ),
}
OTHERS: dict[str, Asked] = {
    "companies": lambda client: client.crm.companies.basic_api.get_page(),
    "companies, batch": lambda client: client.crm.companies.batch_api.read(reading("9001")),
    "meetings": lambda client: client.crm.objects.meetings.basic_api.get_page(),
    "meetings, searched": lambda client: client.crm.objects.meetings.search_api.do_search({"limit": 1}),
    "calls, batch": lambda client: client.crm.objects.calls.batch_api.read(reading_any("40001")),
    "emails": lambda client: client.crm.objects.emails.basic_api.get_page(associations=["contacts"]),
    "communications": lambda client: client.crm.objects.communications.basic_api.get_page(associations=["contacts"]),
    "deals": lambda client: client.crm.deals.basic_api.get_page(associations=["contacts"]),
    "deals, by kind": lambda client: client.crm.objects.basic_api.get_page("deals", associations=["contacts"]),
    "call created": lambda client: client.crm.objects.calls.basic_api.create(
        {"properties": {"hs_timestamp": "1000"}, "associations": []}
    ),
    "pipelines of deals": lambda client: client.crm.pipelines.pipelines_api.get_all("deals"),
    "associations of calls": lambda client: client.crm.associations.v4.batch_api.get_page(
        "calls", "contacts", ids("40001", "9")
    ),
    "associations": lambda client: client.crm.associations.v4.batch_api.get_page(
        "contacts", "companies", ids("751", "9")
    ),
    "associations of one": lambda client: client.crm.associations.v4.basic_api.get_page("contacts", "751", "companies"),
    "properties": lambda client: client.crm.properties.core_api.get_all("contacts"),
    "property": lambda client: client.crm.properties.core_api.get_by_name("contacts", "tier"),
    "property created": lambda client: client.crm.properties.core_api.create("contacts", a_property("fresh")),
    "properties created, one taken": lambda client: client.crm.properties.batch_api.create(
        "contacts", {"inputs": [a_property("fresh"), a_property("tier")]}
    ),
    "groups": lambda client: client.crm.properties.groups_api.get_all("contacts"),
    "pipelines": lambda client: client.crm.pipelines.pipelines_api.get_all("contacts"),
    "owners": lambda client: client.crm.owners.owners_api.get_page(),
    "users": lambda client: client.settings.users.users_api.get_page(),
    "forms": lambda client: client.marketing.forms.forms_api.get_page(),
    "lists": lambda client: client.crm.lists.lists_api.do_search({"query": ""}),
    "list": lambda client: client.crm.lists.lists_api.get_by_id("1"),
    "members": lambda client: client.crm.lists.memberships_api.get_page(list_id="1"),
    "members changed": lambda client: client.crm.lists.memberships_api.add(list_id="1", request_body=["752", "9"]),
    "events": lambda client: client.events.events_api.get_page(),
    "event types": lambda client: client.events.events_api.get_types(),
}


class Kept:
    """The client's endpoints, each made once, so that the answer that it read last can be looked at."""

    def __init__(self, part: Any) -> None:
        self._part, self._made = part, dict[str, Any]()

    def __getattr__(self, name: str) -> Any:
        if name not in self._made:
            made = getattr(self._part, name)
            self._made[name] = made if hasattr(made, "api_client") else Kept(made)
        return self._made[name]

    def raw_and_read(self, answer: Any) -> tuple[Any, Any]:
        """The last answer as it was sent, and as JSON again after it was a model."""
        for made in self._made.values():
            if isinstance(made, Kept):
                if made._made:
                    return made.raw_and_read(answer)
            elif hasattr(made.api_client, "last_response"):
                client = made.api_client
                return json.loads(client.last_response.data), client.sanitize_for_serialization(answer)
        raise AssertionError("nothing was asked")


def lost(raw: Any, read: Any, path: str = "") -> Iterator[str]:
    """Where the answer held something that the model does not."""
    if isinstance(raw, dict):
        for name, value in raw.items():
            if name not in LOST_BY_THE_CLIENT:
                held = read.get(name) if isinstance(read, dict) else None
                yield from lost(value, held, f"{path}.{name}")
    elif isinstance(raw, list):
        for place, value in enumerate(raw):
            held = read[place] if isinstance(read, list) and place < len(read) else None
            yield from lost(value, held, f"{path}[{place}]")
    elif raw is not None and not _is_same(raw, read):
        yield f"{path}: {raw!r} became {read!r}"


def _is_same(raw: Any, read: Any) -> bool:
    # Ids that are numbers in JSON are text in the client; times are of another spelling.
    if str(raw) == str(read):
        return True
    try:
        return datetime.fromisoformat(str(raw)) == datetime.fromisoformat(str(read))
    except ValueError:
        return False


@pytest.mark.parametrize("asked", CONTACTS.values(), ids=CONTACTS)
def test_no_field_of_an_answer_about_contacts_is_lost(portal: Portal, client: Any, asked: Asked) -> None:
    kept = Kept(client.crm.contacts)
    raw, read = kept.raw_and_read(asked(kept))
    assert list(lost(raw, read)) == []
    assert raw


@pytest.mark.parametrize("asked", OTHERS.values(), ids=OTHERS)
def test_no_field_of_any_other_answer_is_lost(portal: Portal, client: Any, asked: Asked) -> None:
    kept = Kept(client)
    raw, read = kept.raw_and_read(asked(kept))
    known = LOST_OF_USERS if asked is OTHERS["users"] else set()
    assert {each.partition(": ")[0] for each in lost(raw, read)} == known
    assert raw


@pytest.mark.parametrize(
    "asked",
    [
        lambda api: api.batch_api.update({"inputs": [{"id": "751", "properties": {"numemployees": "lots"}}]}),
        lambda api: api.batch_api.update(writing("751", "751")),
        lambda api: api.basic_api.get_by_id("9"),
        lambda api: api.basic_api.create({"properties": {"email": "ada@a.example"}}),
    ],
    ids=["bad value", "repeated id", "not found", "taken email"],
)
def test_no_field_of_a_refusal_is_lost(portal: Portal, client: Any, asked: Asked) -> None:
    kept = Kept(client.crm.contacts)
    with pytest.raises(REFUSALS) as caught:
        asked(kept)
    error: Any = caught.value
    raw = json.loads(error.body)
    from hubspot.crm.contacts import ApiClient

    class Body:
        data = error.body

    with ApiClient() as parsing:
        read = parsing.sanitize_for_serialization(parsing.deserialize(Body, "Error"))
    assert raw.pop("status") == "error"
    assert list(lost(raw, read)) == []


def test_what_is_lost_is_noticed() -> None:
    sent = {"id": "1", "url": "https://a.example", "properties": {"city": "Bonn", "score": None}, "rows": [{"a": 1}]}
    assert list(lost(sent, {"id": 1, "properties": {"city": "Bonn"}, "rows": [{"a": 1}]})) == []
    assert list(lost(sent, {"id": 1, "properties": {}, "rows": []})) == [
        ".properties.city: 'Bonn' became None",
        ".rows[0].a: 1 became None",
    ]
