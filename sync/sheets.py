"""What a pass read of a contact, as far as its rulebook asks, in a form that is small and quickly read again. Pure.

By such sheets another rulebook can be tried on all contacts without asking HubSpot for one of them.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from config import Rulebook
from scoring import FORM, PAGE, Contact, Engagement, FactRule, Given, Ignored, Rubric, Value
from sync.records import PortalFacts
from workflows import Answer, Standing

CELL = "\n"
"""Stands between the cells of a sheet, and nowhere in them."""
_ENTRY = "\t"
"""Stands between the entries of a cell, and nowhere in them."""

ACT = struct.Struct("<BHIH")
"""One act: the place of its kind; which name is its own or, where names are not kept, which acts are of the same thing;
when, in seconds; how many."""
MORE = 255
"""In place of a kind: until when the act before lasts, and how many times 65,536 more there were."""
_COUNT_MAX = 2**32 - 1
_WHICH_MAX = 2**16 - 1
NAMED = (FORM, PAGE)
"""The kinds whose acts fall into classes, by their names."""
_NO_TIME = 0
HEAD = "h"
"""What the first cell begins with, and no other."""
_GIVEN = "g"
"""A value that no rule asks more of than whether it is there: what it says is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the sheets of a pass have in common."""

    facts: Mapping[str, bool]
    """The facts that were read, in the order of their cells; whether more is kept than that one is given."""
    kinds: tuple[str, ...]
    """The kinds of engagement that were read."""
    time_zone: str
    """The portal's: its name, or its distance from UTC in seconds."""
    stages: tuple[str, ...]
    """The portal's, lowest first."""

    @classmethod
    def of(cls, rulebook: Rulebook, facts: PortalFacts) -> Self:
        """What a pass with this rulebook has read of every contact of the portal."""
        zone = facts.time_zone
        offset = zone.utcoffset(None) or timedelta()
        return cls(
            facts=facts_asked(rulebook.rubric),
            kinds=tuple(sorted(rulebook.rubric.kinds)),
            time_zone=zone.key if isinstance(zone, ZoneInfo) else str(int(offset.total_seconds())),
            stages=tuple(facts.stages),
        )

    @classmethod
    def read(cls, text: str) -> Self:
        """The heading with this text."""
        given = json.loads(text)
        return cls(**given | {"kinds": tuple(given["kinds"]), "stages": tuple(given["stages"])})

    @property
    def text(self) -> str:
        """The same for the same heading."""
        return json.dumps(asdict(self))

    @property
    def zone(self) -> tzinfo:
        """The portal's time zone."""
        offset = self.time_zone.removeprefix("-")
        return timezone(timedelta(seconds=int(self.time_zone))) if offset.isdecimal() else ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One contact's. It holds its facts, and so what is personal: it goes when the contact goes."""

    contact_id: str
    told: str
    """Where it stands and what is known of it at all; then a cell for each fact of the heading."""
    names: str
    """The names that classes are told by, one cell each."""
    acts: bytes
    """One record after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Some sheets under one heading, as columns."""

    heading: Heading
    ids: Sequence[str]
    told: Sequence[str]
    names: Sequence[str]
    acts: Sequence[bytes]

    def sheets(self) -> Iterator[Sheet]:
        """The same, one by one."""
        for contact_id, told, names, acts in zip(self.ids, self.told, self.names, self.acts, strict=True):
            yield Sheet(contact_id=contact_id, told=told, names=names, acts=acts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Contacts by the order of their ids: from `first` on, and before `end`; None: to the last."""

    first: str = ""
    end: str | None = None


def facts_asked(rubric: Rubric) -> dict[str, bool]:
    """The facts that rules read, and whether they ask more of one than whether it is given."""
    asked: dict[str, bool] = {}
    for rule in rubric.rules:
        for case in rule.cases if isinstance(rule, FactRule) else ():
            asked[case.fact] = asked.get(case.fact, False) or not isinstance(case.condition, Given)
    return dict(sorted(asked.items()))


def sheet_of(contact: Contact, standing: Standing, heading: Heading) -> Sheet:
    """What is kept of a contact under this heading."""
    places = {kind: place for place, kind in enumerate(heading.kinds)}
    told = [_head_cell(contact, standing, places)]
    for name, whole in heading.facts.items():
        value = contact.facts.get(name)
        told.append("" if value is None else _GIVEN if not whole and _is_there(value) else _of_value(value))
    named: dict[tuple[str, str, str], int] = {}
    others: dict[tuple[str, str], int] = {}
    acts: list[bytes] = []
    for act in contact.engagements:
        if act.kind not in places:
            continue
        which = 0
        if act.kind in NAMED and (act.ref or act.name):
            which = named.setdefault((act.kind, act.ref, act.name), len(named) + 1)
        elif act.ref or act.name:
            which = others.setdefault((act.kind, act.ref or act.name), len(others) + 1)
        acts.append(_record(act, places[act.kind], min(which, _WHICH_MAX)))
    names = CELL.join(_name_cell(*each) for each in named)
    return Sheet(contact_id=contact.id, told=CELL.join(told), names=names, acts=b"".join(acts))


def contact_of(sheet: Sheet, heading: Heading) -> Contact:
    """A contact with the points of the one that the sheet was made of; what no rule reads is missing."""
    head, *facts = sheet.told.split(CELL)
    whole = head_of(head, heading)
    names = sheet.names.split(CELL)
    values = ((name, value_of(cell)) for name, cell in zip(heading.facts, facts, strict=True))
    return Contact(
        id=sheet.contact_id,
        facts={name: value for name, value in values if value is not None},
        engagements=list(_acts(sheet.acts, names, heading)),
        seen_kinds=whole.seen_kinds,
        ignored=whole.ignored,
    )


def value_of(cell: str) -> Value | None:
    """The value in a fact's cell; None: it is not given. One of which only that is kept is `True`."""
    kind, text = cell[:1], cell[1:]
    match kind:
        case "t":
            return text
        case "i":
            return int(text)
        case "f":
            return float(text)
        case "b":
            return text == "1"
        case "d":
            return date.fromisoformat(text)
        case "m":
            return datetime.fromtimestamp(int(text), UTC)
        case "c":
            return frozenset(text.split(_ENTRY)) if text else frozenset()
    return True if kind else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the first cell tells."""

    standing: Standing
    """As far as it is kept; who set the stage is not."""
    seen_kinds: frozenset[str]
    ignored: Sequence[Ignored]
    """Of which kinds there were acts of machines, and why; each counts as one."""


def head_of(cell: str, heading: Heading) -> Head:
    """What the first cell tells."""
    _, stage, answer, taken, marks, seen, *ignored = cell.split(_ENTRY)
    mask = int(seen, 16)
    by_machines = (entry.partition(" ") for entry in ignored)
    return Head(
        standing=Standing(
            stage=stage or None,
            answer=Answer(answer) if answer else None,
            points_taken=int(taken) if taken else None,
            held="h" in marks,
            competitor="c" in marks,
            contested="x" in marks,
        ),
        seen_kinds=frozenset(kind for place, kind in enumerate(heading.kinds) if mask >> place & 1),
        ignored=[Ignored(kind=heading.kinds[int(place)], count=1, why=why) for place, _, why in by_machines],
    )


def name_of(cell: str) -> tuple[str, str]:
    """What an act's class is told by: its name, and the portal's own id."""
    ref, _, name = cell.partition(_ENTRY)
    return name, ref


def _head_cell(contact: Contact, standing: Standing, places: Mapping[str, int]) -> str:
    marks = (("h", standing.held), ("c", standing.competitor), ("x", standing.contested))
    by_machines = {f"{places[i.kind]} {_clean(i.why)}" for i in contact.ignored if i.count > 0 and i.kind in places}
    return _ENTRY.join(
        (
            HEAD,
            _clean(standing.stage or ""),
            standing.answer.value if standing.answer else "",
            "" if standing.points_taken is None else str(standing.points_taken),
            "".join(mark for mark, holds in marks if holds),
            f"{sum(1 << places[kind] for kind in contact.seen_kinds if kind in places):x}",
            *sorted(by_machines),
        )
    )


def _of_value(value: Value) -> str:
    match value:
        case bool():
            return f"b{value:d}"
        case int():
            return f"i{value}"
        case float():
            return f"f{value!r}"
        case str():
            return f"t{_clean(value)}"
        case datetime():
            return f"m{int(value.timestamp() // 1)}"
        case date():
            return f"d{value.isoformat()}"
    return "c" + _ENTRY.join(sorted(map(_clean, value)))


def _is_there(value: Value) -> bool:
    """Whether `Given` holds of it, whatever the day: a date may lie in the future."""
    return not isinstance(value, date) and Given().holds(value)


def _record(act: Engagement, kind: int, which: int) -> bytes:
    count = min(max(act.count, 0), _COUNT_MAX)
    until = _seconds(act.lasts_until)
    record = ACT.pack(kind, which, _seconds(act.at), count & 0xFFFF)
    return record + ACT.pack(MORE, 0, until, count >> 16) if until or count >> 16 else record


def _name_cell(kind: str, ref: str, name: str) -> str:
    """What classes are told by; of a page without what its address asks for, which may be personal."""
    told = name.partition("?")[0].partition("#")[0] if kind == PAGE else name
    return _ENTRY.join((_clean(ref), _clean(told)))


def _acts(records: bytes, names: Sequence[str], heading: Heading) -> Iterator[Engagement]:
    act: Engagement | None = None
    for place, which, at, count in ACT.iter_unpack(records):
        if place == MORE:
            assert act is not None, "it follows an act"
            act = replace(act, lasts_until=_moment(at), count=act.count + (count << 16))
            continue
        if act is not None:
            yield act
        kind = heading.kinds[place]
        ref, name = "", str(which) if which else ""
        if which and kind in NAMED:
            name, ref = name_of(names[which - 1])
            name = f"{name}#{which}" if kind == PAGE else name
        act = Engagement(kind=kind, at=_moment(at), name=name, ref=ref, count=count)
    if act is not None:
        yield act


def _clean(text: str) -> str:
    return text.replace(CELL, " ").replace(_ENTRY, " ")


def _seconds(at: datetime | None) -> int:
    return _NO_TIME if at is None else min(max(int(at.timestamp() // 1), _NO_TIME + 1), _COUNT_MAX)


def _moment(seconds: int) -> datetime | None:
    return None if seconds == _NO_TIME else datetime.fromtimestamp(seconds, UTC)
