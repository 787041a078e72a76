"""What a sandbox portal holds that a pass must read, counted in the portal's own process."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import parse_qs

from benchmarks.bounds import full_of
from sandbox import Portal
from sandbox.activity import PAGE_SEEN
from sandbox.associations import COMPANY_LINK
from sandbox.collection import Collection
from sandbox.engagements import ENGAGEMENTS
from sandbox.times import read_ms, to_ms

_MAIL_TYPES = ("DELIVERED", "OPEN", "CLICK", "BOUNCE", "STATUSCHANGE")
"""What rules may be about, of all that HubSpot lists of a mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What there is to read. `engagement` is in pages, by purpose."""

    found: int
    """Contacts that changed since a moment."""
    companies: int
    """Companies that contacts belong to, each once."""
    engagement: Mapping[str, int]


def holdings(portal: Portal, *, changed_since: datetime | None, told_since: datetime | None, is_full: bool) -> Holdings:
    """What there is to read for a pass that is after contacts changed since a moment, and after what feeds tell that is
    newer than another; None is after everything. A full pass lists records whole: in no other way does it see which
    were deleted."""
    contacts = portal.contacts
    companies = {each.properties.get(COMPANY_LINK) for each in contacts.live.values()} - {None, ""}
    return Holdings(
        found=_changed(contacts, _ms(changed_since)),
        companies=len(companies),
        engagement=_engagement(portal, _ms(told_since), is_full=is_full),
    )


def _ms(at: datetime | None) -> int:
    return to_ms(at) if at else 0


def _changed(collection: Collection, from_ms: int) -> int:
    name = collection.kind.modified
    return sum((read_ms(each.properties.get(name, "")) or 0) >= from_ms for each in collection.live.values())


def _engagement(portal: Portal, from_ms: int, *, is_full: bool) -> Mapping[str, int]:
    activity = portal.activity
    forms = dict.fromkeys((form.id for form in portal.forms), 0)
    forms |= Counter(each.form_id for each in activity.submissions if each.at_ms >= from_ms)
    mails = [each for each in activity.mail_events if each.at_ms >= from_ms and each.type in _MAIL_TYPES]
    types = dict.fromkeys(_MAIL_TYPES, 0) | Counter(each.type for each in mails)
    # Every portal with events knows this type, whether it has any or not.
    events = dict.fromkeys((PAGE_SEEN, *activity.occurrences.kinds()), 0)
    events |= Counter(each.type for each in activity.occurrences if each.at_ms >= from_ms)
    records = {name: _changed(portal.collections[name], 0 if is_full else from_ms) for name in ENGAGEMENTS}
    # What changed is searched for, and then asked for its contacts.
    listed = _listed(records, 100) if is_full else _listed(records, 200) + sum(map(_tied, records.values()))
    return {
        "submissions": _listed(forms, 50),
        # Beside its events, each mail is asked for by itself: for its name.
        "mail events": _listed(types, 1_000) + len({each.campaign_id for each in mails}),
        # Beside the events, the names of their types.
        "events": 1 + _listed(events, 100),
        "records": listed,
    }


def _listed(counts: Mapping[str, int], page: int) -> int:
    """How many pages these lists have: an empty one is a page, too."""
    return sum(max(1, full_of(count, page)) for count in counts.values())


def _tied(records: int) -> int:
    return full_of(records, 1_000)


def edit(portal: Portal, contacts: int, *, after: int = 0) -> None:
    """Let a person change the job title of so many contacts, passing over the first `after`."""
    for each in some_ids(portal, after + contacts)[after:]:
        portal.person_sets(each, "jobtitle", "Head of Sales")


def some_ids(portal: Portal, count: int) -> Sequence[str]:
    """The ids of so many contacts, always the same."""
    return [str(each) for each in islice(portal.contacts.live, count)]


def pass_time(portal: Portal, by: timedelta) -> None:
    """Let so much time pass in the portal."""
    portal.clock.move(by)


def allow(portal: Portal, burst: int) -> None:
    """Let the portal allow so many requests in ten seconds, and say so."""
    portal.limits.tier = replace(portal.limits.tier, burst=burst)


def turn(portal: Portal, switches: Mapping[str, str]) -> None:
    """Turn switches by name."""
    portal.switches.turn(**switches)


def properties_asked(portal: Portal) -> Sequence[str]:
    """The properties of contacts that the last page of them was asked for."""
    pages = portal.requests.matching("GET", "/objects/contacts$")
    return [part for value in parse_qs(pages[-1].query)["properties"] for part in value.split(",")]


def from_first_write(portal: Portal) -> float:
    """Forget what was asked before contacts were first written; returns the seconds from that write to the last."""
    asked = list(portal.requests)
    writes = [place for place, each in enumerate(asked) if each.write]
    writing = asked[writes[0] : writes[-1] + 1]
    portal.requests.clear()
    for each in writing:
        portal.requests.add(each)
    return (writing[-1].at_ms - writing[0].at_ms) / 1_000
