"""What a request may hold in its body, as types; anything else is HubSpot's 400.

Read as HubSpot reads: a number or a box stands for its text, `null` for what was not sent; unknown keys are passed
over.
"""

from typing import Annotated, Any, Generic, Literal, TypeVar

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from sandbox.errors import RefusedError, invalid
from sandbox.values import text_of

T = TypeVar("T")


def _spelled(given: Any) -> Any:
    return text_of(given) if isinstance(given, bool | int | float) else given


def _rule(given: Any) -> Any:
    return {"propertyName": given} if isinstance(given, str) else given


Text = Annotated[str, BeforeValidator(_spelled)]
Filled = Annotated[Text, Field(min_length=1)]
Number = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Values = dict[str, Text | None]
"""Properties by name, with what is to be written."""


class Body(BaseModel):
    """A JSON object."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


Each = TypeVar("Each", bound=Body)


class Inputs(Body, Generic[Each]):
    """A batch."""

    inputs: list[Each]


# Records.


class Named(Body):
    """One record, by its id or by the unique property that the batch or the input names."""

    id: Text
    id_property: Text | None = None


class Written(Body):
    """The values of one record; in a batch they may come with an id to name a failure by."""

    properties: Values = {}
    object_write_trace_id: Text | None = None


class Tied(Body):
    """The kind of a tie, by HubSpot's number for it."""

    association_type_id: Number


class Tie(Body):
    """What a new record is to be tied to, and how."""

    to: Named
    types: list[Tied]


class New(Written):
    """The values of a record that is to be, and what it has to do with."""

    associations: list[Tie] = []


class NamedWritten(Named, Written):
    """The values of a record that is there, or with an upsert may be."""


class BatchRead(Inputs[Named]):
    """Which records to read, and what of them."""

    properties: list[Text] = []
    properties_with_history: list[Text] = []
    id_property: Text | None = None


class Merge(Body):
    """Which contact survives, and which other one is merged into it."""

    primary_object_id: Text
    object_id_to_merge: Text


class PrivacyDeletion(Body):
    """Whom to forget."""

    object_id: Text
    id_property: Text | None = None


# Search.


class Filter(Body):
    """One test of one property."""

    property_name: Text
    operator: Text
    value: Text | None = None
    high_value: Text | None = None
    values: list[Text] | None = None


class FilterGroup(Body):
    """Filters that must all hold."""

    filters: list[Filter] = []


class Sort(Body):
    """What to sort by."""

    property_name: Text
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(Body):
    """A question to search; a sort rule may also be the bare name of a property (search guide)."""

    filter_groups: list[FilterGroup] = []
    filters: list[Filter] = []
    sorts: list[Annotated[Sort, BeforeValidator(_rule)]] = []
    query: Text = ""
    properties: list[Text] = []
    limit: Number = 10
    after: Text = "0"


# Property definitions.


class NamedProperty(Body):
    """One property, by its name."""

    name: Text


class PropertyOption(Body):
    """One value that an enumeration allows."""

    value: Filled
    label: Filled
    display_order: Number = -1
    hidden: bool = False
    description: Text = ""


class PropertyChange(Body):
    """What is to be changed of a property."""

    label: Text | None = None
    type: Text | None = None
    field_type: Text | None = None
    group_name: Text | None = None
    description: Text | None = None
    display_order: Number | None = None
    hidden: bool | None = None
    form_field: bool | None = None
    has_unique_value: bool | None = None
    external_options: bool | None = None
    options: list[PropertyOption] | None = None


class NewProperty(PropertyChange):
    """A property that is to be."""

    name: Filled
    label: Filled
    type: Filled
    field_type: Filled
    group_name: Filled


class NewGroup(Body):
    """A property group that is to be."""

    name: Filled
    label: Filled
    display_order: Number = -1


# Lists and the account.


class NewList(Body):
    """A list that is to be."""

    name: Filled
    processing_type: Text


class ListSearch(Body):
    """Which lists to find, by a part of their names."""

    query: Text = ""
    offset: Annotated[Number, Field(ge=0)] = 0
    count: Annotated[Number, Field(ge=1)] = 20


class Memberships(Body):
    """Who joins a list and who leaves it."""

    record_ids_to_add: list[Text] = []
    record_ids_to_remove: list[Text] = []


class TokenQuestion(Body):
    """Which token is asked about."""

    token_key: Text = ""


def parsed(raw: bytes) -> Any:
    """The JSON that was sent, None for an empty body; a 400 for what is no JSON."""
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError as error:
        raise invalid(f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}") from error


def read(raw: bytes, shape: type[T]) -> T:
    """The body as that type; a 400 that says where it is none."""
    if not raw:
        raise invalid("Invalid input JSON: there is no content")
    try:
        return TypeAdapter(shape).validate_python(parsed(raw))
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> RefusedError:
    """The usual words (hubspot-api-nodejs#226, HubSpot.NET#23) with the path in place of a column."""
    mistakes = error.errors(include_url=False, include_input=False)
    unset = [_path(each["loc"]) for each in mistakes if each["type"] in {"missing", "string_too_short"}]
    if unset:
        return invalid(f"Invalid input JSON: Some required fields were not set: [{', '.join(unset)}]")
    first = mistakes[0]
    return invalid(f"Invalid input JSON: {_path(first['loc']) or 'the body'}: {first['msg']}")


def _path(places: tuple[int | str, ...]) -> str:
    """`filterGroups[0].filters`."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in places).removeprefix(".")
