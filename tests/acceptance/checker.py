"""Reads in a portal's histories whether the worker's promises were kept; shares no code with the worker.

It knows who wrote which value when, and nothing else: not what the worker read, meant or said. The rules are those of
the default rulebook.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sandbox import Portal
from sandbox.records import Version

STAGE = "lifecyclestage"
LADDER = ("", "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead")
"""The stages that a worker may take a contact from and to, in their order."""

SCORES = (
    "lead_score",
    "lead_score_fit",
    "lead_score_engagement",
    "lead_grade",
    "lead_score_reasons",
    "lead_scoring_surge",
)
POINTS, NOT_READY = "lead_scoring_feedback_points", "mql_not_ready"
EXCLUSION, ANSWER, RESYNC, HOLD = (
    "lead_scoring_exclusion",
    "lead_scoring_sales_feedback",
    "lead_scoring_resync",
    "lead_scoring_hold",
)
ONLY_CLEARED = (ANSWER, RESYNC)
"""Fields of people's, which the worker may empty but never fill."""
WRITTEN = {*SCORES, *ONLY_CLEARED, EXCLUSION, POINTS, STAGE}

Window = Callable[[int], int]
"""How many milliseconds before a write at that moment the worker looked last."""

DAY_MS = 86_400_000
JUST_S = 60
"""How long after a person has emptied a stage the worker may still take that for its own clear."""
HELD_DAYS = 30
"""How long a stage that a person or a deal set is left alone."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """Everything that one contact ever held, oldest version first; `ours` tells whose versions are the worker's."""

    contact: str
    versions: dict[str, list[Version]]
    app_id: str
    reads_lag: bool = False
    deleted: bool = False
    partners: frozenset[str] = field(default_factory=frozenset)
    vendors: frozenset[str] = field(default_factory=frozenset)
    employees: frozenset[str] = field(default_factory=frozenset)

    def of(self, name: str) -> Sequence[Version]:
        return self.versions.get(name, ())

    def ours(self, version: Version) -> bool:
        return version.source.type == "INTEGRATION" and version.source.id == self.app_id

    def people(self, version: Version) -> bool:
        return version.source.type in ("CRM_UI", "DEALS")

    def held(self, name: str, at_ms: int) -> str:
        """What a property held just before this moment."""
        return next((each.value for each in reversed(self.of(name)) if each.at_ms < at_ms), "")

    def excluded(self, at_ms: int, since_ms: int) -> bool:
        """Whether this was somebody to be left alone, all the time from then to this moment."""
        names = (STAGE, "hs_email_optout", "email", "associatedcompanyid")
        changes = {each.at_ms + 1 for name in names for each in self.of(name) if since_ms < each.at_ms < at_ms}
        return all(self._excluded(moment) for moment in {at_ms, since_ms} | changes)

    def _excluded(self, at_ms: int) -> bool:
        return (
            self.held(STAGE, at_ms) not in LADDER
            or self.held("hs_email_optout", at_ms) == "true"
            or self.held("email", at_ms).lower() in self.employees
            or self.held("associatedcompanyid", at_ms) in self.partners
        )

    @property
    def ids(self) -> Sequence[str]:
        """Its own, and those of the contacts that were merged into it: their past is among its own."""
        merges = self.of("hs_merged_object_ids")
        return [self.contact, *(merges[-1].value.split(";") if merges else ())]

    def merged(self, since_ms: int, at_ms: int) -> bool:
        """Whether another contact was merged into this one meanwhile: what was written to that one may arrive here."""
        all_ = (each for versions in self.versions.values() for each in versions)
        return any(each.source.type == "MERGE_OBJECTS" and since_ms <= each.at_ms <= at_ms for each in all_)

    def disqualified(self, at_ms: int) -> bool:
        return self.held(ANSWER, at_ms) == "unqualified" or self.held("associatedcompanyid", at_ms) in self.vendors


def broken_promises(
    portal: Portal,
    *,
    window_ms: int | Window = 0,
    reading_ms: int | Window = 0,
    clearing: Callable[[str], bool] = lambda _: False,
    contacts: Sequence[str] | None = None,
    at_rest: bool = True,
) -> list[str]:
    """Every promise that the histories show broken, one sentence each; none if all were kept.

    HubSpot has no conditional write: who acts within `window_ms` before a stage is written may find his act lost.
    What a write rests on was read `reading_ms` before. Either may depend on the moment of the write. `clearing` tells
    of a contact whether the worker was ever about to change its stage: a person who emptied it just then cannot be
    told from the worker, and a lead is not left without a stage. With `contacts` only theirs are looked at.
    """
    window = window_ms if callable(window_ms) else lambda _: window_ms
    reading = reading_ms if callable(reading_ms) else lambda _: reading_ms
    with portal.lock:
        pasts = _pasts(portal, contacts)
    return [
        f"contact {past.contact}: {told}"
        for past in pasts
        for told in (
            *(_blank(past) if at_rest else ()),
            *_stage(past, window, reading, clearing),
            *_fields(past),
            *_feedback(past, window),
            *_left_alone(past, window, reading),
        )
    ]


