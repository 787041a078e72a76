"""Every request that the worker sends is one that the models of HubSpot's own client allow."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hubspot.crm import companies, contacts, properties
from hubspot.crm.objects import communications, emails, meetings

from sandbox import Portal
from sandbox.bodies import PropertyChange
from tests.acceptance.conftest import Scoreline, Sent
from tests.acceptance.leads import a_demo_request, a_price_request

# Which model of the client a body is, by method and path.
MODELS: dict[str, tuple[Any, str]] = {
    "POST /crm/v3/objects/contacts/batch/read": (contacts, "BatchReadInputSimplePublicObjectId"),
    "POST /crm/v3/objects/contacts/batch/update": (contacts, "BatchInputSimplePublicObjectBatchInput"),
    "POST /crm/v3/objects/contacts/search": (contacts, "PublicObjectSearchRequest"),
    "POST /crm/v3/objects/emails/search": (emails, "PublicObjectSearchRequest"),
    "POST /crm/v3/objects/meetings/search": (meetings, "PublicObjectSearchRequest"),
    "POST /crm/v3/objects/communications/search": (communications, "PublicObjectSearchRequest"),
    "POST /crm/v3/objects/companies/batch/read": (companies, "BatchReadInputSimplePublicObjectId"),
    "POST /crm/v3/properties/contacts": (properties, "PropertyCreate"),
    "PATCH /crm/v3/properties/contacts/x": (properties, "PropertyUpdate"),
    "POST /crm/v3/properties/contacts/batch/create": (properties, "BatchInputPropertyCreate"),
    "POST /crm/v3/properties/contacts/groups": (properties, "PropertyGroupCreate"),
}


@dataclass(frozen=True)
class Asked:
    """One request: which one, with the name of a property left out, and its body."""

    what: str
    body: Any


def asked(sent: Sent) -> Asked:
    path = sent.url.partition("?")[0].rstrip("/")
    path = re.sub(r"(?<=^/crm/v3/properties/contacts/)(?!groups$|batch/)\w+$", "x", path)
    return Asked(f"{sent.method} {path}", json.loads(sent.body))


def through_the_client(sent: Asked) -> Any:
    """The body after it was one of the client's models, which say no to a missing or unknown value."""
    module, model = MODELS[sent.what]

    body = dict(sent.body)
    # The model calls a sort rule text, but HubSpot's search guide documents an object, which the client lets pass.
    sorts = {"sorts": body.pop("sorts")} if "sorts" in body else {}

    class Body:
        data = json.dumps(body)

    configuration = module.Configuration()
    configuration.client_side_validation = True
    with module.ApiClient(configuration) as client:
        return client.sanitize_for_serialization(client.deserialize(Body, model)) | sorts


def as_sent(body: Any) -> Any:
    """Without what is null: the client sends no such field."""
    if isinstance(body, dict):
        return {name: as_sent(value) for name, value in body.items() if value is not None}
    return [as_sent(each) for each in body] if isinstance(body, list) else body


def test_every_body_is_one_that_the_client_allows(portal: Portal, scoreline: Scoreline, wire: list[Sent]) -> None:
    company = portal.add_company(numberofemployees=80)
    falls = a_demo_request(portal, associatedcompanyid=company)
    a_price_request(portal)
    assert [scoreline("doctor").status, scoreline("provision").status] == [1, 0]
    half = {"options": [{"label": "A1", "value": "A1", "hidden": False, "displayOrder": 0}]}
    portal.contacts.definitions.change("lead_grade", PropertyChange.model_validate(half), at_ms=0)
    for command in (["provision"], ["doctor"], ["plan"], ["resync", "--full", "--accept-large-plan"]):
        assert scoreline(*command).status == 0, command
    portal.sales_answers(falls, "not_ready", at=datetime.now(UTC))
    assert scoreline("resync").status == 0
    sent = [asked(each) for each in wire if each.body]
    assert {each.what for each in sent} == MODELS.keys()
    for each in sent:
        assert through_the_client(each) == as_sent(each.body), each.what


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("POST /crm/v3/objects/contacts/batch/update", {"inputs": [{"properties": {"city": "Bonn"}}]}),
        ("POST /crm/v3/properties/contacts/groups", {"name": "lead_scoring"}),
        ("POST /crm/v3/objects/contacts/search", {"filterGroups": [{"filters": [{"operator": "IS", "value": "1"}]}]}),
    ],
)
def test_a_body_that_the_client_does_not_allow_is_noticed(what: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match="Invalid value"):
        through_the_client(Asked(what, wrong))
