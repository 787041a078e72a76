"""The search endpoint: filters, sorts and their limits (HubSpot search guide), over what the index knows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.bodies import Filter, Search, Sort
from sandbox.collection import Collection
from sandbox.definitions import Definition
from sandbox.errors import invalid, refused
from sandbox.ids import read_whole
from sandbox.narrowing import ID, Way, shortest_way
from sandbox.records import Record
from sandbox.times import DAY_MS, read_ms

if TYPE_CHECKING:
    from sandbox.portal import Portal

BODY_MAX = 3_000
PAGE_MAX = 200
REACH_MAX = 10_000
FILTERS_PER_GROUP_MAX = 6
_SEARCHED_BY_QUERY = ("email", "firstname", "lastname", "phone", "company", "name", "domain")

Properties = Mapping[str, str]
Test = Callable[[Properties], bool]
Comparable = float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of matches: how many there are in all, this page's records, and the offset of the next page."""

    total: int
    page: list[Record]
    next_offset: int | None


def search(portal: "Portal", collection: Collection, asked: Search) -> Found:
    """Find records as the index shows them; raises a 400 for a query that HubSpot would refuse."""
    offset, end = _paging(asked)
    groups = _groups(portal, asked)
    tests = [[_test(portal, collection, given) for given in group] for group in groups]
    order = _order(portal, collection, asked.sorts)
    query = asked.query.lower()
    collection.index.catch_up(portal.clock.elapsed_s(), lag_s=portal.switches.index_lag_s)
    way = shortest_way(collection, groups[0] if len(groups) == 1 else (), by_date=order.by_date)
    if way.is_exact and not query and len(groups) <= 1 and order.is_that_of(way):
        total, page = way.count, list(collection.index.shown(way.part(offset, end, decreasing=order.decreasing)))
    else:
        matches = [
            record
            for record in collection.index.shown(way.part(0, way.count))
            if (not tests or any(all(test(record.properties) for test in group) for group in tests))
            and (not query or any(query in record.properties.get(name, "").lower() for name in _SEARCHED_BY_QUERY))
        ]
        total, page = len(matches), order.sorted(matches, way)[offset:end]
    if portal.switches.search_shows_new_values:
        page = [collection.live.get(record.id, record) for record in page]
    return Found(total=total, page=page, next_offset=end if end < total else None)


def _paging(asked: Search) -> tuple[int, int]:
    """The places among all results at which the page begins and before which it ends."""
    offset = read_whole(asked.after or "0")
    if offset is None:
        raise invalid(f"'{asked.after}' is not a valid paging offset")
    if not 1 <= asked.limit <= PAGE_MAX:
        raise invalid(f"limit must be from 1 to {PAGE_MAX}, not {asked.limit}")
    if offset + asked.limit > REACH_MAX:
        raise invalid(f"Cannot page beyond the first {REACH_MAX} results of a search")
    return offset, offset + asked.limit


def _groups(portal: "Portal", asked: Search) -> list[list[Filter]]:
    groups_max, filters_max = portal.switches.filter_groups_max, portal.switches.filters_max
    groups = [group.filters for group in asked.filter_groups]
    if asked.filters:
        groups.append(asked.filters)
    sizes = [len(group) for group in groups]
    if len(groups) > groups_max or max(sizes, default=0) > FILTERS_PER_GROUP_MAX or sum(sizes) > filters_max:
        raise invalid(
            f"Too many filters: at most {groups_max} groups of {FILTERS_PER_GROUP_MAX} filters, {filters_max} in all"
        )
    return groups


def _test(portal: "Portal", collection: Collection, given: Filter) -> Test:
    name, operator = given.property_name, given.operator
    definition = collection.definitions.get(name)
    if definition is None:
        raise invalid(f"Property '{name}' does not exist")
    _check_operands(given)
    if operator == "HAS_PROPERTY":
        return lambda known: bool(known.get(name))
    if operator == "NOT_HAS_PROPERTY":
        return lambda known: not known.get(name)
    negated = operator in {"NEQ", "NOT_IN", "NOT_CONTAINS_TOKEN"}
    matches = _by_choice(definition, _matcher(definition, given))
    if_empty = portal.switches.empty_matches_not_equal and negated

    def test(known: Properties) -> bool:
        value = known.get(name)
        return matches(value) != negated if value else if_empty

    return test


def _by_choice(definition: Definition, matches: Callable[[str], bool]) -> Callable[[str], bool]:
    """Of several choices each one is compared (hubspot-api-nodejs#24), and not the text that joins them."""
    if definition.type != "enumeration":
        return matches
    return lambda value: any(matches(choice) for choice in value.split(";"))


