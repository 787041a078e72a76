"""The columns of an export: which property each of them holds.

A heading is a property's internal name, or its label as HubSpot's exports show it unless told otherwise (exports guide,
`exportInternalValuesOptions`). What is neither becomes a custom property.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.definitions import Definition, Definitions
from sandbox.portal import Portal
from sandbox.stages import Stage
from sandbox.times import read_ms
from sandbox.writing import STAGE

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_EPOCH_MS = re.compile(r"1\d{12}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}\S*")

# Headings of exports that no label has: older ones, and that of an export of several kinds of records.
_OTHER_HEADINGS = {
    "record id contact": "hs_object_id",
    "contact id": "hs_object_id",
    "original source": "hs_analytics_source",
    "original source drill down 1": "hs_analytics_source_data_1",
    "original source drill down 2": "hs_analytics_source_data_2",
}
# What HubSpot calls a value whose name says something else.
_OTHER_LABELS = {
    "hs_analytics_source": {"offline sources": "OFFLINE", "organic social": "SOCIAL_MEDIA"},
    "hs_latest_source": {"offline sources": "OFFLINE", "organic social": "SOCIAL_MEDIA"},
}
_FLAG = {"true", "false"}
_FLAG_LABELS = {"yes": "true", "no": "false"}

Values = Callable[[int], Collection[str]]
"""The different values of the column at that place, empty ones left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, by its place and heading, with the property it holds and that property's values by label."""

    place: int
    heading: str
    definition: Definition
    by_label: Mapping[str, str]

    def value_of(self, text: str) -> str:
        """The internal value that a value or its label stands for; the text itself where it is neither."""
        return text if text in self.definition.allowed else self.by_label.get(_folded(text), text)


def read_columns(portal: Portal, headings: Sequence[str], values: Values) -> list[Column]:
    """The columns that hold a property; custom properties are added to the portal.

    Stages that the portal lacks are added to it: each portal has its own, and who is in one of them is not a lead.
    ValueError, with all mistakes, where no column holds a property of HubSpot's, or not each a property of its own.
    """
    names = {place: _name(portal.contacts.definitions, heading) for place, heading in enumerate(headings)}
    if not any(name and portal.contacts.definitions.get(name) for name in names.values()):
        raise ValueError(_not_an_export(headings))
    names = {place: name for place, name in names.items() if headings[place] or values(place)}
    if mistakes := list(_mistakes(headings, names)):
        raise ValueError("; ".join(mistakes))
    for place, name in names.items():
        if name == STAGE:
            _add_stages(portal, values(place))
    return [_column(portal, place, headings[place], name or "", values) for place, name in names.items()]


def _name(definitions: Definitions, heading: str) -> str | None:
    """The internal name that a heading stands for; None where none can be made of it."""
    label = _folded(heading)
    if definitions.get(heading.lower()):
        return heading.lower()
    if _NAME.fullmatch(heading):
        return heading
    if label in _OTHER_HEADINGS:
        return _OTHER_HEADINGS[label]
    alike = [each for each in definitions.list() if each.hubspot_defined and _folded(each.label) == label]
    if alike and label:
        return min(alike, key=lambda each: each.hidden).name
    made = "_".join(re.findall(r"[a-z0-9]+", unicodedata.normalize("NFKD", heading.lower())))
    return made if _NAME.fullmatch(made) else None


def _folded(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def _not_an_export(headings: Sequence[str]) -> str:
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if separator in headings[0]:
            return f"its columns are separated by {called}, not by commas"
    return "no column bears the internal name or the English label of a HubSpot property, such as email or Email"


def _mistakes(headings: Sequence[str], names: Mapping[int, str | None]) -> Iterator[str]:
    first: dict[str, int] = {}
    for place, name in names.items():
        heading = headings[place]
        if not heading:
            yield f"column {place + 1} has values but no heading"
        elif name is None:
            yield f'no internal name can be made of the heading of column {place + 1}, "{heading}"; give it one'
        elif name in first:
            earlier = first[name]
            yield f'columns {earlier + 1} and {place + 1}, "{headings[earlier]}" and "{heading}", are both {name}'
        else:
            first[name] = place


def _add_stages(portal: Portal, told: Iterable[str]) -> None:
    known = {_folded(said) for stage in portal.stages for said in (stage.id, stage.label)}
    lacking = {_folded(text): text for text in sorted(told) if _folded(text) not in {*known, ""}}
    made = [Stage(name.replace(" ", "_"), text) for name, text in lacking.items()]
    if made:
        portal.set_stages([*portal.stages, *made])


def _column(portal: Portal, place: int, heading: str, name: str, values: Values) -> Column:
    definition = portal.contacts.definitions.get(name) or _custom(portal, heading, name, values(place))
    by_label = {_folded(said): option.value for option in definition.options for said in (option.value, option.label)}
    by_label |= _OTHER_LABELS.get(name, {})
    if definition.type == "bool" or definition.allowed == _FLAG:
        by_label |= _FLAG_LABELS
    return Column(place=place, heading=heading, definition=definition, by_label=by_label)


def _custom(portal: Portal, heading: str, name: str, present: Collection[str]) -> Definition:
    """A custom property whose type fits every value of the column."""
    label = None if heading == name else heading

    def all_match(pattern: re.Pattern[str]) -> bool:
        return bool(present) and all(pattern.fullmatch(text) for text in present)

    if present and {text.lower() for text in present} <= _FLAG:
        return portal.define(name, "bool", "booleancheckbox", options=("true", "false"), label=label)
    if all_match(_DAY):
        return portal.define(name, "date", "date", label=label)
    if all_match(_EPOCH_MS) or (all_match(_MOMENT) and all(read_ms(text) is not None for text in present)):
        return portal.define(name, "datetime", "date", label=label)
    if all_match(_NUMBER):
        return portal.define(name, "number", "number", label=label)
    return portal.define(name, "string", "text", label=label)
