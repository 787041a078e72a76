"""How many requests a pass may take: the fewest that what it did can be done in, and a fiftieth more.

Sizes of pages and batches are those of HubSpot's guides: 100 contacts, 50 with histories, 200 in a search.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from sync.hubspot.timeline import BEGINS_AFTER, PARTS

PURPOSES: Mapping[str, str] = {
    "contact pages": r"GET .*/objects/contacts$",
    "contact searches": r"POST .*/objects/contacts/search$",
    "histories": r"POST .*/objects/contacts/batch/read with history$",
    "contacts by id": r"(POST .*/objects/contacts/batch/read|GET .*/objects/contacts/\d+)$",
    "companies": r"/objects/companies/batch/read$",
    "writes": r"POST .*/contacts/batch/update$",
    "submissions": r"/form-integrations/",
    "mail events": r"/email/public/v1/",
    "events": r"/events/v3/events",
    "records": r"/(meetings|calls|emails|communications|deals)(/|$)",
    "account": r"GET /account-info/v3/details$",
    "owners": r"GET /crm/v3/owners$",
    "properties": r"GET /crm/v3/properties/(contacts|companies)$",
    "forms": r"GET /marketing/v3/forms$",
}
"""What requests are for, by method and path; the first that fits. Records are meetings, calls, messages and deals."""
OTHER = "anything else"

FIXED: Mapping[str, int] = {"account": 1, "owners": 2, "properties": 2, "forms": 2, OTHER: 0}
"""What each pass asks once: owners and those who left, properties of contacts and of companies, forms of two kinds."""
ENGAGEMENT = ("submissions", "mail events", "events", "records")

SLACK = 1.02
SEARCHES = 2
"""Of a full pass: how many contacts there are, and whether any of them tells which forms it sent."""
KINDS_OF_WRITES = 3
"""Batches that clear are few at a time, moves are looked at before they are written, scores need no look: so each kind
has batches of its own, and up to three last ones are not full."""
HISTORY_MOMENTS = 4
"""Histories are asked for before a move is decided; in the look right before it, apart for moves that clear and those
that do not; and between clear and set. What is asked for at one of these moments shares no request with what is asked
for at another."""
SEARCHED_MAX = 10_000
"""How far a search reaches: what is behind that is searched for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a pass did, as far as it takes requests."""

    is_full: bool
    contacts: int
    """Those of the portal."""
    read: int
    changed: int
    moved: int
    found: int
    """Contacts that search had to show: those that changed since the watermark, less what is looked at twice."""
    histories: int
    """Contacts whose histories were asked for, as often as they were."""
    companies: int
    """Those of the portal's contacts, each once."""
    engagement: Mapping[str, int]
    """Pages of what the feeds had to tell, by purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """At most so many requests for these purposes together."""

    name: str
    purposes: tuple[str, ...]
    most: int

    def count(self, requests: Mapping[str, int]) -> int:
        return sum(requests.get(purpose, 0) for purpose in self.purposes)


def minimum(done: Done) -> Mapping[str, int]:
    """The fewest requests to read the contacts that the pass read, and to write what it wrote: a stage takes two."""
    reads = (
        {"contact pages": full_of(done.contacts, 100)}
        if done.is_full
        else {"contact searches": max(1, full_of(done.found, 200)), "contacts by id": full_of(done.read, 100)}
    )
    return reads | {"writes": full_of(done.changed, 100) + full_of(done.moved, 100)}


def bounds(done: Done) -> Iterator[Bound]:
    """What the pass may take, part by part; every purpose is in one of them."""
    least = minimum(done)
    looks = 2 * full_of(done.moved, 100)
    if done.is_full:
        core = ceil(SLACK * sum(least.values())) + _last_batches(done)
        yield Bound(name="pages and writes", purposes=("contact pages", "writes"), most=core)
        yield Bound(name="contact searches", purposes=("contact searches",), most=SEARCHES)
        yield Bound(name="looks before moves", purposes=("contacts by id",), most=looks)
    else:
        yield Bound(name="contact pages", purposes=("contact pages",), most=0)
        searches = least["contact searches"] + done.found // SEARCHED_MAX
        yield Bound(name="searches", purposes=("contact searches",), most=searches)
        by_id = least["contacts by id"] + looks
        yield Bound(name="contacts that changed, looks before moves", purposes=("contacts by id",), most=by_id)
        yield Bound(name="writes", purposes=("writes",), most=least["writes"] + _last_batches(done))
    histories = full_of(done.histories, 50) + min(done.histories, HISTORY_MOMENTS - 1)
    yield Bound(name="histories", purposes=("histories",), most=histories)
    companies = done.companies if done.is_full else min(done.companies, done.read)
    yield Bound(name="companies", purposes=("companies",), most=full_of(companies, 100))
    for purpose in ENGAGEMENT:
        yield Bound(name=purpose, purposes=(purpose,), most=_walked(done.engagement[purpose]))
    for purpose, most in FIXED.items():
        yield Bound(name=purpose, purposes=(purpose,), most=most)


def _walked(pages: int) -> int:
    """A long list is walked from several places, and each way to the next of them may end within a page."""
    return pages if pages <= BEGINS_AFTER else ceil(SLACK * pages) + PARTS


def _last_batches(done: Done) -> int:
    return min(done.moved, KINDS_OF_WRITES - 1)


def full_of(count: int, size: int) -> int:
    """How many pages or batches of a size so many take."""
    return -(-count // size)