def _check_operands(given: Filter) -> None:
    """Each operator takes what it compares with, and nothing else: one that asks for a value at all takes none."""
    takes = _OPERANDS.get(given.operator)
    if takes is None:
        raise invalid(f"'{given.operator}' is not a valid filter operator")
    sent = {name for name in ("value", "high_value", "values") if getattr(given, name) is not None}
    if takes - sent:
        raise invalid(f"operator {given.operator} requires a {' and a '.join(sorted(takes))}")
    if sent and not takes:
        raise invalid(f"operator {given.operator} takes no value")


def _matcher(definition: Definition, given: Filter) -> Callable[[str], bool]:
    def read(value: str | None) -> Comparable:
        comparable = _comparable(definition, value or "")
        if comparable is None:
            raise invalid(f"'{value}' is not a valid {definition.type} for property '{definition.name}'")
        if comparable == 0 and definition.type == "datetime":
            # Seen where a filter's date was exactly the epoch; a second later is well (estuary/connectors).
            raise refused(500, "INTERNAL_ERROR", "internal error")
        return comparable

    def stored(value: str) -> Comparable:
        comparable = _comparable(definition, value)
        # A stored value that is no number or time can equal nothing.
        return float("nan") if comparable is None else comparable

    match given.operator:
        case "IN" | "NOT_IN":
            # Text is compared in lower case with the values as given, which therefore must be lower case.
            asked = {value if _is_text(definition) else read(value) for value in given.values or ()}
            return lambda value: stored(value) in asked
        case "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN":
            return _token_matcher(given.value or "")
        case "BETWEEN":
            low, high = read(given.value), read(given.high_value)
            return lambda value: low <= stored(value) <= high  # type: ignore[operator]
    wanted, compare = read(given.value), _COMPARISONS[given.operator]
    return lambda value: compare(stored(value), wanted)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda stored, wanted: stored == wanted,
    "NEQ": lambda stored, wanted: stored == wanted,
    "LT": lambda stored, wanted: stored < wanted,
    "LTE": lambda stored, wanted: stored <= wanted,
    "GT": lambda stored, wanted: stored > wanted,
    "GTE": lambda stored, wanted: stored >= wanted,
}

_OPERANDS: Mapping[str, set[str]] = {
    **{operator: {"value"} for operator in (*_COMPARISONS, "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN")},
    "BETWEEN": {"value", "high_value"},
    "IN": {"values"},
    "NOT_IN": {"values"},
    # Refused with a value (appsmith#39865).
    "HAS_PROPERTY": set(),
    "NOT_HAS_PROPERTY": set(),
}


def _token_matcher(pattern: str) -> Callable[[str], bool]:
    token = re.compile(".*".join(map(re.escape, pattern.lower().split("*"))))
    return lambda value: any(token.fullmatch(part) for part in (value.lower(), *re.split(r"[\s@.;,/]+", value.lower())))


def _comparable(definition: Definition, value: str) -> Comparable | None:
    """The value as filters and sorts compare it: numbers and milliseconds as numbers, text in lower case."""
    match definition.type:
        case "number":
            try:
                return float(value)
            except ValueError:
                return None
        case "datetime":
            return read_ms(value)
        case "date":
            ms = read_ms(value)
            return None if ms is None else ms // DAY_MS
    return value.lower() if _is_text(definition) else value


def _is_text(definition: Definition) -> bool:
    return definition.type == "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What a search sorts by; without a name by id, which is the order of creation."""

    name: str
    key: Callable[[Record], Any]
    decreasing: bool
    by_id: bool
    by_date: bool

    def is_that_of(self, way: Way) -> bool:
        return (self.by_id and way.by_id) or (self.by_date and way.are_dates)

    def sorted(self, records: list[Record], way: Way) -> list[Record]:
        """The records, which come as they lie on the way; those without a value come last in either direction."""
        if self.is_that_of(way):
            return records[::-1] if self.decreasing else records
        keyed = [(self.key(record), record) for record in records]
        valued = [each for each in keyed if each[0] not in (None, "")]
        valued.sort(key=lambda each: (each[0], each[1].id), reverse=self.decreasing)
        return [record for _, record in valued] + [record for key, record in keyed if key in (None, "")]


def _order(portal: "Portal", collection: Collection, sorts: list[Sort]) -> _Order:
    if len(sorts) > 1:
        raise invalid("A search takes one sort rule")
    name = sorts[0].property_name if sorts else ID
    definition = collection.definitions.get(name)
    if definition is None:
        raise invalid(f"Property '{name}' does not exist")
    as_text = bool(sorts) and name == ID and portal.switches.ids_sort_as_text
    return _Order(
        name=name,
        key=(lambda record: str(record.id))
        if as_text
        else (lambda record: _comparable(definition, record.properties.get(name) or "")),
        decreasing=bool(sorts) and sorts[0].direction == "DESCENDING",
        by_id=name == ID and not as_text,
        by_date=name == collection.kind.modified,
    )
