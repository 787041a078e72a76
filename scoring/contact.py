"""The facts a score may look at: who a lead is, and what they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

Value = str | int | float | bool | date | datetime | frozenset[str]
"""A fact's value. A `frozenset` is a choice of several. An unknown fact is absent, never an empty value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """Something a lead did: one act, or several of one kind that the source only counts."""

    kind: str
    """What was done: `form`, `page`, `visit`, `email_open` …; the rubric's rules name the same kinds."""
    at: datetime | None = None
    """When, or when last; None: the source does not say."""
    name: str = ""
    """Which one: the form's name, the page's path. Empty where the source has no name."""
    ref: str = ""
    """The portal's own id of that one, such as a form's; empty where the source has none."""
    count: int = 1
    """How many acts this stands for, 0 or more."""
    lasts_until: datetime | None = None
    """When a thing that was booked takes place, where known; may lie ahead."""


MAIL_SCANNER = "mail scanner"
"""It looked whether the mail was safe."""
PRIVACY_PROXY = "privacy proxy"
"""It hides whether, and when, a person opened the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Acts that were a machine's and not the lead's; they earn nothing, and the breakdown says so."""

    kind: str
    count: int
    why: str
    """For people: `mail scanner`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadValue:
    """A value that could not be read as what it should be; it counts as unknown."""

    where: str
    """The property that holds it."""
    problem: str
    """What is wrong, without the value itself: it may be personal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One lead as the rubric sees it."""

    id: str
    facts: Mapping[str, Value] = field(default_factory=dict)
    """Who they are, by fact name."""
    engagements: Sequence[Engagement] = ()
    """What they did, in no particular order."""
    seen_kinds: frozenset[str] = frozenset()
    """Kinds of engagement that the portal can tell of. A kind that is missing here is unknown, not zero."""
    ignored: Sequence[Ignored] = ()
    bad_values: Sequence[BadValue] = ()
