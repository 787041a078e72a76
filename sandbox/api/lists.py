"""Contact lists: look up, search, and who is on them."""

from bisect import bisect_left
from typing import TYPE_CHECKING

from sandbox.account import ContactList
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.bodies import ListSearch, Memberships, NewList, Text
from sandbox.errors import Json, invalid, not_found, refused
from sandbox.ids import read_whole
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
    asked = call.read(NewList)
    if asked.processing_type not in {"MANUAL", "SNAPSHOT"}:
        raise invalid("A list needs one of the processing types MANUAL and SNAPSHOT")
    if any(each.name == asked.name for each in portal.lists.values()):
        raise refused(409, "CONFLICT", f"A list named '{asked.name}' already exists.")
    created = portal.lists[portal.add_list(asked.name, processing_type=asked.processing_type)]
    return Answer(body={"list": created.as_json()})


def find(portal: "Portal", call: Call) -> Answer:
    asked = call.read(ListSearch)
    found = [each for each in portal.lists.values() if asked.query.lower() in each.name.lower()]
    end = asked.offset + min(asked.count, SEARCH_PAGE_MAX)
    return Answer(
        body={
            "lists": [each.as_found_json() for each in found[asked.offset : end]],
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
    return _change(portal, call, put=call.read(list[Text]), take=[])


def remove(portal: "Portal", call: Call) -> Answer:
    return _change(portal, call, put=[], take=call.read(list[Text]))


def add_and_remove(portal: "Portal", call: Call) -> Answer:
    asked = call.read(Memberships)
    return _change(portal, call, put=asked.record_ids_to_add, take=asked.record_ids_to_remove)


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
    removed = changed.remove(whole for each in take if (whole := read_whole(each)) is not None)
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
