"""A record's values, kept small, and where each came from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from typing import Self, TypeVar, overload

from sandbox.errors import Json
from sandbox.times import read_ms, to_iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who wrote a value, in HubSpot's words (`propertiesWithHistory`)."""

    type: str
    id: str | None = None
    label: str | None = None
    user_id: int | None = None


# CRM_UI, INTEGRATION and ANALYTICS are recorded names. Those of imports, workflows and deal sync are the likely ones of
# the many that hubspot-api-client lists (`PropertyValue.source`).
IMPORTED = Source(type="IMPORT", id="import-1")
ANALYTICS = Source(type="ANALYTICS")
DEAL_SYNC = Source(type="DEALS", id="deal-sync")
MERGED = Source(type="MERGE_OBJECTS")


# What else that list has for what is no person, and could be meant instead.
_OTHER_NAMES: Mapping[str, str] = {
    "IMPORT": "BATCH_UPDATE",
    "DEALS": "PORTAL_OBJECT_SYNC",
    "AUTOMATION_PLATFORM": "WORKFLOWS",
    "INTEGRATION": "INTEGRATIONS_PLATFORM",
}
SET_UP_BY = 61_001
"""The user who set up what writes by itself: the portal's first."""


# One source stands behind very many values: the same one each time, rather than as many that are equal.
@cache
def a_person(user_id: int) -> Source:
    return Source(type="CRM_UI", id=f"userId:{user_id}", user_id=user_id)


@cache
def a_workflow(workflow_id: str) -> Source:
    return Source(type="AUTOMATION_PLATFORM", id=f"enrollmentId:{workflow_id}", label=f"Workflow {workflow_id}")


@cache
def an_integration(app_id: int, label: str) -> Source:
    return Source(type="INTEGRATION", id=str(app_id), label=label)


@dataclass(frozen=True, slots=True)
class Version:
    """One value that a property had, from the given epoch millisecond on."""

    value: str
    at_ms: int
    source: Source

    def as_json(self, *, named_otherwise: bool = False, tells_user: bool = False) -> Json:
        """The version as HubSpot's history tells it; the switches say under which name, and whether with a user."""
        source = self.source
        named = _OTHER_NAMES.get(source.type, source.type) if named_otherwise else source.type
        told: Json = {"value": self.value, "timestamp": to_iso(self.at_ms), "sourceType": named}
        if source.id is not None:
            told["sourceId"] = source.id
        if source.label is not None:
            told["sourceLabel"] = source.label
        user_id = SET_UP_BY if tells_user and source.type in _OTHER_NAMES else source.user_id
        if user_id is not None:
            told["updatedByUserId"] = user_id
        return told


_BETWEEN = "\x7f"
_MARK = "\x01"

Default = TypeVar("Default")
Row = list[str]
"""A record's values column by column: `""` where it never had one, marked where `""` would be misunderstood."""


class Columns:
    """Which place each property has in the rows of one kind of record; grows as properties are used."""

    __slots__ = ("_asked", "_last", "places")

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        # What was read last is mostly what is read next, and the same names are asked of a whole page.
        self._last: tuple[object, Row] = (None, [])
        self._asked: tuple[Sequence[str], int, Callable[[Row], Iterable[str]]] = ((), 0, tuple)

    def place(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))

    def row(self, held: "str | tuple[str, ...]") -> Row:
        """The row that is held, not to be changed: a value for each place, and one that is empty."""
        last, width = self._last, len(self.places) + 1
        if last[0] is held and len(last[1]) == width:
            return last[1]
        row = held.split(_BETWEEN) if isinstance(held, str) else list(held)
        row.extend([""] * (width - len(row)))
        self._last = (held, row)
        return row

    def values(self, names: Sequence[str]) -> Callable[[Row], Iterable[str]]:
        """What picks the values of these properties out of a row."""
        asked = self._asked
        if asked[0] is names and asked[1] == len(self.places):
            return asked[2]
        # The last place of a row is empty, as is a property that nobody has.
        pick = itemgetter(*(self.places.get(name, -1) for name in names), -1)
        self._asked = (names, len(self.places), pick)
        return pick


def _marked(value: str) -> str:
    return value if value and value[0] != _MARK else _MARK + value


