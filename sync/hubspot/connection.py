"""One connection to one portal: HubSpot's own client, with our timeouts, limits, retries and judgement of answers."""

import json
import random
import re
import threading
from collections.abc import Callable, Collection, Mapping
from copy import copy
from typing import Any
from urllib.parse import urlencode, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from sync.clock import SYSTEM, Clock
from sync.hubspot.apis import Call, apis_of
from sync.hubspot.errors import (
    IN_USE,
    Answer,
    AnswerLost,
    NotSent,
    Passing,
    complaint_of,
    is_of_records,
    passing,
    raise_for,
    retry_after_s,
)
from sync.hubspot.limits import Budget, Limits, Window
from sync.hubspot.transport import Pool
from sync.ports import FatalError, RetryableError, TokenRefused
from sync.records import RequestCount

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 20.0

_PATIENCE = 2
"""How often a write that HubSpot refuses, but not for what it holds, is sent again as it is."""


_ROWS = ("results", "events")
"""Fields that hold records."""


def connect(  # noqa: PLR0913 - each is a setting of its own, and has a default
    *,
    token: str,
    base_url: str = "https://api.hubapi.com",
    daily_reserve: float = 0.2,
    attempts: int = 6,
    connect_timeout_s: float = 5.0,
    read_timeout_s: float = 60.0,
    at_once: int = 1,
    clock: Clock = SYSTEM,
    pool: Pool | None = None,
) -> "Connection":
    """A connection to the portal that the token belongs to; sends nothing yet.

    `daily_reserve` is the share of the day's requests left to the account's other integrations; `attempts` is how
    often a request is sent before it counts as failed; the timeouts are per request, and `read_timeout_s` is also how
    long an answer may take until it is whole; `at_once` is how many requests are under way at the same time at most.
    `pool` sends, our own unless another is given. TokenRefused and FatalError for a token or an address that cannot be
    one.
    """
    token = token.strip()
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token):  # what a bearer token may be made of (RFC 6750, 2.1)
        raise TokenRefused(
            "HUBSPOT_ACCESS_TOKEN holds characters that no HubSpot token has, or nothing. Nothing was sent. Set it to "
            "the token of a private app or service key, as HubSpot shows it."
        )
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FatalError(
            f"HUBSPOT_BASE_URL is {base_url!r}, which is no address of an API. Nothing was sent. Leave it unset for "
            "HubSpot itself, or write it like https://api.hubapi.com."
        )
    return Connection(
        token=token,
        base_url=base_url.rstrip("/"),
        limits=Limits(daily_reserve=daily_reserve, clock=clock.steady, sleep=clock.sleep),
        attempts=attempts,
        at_once=at_once,
        pool=pool or Pool(connect_s=connect_timeout_s, answer_s=read_timeout_s, kept=at_once),
        sleep=clock.sleep,
    )


