"""Property definitions and groups of every kind of record."""

from typing import TYPE_CHECKING

from sandbox.api.batches import INPUTS_MAX, batch_answer, no_more_than
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.objects import SPELLED
from sandbox.bodies import Inputs, NamedProperty, NewGroup, NewProperty, PropertyChange
from sandbox.definitions import CUSTOM_MAX, Definition, Definitions, unknown_property
from sandbox.errors import Json, RefusedError, invalid, not_found
from sandbox.times import to_ms

if TYPE_CHECKING:
    from sandbox.portal import Portal

READ = tuple(f"crm.{part}.{name}.read" for part in ("objects", "schemas") for name in ("contacts", "companies"))
WRITE = ("crm.schemas.contacts.write",)
BASE = "/crm/v3/properties/{type}"


def _definitions(portal: "Portal", call: Call) -> Definitions:
    found = portal.collections.get(SPELLED.get(call.params["type"], ""))
    if found is None:
        raise invalid(f"Unable to infer object type from: {call.params['type']}")
    return found.definitions


def _now_ms(portal: "Portal") -> int:
    return to_ms(portal.clock.now())


def _is_readable(portal: "Portal", definition: Definition) -> bool:
    """Whether a property has been there for as long as it takes until it can be read."""
    wait_ms = portal.switches.property_readable_after_s * 1000
    return definition.hubspot_defined or definition.created_ms + wait_ms <= _now_ms(portal)


def list_all(portal: "Portal", call: Call) -> Answer:
    listed = _definitions(portal, call).list(archived=call.flag("archived"))
    return Answer(body={"results": [each.as_json() for each in listed if each.listed and _is_readable(portal, each)]})


def get_one(portal: "Portal", call: Call) -> Answer:
    found = _definitions(portal, call).require(call.params["name"])
    if not _is_readable(portal, found):
        raise unknown_property(found.name)
    return Answer(body=found.as_json())


def create(portal: "Portal", call: Call) -> Answer:
    created = _definitions(portal, call).create(call.read(NewProperty), at_ms=_now_ms(portal))
    return Answer(status=201, body=created.as_json())


def change(portal: "Portal", call: Call) -> Answer:
    changed = _definitions(portal, call).change(call.params["name"], call.read(PropertyChange), at_ms=_now_ms(portal))
    return Answer(body=changed.as_json())


def archive(portal: "Portal", call: Call) -> Answer:
    _definitions(portal, call).archive(call.params["name"], at_ms=_now_ms(portal))
    return Answer(status=204)


def batch_create(portal: "Portal", call: Call) -> Answer:
    """Create each property that can be created; 201, or 207 naming those that exist."""
    definitions = _definitions(portal, call)
    results: list[Json] = []
    errors: list[Json] = []
    for each in no_more_than(INPUTS_MAX, call.read(Inputs[NewProperty]).inputs):
        try:
            results.append(definitions.create(each, at_ms=_now_ms(portal)).as_json())
        except RefusedError as error:
            if error.status != 409 or not isinstance(error.body, dict):
                raise
            errors.append({name: value for name, value in error.body.items() if name != "correlationId"})
    answer = batch_answer(portal, results, errors)
    return Answer(status=201, body=answer.body) if answer.status == 200 else answer


def batch_read(portal: "Portal", call: Call) -> Answer:
    definitions = _definitions(portal, call)
    asked = no_more_than(INPUTS_MAX, call.read(Inputs[NamedProperty]).inputs)
    found = [definitions.get(each.name) for each in asked]
    readable = [each.as_json() for each in found if each and _is_readable(portal, each)]
    return batch_answer(portal, readable, [])


def list_groups(portal: "Portal", call: Call) -> Answer:
    return Answer(body={"results": [group.as_json() for group in _definitions(portal, call).groups.values()]})


def get_group(portal: "Portal", call: Call) -> Answer:
    found = _definitions(portal, call).groups.get(call.params["name"])
    if found is None:
        raise not_found()
    return Answer(body=found.as_json())


def create_group(portal: "Portal", call: Call) -> Answer:
    try:
        created = _definitions(portal, call).create_group(call.read(NewGroup))
    except RefusedError as error:
        if error.status == 409 and not portal.switches.taken_group_named:
            raise RefusedError(409, {"status": "error", "message": "A group of that name exists."}) from error
        raise
    return Answer(status=201, body=created.as_json())


def archive_group(portal: "Portal", call: Call) -> Answer:
    _definitions(portal, call).archive_group(call.params["name"])
    return Answer(status=204)


def custom_limits(portal: "Portal", _: Call) -> Answer:
    """How many custom properties there are and may be; 1,000 per kind of record and 10,000 in all in a test account."""
    kinds = [(portal.contacts, "Contact", "Contacts"), (portal.companies, "Company", "Companies")]
    by_type: list[Json] = []
    for collection, singular, plural in kinds:
        used = sum(not definition.hubspot_defined for definition in collection.definitions.list())
        by_type.append(
            {
                "objectTypeId": collection.kind.type_id,
                "singularLabel": singular,
                "pluralLabel": plural,
                "limit": CUSTOM_MAX,
                "usage": used,
                "percentage": 100 * used / CUSTOM_MAX,
            }
        )
    total = sum(each["usage"] for each in by_type)
    overall = {"overallLimit": 10_000, "overallUsage": total, "overallPercentage": total / 100}
    return Answer(body={**overall, "byObjectType": by_type})


ENDPOINTS = [
    Endpoint(method="GET", path=f"{BASE}/groups", handler=list_groups, scopes=READ),
    Endpoint(method="POST", path=f"{BASE}/groups", handler=create_group, scopes=WRITE, writes=True),
    Endpoint(method="GET", path=f"{BASE}/groups/{{name}}", handler=get_group, scopes=READ),
    Endpoint(method="DELETE", path=f"{BASE}/groups/{{name}}", handler=archive_group, scopes=WRITE, writes=True),
    Endpoint(method="POST", path=f"{BASE}/batch/create", handler=batch_create, scopes=WRITE, writes=True),
    Endpoint(method="POST", path=f"{BASE}/batch/read", handler=batch_read, scopes=READ),
    Endpoint(method="GET", path=BASE, handler=list_all, scopes=READ),
    Endpoint(method="POST", path=BASE, handler=create, scopes=WRITE, writes=True),
    Endpoint(method="GET", path=f"{BASE}/{{name}}", handler=get_one, scopes=READ),
    Endpoint(method="PATCH", path=f"{BASE}/{{name}}", handler=change, scopes=WRITE, writes=True),
    Endpoint(method="DELETE", path=f"{BASE}/{{name}}", handler=archive, scopes=WRITE, writes=True),
    # A token that may read definitions only is refused (kalup, 2026-09).
    Endpoint(
        method="GET",
        path="/crm/v3/limits/custom-properties",
        handler=custom_limits,
        scopes=("crm.objects.contacts.read", "crm.objects.companies.read"),
    ),
]
