"""What a seed draws: the portal, how long, what may go wrong and how often. Every seed has a weather of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import get_type_hints

from sandbox import Fault
from sandbox.limits import TierName
from sandbox.switches import Setting, Switches
from tests.simulation import tampering
from tests.simulation.network import Request, Trouble

DAY_S = 86_400.0
GATEWAYS = (502, 503, 504, 520, 521, 522, 523, 524)
ENVELOPES = (500, 502, 503, 504)


def _fault(make: Callable[[Random], Fault]) -> tampering.Make:
    def trouble(random: Random) -> Trouble:
        fault = make(random)
        applied = " applied" if fault.applied and fault.status and fault.status >= 500 else ""
        return Trouble(name=f"{fault.name}{f' {fault.status}' if fault.status else ''}{applied}", fault=fault)

    return trouble


def _burst_with_wait(random: Random) -> Fault:
    body = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
    return Fault(name="burst_limit_waits", status=429, body=body, headers={"Retry-After": str(random.randint(1, 20))})


def _answered(status: int, category: str) -> tampering.Make:
    body = {"status": "error", "category": category, "message": "It cannot be done now."}
    return _fault(lambda _: Fault(name=category.lower(), status=status, body=body))


TROUBLES: Mapping[str, tampering.Make] = {
    "burst_limit": _fault(lambda _: Fault.burst_limit()),
    "burst_limit_waits": _fault(_burst_with_wait),
    "daily_limit": _fault(lambda _: Fault.daily_limit()),
    "search_limit": _fault(lambda _: Fault.search_limit()),
    "locked": _fault(lambda _: Fault.locked()),
    "migration": _fault(lambda random: Fault.migration(retry_after_s=random.choice([1, 30, 100, 3_600]))),
    "server_error": _fault(lambda random: Fault.server_error(status=random.choice(ENVELOPES))),
    "server_error_applied": _fault(lambda random: Fault.server_error(status=random.choice(ENVELOPES), applied=True)),
    "gateway_page": _fault(lambda random: Fault.gateway_page(status=random.choice(GATEWAYS))),
    "gateway_page_applied": _fault(lambda random: Fault.gateway_page(status=random.choice(GATEWAYS), applied=True)),
    "reset_before": _fault(lambda _: Fault.reset_before()),
    "reset_after": _fault(lambda _: Fault.reset_after()),
    "json_cut": _fault(lambda _: Fault.json_cut()),
    "body_cut": _fault(lambda _: Fault.body_cut()),
    "length_short": _fault(lambda _: Fault.length_short()),
    "gzip_broken": _fault(lambda _: Fault.gzip_broken()),
    "empty_success": _fault(lambda _: Fault.empty_success()),
    "unexpected_success": _fault(lambda random: Fault.unexpected_success(status=random.choice([201, 202, 204]))),
    "timeout_before": lambda _: Trouble(name="timeout_before", times_out="before"),
    "timeout_after": lambda _: Trouble(name="timeout_after", times_out="after"),
    "unreachable": lambda _: Trouble(name="unreachable", unreachable=True),
    "conflict": _answered(409, "CONFLICT"),
    "not_found": _answered(404, "OBJECT_NOT_FOUND"),
    **tampering.OF_BATCHES,
    **tampering.OF_PAGES,
}
"""What may go wrong with one request."""

_ONLY_UPDATES = {"conflict", "not_found"}
_ONLY_BATCHES = {"empty_success", *tampering.OF_BATCHES}
_ONLY_PAGES = {*tampering.OF_PAGES}
_ONLY_SEARCHES = {"search_limit"}

LASTING = (
    "token_revoked",
    "scope_removed",
    "day_used_up",
    "hubspot_unreachable",
    "database_failing",
    "database_lost",
    "database_restored",
    "property_deleted",
    "stage_deleted",
    "validation_rule",
    "clock_jumps",
)
"""What may befall portal, database or machine, and lasts."""

EDITS = {
    "person_set_stage": 6,
    "workflow_set_stage": 5,
    "integration_interfered": 4,
    "deal_created": 2,
    "sales_answered": 5,
    "box_ticked": 5,
    "unsubscribed": 1,
    "form_sent": 4,
    "merged": 2,
    "deleted": 1,
    "deleted_for_privacy": 1,
}
"""What people and systems do to a contact at the very moment in which a run deals with it."""

_OTHERWISE: Mapping[str, Sequence[Setting]] = {
    "index_lag_s": [1.0, 60.0, 900.0, 3_500.0],
    "reads_lag_s": [0.3, 2.0],
    "history_entries_max": [20],
    "professional_daily_max": [650_000],
    "list_change_ids_max": [100],
    "filter_groups_max": [6],
    "filters_max": [25],
    "property_readable_after_s": [0.7],
}
_UNKNOWABLE = {"sources_named_otherwise", "processes_tell_user"}
"""With these a history may not tell a deal's stage from a workflow's: promise 5 then holds for people alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refills:
    """A workflow that gives contacts a stage as soon as they have none."""

    share: float
    """Of the contacts that it knows."""
    after_s: float
    with_the_old: bool
    """Whether it gives them the one they had; otherwise `lead`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The weather of one seed. Rates are per step, per request or per day, as they say."""

    start: datetime
    days: float
    contacts: int
    tier: TierName
    switches: Mapping[str, Setting]
    latency_s: float
    every_s: float
    """Pause between incremental passes."""
    events_a_day: float
    edits: float
    """How likely a contact is changed by somebody while a request deals with it."""
    kills: float
    freezes: float
    troubles: Mapping[str, float]
    bursts: float
    """How likely a trouble stays for the next few requests."""
    lasting: Sequence[str]
    lasting_a_day: float
    skew_s: float
    down_max_s: float
    """How long the worker stays down at most once it has died."""
    others: float
    """How many requests other integrations send for each of ours."""
    workers: int
    machines: int
    by_hand_a_day: float
    move_share: float
    """The safety limit."""
    daily_writes_max: int | None
    dateless: bool
    """Whether HubSpot's answers lack the header `Date`."""
    stamps_a_day: float
    """How often many contacts are stamped with one millisecond."""
    refills: Refills