def writes_of_the_worker(portal: Portal) -> int:
    """How many values the worker has ever written."""
    with portal.lock:
        pasts = _pasts(portal, None)
    return sum(past.ours(each) for past in pasts for versions in past.versions.values() for each in versions)


def _pasts(portal: Portal, contacts: Sequence[str] | None) -> list[Past]:
    wanted = None if contacts is None else {int(each) for each in contacts}
    companies = {str(key): each.properties.get("type") for key, each in portal.companies.live.items()}
    people = frozenset(owner.email.lower() for owner in portal.owners)
    return [
        Past(
            contact=str(record_id),
            versions={name: record.versions(name)[::-1] for name in [*record.properties]},
            app_id=str(portal.app_id),
            reads_lag=portal.switches.reads_lag_s > 0,
            deleted=records is portal.contacts.archived,
            partners=frozenset(key for key, type_ in companies.items() if type_ == "PARTNER"),
            vendors=frozenset(key for key, type_ in companies.items() if type_ == "VENDOR"),
            employees=people,
        )
        for records in (portal.contacts.live, portal.contacts.archived)
        for record_id in (records if wanted is None else records.keys() & wanted)
        for record in [records[record_id]]
    ]


def _blank(past: Past) -> Iterator[str]:
    """Nobody is left without a stage."""
    versions = past.of(STAGE)
    if versions and past.ours(versions[-1]) and versions[-1].value == "" and not past.deleted:
        yield "was left without a stage by a clear of the worker"


def _stage(past: Past, window: Window, reading: Window, clearing: Callable[[str], bool]) -> Iterator[str]:
    """Clear, then set, in two requests; only along the ladder; people's stages respected."""
    for version in filter(past.ours, past.of(STAGE)):
        told = [list(_one_stage(past, version, known, reading, clearing)) for known in _known(past, version, window)]
        yield from min(told, key=len)


def _known(past: Past, version: Version, window: Window) -> list[Sequence[Version]]:
    """The stages before this one, as the worker may have known them: others may have acted after it looked last.

    So may the worker itself where reads lag, if it was killed before it had the answer, and has begun again.
    """
    known = list(past.of(STAGE)[: past.of(STAGE).index(version)])
    may_be: list[Sequence[Version]] = [list(known)]
    while known and known[-1].at_ms >= version.at_ms - window(version.at_ms):
        if past.ours(known[-1]) and not past.reads_lag:
            break
        known.pop()
        may_be.append(list(known))
    if past.merged(version.at_ms - window(version.at_ms), version.at_ms):
        may_be.append([])  # it may be meant for the other one, of which nothing is left to see
    return may_be


def _one_stage(
    past: Past, version: Version, known: Sequence[Version], reading: Window, clearing: Callable[[str], bool]
) -> Iterator[str]:
    before = known[-1] if known else None
    if before and past.ours(before) and before.value == version.value:
        return  # where reads lag, a request may be sent once more, over what somebody did in that time
    if before and version.at_ms <= before.at_ms and past.ours(before):
        yield f"stage cleared and set in one moment ({version.at_ms})"
    if version.value == "":
        if before is None or before.value not in LADDER[1:]:
            yield f"stage {before.value if before else None!r} is not one that the worker may clear"
        return
    was_moving = any(map(clearing, past.ids))
    if _is_taken_back(past, version, known) or (was_moving and _is_given_back(past, version, known)):
        return
    if version.value not in LADDER:
        yield f"stage {version.value!r} is not one that the worker may set"
    if before and before.value:
        yield f"stage {version.value} was set over {before.value}, without a clear"
    origin = known[-2] if before and past.ours(before) and len(known) > 1 else before
    if origin is not None and not (origin.value == "" and past.people(origin) and was_moving):
        yield from _against_people(past, origin, version, reading(version.at_ms))


