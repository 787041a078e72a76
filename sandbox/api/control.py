"""The sandbox's own endpoints under `/_sandbox/`: play other people, move time, make faults, read what was asked.

They need no token, count into no limit and appear in no log.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.objects import refuse_taken
from sandbox.bodies import Text
from sandbox.errors import invalid, not_found, values_not_valid
from sandbox.fault_reading import FaultMistakesError, fault_from
from sandbox.portal import ANSWERS, FEEDBACK
from sandbox.times import EPOCH, read_ms, to_iso, to_ms
from sandbox.writing import STAGE, check, keeps_history

if TYPE_CHECKING:
    from sandbox.portal import Portal

BASE = "/_sandbox"
LAST_MOMENT = datetime(3000, 1, 1, tzinfo=UTC)
T = TypeVar("T", bound=BaseModel)

_FAULT_SHOWN = (
    *("name", "method", "path", "times", "skip", "status", "body", "headers", "applied"),
    *("drop", "delay_s", "spoil", "rows"),
)


def _moment(given: Any) -> datetime:
    ms = read_ms(str(given))
    if ms is None:
        raise ValueError(f"'{given}' is not a time")
    return EPOCH + timedelta(milliseconds=ms)


_Moment = Annotated[datetime, BeforeValidator(_moment)]
Who = Literal["person", "workflow", "integration", "hubspot", "deal_sync", "sales"]


class _Edit(BaseModel):
    """Who writes what; `null` takes a value away."""

    as_: Who = Field(alias="as")
    property: Text | None = None
    value: Text | None
    at: _Moment | None = None


class _Merge(BaseModel):
    """Two contacts, by id or email."""

    primary: Text
    other: Text


class _Move(BaseModel):
    """By how many seconds the clock is to move, or to which moment."""

    move_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    to: _Moment | None = None


_OWN_PROPERTY: Mapping[Who, str] = {"deal_sync": STAGE, "sales": FEEDBACK}
_ACTS: Mapping[Who, Callable[["Portal", str, str, str, datetime | None], None]] = {
    "person": lambda portal, contact, name, value, at: portal.person_sets(contact, name, value, at=at),
    "workflow": lambda portal, contact, name, value, at: portal.workflow_sets(contact, name, value, at=at),
    "integration": lambda portal, contact, name, value, at: portal.integration_sets(contact, name, value, at=at),
    "hubspot": lambda portal, contact, name, value, at: portal.hubspot_sets(contact, name, value, at=at),
    "deal_sync": lambda portal, contact, _, value, at: portal.deal_sync_sets(contact, value, at=at),
    "sales": lambda portal, contact, name, value, at: portal.person_sets(contact, name, value, at=at),
}


def show_contact(portal: "Portal", call: Call) -> Answer:
    """A contact with everything it holds, and every version of what has a history."""
    record = _known(portal.contact, call.params["id"])
    kept = [name for name in record.properties if keeps_history(portal.contacts, name)]
    history = {name: [version.as_json() for version in record.versions(name)] for name in kept}
    return Answer(body={"id": str(record.id), "properties": dict(record.properties), "history": history})


def edit_contact(portal: "Portal", call: Call) -> Answer:
    """`{"as": …, "property": …, "value": …, "at": …}`; `as` says who does it.

    What HubSpot would not let them write is refused as it would be; `hubspot` writes read-only properties, too.
    A deal's value is the stage and sales' is their answer: those two name no property.
    """
    asked, contact = _asked(call, _Edit), call.params["id"]
    record = _known(portal.contact, contact)
    if (asked.property is None) is not (asked.as_ in _OWN_PROPERTY):
        raise invalid(f"{asked.as_} names {'no' if asked.property else 'a'} property")
    if asked.at is not None and asked.at > portal.clock.now():
        raise invalid(f"at is in the future; it is {to_iso(to_ms(portal.clock.now()))} now")
    value = asked.value or ""
    if asked.as_ == "sales":
        if asked.value not in ANSWERS:
            raise invalid(f"sales answer with one of: {', '.join(filter(None, ANSWERS))}, or null")
        value = ANSWERS[asked.value]
    written = {_OWN_PROPERTY.get(asked.as_, asked.property or ""): value}
    values, bad = check(portal, portal.contacts, record, written, read_only=asked.as_ == "hubspot")
    if bad:
        raise values_not_valid(bad)
    refuse_taken(portal.contacts, [(record, values)])
    for name, text in values.items():
        _ACTS[asked.as_](portal, contact, name, text, asked.at)
    return show_contact(portal, call)


def delete_contact(portal: "Portal", call: Call) -> Answer:
    _known(portal.contact, call.params["id"])
    portal.delete(call.params["id"], for_privacy=call.flag("for_privacy"))
    return Answer(status=204)


def merge_contacts(portal: "Portal", call: Call) -> Answer:
    asked = _asked(call, _Merge)
    primary, other = (_known(portal.contact, given) for given in (asked.primary, asked.other))
    if primary is other:
        raise invalid("a contact cannot be merged with itself")
    return Answer(body={"id": portal.merge(str(primary.id), str(other.id))})


def show_clock(portal: "Portal", _: Call) -> Answer:
    return Answer(body={"now": to_iso(to_ms(portal.clock.now()))})


def move_clock(portal: "Portal", call: Call) -> Answer:
    """`{"move_s": 3600}` lets time pass, `{"to": "2026-12-01T00:00:00Z"}` makes it then; time never runs back."""
    asked, now = _asked(call, _Move), portal.clock.now()
    if (asked.move_s is None) is (asked.to is None):
        raise invalid("send either move_s or to")
    if asked.to is not None and asked.to < now:
        raise invalid(f"to is in the past; it is {to_iso(to_ms(now))} now")
    left = LAST_MOMENT - now
    by = asked.to - now if asked.to is not None else timedelta(seconds=min(asked.move_s or 0, left.total_seconds() + 1))
    if by > left:
        raise invalid(f"the clock goes no further than {to_iso(to_ms(LAST_MOMENT))}")
    portal.clock.move(by)
    return show_clock(portal, call)


def show_requests(portal: "Portal", call: Call) -> Answer:
    """Totals, and the requests one by one; `method` and `path` filter the latter by regular expression."""
    try:
        listed = portal.requests.matching(call.one("method"), call.one("path"))
    except re.error as error:
        raise invalid(f"method and path are regular expressions: {error}") from error
    return Answer(body={"totals": dict(portal.requests.totals), "requests": [each.as_json() for each in listed]})


def forget_requests(portal: "Portal", _: Call) -> Answer:
    portal.requests.clear()
    return Answer(status=204)


def add_fault(portal: "Portal", call: Call) -> Answer:
    """One fault, written as in a file of faults."""
    try:
        portal.faults.add(fault_from(call.json()))
    except FaultMistakesError as error:
        raise invalid(str(error)) from error
    return show_faults(portal, call)


def show_faults(portal: "Portal", _: Call) -> Answer:
    """The faults that have not yet hit as often as they should, and those that have hit and last."""
    listed = portal.faults.in_force()
    return Answer(
        body={"faults": [{name: getattr(fault, name) for name in _FAULT_SHOWN} | dict(fault.told) for fault in listed]}
    )


def clear_faults(portal: "Portal", _: Call) -> Answer:
    portal.faults.clear()
    return Answer(status=204)


def _asked(call: Call, shape: type[T]) -> T:
    """The request's document; one with a key that means nothing here is refused: most likely a typing mistake."""
    sent, known = call.json(), [field.alias or name for name, field in shape.model_fields.items()]
    if isinstance(sent, dict) and (unknown := sorted(sent.keys() - set(known))):
        raise invalid(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return call.read(shape)


def _known(find: Callable[[str], Any], given: str) -> Any:
    try:
        return find(given)
    except KeyError:
        raise not_found(f"No contact {given}") from None


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
