"""The property group and the properties of ours: created where missing, completed where half there."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from config import GRADES, Rulebook
from sync.hubspot.connection import Connection
from sync.hubspot.paging import Row
from sync.hubspot.portal import options_of, property_definitions
from sync.ports import FatalError, RetryableError
from sync.records import Role
from sync.wording import ANSWER_LABELS

GROUP = "lead_scoring"
CONTACTS = "contacts"
_CREATED = "created"
_GROUP_LABEL = "Lead scoring"
_READABLE_TRIES = 20
_READABLE_PAUSE_S = 0.5
"""A new property can be read 250 to 700 ms after it was created (kalup, conformance runs of 2026-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    """A property as it must be."""

    label: str
    description: str
    type: str
    field_type: str
    options: Sequence[tuple[str, str]] = ()
    """Values and labels, in the order shown."""

    def as_json(self, name: str, order: int) -> dict[str, Any]:
        return {
            "name": name,
            "label": self.label,
            "description": self.description,
            "groupName": GROUP,
            "type": self.type,
            "fieldType": self.field_type,
            "displayOrder": order,
            "options": [_option(value, label, place) for place, (value, label) in enumerate(self.options)],
        }


_YES_NO = (("true", "Yes"), ("false", "No"))

_DEFINITIONS: Mapping[Role, _Definition] = {
    "score": _Definition(
        label="Lead score",
        description="The total of all scoring rules. Written by scoreline.",
        type="number",
        field_type="number",
    ),
    "fit": _Definition(
        label="Lead score: fit",
        description="The part of the lead score for who the lead is. Written by scoreline.",
        type="number",
        field_type="number",
    ),
    "engagement": _Definition(
        label="Lead score: engagement",
        description="The part of the lead score for what the lead did. Written by scoreline.",
        type="number",
        field_type="number",
    ),
    "grade": _Definition(
        label="Lead grade",
        description="Letter: fit, A best. Digit: engagement, 4 best. Written by scoreline.",
        type="enumeration",
        field_type="select",
        options=tuple((grade, grade) for grade in GRADES),
    ),
    "reasons": _Definition(
        label="Lead score: reasons",
        description="The rules that count most, with their points. Written by scoreline.",
        type="string",
        field_type="textarea",
    ),
    "surge": _Definition(
        label="Surging: for the senior owner",
        description="Yes while a lead that was quiet for a month bursts into activity. Written by scoreline.",
        type="bool",
        field_type="booleancheckbox",
        options=_YES_NO,
    ),
    "exclusion": _Definition(
        label="Lead scoring: exclusion",
        description="Why a contact that had a score has none any more. Written by scoreline.",
        type="string",
        field_type="text",
    ),
    "feedback": _Definition(
        label="Lead scoring: sales feedback",
        description="What sales say of this lead. Set by sales; the lead moves accordingly.",
        type="enumeration",
        field_type="radio",
        options=tuple((answer.value, label) for answer, label in ANSWER_LABELS.items()),
    ),
    "feedback_points": _Definition(
        label="Lead scoring: points taken by feedback",
        description="Points that answers of Not ready have taken so far. Written by scoreline.",
        type="number",
        field_type="number",
    ),
    "resync": _Definition(
        label="Lead scoring: score again now",
        description="Tick to have this contact scored again; scoreline unticks it when done.",
        type="bool",
        field_type="booleancheckbox",
        options=_YES_NO,
    ),
    "hold": _Definition(
        label="Lead scoring: leave the stage alone",
        description="Tick to keep scoreline from changing this lead's stage; it is still scored.",
        type="bool",
        field_type="booleancheckbox",
        options=_YES_NO,
    ),
}


def provision(
    connection: Connection, rulebook: Rulebook, *, sleep: Callable[[float], None] = time.sleep
) -> list[tuple[str, str]]:
    """Have the group and every property of ours in the portal, and say of each what was done. Safe to repeat.

    FatalError, before anything is created, when the portal uses one of the names for something else;
    RetryableError when HubSpot does not show what it was asked to create.
    """
    ours = _ours(rulebook)
    there = {of: property_definitions(connection, of) for of in ours}
    problems = [
        problem
        for of, definitions in ours.items()
        for name, definition in definitions.items()
        if (problem := _unusable(definition, there[of].get(name), name))
    ]
    if problems:
        raise FatalError(
            f"{' '.join(problems)} Nothing was created. Rename or delete what is in the way in HubSpot, or give ours "
            "another name under `properties` in the rulebook."
        )
    done: list[tuple[str, str]] = []
    for of, definitions in ours.items():
        provided = [(GROUP, _have_group(connection, of)), *_have(connection, of, definitions, there[of])]
        _wait_for(connection, of, [name for name, what in provided[1:] if what == _CREATED], sleep)
        done += provided if of == CONTACTS else [(f"{of}: {name}", what) for name, what in provided]
    return done


def _have(
    connection: Connection, of: str, definitions: Mapping[str, _Definition], there: Mapping[str, Row]
) -> Iterator[tuple[str, str]]:
    """Have each property, and say what was done for it."""
    for order, (name, definition) in enumerate(definitions.items()):
        if name in there:
            yield name, _complete(connection, of, definition, there[name])
        else:
            _create(connection, of, definition.as_json(name, order))
            yield name, _CREATED


def _ours(rulebook: Rulebook) -> Mapping[str, Mapping[str, _Definition]]:
    """Every property of ours, by what it is of and by name: those of the roles, a number for each further score, and
    that of companies where they have one."""
    names = cast(Mapping[Role, str], rulebook.properties)
    roles = {names[role]: definition for role, definition in _DEFINITIONS.items()}
    further = {
        score.property: _number(score.label, "A further score of the rulebook.")
        for score in rulebook.rubric.scores.values()
    }
    ours: dict[str, Mapping[str, _Definition]] = {CONTACTS: roles | further}
    if account := rulebook.account:
        ours["companies"] = {account.property: _number(account.label, "What the scores of its contacts come to.")}
    return ours


def _number(label: str, description: str) -> _Definition:
    return _Definition(
        label=label, description=f"{description} Written by scoreline.", type="number", field_type="number"
    )


def _unusable(definition: _Definition, there: Row | None, name: str) -> str:
    """What keeps an existing property from being ours; empty if nothing does."""
    if there is None:
        return ""
    allowed = {"bool", "enumeration"} if definition.type == "bool" else {definition.type}
    if there.get("type") not in allowed:
        return f"The portal's property {name} is of type {there.get('type')}; ours must be {definition.type}."
    if (there.get("modificationMetadata") or {}).get("readOnlyValue") or there.get("calculated"):
        return f"The portal's property {name} cannot be written."
    return ""


def _have_group(connection: Connection, of: str) -> str:
    groups = connection.api.property_groups
    found = connection.read(groups.get_by_name, of, GROUP, holds="name", expects=(200, 404), urgent=True)
    if found.status == 200:
        return "was there"
    group = {"name": GROUP, "label": _GROUP_LABEL, "displayOrder": -1}
    connection.define(groups.create, of, group, holds="name", expects=(200, 201, 409))
    return _CREATED


def _create(connection: Connection, of: str, definition: Mapping[str, Any]) -> None:
    """Create a property; that somebody else just did (409) is as good."""
    create = connection.api.properties.create
    connection.define(create, of, definition, holds="name", expects=(200, 201, 409))


def _complete(connection: Connection, of: str, definition: _Definition, there: Row) -> str:
    """Add the options that are missing; those that people added stay, since the list is sent whole."""
    present = options_of(there)
    values = {option["value"] for option in present}
    missing = list(_missing_options(definition, values, first_order=len(present)))
    if not missing:
        return "was there"
    kept = [{key: option.get(key) for key in ("label", "value", "displayOrder", "hidden")} for option in present]
    update, options = connection.api.properties.update, {"options": [*kept, *missing]}
    connection.define(update, of, there["name"], options, holds="name", expects=(200,))
    return f"completed: {', '.join(option['value'] for option in missing)}"


def _missing_options(definition: _Definition, values: set[str], *, first_order: int) -> Iterator[dict[str, Any]]:
    missing = [(value, label) for value, label in definition.options if value not in values]
    for order, (value, label) in enumerate(missing, start=first_order):
        yield _option(value, label, order)


def _option(value: str, label: str, order: int) -> dict[str, Any]:
    return {"value": value, "label": label, "displayOrder": order, "hidden": False}


def _wait_for(connection: Connection, of: str, names: Sequence[str], sleep: Callable[[float], None]) -> None:
    missing = set(names)
    for _ in range(_READABLE_TRIES):
        if missing:
            missing -= property_definitions(connection, of).keys()
        if not missing:
            return
        sleep(_READABLE_PAUSE_S)
    raise RetryableError(
        f"HubSpot accepted {', '.join(sorted(missing))}, but does not show it after "
        f"{_READABLE_TRIES * _READABLE_PAUSE_S:.0f} seconds. Run `scoreline provision` again in a minute."
    )
