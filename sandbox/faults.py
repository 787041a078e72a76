"""Faults on demand: what goes wrong, with which requests, and how often."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from sandbox.errors import URL_TOO_LONG_PAGE, Json, RefusedError, refused

if TYPE_CHECKING:
    from sandbox.portal import Portal

Spoil = Literal["json_cut", "body_cut", "length_short", "gzip_broken"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong with the requests that match `method` and `path` (regular expressions, searched).

    The first `skip` matching requests pass, the next `times` are hit (None: all). What happens to those:

    - a `status` is answered instead of doing the request, or in place of its true answer where it was `applied`;
      a `body` that is text is sent as HTML, anything else as JSON; without one an applied request keeps its own
    - `refuses` makes the answer that the portal itself would give for this refusal
    - `drop` cuts the connection before or after the request was done; `delay_s` holds the request, also one that is
      held already: 0 lets it go
    - `spoil` damages the true answer on its way
    - `rows` of a batch, the first ones, fail as not found, and the others are done (207)
    - `act` is called just before the request is done, so that someone else can change the portal in between;
      `befalls` is what happens to the portal itself and lasts; it returns how that is undone

    `name` is for showing only, and so is `told`, for what no other field shows. The class methods are the faults that
    HubSpot is known for:
    `Fault.burst_limit().on("POST", "batch/update", times=2)`.
    """

    name: str = "own"
    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    body: Json | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    applied: bool = False
    drop: Literal["before", "after"] | None = None
    delay_s: float = 0.0
    spoil: Spoil | None = None
    rows: int = 0
    refuses: "Callable[[Portal], RefusedError] | None" = None
    act: Callable[[], object] | None = None
    befalls: "Callable[[Portal], Callable[[], object]] | None" = None
    told: Mapping[str, str | int] = field(default_factory=dict)
    was_hit: bool = field(default=False, init=False)

    def on(self, method: str = "", path: str = "", *, times: int | None = 1, skip: int = 0) -> "Fault":
        """The same fault for these requests."""
        return replace(self, method=method, path=path, times=times, skip=skip)

    def hits(self, method: str, path: str) -> bool:
        """Whether this request is one that goes wrong; counts it if so."""
        if self.times == 0 or not re.search(self.method, method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.was_hit = True
        return True

    # Limits (bodies as recorded: see sandbox.limits).

    @classmethod
    def burst_limit(cls) -> "Fault":
        """429: too many requests in ten seconds."""
        return cls(name="burst_limit", refuses=lambda portal: portal.limits.burst_refusal())

    @classmethod
    def daily_limit(cls) -> "Fault":
        """429: too many requests today, said of this request alone; `day_used_up` is for all that follow."""
        return cls(name="daily_limit", refuses=lambda portal: portal.limits.day_refusal())

    @classmethod
    def search_limit(cls) -> "Fault":
        """429 as searches answer it: no policy, no header."""
        return cls(name="search_limit", refuses=lambda portal: portal.limits.search_refusal())

    # Passing trouble (HubSpot error handling guide; what Cloudflare answers for a server behind it).

    @classmethod
    def locked(cls) -> "Fault":
        """423: the record is locked, for two seconds."""
        return cls(
            name="locked", refuses=lambda _: refused(423, "LOCKED", "The record is locked. Wait at least 2 seconds.")
        )

    @classmethod
    def migration(cls, *, retry_after_s: int = 60) -> "Fault":
        """477: the account is moving to another data centre."""
        headers = {"Retry-After": str(retry_after_s)}
        return cls(
            name="migration",
            told={"retry_after_s": retry_after_s},
            refuses=lambda _: refused(477, "MIGRATION_IN_PROGRESS", "Hub is migrating.", headers=headers),
        )

    @classmethod
    def server_error(cls, *, status: int = 500, applied: bool = False) -> "Fault":
        """A 5xx in HubSpot's own envelope; `applied` if the request was done all the same."""
        return cls(
            name="server_error", status=status, body={"status": "error", "message": "internal error"}, applied=applied
        )

    @classmethod
    def gateway_page(cls, *, status: int = 502, applied: bool = False) -> "Fault":
        """An HTML page in place of an answer, as 502, 504 and 520 to 526 come."""
        page = f"<html><head><title>{status}</title></head><body><center>cloudflare</center></body></html>"
        return cls(name="gateway_page", status=status, body=page, headers={"Server": "cloudflare"}, applied=applied)

    @classmethod
    def url_too_long(cls) -> "Fault":
        """414, in HTML."""
        return cls(name="url_too_long", status=414, body=URL_TOO_LONG_PAGE)

    # Connections and answers that break.

    @classmethod
    def reset_before(cls) -> "Fault":
        """The connection is cut, and the request was not done."""
        return cls(name="reset_before", drop="before")

    @classmethod
    def reset_after(cls) -> "Fault":
        """The connection is cut, but the request was done."""
        return cls(name="reset_after", drop="after")

    @classmethod
    def slow(cls, *, seconds: float = 1.0) -> "Fault":
        """The answer takes that much longer."""
        return cls(name="slow", delay_s=seconds)

    @classmethod
    def json_cut(cls) -> "Fault":
        """A complete answer whose JSON ends in the middle."""
        return cls(name="json_cut", spoil="json_cut")

    @classmethod
    def body_cut(cls) -> "Fault":
        """The connection closes in the middle of the body."""
        return cls(name="body_cut", spoil="body_cut")

    @classmethod
    def length_short(cls) -> "Fault":
        """`Content-Length` promises fewer bytes than are sent."""
        return cls(name="length_short", spoil="length_short")

    @classmethod
    def gzip_broken(cls) -> "Fault":
        """The answer says it is gzip, and is not."""
        return cls(name="gzip_broken", spoil="gzip_broken")

    # Successes that are none.

    @classmethod
    def rows_failed(cls, *, rows: int = 1) -> "Fault":
        """207: the first rows of a batch are called unknown, the others are done."""
        return cls(name="rows_failed", rows=rows)

    @classmethod
    def empty_success(cls) -> "Fault":
        """200 and COMPLETE, with no results, and nothing done."""
        return cls(name="empty_success", status=200, body={"status": "COMPLETE", "results": []})

    @classmethod
    def unexpected_success(cls, *, status: int = 202) -> "Fault":
        """Another 2xx than the documented one; the request is done (hubspot-api-python#448)."""
        return cls(name="unexpected_success", status=status, applied=True)

    # What happens to the portal at this request, and lasts until the faults are cleared.

    @classmethod
    def token_revoked(cls) -> "Fault":
        """From this request on the token is unknown."""
        return cls(name="token_revoked", befalls=_revoke)

    @classmethod
    def scope_removed(cls, *, scope: str = "crm.objects.contacts.write") -> "Fault":
        """From this request on the token lacks a scope."""
        return cls(name="scope_removed", told={"scope": scope}, befalls=lambda portal: _remove(portal, scope))

    @classmethod
    def day_used_up(cls) -> "Fault":
        """From this request on, until midnight, the account has no requests left."""
        return cls(name="day_used_up", befalls=_use_up)


def _revoke(portal: "Portal") -> Callable[[], object]:
    token, portal.token = portal.token, "pat-rotated"
    return lambda: setattr(portal, "token", token)


def _remove(portal: "Portal", scope: str) -> Callable[[], object]:
    had = portal.scopes & {scope}
    portal.scopes -= had
    return lambda: portal.scopes.update(had)


def _use_up(portal: "Portal") -> Callable[[], object]:
    limits = portal.limits
    enabled, used = limits.enabled, limits.used_today
    limits.use_up_day()

    def undo() -> None:
        # Midnight may have come meanwhile, and with it a new day of which less is used.
        limits.enabled, limits.used_today = enabled, min(used, limits.used_today)

    return undo


PRESETS: Mapping[str, Callable[..., Fault]] = {
    each.__name__: each
    for each in (
        *(Fault.burst_limit, Fault.daily_limit, Fault.search_limit),
        *(Fault.locked, Fault.migration, Fault.server_error, Fault.gateway_page, Fault.url_too_long),
        *(Fault.reset_before, Fault.reset_after, Fault.slow),
        *(Fault.json_cut, Fault.body_cut, Fault.length_short, Fault.gzip_broken),
        *(Fault.rows_failed, Fault.empty_success, Fault.unexpected_success),
        *(Fault.token_revoked, Fault.scope_removed, Fault.day_used_up),
    )
}
"""The faults that have a name."""


class Faults:
    """The faults in force, in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._undo: list[Callable[[], object]] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults, and undo what lasts: the token is known again, its scopes are back, the day goes on."""
        self._faults.clear()
        while self._undo:
            self._undo.pop()()

    def befell(self, undo: Callable[[], object]) -> None:
        """Something lasting has happened to the portal, which this undoes."""
        self._undo.append(undo)

    def pending(self) -> list[Fault]:
        """Those that have not yet hit as often as they should."""
        return [fault for fault in self._faults if fault.times != 0]

    def in_force(self) -> list[Fault]:
        """Those that are pending, and those that have hit and last."""
        return [fault for fault in self._faults if fault.times != 0 or (fault.befalls and fault.was_hit)]

    def never_hit(self) -> list[Fault]:
        """Those that no request has met so far."""
        return [fault for fault in self._faults if not fault.was_hit]

    def next_for(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request; at most one does."""
        return next((fault for fault in self._faults if fault.hits(method, path)), None)