def draw(seed: int) -> Draw:
    """The same weather for the same seed."""
    random = Random(f"weather {seed}")
    rough = random.random() < 0.85
    kinds = [name for name in TROUBLES if random.random() < 0.3] if rough else []
    rate = random.choice([0.01, 0.03, 0.1])
    is_large = random.random() < 0.03
    days = random.choice([0.3, 1.0, 2.0, 3.0, 5.0, 9.0])
    passes = 4 if is_large else random.choice([4, 6, 9, 12])
    return Draw(
        start=datetime(2026, random.choice([3, 6, 10]), random.randint(1, 28), random.randint(0, 23), tzinfo=UTC)
        + timedelta(seconds=random.randint(0, 3_599)),
        days=days,
        contacts=random.randint(205, 260) if is_large else random.choice([8, 12, 16, 24, 40]),
        tier=random.choice(["free", "professional", "enterprise"]),
        switches=_switches(random),
        latency_s=random.choice([0.02, 0.1, 0.4]),
        every_s=days * DAY_S / passes,
        events_a_day=random.choice([40, 100, 200, 300]) / days,
        edits=random.choice([0.0, 0.1, 0.5]),
        kills=random.choice([0.0, 0.001, 0.004]) if rough else 0.0,
        freezes=random.choice([0.0, 0.001, 0.004]) if rough else 0.0,
        troubles={name: rate * random.uniform(0.2, 1.0) for name in kinds},
        bursts=random.choice([0.0, 0.2, 0.6]),
        lasting=[name for name in LASTING if random.random() < 0.3],
        lasting_a_day=random.choice([1.0, 3.0, 6.0]) / days if random.random() < 0.6 else 0.0,
        skew_s=random.choice([0, 0, 0, 3_600, -3_600, 61.5, -240]),
        down_max_s=random.choice([1, 600, 86_400, 7 * 86_400]),
        others=random.choice([0.0, 0.0, 0.0, 1.0]),
        workers=random.choice([1, 1, 1, 2]),
        machines=random.choice([1, 2]),
        by_hand_a_day=random.choice([0.0, 1.0, 4.0]) / days,
        move_share=random.choice([1.0, 1.0, 1.0, 0.05]),
        daily_writes_max=random.choice([3, 10]) if random.random() < 0.1 else None,
        dateless=random.random() < 0.1,
        stamps_a_day=random.choice([0.0, 0.0, 2.0]) / days,
        refills=Refills(
            share=random.choice([0.2, 1.0]) if random.random() < 0.2 else 0.0,
            after_s=random.choice([0.0, 0.0, 0.3, 4.0, 60.0]),
            with_the_old=random.random() < 0.5,
        ),
    )


def fits(name: str, request: Request) -> bool:
    """Whether this can go wrong with that request."""
    if name in _ONLY_UPDATES:
        return request.writes
    if name == "rows_called_gone":  # who lies about companies says who is a partner
        return "/contacts/batch/" in request.path
    if name in _ONLY_BATCHES:
        return "/batch/" in request.path
    if name in _ONLY_PAGES:
        return request.path.endswith(("/objects/contacts", "/objects/contacts/search"))
    return request.path.endswith("/search") if name in _ONLY_SEARCHES else True


_NOT_MET = ("list_begins_anywhere",)
"""Switches that mean nothing to who sends one request at a time, and so chooses no place in a list."""


def _switches(random: Random) -> Mapping[str, Setting]:
    """Some of the sandbox's switches, turned the other way."""
    likely = Switches().as_json()
    turned: dict[str, Setting] = {}
    for name, kind in get_type_hints(Switches).items():
        if name in _NOT_MET or random.random() >= 0.2:
            continue
        if kind is bool:
            turned[name] = not likely[name]
        elif name in _OTHERWISE:
            turned[name] = random.choice(_OTHERWISE[name])
    return turned
