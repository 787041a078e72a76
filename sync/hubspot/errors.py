"""HubSpot's failed answers, understood and put into our words.

HubSpot's own message is never repeated: it quotes the values of records, which are personal data. What it sorts
errors by is safe to repeat: category, codes, names of properties, ids, and the id its support asks for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.ports import FatalError, RetryableError, TokenRefused

PASSING = frozenset({423, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses that go away by themselves (HubSpot error handling page; 520–524 are Cloudflare's)."""

IN_USE = frozenset({409, 423})
"""A record is being changed by somebody else, or locked: for two seconds, says HubSpot's error handling page."""

LOCKED_S = 2.0
"""How long a record lock lasts (HubSpot error handling page)."""

_WAIT_MAX_S = 120.0
"""Who is told to wait longer than this leaves it to the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the status, the headers (any case), and the JSON object in the body; None if there is none."""

    status: int
    headers: Mapping[str, str]
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """The parts of an error answer that hold no personal data."""

    category: str = ""
    policy: str = ""
    codes: Sequence[str] = ()
    properties: Sequence[str] = ()
    scopes: Sequence[str] = ()
    ids: Sequence[str] = ()
    """Of the records it is about: from its context, or beside it."""
    correlation_id: str = ""

    @property
    def is_of_content(self) -> bool:
        """Whether it is HubSpot's word on what was sent, and so will be the same however often that is sent."""
        return self.category == "VALIDATION_ERROR" or (not self.category and bool(self.codes))

    def __str__(self) -> str:
        parts = [
            ", ".join(self.codes) or self.category or "no reason given",
            f"property {', '.join(self.properties)}" if self.properties else "",
            f"correlation id {self.correlation_id}" if self.correlation_id else "",
        ]
        return "; ".join(part for part in parts if part)


class Passing(Exception):
    """A failure that may be gone in a moment."""

    def __init__(self, problem: str, *, wait_s: float = 0.0) -> None:
        super().__init__(problem)
        self.wait_s = wait_s
        """Wait at least this long."""


class NotSent(Passing):
    """The connection failed before the request went out."""


class AnswerLost(Passing):
    """The request went out; what came of it cannot be told."""


def complaint_of(document: Mapping[str, Any] | None) -> Complaint:
    """Read an error envelope; every field of it may be missing, and of any shape."""
    if document is None:
        return Complaint()
    details = [detail for detail in _list(document.get("errors")) if isinstance(detail, dict)]
    contexts = [part["context"] for part in (document, *details) if isinstance(part.get("context"), dict)]
    embedded = list(_embedded(document.get("message")))
    codes = [_word(d.get("code") or d.get("error") or d.get("subCategory")) for d in [*details, *embedded]]
    names = [*_values(contexts, "propertyName"), *(_word(d.get("name")) for d in embedded)]
    return Complaint(
        category=_word(document.get("category") or document.get("errorType")),
        policy=_word(document.get("policyName")),
        codes=_distinct(codes),
        properties=_distinct(names),
        scopes=_distinct(_values(contexts, "requiredGranularScopes")),
        ids=_distinct([*_values(contexts, "ids"), *_values(contexts, "id"), _word(document.get("id"))]),
        correlation_id=_word(document.get("correlationId")),
    )


def is_of_records(answer: Answer) -> bool:
    """Whether a batch may have been refused for some of its records alone, so that others can still be written."""
    if answer.status == 404:
        return answer.document is not None  # a page in HTML is no word of HubSpot's on a record
    return answer.status in IN_USE or answer.status in (400, 422)


_ASK_DOCTOR = "; `scoreline doctor` lists what is needed"


def for_doctor(problem: str) -> str:
    """What an error says, without sending to doctor who has asked it."""
    return problem.replace(_ASK_DOCTOR, "")


def raise_for(answer: Answer, base_url: str, *, so_far: str, wrote: bool = True) -> None:
    """Raise what a failed answer means for the run; every status below 400 returns.

    Passing for what may be tried again, RetryableError for what this run need not wait for,
    TokenRefused and FatalError for what a person must change. `so_far`: a sentence on what has been written by now;
    `wrote`: whether the request itself was to write something.
    """
    if answer.status < 400:
        return
    complaint = complaint_of(answer.document)
    untouched = "Nothing of it was done. " if wrote else ""
    if answer.status == 401:
        raise TokenRefused(
            f"HubSpot at {base_url} does not know this token (401, {complaint}). {so_far} Set "
            "HUBSPOT_ACCESS_TOKEN to the token of a private app or service key of this portal; a deleted or rotated "
            "one stops working at once."
        )
    if answer.status == 403:
        missing = ", ".join(complaint.scopes)
        raise TokenRefused(
            f"HubSpot refuses the token this request (403, {complaint}). {untouched}"
            + (f"Add the scope {missing} to" if missing else "Check the scopes of")
            + f" the private app or service key behind HUBSPOT_ACCESS_TOKEN{_ASK_DOCTOR}."
        )
    if answer.status == 429 and "DAILY" in complaint.policy.upper():
        raise RetryableError(
            "The account has used up its HubSpot requests of today (429, daily limit). Nothing more was read or "
            "written. They start afresh at midnight in the portal's time zone; the next run goes on from there."
        )
    if answer.status in PASSING:
        raise passing(answer)
    raise FatalError(
        f"HubSpot refuses a request that should be right ({answer.status}, {complaint}). {untouched}If "
        f"HUBSPOT_BASE_URL ({base_url}) is HubSpot's, please report this with the correlation id."
    )


def passing(answer: Answer) -> Exception:
    """Passing, after the wait that HubSpot asks for; RetryableError where that is too long for this run."""
    complaint = complaint_of(answer.document)
    wait_s = retry_after_s(answer.headers)
    problem = f"HubSpot answered {answer.status} ({complaint})"
    if wait_s is not None and wait_s > _WAIT_MAX_S:
        return RetryableError(f"{problem} and asks for {wait_s:,.0f} seconds of patience. The next run tries again.")
    floor_s = LOCKED_S if answer.status == 423 else 0.0
    return Passing(problem, wait_s=max(wait_s or 0.0, floor_s))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that a `Retry-After` header asks for; None without one that is a number."""
    text = headers.get("Retry-After", "").strip()
    return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None


def _embedded(message: object) -> Iterator[dict[str, Any]]:
    """The JSON list inside `Property values were not valid: [{…}]`; none where there is none."""
    if not isinstance(message, str) or "[" not in message:
        return
    try:
        found = json.loads(message[message.index("[") : message.rindex("]") + 1])
    except ValueError:
        return
    yield from (entry for entry in _list(found) if isinstance(entry, dict))


def _values(contexts: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    return [_word(value) for context in contexts for value in _list(context.get(key))]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: object) -> str:
    """Codes, names and ids only: anything with a space or longer than those might be a sentence with values in it."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if len(text) <= 100 and not any(c.isspace() or c == "@" for c in text) else ""


def _distinct(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