def _packed(row: Row) -> str | tuple[str, ...]:
    text = _BETWEEN.join(row)
    # A value may hold anything, also the character that stands between values: such a rare row stays as it is.
    return text if text.count(_BETWEEN) == len(row) - 1 else tuple(row)


class Properties(MutableMapping[str, str]):
    """The values of one record, packed into one text: a dict for each of a million contacts takes four times the room.

    `copy` costs nothing: what is packed never changes, writing a value packs anew.
    """

    __slots__ = ("_columns", "_held")

    def __init__(self, columns: Columns, values: Mapping[str, str]) -> None:
        self._columns = columns
        places = columns.places
        row: Row = [""] * len(places)
        for name, value in values.items():
            if name not in places:
                columns.place(name)
                row.append("")
            row[places[name]] = _marked(value)
        self._held = _packed(row)

    def copy(self) -> Self:
        twin = object.__new__(type(self))
        twin._columns, twin._held = self._columns, self._held
        return twin

    def told(self, names: Sequence[str]) -> dict[str, str | None]:
        """The values of these properties, None for those never set."""
        held = self._held
        values = self._columns.values(names)(self._columns.row(held))
        if isinstance(held, str) and _MARK not in held:
            return {name: value or None for name, value in zip(names, values, strict=False)}
        return {name: value.removeprefix(_MARK) if value else None for name, value in zip(names, values, strict=False)}

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    @overload
    def get(self, name: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str, /) -> str: ...
    @overload
    def get(self, name: str, default: Default, /) -> str | Default: ...
    def get(self, name: str, default: object = None, /) -> object:
        value = self._columns.row(self._held)[self._columns.places.get(name, -1)]
        return value.removeprefix(_MARK) if value else default

    def __setitem__(self, name: str, value: str) -> None:
        self._put(self._columns.place(name), _marked(value))

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._put(self._columns.places[name], "")

    def _put(self, place: int, value: str) -> None:
        row = self._columns.row(self._held)[:-1]
        row[place] = value
        self._held = _packed(row)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in zip(self._columns.places, self._columns.row(self._held), strict=False) if value)

    def __len__(self) -> int:
        return sum(map(bool, self._columns.row(self._held)))


class Record:
    """A contact or company. A property never set is absent from `properties`; a cleared one holds `""`."""

    __slots__ = ("archived_ms", "created_by", "history", "id", "properties")

    def __init__(self, record_id: int, properties: Properties, created_by: Source) -> None:
        self.id = record_id
        self.properties = properties
        self.created_by = created_by
        self.archived_ms: int | None = None
        # Only what was written after loading: a large portal would not fit in memory otherwise.
        self.history: Mapping[str, list[Version]] = _NO_HISTORY

    def as_it_is(self) -> "Record":
        """A copy that later changes do not touch."""
        twin = Record(self.id, self.properties.copy(), self.created_by)
        if self.history:
            twin.history = {name: [*versions] for name, versions in self.history.items()}
        return twin

    def versions(self, name: str) -> list[Version]:
        """Every value the property had, newest first; empty if it was never set."""
        if name in self.history:
            return self.history[name][::-1]
        value = self.properties.get(name)
        return [] if value is None else [Version(value, self._created_ms(), self.created_by)]

    def set(self, name: str, version: Version) -> None:
        """Give a property a new value, and remember the old one."""
        if name not in self.history:
            self.history = {**self.history, name: self.versions(name)}
        self.history[name].append(version)
        self.properties[name] = version.value

    def as_json(self, names: Sequence[str], *, modified: str, url: str) -> Json:
        """The record as HubSpot sends it; `modified` names the property that holds its last change."""
        held = self.properties
        told: Json = {
            "id": str(self.id),
            "properties": held.told(names),
            "createdAt": held["createdate"],
            "updatedAt": held[modified],
            "archived": self.archived_ms is not None,
            "url": url,
        }
        if self.archived_ms is not None:
            told["archivedAt"] = to_iso(self.archived_ms)
        return told

    def _created_ms(self) -> int:
        created = read_ms(self.properties["createdate"])
        assert created is not None
        return created


_NO_HISTORY: Mapping[str, list[Version]] = MappingProxyType({})
