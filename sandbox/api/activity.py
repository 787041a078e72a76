"""What people did, event by event: form submissions, events of contacts, events of marketing mails."""

import base64
import binascii
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING

from sandbox.activity import Occurrence
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.errors import Json, invalid, not_found, refused
from sandbox.times import read_ms

if TYPE_CHECKING:
    from sandbox.portal import Portal

SUBMISSIONS_PAGE_MAX = 50
EVENTS_PAGE_MAX = 100
MAIL_EVENTS_PAGE_MAX = 1_000
# Seen in accounts of others (amp-labs/connectors): the endpoint also names types that the account never receives.
EVENT_TYPES = ("e_visited_page", "e_form_view", "e_form_submission_v2", "e_form_completion_v2", "e_call_ended")


def list_submissions(portal: "Portal", call: Call) -> Answer:
    """Newest first; a form of blog comments has none to list."""
    form = next((form for form in portal.forms if form.id == call.params["id"]), None)
    if form is None:
        raise not_found(f"No form found with guid {call.params['id']}")
    if form.form_type == "blog_comment":
        raise invalid("This type of form is not allowed", errors=[{"message": "", "code": "FORM_TYPE_NOT_ALLOWED"}])
    sent = [each for each in portal.activity.submissions if each.form_id == form.id]
    sent.sort(key=attrgetter("at_ms"), reverse=True)
    start, limit = _offset(call.one("after")), call.number("limit", 20, SUBMISSIONS_PAGE_MAX)
    body: Json = {"results": [each.as_json() for each in sent[start : start + limit]]}
    if start + limit < len(sent):
        body["paging"] = {"next": {"after": _cursor(start + limit)}}
    return Answer(body=body)


def list_events(portal: "Portal", call: Call) -> Answer:
    """Newest first unless sorted otherwise; of one contact, or of all where the portal allows that."""
    _needs_enterprise(portal)
    by_email = call.one("objectProperty.email")
    if not call.one("objectId") and not by_email and portal.switches.events_need_object:
        raise invalid("objectId or an objectProperty is required")
    tests = _event_tests(portal, call, by_email)
    found = [each for each in portal.activity.occurrences if all(test(each) for test in tests)]
    found.sort(key=attrgetter("at_ms", "id"), reverse=call.one("sort") not in {"ASCENDING", "occurredAt"})
    start, limit = _offset(call.one("after")), call.number("limit", EVENTS_PAGE_MAX, EVENTS_PAGE_MAX)
    body: Json = {"results": [each.as_json() for each in found[start : start + limit]]}
    if start + limit < len(found):
        body["paging"] = {"next": {"after": _cursor(start + limit)}}
    return Answer(body=body)


def _event_tests(portal: "Portal", call: Call, email: str) -> list[Callable[[Occurrence], bool]]:
    tests: list[Callable[[Occurrence], bool]] = []
    if object_id := call.one("objectId"):
        tests.append(lambda each: str(each.contact_id) == object_id)
    if email:
        found = portal.contacts.find(email, by="email")
        tests.append(lambda each: found is not None and each.contact_id == found.id)
    if event_type := call.one("eventType"):
        tests.append(lambda each: each.type == event_type)
    if (after := _moment(call, "occurredAfter")) is not None:
        tests.append(lambda each: each.at_ms > after)
    if (before := _moment(call, "occurredBefore")) is not None:
        tests.append(lambda each: each.at_ms < before)
    if ids := set(call.many("id")):
        tests.append(lambda each: each.id in ids)
    return tests


def list_event_types(portal: "Portal", _: Call) -> Answer:
    _needs_enterprise(portal)
    held = {each.type for each in portal.activity.occurrences}
    return Answer(body={"eventTypes": sorted({*EVENT_TYPES, *held})})


def list_mail_events(portal: "Portal", call: Call) -> Answer:
    """Newest first; `offset` leads on while `hasMore`."""
    start_ms, end_ms = _moment(call, "startTimestamp"), _moment(call, "endTimestamp")
    wanted = {"recipient": call.one("recipient"), "type": call.one("eventType")}
    numbers = {"campaign_id": call.one("campaignId"), "app_id": call.one("appId")}
    found = [
        each
        for each in portal.activity.mail_events
        if all(str(getattr(each, name)) == value for name, value in {**wanted, **numbers}.items() if value)
        and (start_ms is None or each.at_ms >= start_ms)
        and (end_ms is None or each.at_ms <= end_ms)
    ]
    found.sort(key=attrgetter("at_ms", "id"), reverse=True)
    start, limit = _offset(call.one("offset")), call.number("limit", 10, MAIL_EVENTS_PAGE_MAX)
    end = min(start + limit, len(found))
    body: Json = {
        "hasMore": end < len(found),
        "offset": _cursor(end),
        "events": [each.as_json() for each in found[start:end]],
    }
    return Answer(body=body)


def _needs_enterprise(portal: "Portal") -> None:
    # That it is refused is documented (HubSpot events guide); how, is not.
    if portal.tier != "enterprise":
        raise refused(403, "FORBIDDEN", "This account has no access to events; they need an Enterprise hub.")


def _moment(call: Call, name: str) -> int | None:
    text = call.one(name)
    if not text:
        return None
    at_ms = read_ms(text)
    if at_ms is None:
        raise invalid(f"'{text}' is not a time for {name}")
    return at_ms


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(cursor: str) -> int:
    """Where a cursor leads: these endpoints hide their offsets."""
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError):
        raise invalid(f"'{cursor}' is not a valid paging cursor") from None


ENDPOINTS = [
    Endpoint(
        method="GET", path="/form-integrations/v1/submissions/forms/{id}", handler=list_submissions, scopes=("forms",)
    ),
    Endpoint(method="GET", path="/events/v3/events", handler=list_events),
    Endpoint(method="GET", path="/events/v3/events/event-types", handler=list_event_types),
    Endpoint(method="GET", path="/email/public/v1/events", handler=list_mail_events, scopes=("content",)),
]