class Connection:
    """Sends requests through HubSpot's client and answers with JSON objects that are what was asked for.

    Safe to use from several threads.
    """

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        limits: Limits,
        attempts: int,
        pool: Pool,
        sleep: Callable[[float], None],
        at_once: int = 1,
    ) -> None:
        self.base_url = base_url
        self.at_once = at_once
        self.requests = RequestCount()
        self._whole = self
        """What this is a part of."""
        self._limits = limits
        self._attempts = attempts
        self._sleep = sleep
        self._counting = threading.Lock()
        self._under_way = threading.BoundedSemaphore(at_once)
        self._pool = pool
        self.api = apis_of(token, base_url, self._send)

    def apart(self) -> "Connection":
        """This connection with a count of requests of its own: what it sends counts in both."""
        part = copy(self)
        part.requests = RequestCount()
        return part

    @property
    def daily_reserve(self) -> float:
        """The share of the day's requests that is left to other integrations."""
        return self._limits.daily_reserve

    @property
    def budget(self) -> Budget:
        """What HubSpot last said of its limits."""
        return self._limits.budget

    def read(
        self,
        call: Call,
        *args: object,
        holds: str = "results",
        expects: Collection[int] = (200, 207),
        search: bool = False,
        urgent: bool = False,
        **kwargs: Any,
    ) -> Answer:
        """Ask, as often as it takes, for an answer whose status is expected and whose body has the field `holds`.

        `urgent`: part of finishing what was begun, and so not held up by the daily reserve.
        RetryableError when there is no such answer in all attempts, TokenRefused and FatalError as they say.
        """
        window = self._limits.search if search else self._limits.ordinary

        def ask() -> Answer:
            answer = self._ask(call, args, kwargs, window=window, urgent=urgent, writes=False)
            if answer.status not in expects:
                raise_for(answer, self.base_url, so_far=self._so_far, wrote=False)
            return _holding(answer, holds, expects)

        return self._until_answered(ask)

    def write(
        self, call: Call, *args: object, allowed: Callable[[], None], urgent: bool = False, **kwargs: Any
    ) -> Answer:
        """Send once, or again only where HubSpot certainly did nothing; return what it said, refusals included.

        A refusal is one that may concern some of the records and not all: of what they hold, of an id, or because a
        record is in use (409, 423), which is given a few moments to pass.

        `allowed` is called right before each sending, after any wait for a turn, and raises where this process may
        no longer write. AnswerLost when it may or may not have been done; by then a pause has been made, so that
        whoever reads back and sends again does not press on. Otherwise as `read`.
        """

        patience = _PATIENCE

        def ask() -> Answer:
            nonlocal patience
            window = self._limits.ordinary
            try:
                answer = self._ask(call, args, kwargs, window=window, urgent=urgent, writes=True, allowed=allowed)
                if answer.status >= 500 or answer.status < 400:
                    return _holding(answer, "results", (200, 207))
            except AnswerLost:
                self.pause()
                raise
            if not is_of_records(answer):
                raise_for(answer, self.base_url, so_far=self._so_far)
            if answer.status in IN_USE and patience:
                patience -= 1
                raise passing(answer)
            return answer

        return self._until_answered(ask, unless=AnswerLost)

    def pause(self) -> None:
        """Let a moment pass before HubSpot is asked the same again."""
        self._sleep(random.uniform(PAUSE_FIRST_S, 2 * PAUSE_FIRST_S))

    def define(self, call: Call, *args: object, holds: str, expects: Collection[int], **kwargs: Any) -> Answer:
        """Send something that may safely be sent twice, such as a property's definition; otherwise as `read`."""

        def ask() -> Answer:
            answer = self._ask(call, args, kwargs, window=self._limits.ordinary, urgent=True, writes=True)
            if answer.status not in expects:
                raise_for(answer, self.base_url, so_far=self._so_far)
            return _holding(answer, holds, expects)

        return self._until_answered(ask)

    def _ask(
        self,
        call: Call,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        *,
        window: Window,
        urgent: bool,
        writes: bool,
        allowed: Callable[[], None] = lambda: None,
    ) -> Answer:
        if not urgent:
            self._limits.keep_reserve()
        with self._under_way, window.turn():
            allowed()
            self._count("write" if writes else "read")
            answer: Answer = call(*args, _preload_content=False, **kwargs)
        self._limits.heard(answer.headers)
        if answer.status == 429:
            self._count("rate_limited")
            policy = complaint_of(answer.document).policy.upper()
            if "DAILY" not in policy:  # after that nobody waits: the run ends
                window.close_for(retry_after_s(answer.headers) or (1.0 if policy == "SECONDLY" else window.window_s))
        elif answer.status >= 400 and (asked_s := retry_after_s(answer.headers)):
            window.close_for(min(asked_s, PAUSE_MAX_S))
        return answer

    def _until_answered(self, ask: Callable[[], Answer], unless: type[Passing] | None = None) -> Answer:
        def is_worth_it(failure: BaseException) -> bool:
            return isinstance(failure, Passing) and not (unless and isinstance(failure, unless))

        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_pause_s,
            retry=retry_if_exception(is_worth_it),
            sleep=self._sleep,
            before_sleep=lambda _: self._count("retried"),
            reraise=True,
        )
        try:
            return retrying(ask)
        except NotSent as failure:
            raise RetryableError(
                f"HubSpot could not be reached at {self.base_url} in {self._attempts} attempts ({failure}). "
                f"{self._so_far} Check the network, and HUBSPOT_BASE_URL; the next run tries again."
            ) from failure
        except Passing as failure:
            if unless and isinstance(failure, unless):
                raise
            raise RetryableError(
                f"HubSpot at {self.base_url} gave no usable answer in {self._attempts} attempts; the last: {failure}. "
                f"{self._so_far} The next run goes on from there."
            ) from failure

    @property
    def _so_far(self) -> str:
        if self._whole.requests.write:
            return "What was written stays written, and nothing more was sent."
        return "Nothing was written."

    def _count(self, what: str) -> None:
        with self._counting:
            counts = (self.requests,) if self._whole is self else (self.requests, self._whole.requests)
            for count in counts:
                setattr(count, what, getattr(count, what) + 1)

    def _send(
        self,
        method: str,
        url: str,
        query_params: list[tuple[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        **_: object,
    ) -> Answer:
        """What HubSpot's client calls in place of its own transport.

        Its own raises another class per module and status, breaks on bodies that are not UTF-8, and turns a success
        that it did not expect into None (hubspot-api-python#448). Here every status is an answer.
        """
        try:
            response = self._pool.request(
                method,
                f"{url}?{_query(query_params)}" if query_params else url,
                headers=headers,
                body=None if body is None else json.dumps(body),
                redirect=False,
            )
            return Answer(status=response.status, headers=response.headers, document=_json_object(response.data))
        except (NewConnectionError, ConnectTimeoutError) as failure:
            raise NotSent(type(failure).__name__) from failure
        except HTTPError as failure:
            problem = f"the connection failed before the answer was whole ({type(failure).__name__})"
            raise AnswerLost(problem) from failure


def _holding(answer: Answer, field: str, expects: Collection[int]) -> Answer:
    """The answer, if it is one of those expected and a success has the field; else AnswerLost."""
    if answer.status in expects and answer.status >= 400:
        return answer
    found = (answer.document or {}).get(field)
    rows = found if isinstance(found, list) else [None]
    if answer.status not in expects or found is None or (field in _ROWS and not all(map(_is_object, rows))):
        raise AnswerLost(f"HubSpot answered {answer.status} with a body that is not what was asked for")
    return answer


def _query(params: list[tuple[str, object]]) -> str:
    """Python's False is `false` for everybody else."""
    return urlencode([(name, str(value).lower() if isinstance(value, bool) else value) for name, value in params])


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _json_object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _pause_s(state: RetryCallState) -> float:
    """Exponential with full jitter, so that many workers do not come back at once; longer where HubSpot says so."""
    most_s = min(PAUSE_MAX_S, PAUSE_FIRST_S * 2 ** (state.attempt_number - 1))
    failure = state.outcome.exception() if state.outcome else None
    return random.uniform(0, most_s) + (failure.wait_s if isinstance(failure, Passing) else 0.0)
