"""The names that the parts of a rulebook call each other by, and the ground that its shapes stand on."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from scoring import Phrases

Content = Mapping[str, Any]
"""A mapping as the file has it: nothing is known yet about its values."""

Disagreement = tuple[tuple[str | int, ...], str]
"""Where it stands, from the shape it is in, and what was expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a rulebook defines, for the checks of whoever refers to it; empty where it is not a mapping."""

    groups: Content
    rules: Content
    facts: Content
    kinds: Content
    forms: Content
    pages: Content
    lists: Content

    @classmethod
    def of(cls, content: Content) -> Self:
        """The names in a whole rulebook's content."""
        sources = mapping(content, "sources")
        return cls(
            groups=mapping(content, "groups"),
            rules=mapping(content, "rules"),
            facts=mapping(sources, "facts"),
            kinds=mapping(sources, "engagements"),
            forms=mapping(content, "forms"),
            pages=mapping(content, "pages"),
            lists=mapping(content, "lists"),
        )


def mapping(content: Any, key: str) -> Content:
    """The mapping under a key; empty where there is none."""
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Unchecked:
    """One mapping of a file, to be read before anything is known about its values, and the names around it."""

    content: Content
    names: Names

    @property
    def keys(self) -> set[str]:
        return set(self.content)

    def part(self, key: str) -> "Unchecked":
        """The mapping under a key; empty where there is none."""
        return Unchecked(mapping(self.content, key), self.names)

    def items(self, key: str) -> list[Any]:
        """The list under a key; empty where there is none."""
        value = self.content.get(key)
        return value if isinstance(value, list) else []

    def parts(self, key: str) -> "Iterator[tuple[int, Unchecked]]":
        """The mappings in the list under a key, each with its place."""
        items = enumerate(self.items(key))
        return ((place, Unchecked(item, self.names)) for place, item in items if isinstance(item, dict))

    def number(self, key: str) -> float | None:
        """The number under a key; None where there is none."""
        value = self.content.get(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def text(self, key: str) -> str | None:
        """The text under a key; None where there is none."""
        value = self.content.get(key)
        return value if isinstance(value, str) else None

    def crossed(self, low: str, high: str) -> Iterator[Disagreement]:
        """A lower end that lies above the upper one."""
        least, most = self.number(low), self.number(high)
        if least is not None and most is not None and least > most:
            yield (high,), f"{low} ({least:g}) or more"


def nearest(name: str, known: Iterable[str]) -> str:
    """What may have been meant instead of an unknown name."""
    names = sorted(str(key) for key in known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"{close[0]}, perhaps"
    return f"one of: {', '.join(names)}" if names else "none: there are none"


class Shape(BaseModel):
    """A part of the file. Its values are checked one by one, and then together; neither check hides the other's
    mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:  # noqa: ARG003 - shapes below look at it
        """What is wrong between values that may be right one by one."""
        yield from ()

    @model_validator(mode="wrap")
    @classmethod
    def _with_disagreements(cls, content: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        errors: list[InitErrorDetails] = []
        if isinstance(content, dict) and isinstance(info.context, Names):
            found = cls.disagreements(Unchecked(content, info.context))
            errors = [_error(content, *disagreement) for disagreement in found]
        try:
            made = handler(content)
        except ValidationError as failed:
            errors += [_again(error) for error in failed.errors()]
        if errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return made


def _error(content: Any, loc: tuple[str | int, ...], what: str) -> InitErrorDetails:
    value = content
    for step in loc:
        value = value.get(step) if isinstance(value, dict) else value[step]
    return InitErrorDetails(type=expected(what), loc=loc, input=value)


def _again(error: Any) -> InitErrorDetails:
    """An error that was raised below, to be raised again with ours."""
    return InitErrorDetails(
        type=PydanticCustomError(error["type"], "{message}", {"message": error["msg"], **error.get("ctx", {})}),
        loc=error["loc"],
        input=error["input"],
    )


def expected(what: str) -> PydanticCustomError:
    return PydanticCustomError("unexpected", "{expected}", {"expected": what})


def _names(info: ValidationInfo) -> Names:
    """What a shape is checked against; whoever checks one hands it over as pydantic's context."""
    return cast(Names, info.context)


def _known(what: str, noun: str) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        known: Content = getattr(_names(info), what)
        if name not in known:
            raise expected(f"{noun}: {nearest(name, known)}")
        return name

    return AfterValidator(check)


GroupName = Annotated[str, _known("groups", "a group")]
RuleName = Annotated[str, _known("rules", "a rule")]
FactName = Annotated[str, _known("facts", "a fact of sources.facts")]
KindName = Annotated[str, _known("kinds", "a kind of sources.engagements")]
FormName = Annotated[str, _known("forms", "a class of forms")]
PageName = Annotated[str, _known("pages", "a class of pages")]


def written_out(value: Any, info: ValidationInfo) -> Any:
    """A list that is given by its name in `lists`."""
    if not isinstance(value, str):
        return value
    lists = Unchecked(_names(info).lists, _names(info))
    if value not in lists.keys:
        raise expected(f"a list, or the name of one in lists: {nearest(value, lists.keys)}")
    # What is wrong with the list itself is said where it stands.
    return [entry for entry in lists.items(value) if isinstance(entry, str)]


def _is_phrase(text: str) -> str:
    try:
        Phrases((text,))
    except ValueError:
        raise expected("a phrase with a letter or digit") from None
    return text


def _is_domain(text: str) -> str:
    if "." not in text or any(sign in text for sign in "@/ "):
        raise expected("a domain such as example.com")
    return text.lower()


# For editors: what a file may hold. A list's name is replaced before the list is checked.
def entries_schema(*others: dict[str, Any]) -> WithJsonSchema:
    """A list's name, or a list of texts and of what else it may hold."""
    entry = {"anyOf": [{"type": "string"}, *others]} if others else {"type": "string"}
    return WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": entry}]})


NAMED_OR_WRITTEN = entries_schema()

Text = Annotated[str, Field(min_length=1)]
Entries = Annotated[list[Text], BeforeValidator(written_out), NAMED_OR_WRITTEN]
PhraseText = Annotated[str, AfterValidator(_is_phrase)]
PhraseEntries = Annotated[list[PhraseText], BeforeValidator(written_out), NAMED_OR_WRITTEN]
DomainEntries = Annotated[
    list[Annotated[str, AfterValidator(_is_domain)]], BeforeValidator(written_out), NAMED_OR_WRITTEN
]
Points = Annotated[float, Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=0)]
