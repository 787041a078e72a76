"""What feeds tell of single acts: kept, so that each is asked for once, and matched to contacts when those are read."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

FeedState = Literal["current", "stale", "absent"]
"""`stale`: it answered before and does not now, and its last known traces still count. `absent`: this portal, or this
token, has never had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One act, as a feed lists it."""

    feed: str
    key: str
    """Unique within the feed: the same act has the same key however often, and whichever way, it is listed."""
    who: str
    """The contact's id, or `who_has` of an address: feeds of mail and forms know no ids."""
    act: str
    """The feed's own word for what was done, as the rulebook's sources name it."""
    at: datetime | None
    name: str = ""
    """Which form, page, mail or meeting, in words."""
    ref: str = ""
    """The portal's own id of that one."""
    until: datetime | None = None
    """When a thing that was booked takes place."""
    by_machine: str = ""
    """Why it was no person's act, in words; empty where it may have been one."""
    link: str = ""
    """Which of a mail's links was clicked, as a hash: only whether two are the same matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNote:
    """How far a feed has been read, and how it stands."""

    feed: str
    state: FeedState
    acts: frozenset[str]
    """The acts that were asked for: another rulebook may need more, and then the feed is read from its beginning."""
    read_up_to: datetime | None
    """Every trace up to it is kept, as far as the feed showed it."""
    checked_at: datetime
    problem: str = ""
    """What was wrong when it was last asked, without personal data."""
    ahead: bool = False
    """Traces beyond `read_up_to` may be kept, and no run that writes has taken notice of them to its end."""

    @property
    def has_told(self) -> bool:
        """Whether it has ever answered, so that what it told then may count."""
        return self.state != "absent"

    @property
    def is_partial(self) -> bool:
        """Whether it failed before it was ever read to its end: what is kept of it is a part, and may mislead."""
        return self.state == "stale" and self.read_up_to is None


def list_feed(list_id: str) -> str:
    """What a list of contacts is called among feeds."""
    return f"list {list_id}"


PORTAL = "portal"
"""In the place of a contact: what is kept so is nobody's."""
MAILS = "mails"
"""What marketing mails are called, each by its id: kept, so that each is asked for once."""


def told_by_portal(feed: str, key: str, text: str) -> Trace:
    """What the portal says of something of its own, as of a form what it is called."""
    return Trace(feed=feed, key=key, who=PORTAL, act="told", at=None, name=text)


ADDRESS = "@"
"""What `who_has` begins with, and no contact's id."""


def who_has(address: str, portal_id: str) -> str:
    """What stands for an email address in our database: addresses themselves are not kept."""
    digest = hashlib.sha256(f"{portal_id}/{address.strip().lower()}".encode()).hexdigest()
    return f"{ADDRESS}{digest[:24]}"


def whos_of(contact_id: str, former_ids: Collection[str], addresses: Collection[str], portal_id: str) -> list[str]:
    """Everything that a contact's traces may be kept under: its id, those merged into it, and its addresses."""
    return [contact_id, *former_ids, *(who_has(address, portal_id) for address in addresses)]
