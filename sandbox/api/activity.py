"""What people did, event by event: form submissions, events of contacts, events of marketing mails."""

from typing import TYPE_CHECKING

from sandbox.activity import MailEvent
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.hidden import cursor, paged, read_cursor
from sandbox.errors import invalid, not_found, refused
from sandbox.ids import read_whole
from sandbox.mailing import campaign
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
    form = next((form for form in portal.forms if form.id == call.params["id"] and not form.archived), None)
    if form is None:
        raise not_found(f"No form found with guid {call.params['id']}")
    if form.form_type == "blog_comment":
        raise invalid("This type of form is not allowed", errors=[{"message": "", "code": "FORM_TYPE_NOT_ALLOWED"}])
    start, limit = read_cursor(call.one("after")), call.number("limit", 20, SUBMISSIONS_PAGE_MAX)
    found = portal.activity.submissions.page(kind=form.id, start=start, limit=limit)
    return paged(found.told, start + limit if found.has_more else None)


def list_events(portal: "Portal", call: Call) -> Answer:
    """Newest first unless sorted otherwise; of one contact, or of all where the portal allows that."""
    _needs_enterprise(portal)
    by_email = call.one("objectProperty.email")
    if not call.one("objectId") and not by_email and portal.switches.events_need_object:
        raise invalid("objectId or an objectProperty is required")
    start, limit = read_cursor(call.one("after")), call.number("limit", EVENTS_PAGE_MAX, EVENTS_PAGE_MAX)
    after_ms, before_ms = _moment(call, "occurredAfter"), _moment(call, "occurredBefore")
    ids = set(call.many("id"))
    found = portal.activity.occurrences.page(
        kind=call.one("eventType"),
        who=_contact_id(portal, call.one("objectId"), by_email),
        from_ms=None if after_ms is None else after_ms + 1,
        to_ms=None if before_ms is None else before_ms - 1,
        newest_first=call.one("sort") not in {"ASCENDING", "occurredAt"},
        start=start,
        limit=limit,
        test=(lambda each: each.id in ids) if ids else None,
    )
    return paged(found.told, start + limit if found.has_more else None)


def _contact_id(portal: "Portal", object_id: str, email: str) -> int | None:
    """Whose events are asked for: None for everybody's, 0 for nobody's."""
    if object_id:
        return read_whole(object_id) or 0
    if not email:
        return None
    found = portal.contacts.find(email, by="email")
    return found.id if found else 0


def list_event_types(portal: "Portal", _: Call) -> Answer:
    _needs_enterprise(portal)
    return Answer(body={"eventTypes": sorted({*EVENT_TYPES, *portal.activity.occurrences.kinds()})})


def list_mail_events(portal: "Portal", call: Call) -> Answer:
    """Newest first; `offset` leads on while `hasMore`."""
    start, limit = read_cursor(call.one("offset")), call.number("limit", 10, MAIL_EVENTS_PAGE_MAX)
    campaign_id, app_id = call.one("campaignId"), call.one("appId")
    no_machines = call.flag("excludeFilteredEvents")

    def is_wanted(each: MailEvent) -> bool:
        return (
            (not campaign_id or str(each.campaign_id) == campaign_id)
            and (not app_id or str(each.app_id) == app_id)
            and not (no_machines and each.read_with is not None and each.read_with.filtered)
        )

    found = portal.activity.mail_events.page(
        kind=call.one("eventType"),
        who=call.one("recipient").lower() or None,
        from_ms=_moment(call, "startTimestamp"),
        to_ms=_moment(call, "endTimestamp"),
        start=start,
        limit=limit,
        test=is_wanted if campaign_id or app_id or no_machines else None,
    )
    for each in found.told:
        each["portalId"] = portal.portal_id
    offset = cursor(start + len(found.told))
    return Answer(body={"hasMore": found.has_more, "offset": offset, "events": found.told})


def get_campaign(_: "Portal", call: Call) -> Answer:
    """What a marketing email is called that events name by number only."""
    whole = read_whole(call.params["id"])
    known = campaign(whole) if whole is not None else None
    if known is None:
        raise not_found(f"No campaign found with id {call.params['id']}")
    return Answer(body=known)


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


ENDPOINTS = [
    Endpoint(
        method="GET", path="/form-integrations/v1/submissions/forms/{id}", handler=list_submissions, scopes=("forms",)
    ),
    Endpoint(method="GET", path="/events/v3/events", handler=list_events),
    Endpoint(method="GET", path="/events/v3/events/event-types", handler=list_event_types),
    Endpoint(method="GET", path="/email/public/v1/campaigns/{id}", handler=get_campaign, scopes=("content",)),
    Endpoint(method="GET", path="/email/public/v1/events", handler=list_mail_events, scopes=("content",)),
]
