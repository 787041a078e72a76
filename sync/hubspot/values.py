"""HubSpot's strings become our values, and ours its strings.

HubSpot sends every property value as text or null. A cleared one may come back as empty text, one that was never
set as null: both are empty here. Date-times come as ISO or as epoch milliseconds, even within one answer.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from scoring import Value
from sync.records import Role
from workflows import domain_of

NUMBER_ROLES: frozenset[Role] = frozenset({"score", "fit", "engagement", "feedback_points"})
CHECKBOX_ROLES: frozenset[Role] = frozenset({"surge", "resync", "hold"})

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_SKEW = timedelta(days=1)
_AHEAD_MAX = timedelta(days=5 * 366)
"""Clocks differ: what lies further ahead than this is no time at which something happened."""
_NUMBER_MAX = 1e15
_COUNT_MAX = 1e9

_PLAIN = re.compile(r"-?\d+(\.\d+)?(e\+?\d{1,3})?", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"-?\d{1,3}([, ]\d{3})+(\.\d+)?", re.ASCII)
_RANGE = re.compile(r"(\d[\d.,]*)(?:-|–|—|to)(\d[\d.,]*)", re.ASCII | re.IGNORECASE)
_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


class UnreadableError(ValueError):
    """A text that is not what it should be. The message says what is wrong without quoting it: it may be personal."""


def text_of(value: object) -> str:
    """A property's value as HubSpot sent it, trimmed; `""` for null and empty."""
    return value.strip() if isinstance(value, str) else ""


def milliseconds_of(at: datetime) -> int:
    """A moment as HubSpot's filters take it: since 1970 in UTC."""
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def number_of(text: str) -> int | float:
    """A number: `1200`, `1,200`, `1 200.50`, `$1,200`; the middle of a range `50-100`; one more than `1000+`."""
    bare = "".join(c for c in _spaced(text) if unicodedata.category(c) != "Sc").strip()
    if bare.endswith("+"):
        return _narrow(_plain_number(bare[:-1].strip()) + 1)
    if found := _RANGE.fullmatch(bare.replace(" ", "")):
        return _narrow((_plain_number(found[1]) + _plain_number(found[2])) / 2)
    return _narrow(_plain_number(bare))


def count_of(text: str) -> int:
    """How often something happened: a whole number, 0 or more."""
    number = number_of(text)
    if number < 0:
        raise UnreadableError("a count below zero")
    if not isinstance(number, int):
        raise UnreadableError("a count that is not whole")
    if number > _COUNT_MAX:
        raise UnreadableError("a count too large to be true")
    return number


def flag_of(text: str) -> bool:
    """Yes or no."""
    lowered = text.lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise UnreadableError("neither true nor false")


def moment_of(text: str) -> datetime:
    """A moment in UTC, from ISO or epoch milliseconds; a date alone is its midnight in UTC."""
    try:
        if text.lstrip("-").isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise UnreadableError("not a date") from None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise UnreadableError("not a date") from None


def past_of(text: str, now: datetime) -> datetime:
    """A moment at which something happened: not before 1990, and at most a day ahead of `now`."""
    at = moment_of(text)
    if at > now + _SKEW:
        raise UnreadableError("a date in the future")
    return _not_ancient(at)


def coming_of(text: str, now: datetime) -> datetime:
    """A moment at which something takes place: not before 1990, and at most five years ahead of `now`."""
    at = moment_of(text)
    if at > now + _AHEAD_MAX:
        raise UnreadableError("a date too far in the future")
    return _not_ancient(at)


def choices_of(text: str) -> frozenset[str]:
    """The choices of a multi-select, which HubSpot joins with `;`."""
    return frozenset(choice.strip() for choice in text.split(";") if choice.strip())


def address_domain_of(text: str) -> str:
    """The domain of an address, lower case; a text without `@` is taken for a domain."""
    domain = domain_of(text) or text.lower()
    if "." not in domain or " " in domain or "@" in domain:
        raise UnreadableError("no address with a domain")
    return domain


def fact_of(text: str, kind: str, now: datetime) -> Value:
    """A fact's value, by the type that the rulebook gives it; UnreadableError says why not."""
    return _READERS[kind](text, now)


def ours_of(role: Role, text: str) -> str:
    """The text of one of our properties as we would write it: HubSpot may show `12.0` for 12, or `false` for empty."""
    if role in CHECKBOX_ROLES:
        return "true" if text.lower() in _TRUE else ""
    if role in NUMBER_ROLES and text:
        try:
            return str(number_of(text))
        except UnreadableError:
            return text
    return text


def _date_or_moment(text: str, now: datetime) -> date:
    """A plain date stays one, so that no time zone moves it to the day before."""
    at = past_of(text, now)
    return at.date() if len(text) == len("2026-01-31") and "-" in text else at


_READERS: Mapping[str, Callable[[str, datetime], Value]] = {
    "text": lambda text, _: text,
    "number": lambda text, _: number_of(text),
    "bool": lambda text, _: flag_of(text),
    "date": _date_or_moment,
    "choices": lambda text, _: choices_of(text),
    "domain": lambda text, _: address_domain_of(text),
}


def _plain_number(text: str) -> float:
    if not (_PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)):
        raise UnreadableError("not a number")
    number = float(text.replace(",", "").replace(" ", ""))
    if abs(number) > _NUMBER_MAX:
        raise UnreadableError("a number too large to be true")
    return number


def _narrow(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _spaced(text: str) -> str:
    """All kinds of spaces as plain ones."""
    return "".join(" " if c.isspace() else c for c in text)


def _not_ancient(at: datetime) -> datetime:
    if at < _EARLIEST:
        raise UnreadableError("a date before 1990")
    return at
