"""Contact lists: look up, search, and who is on them."""

from bisect import bisect_left
from typing import TYPE_CHECKING

from sandbox.account import ContactList
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.errors import Json, invalid, not_found, refused
from sandbox.times import to_iso, to_ms
from sandbox.writing import touch

if TYPE_CHECKING:
    from sandbox.portal import Portal

MEMBERS_PAGE_MAX = 250
SEARCH_PAGE_MAX = 500
READ = ("crm.lists.read",)
WRITE = ("crm.lists.write",)
BASE = "/crm/v3/lists"


def _list(portal: "Portal", call: Call) -> ContactList:
    found = portal.lists.get(call.params["id"])
    if found is None:
        raise not_found(f"List does not exist with ID {call.params['id']}.")
    return found


def get_one(portal: "Portal", call: Call) -> Answer:
    return Answer(body={"list": _list(portal, call).as_json()})


def get_by_name(portal: "Portal", call: Call) -> Answer:
    for each in portal.lists.values():
        if each.name == call.params["name"] and call.params["type"] == "0-1":
            return Answer(body={"list": each.as_json()})
    raise not_found()


def create(portal: "Portal", call: Call) -> Answer:
    body = call.body()
    name, processing_type = body.get("name"), body.get("processingType")
    if not name or processing_type not in {"MANUAL", "SNAPSHOT"}:
        raise invalid("A list needs a name and one of the processing types MANUAL and SNAPSHOT")
    if any(each.name == name for each in portal.lists.values()):
        raise refused(409, "CONFLICT", f"A list named '{name}' already exists.")
    created = portal.lists[portal.add_list(name, processing_type=processing_type)]
    return Answer(body={"list": created.as_json()})


def find(portal: "Portal", call: Call) -> Answer:
    body = call.body()
    offset, count = int(body.get("offset") or 0), min(int(body.get("count") or 20), SEARCH_PAGE_MAX)
    wanted = str(body.get("query") or "").lower()
    found = [each for each in portal.lists.values() if wanted in each.name.lower()]
    end = offset + count
    return Answer(
        body={
            "lists": [each.as_found_json() for each in found[offset:end]],
            "offset": min(end, len(found)),
            "hasMore": end < len(found),
            "total": len(found),
        }
    )


def members(portal: "Portal", call: Call) -> Answer:
    joined = _list(portal, call).members
    limit, ids = call.number("limit", 100, MEMBERS_PAGE_MAX), sorted(joined)
    start = bisect_left(ids, call.cursor())
    page = ids[start : start + limit]
    body: Json = {
        "results": [{"recordId": str(each), "membershipTimestamp": to_iso(joined[each])} for each in page],
        "total": len(ids),
    }
    if start + limit < len(ids):
        body["paging"] = {"next": {"after": str(ids[start + limit])}}
    return Answer(body=body)


def add(portal: "Portal", call: Call) -> Answer:
    return _change(portal, call, put=_ids(call.json()), take=[])


def remove(portal: "Portal", call: Call) -> Answer:
    return _change(portal, call, put=[], take=_ids(call.json()))


def add_and_remove(portal: "Portal", call: Call) -> Answer:
    body = call.body()
    return _change(
        portal, call, put=_ids(body.get("recordIdsToAdd") or []), take=_ids(body.get("recordIdsToRemove") or [])
    )


def _ids(given: object) -> list[str]:
    if not isinstance(given, list):
        raise invalid("A JSON array of record ids was expected")
    return [str(each) for each in given]


def _change(portal: "Portal", call: Call, *, put: list[str], take: list[str]) -> Answer:
    """Put members in and take members out; who is there already, or was never there, is passed over."""
    changed = _list(portal, call)
    if changed.processing_type == "DYNAMIC":
        raise invalid("The members of a DYNAMIC list follow its filters and cannot be changed.")
    if len(put) + len(take) > portal.switches.list_change_ids_max:
        raise invalid(f"A change may name at most {portal.switches.list_change_ids_max} records.")
    known = [int(each) for each in put if portal.contacts.find(each)]
    now_ms = to_ms(portal.clock.now())
    added = changed.add(known, at_ms=now_ms)
    removed = changed.remove(int(each) for each in take if each.isdecimal())
    if portal.switches.memberships_move_date:
        for moved in filter(None, (portal.contacts.find(str(each)) for each in (*added, *removed))):
            touch(portal.contacts, moved, at_ms=now_ms)
    return Answer(
        body={
            "recordsIdsAdded": [str(each) for each in added],
            "recordIdsRemoved": [str(each) for each in removed],
            "recordIdsMissing": [each for each in put if not portal.contacts.find(each)],
        }
    )


ENDPOINTS = [
    Endpoint(method="POST", path=BASE, handler=create, scopes=WRITE, writes=True),
    Endpoint(method="POST", path=f"{BASE}/search", handler=find, scopes=READ),
    Endpoint(method="GET", path=f"{BASE}/object-type-id/{{type}}/name/{{name}}", handler=get_by_name, scopes=READ),
    Endpoint(method="GET", path=f"{BASE}/{{id}}", handler=get_one, scopes=READ),
    Endpoint(method="GET", path=f"{BASE}/{{id}}/memberships", handler=members, scopes=READ),
    *(
        Endpoint(method="PUT", path=f"{BASE}/{{id}}/memberships/{verb}", handler=handler, scopes=WRITE, writes=True)
        for verb, handler in (("add", add), ("remove", remove), ("add-and-remove", add_and_remove))
    ),
]
