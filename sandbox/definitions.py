"""Property definitions and their groups, one registry per kind of record."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sandbox.errors import Json, RefusedError, invalid, name_taken, not_found
from sandbox.times import to_iso

if TYPE_CHECKING:
    from sandbox.bodies import NewGroup, NewProperty, PropertyChange

# HubSpot properties guide: which field types go with which type.
FIELD_TYPES = {
    "number": {"number", "calculation_equation"},
    "string": {"text", "textarea", "phonenumber", "html", "file"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
}
OPTIONS_MAX = 5_000
OPTION_TEXT_MAX = 3_000
# Recorded in a test account in 2026-09 (kalup); unique ones: HubSpot properties guide.
CUSTOM_MAX = 1_000
UNIQUE_MAX = 10
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One allowed value of an enumeration."""

    value: str
    label: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""

    def as_json(self) -> Json:
        return {
            "label": self.label,
            "value": self.value,
            "description": self.description,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A property as `GET /crm/v3/properties/{type}` describes it; times in epoch milliseconds.

    One that is not `listed` has values, but is in no list of properties.
    """

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[Option, ...] = ()
    display_order: int = -1
    calculated: bool = False
    external_options: bool = False
    hidden: bool = False
    read_only: bool = False
    read_only_definition: bool = False
    read_only_options: bool = False
    archivable: bool = True
    hubspot_defined: bool = False
    unique: bool = False
    form_field: bool = False
    listed: bool = True
    created_ms: int = 0
    updated_ms: int = 0
    archived_ms: int | None = None
    allowed: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", frozenset(option.value for option in self.options))

    def as_json(self) -> Json:
        """The definition as HubSpot sends it, flags included."""
        described: Json = {
            "updatedAt": to_iso(self.updated_ms),
            "createdAt": to_iso(self.created_ms),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.as_json() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": self.external_options,
            "archived": self.archived_ms is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot_defined,
            "modificationMetadata": {
                "archivable": self.archivable,
                "readOnlyDefinition": self.read_only_definition,
                "readOnlyOptions": self.read_only_options,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
        }
        if self.archived_ms is not None:
            described["archivedAt"] = to_iso(self.archived_ms)
        return described


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A heading under which HubSpot shows properties."""

    name: str
    label: str
    display_order: int = -1

    def as_json(self) -> Json:
        return {"name": self.name, "label": self.label, "displayOrder": self.display_order, "archived": False}


class Definitions:
    """All property definitions and groups of one kind of record."""

    def __init__(self, groups: Iterable[Group], definitions: Iterable[Definition]) -> None:
        self.groups = {group.name: group for group in groups}
        self._all = {definition.name: definition for definition in definitions}

    def get(self, name: str) -> Definition | None:
        """The definition of that name, unless it is archived."""
        found = self._all.get(name)
        return found if found and found.archived_ms is None else None

    def require(self, name: str) -> Definition:
        """The definition of that name, or a 404."""
        if found := self.get(name):
            return found
        raise unknown_property(name)

    def list(self, *, archived: bool = False) -> Sequence[Definition]:
        return [definition for definition in self._all.values() if (definition.archived_ms is not None) == archived]

    def put(self, definition: Definition) -> None:
        """Add a definition or replace the one of that name, without asking."""
        self._all[definition.name] = definition

    def create(self, asked: "NewProperty", *, at_ms: int) -> Definition:
        """Create a property as the API does: 409 for a taken name; an archived one of that name comes back."""
        definition = self._checked(
            Definition(name=asked.name.lower(), **_fields(asked), created_ms=at_ms, updated_ms=at_ms)
        )
        if self.get(definition.name):
            raise property_taken(definition.name)
        self._check_room(definition)
        self.put(definition)
        return definition

    def change(self, name: str, asked: "PropertyChange", *, at_ms: int) -> Definition:
        """Change a property; `options` replaces the whole list."""
        found = self.require(name)
        changeable = {"group", "display_order", "label"} | (set() if found.read_only_options else {"options"})
        fields = _fields(asked)
        if found.read_only_definition and fields.keys() - changeable:
            raise invalid(f'The definition of "{name}" is read-only.', subCategory="Properties.READ_ONLY_DEFINITION")
        changed = self._checked(replace(found, **fields, updated_ms=at_ms))
        self.put(changed)
        return changed

    def archive(self, name: str, *, at_ms: int) -> None:
        found = self.require(name)
        if found.hubspot_defined:
            raise invalid(f'HubSpot\'s own property "{name}" cannot be archived.')
        self.put(replace(found, archived_ms=at_ms))

    def create_group(self, asked: "NewGroup") -> Group:
        """Create a group; 409 for a taken name (its recorded body is unknown, so it is modelled on a property's)."""
        group = Group(name=asked.name, label=asked.label, display_order=asked.display_order)
        if group.name in self.groups:
            raise name_taken("property group", group.name, "Properties.GROUP_WITH_NAME_EXISTS")
        self.groups[group.name] = group
        return group

    def archive_group(self, name: str) -> None:
        if name not in self.groups:
            raise not_found()
        if any(definition.group == name for definition in self.list()):
            raise invalid(
                f"Group '{name}' still holds properties.",
                subCategory="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
            )
        del self.groups[name]

    def _check_room(self, added: Definition) -> None:
        custom = [each for each in self.list() if not each.hubspot_defined]
        if len(custom) >= CUSTOM_MAX:
            raise invalid(f"The limit of {CUSTOM_MAX} custom properties is reached.")
        if added.unique and sum(each.unique for each in custom) >= UNIQUE_MAX:
            raise invalid(f"The limit of {UNIQUE_MAX} properties with unique values is reached.")

    def _checked(self, definition: Definition) -> Definition:
        if not _NAME.fullmatch(definition.name):
            raise invalid(
                f"Property name '{definition.name}' may hold lower case letters, digits and underscores only."
            )
        if definition.field_type not in FIELD_TYPES.get(definition.type, ()):
            raise invalid(f"Field type '{definition.field_type}' does not go with type '{definition.type}'.")
        if definition.group not in self.groups:
            raise invalid(f"Property group '{definition.group}' does not exist.")
        if definition.type == "bool" and definition.allowed != {"true", "false"}:
            raise invalid(
                "Boolean properties need exactly the options true and false.", subCategory="INVALID_BOOLEAN_OPTION"
            )
        if len(definition.options) > OPTIONS_MAX:
            raise invalid(f"A property may have at most {OPTIONS_MAX} options.")
        if any(len(option) > OPTION_TEXT_MAX for option in definition.allowed):
            raise invalid(f"An option may have at most {OPTION_TEXT_MAX} characters.")
        return definition


def unknown_property(name: str) -> RefusedError:
    """404 for a property that does not exist, or cannot be read yet."""
    return not_found(f'Property "{name}" does not exist', context={"name": [name]})


def property_taken(name: str) -> RefusedError:
    """409 for a property that exists, as recorded."""
    return name_taken("property", name, "Properties.PROPERTY_WITH_NAME_EXISTS")


_FIELDS = {
    "label": "label",
    "type": "type",
    "field_type": "field_type",
    "group_name": "group",
    "description": "description",
    "display_order": "display_order",
    "hidden": "hidden",
    "form_field": "form_field",
    "has_unique_value": "unique",
    "external_options": "external_options",
}


def _fields(asked: "PropertyChange") -> dict[str, Any]:
    """What a create or update says about a definition, as its fields."""
    said = {ours: value for theirs, ours in _FIELDS.items() if (value := getattr(asked, theirs)) is not None}
    if asked.options is not None:
        said["options"] = tuple(Option(**option.model_dump()) for option in asked.options)
    return said