def _is_taken_back(past: Past, version: Version, known: Sequence[Version]) -> bool:
    """Whether this sets again what the worker had cleared: it is as if it had never been cleared."""
    if len(known) < 2:
        return False
    return past.ours(known[-1]) and known[-1].value == "" and known[-2].value == version.value


def _is_given_back(past: Past, version: Version, known: Sequence[Version]) -> bool:
    """Whether this sets again what a person had emptied just when the worker was about to do so."""
    if len(known) < 2 or version.at_ms - known[-1].at_ms > JUST_S * 1000:
        return False
    return past.people(known[-1]) and known[-1].value == "" and known[-2].value == version.value


def _against_people(past: Past, origin: Version, version: Version, reading_ms: int) -> Iterator[str]:
    """A stage that a person or a deal set stands for a while; after that, points may raise it only.

    Also one that was set right before our clear: it is seen in the history that is read between the two.
    """
    at_ms = version.at_ms
    if past.disqualified(at_ms) or past.disqualified(at_ms - reading_ms):
        return
    if past.held(HOLD, at_ms - reading_ms) == past.held(HOLD, at_ms) == "true":
        yield f"stage {version.value} was set although somebody asked to hold it"
    answers = [each for each in past.of(ANSWER) if each.value and each.at_ms < at_ms]
    if not past.people(origin) or origin.value not in LADDER:
        return
    if answers and answers[-1].at_ms > origin.at_ms:
        return
    if at_ms - origin.at_ms < HELD_DAYS * DAY_MS:
        days = (at_ms - origin.at_ms) / DAY_MS
        yield f"stage {version.value} was set over {origin.value!r}, which a person had set {days:.1f} days before"
    elif origin.value and LADDER.index(version.value) < LADDER.index(origin.value):
        yield f"points lowered {origin.value}, which a person had set, to {version.value}"


def _fields(past: Past) -> Iterator[str]:
    """Only our own properties are written, and what is people's to fill is only ever emptied."""
    for name, versions in past.versions.items():
        for version in filter(past.ours, versions):
            if name not in WRITTEN:
                yield f"the worker wrote {name}, which is not its own"
            if name in ONLY_CLEARED and version.value:
                yield f"the worker filled {name}"


def _feedback(past: Past, window: Window) -> Iterator[str]:
    """An answer of "not ready" takes points once, and the same write takes the lead out of SQL.

    While it stands, a program that puts the lead back to SQL has it counted again; a person's or a deal's newer act
    ends it instead.
    """
    raised, before = [], 0.0
    for version in past.of(POINTS):
        now = _number(version.value)
        if past.ours(version) and now > before:
            raised.append(version.at_ms)
        before = now
    reasons = sum(each.value == NOT_READY for each in past.of(ANSWER))
    reasons += sum(
        each.value == LADDER[-1]
        and not past.ours(each)
        and not past.people(each)
        and past.held(ANSWER, each.at_ms) == NOT_READY
        for each in past.of(STAGE)
    )
    if len(raised) > reasons:
        yield f"points were taken {len(raised)} times, with {reasons} reasons to"
    for at_ms in raised:
        since_ms = at_ms - window(at_ms)
        stages = [each for each in past.of(STAGE) if each.at_ms <= at_ms]
        # Any of those that were set since the worker looked last may be unknown to it.
        known = [each for each in stages if each.at_ms < since_ms]
        by_us = bool(known) and known[-1].value == "" and past.ours(known[-1])
        may_be = [each for each in stages if each.at_ms >= since_ms] + known[-2 if by_us else -1 :]
        if may_be and all(each.value == LADDER[-1] or (each.value == "" and past.ours(each)) for each in may_be):
            yield f"points were taken, and the stage stayed {stages[-1].value!r}"


def _number(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _left_alone(past: Past, window: Window, reading: Window) -> Iterator[str]:
    """Who is excluded gets neither score nor stage; who never had one of our values, from whomever, is not touched."""
    ever = [each.at_ms for name in (*SCORES, EXCLUSION) for each in past.of(name) if each.value]
    for name in (STAGE, EXCLUSION, *SCORES):
        for version in filter(past.ours, past.of(name)):
            at_ms = version.at_ms
            if not past.excluded(at_ms, at_ms - reading(at_ms)) or past.merged(at_ms - reading(at_ms), at_ms):
                continue
            if name == STAGE and any(_is_taken_back(past, version, each) for each in _known(past, version, window)):
                continue
            if name == STAGE or (version.value and name in SCORES):
                yield f"{name} {version.value!r} was written although the contact is to be left alone"
            elif min(ever, default=at_ms) >= at_ms:
                yield f"{name} was touched although the contact never had a score"
