"""The sandbox's own endpoints under `/_sandbox/`: play other people, move time, make faults, read what was asked.

They need no token, count into no limit and appear in no log.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.errors import invalid, not_found
from sandbox.fault_reading import FaultMistakesError, fault_from
from sandbox.times import EPOCH, read_ms, to_iso, to_ms

if TYPE_CHECKING:
    from sandbox.portal import Portal

BASE = "/_sandbox"
_FAULT_SHOWN = (
    *("name", "method", "path", "times", "skip", "status", "body", "headers", "applied"),
    *("drop", "delay_s", "spoil", "rows"),
)


def show_contact(portal: "Portal", call: Call) -> Answer:
    """A contact with everything it holds and every version of it."""
    record = _known(portal.contact, call.params["id"])
    history = {name: [version.as_json() for version in record.versions(name)] for name in record.properties}
    return Answer(body={"id": str(record.id), "properties": dict(record.properties), "history": history})


def edit_contact(portal: "Portal", call: Call) -> Answer:
    """`{"as": …, "property": …, "value": …, "at": …}`; `as` says who does it.

    It is person, workflow, integration or hubspot; or deal_sync, whose value is the stage; or sales, whose value is
    their answer. The last two need no property.
    """
    body = _body_of(call, "as", "property", "value", "at")
    contact, value, at = call.params["id"], body.get("value"), _moment(body.get("at"))
    name = str(body.get("property"))
    acts: Mapping[str, Callable[[], None]] = {
        "person": lambda: portal.person_sets(contact, name, value, at=at),
        "workflow": lambda: portal.workflow_sets(contact, name, value, at=at),
        "integration": lambda: portal.integration_sets(contact, name, value, at=at),
        "hubspot": lambda: portal.hubspot_records(contact, at=at, **{name: value}),
        "deal_sync": lambda: portal.deal_sync_sets(contact, str(value), at=at),
        "sales": lambda: portal.sales_answers(contact, value, at=at),
    }
    act = acts.get(str(body.get("as")))
    if act is None:
        raise invalid(f"`as` must be one of: {', '.join(acts)}")
    _known(portal.contact, contact)
    try:
        act()
    except (KeyError, ValueError) as error:
        raise invalid(str(error)) from error
    return show_contact(portal, call)


def delete_contact(portal: "Portal", call: Call) -> Answer:
    _known(portal.contact, call.params["id"])
    portal.delete(call.params["id"], for_privacy=call.flag("for_privacy"))
    return Answer(status=204)


def merge_contacts(portal: "Portal", call: Call) -> Answer:
    body = _body_of(call, "primary", "other")
    primary, other = (str(_known(portal.contact, str(body.get(name))).id) for name in ("primary", "other"))
    return Answer(body={"id": portal.merge(primary, other)})


def show_clock(portal: "Portal", _: Call) -> Answer:
    return Answer(body={"now": to_iso(to_ms(portal.clock.now()))})


def move_clock(portal: "Portal", call: Call) -> Answer:
    """`{"move_s": 3600}` lets time pass, `{"to": "2026-12-01T00:00:00Z"}` makes it then."""
    body = _body_of(call, "move_s", "to")
    if (at := _moment(body.get("to"))) is not None:
        portal.clock.move_to(at)
    else:
        portal.clock.move(timedelta(seconds=float(body.get("move_s") or 0)))
    return show_clock(portal, call)


def show_requests(portal: "Portal", call: Call) -> Answer:
    """Totals, and the requests one by one; `method` and `path` filter the latter by regular expression."""
    listed = portal.requests.matching(call.one("method"), call.one("path"))
    return Answer(body={"totals": dict(portal.requests.totals), "requests": [each.as_json() for each in listed]})


def forget_requests(portal: "Portal", _: Call) -> Answer:
    portal.requests.clear()
    return Answer(status=204)


def add_fault(portal: "Portal", call: Call) -> Answer:
    """One fault, written as in a file of faults."""
    try:
        portal.faults.add(fault_from(call.body()))
    except FaultMistakesError as error:
        raise invalid(str(error)) from error
    return show_faults(portal, call)


def show_faults(portal: "Portal", _: Call) -> Answer:
    """The faults that have not yet hit as often as they should."""
    pending = portal.faults.pending()
    return Answer(body={"faults": [{name: getattr(fault, name) for name in _FAULT_SHOWN} for fault in pending]})


def clear_faults(portal: "Portal", _: Call) -> Answer:
    portal.faults.clear()
    return Answer(status=204)


def _body_of(call: Call, *keys: str) -> Mapping[str, Any]:
    """The request's document; one with a key that means nothing here is refused: most likely a typing mistake."""
    body = call.body()
    if unknown := sorted(set(body) - set(keys)):
        raise invalid(f"unknown: {', '.join(unknown)}; known: {', '.join(keys)}")
    return body


def _known(find: Callable[[str], Any], given: str) -> Any:
    try:
        return find(given)
    except KeyError:
        raise not_found(f"No contact {given}") from None


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    ms = read_ms(str(text))
    if ms is None:
        raise invalid(f"'{text}' is not a time")
    return EPOCH + timedelta(milliseconds=ms)


def _control(method: str, path: str, handler: Callable[["Portal", Call], Answer]) -> Endpoint:
    return Endpoint(method=method, path=f"{BASE}{path}", handler=handler, control=True)


ENDPOINTS = [
    _control("GET", "/contacts/{id}", show_contact),
    _control("POST", "/contacts/{id}", edit_contact),
    _control("DELETE", "/contacts/{id}", delete_contact),
    _control("POST", "/merge", merge_contacts),
    _control("GET", "/clock", show_clock),
    _control("POST", "/clock", move_clock),
    _control("GET", "/requests", show_requests),
    _control("DELETE", "/requests", forget_requests),
    _control("GET", "/faults", show_faults),
    _control("POST", "/faults", add_fault),
    _control("DELETE", "/faults", clear_faults),
]
