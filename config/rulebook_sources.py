"""The shapes of what connects rules with a portal: what feeds facts and engagements, and which forms are of a class."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, StringConstraints, Tag

from config.rulebook_names import (
    Disagreement,
    PhraseEntries,
    PhraseText,
    Shape,
    Text,
    Unchecked,
    entries_schema,
    expected,
    nearest,
    written_out,
)

SourceName = Annotated[str, StringConstraints(pattern=r"^(company\.)?[a-z][a-z0-9_]*\*?$")]
Tier = Literal["free", "starter", "professional", "enterprise"]
FeedName = Literal["submissions", "mail", "events", "meetings", "calls", "emails", "messages", "deals"]
FactType = Literal["text", "number", "bool", "date", "choices", "domain", "count_true"]

ACTS: Mapping[str, Sequence[str]] = {
    "submissions": ("sent",),
    "mail": ("delivered", "open", "click", "bounce", "unsubscribed"),
    "meetings": ("booked", "held", "cancelled", "missed"),
    "calls": ("logged",),
    "emails": ("received", "sent"),
    "messages": ("logged",),
    "deals": ("open", "won", "lost"),
}
"""What each feed tells of. Acts of `events` are the portal's own types of events, of which it may define any."""


def _is_list_id(text: str) -> str:
    if not text.isascii() or not text.isdigit():
        raise expected('the id of one of the portal\'s lists, as "12"')
    return text


ListId = Annotated[str, AfterValidator(_is_list_id)]


class FactSourceShape(Shape):
    """Which properties hold a fact, in order of preference, and how their text is read; or a list whose members are."""

    model_config = ConfigDict(validate_by_alias=True, serialize_by_alias=True)

    from_: Annotated[list[SourceName] | None, Field(alias="from", min_length=1)] = None
    list_: Annotated[ListId | None, Field(alias="list")] = None
    type: FactType
    tier: Tier

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        if len({"from", "list"} & given.keys) != 1:
            yield (), "either from, with properties, or list"
        if "list" in given.keys and given.text("type") not in ("bool", None):
            yield ("type",), "bool: who is on a list, and who is not"
        for place, name in enumerate(given.items("from")):
            if isinstance(name, str) and name.endswith("*") != (given.text("type") == "count_true"):
                yield ("from", place), "a name that ends in * for the type count_true, and for no other type"


class EngagementSourceShape(Shape):
    """What tells of engagements of a kind: some properties, or one kind of act of a feed."""

    count: SourceName | None = None
    at: list[SourceName] = Field(default_factory=list)
    name: SourceName | None = None
    lasts_until: SourceName | None = None
    without: FeedName | None = None
    feed: FeedName | None = None
    act: Text | None = None
    named: PhraseEntries = Field(default_factory=list)
    tier: Tier

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        of_properties = {"count", "at", "name", "lasts_until", "without"} & given.keys
        if "feed" not in given.keys:
            if not {"count", "at", "name"} & given.keys:
                yield (), "at least one of count, at and name, or a feed"
            for key in sorted({"act", "named"} & given.keys):
                yield (key,), "a feed whose acts these are"
            return
        act, acts = given.text("act"), ACTS.get(given.text("feed") or "")
        if "act" not in given.keys:
            yield ("feed",), "a feed together with the act of it that counts"
        elif act and acts and act not in acts:
            yield ("act",), f"an act of {given.text('feed')}: {nearest(act, acts)}"
        for key in sorted(of_properties):
            yield (key,), "either a feed, or properties"


class SourcesShape(Shape):
    """What feeds the facts and the kinds of engagement that rules name."""

    facts: dict[str, FactSourceShape]
    engagements: dict[str, list[EngagementSourceShape]]


class FormShape(Shape):
    """One form of the portal, by its id or by its whole name."""

    id: Text | None = None
    name: Text | None = None

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        if len({"id", "name"} & given.keys) != 1:
            yield (), "either id or name"


FORM_SHAPES: dict[str, type[Shape]] = {"<form>": FormShape}
"""By tag, as the shapes of rules are."""
_PHRASE = "<phrase>"
TAGS = (*FORM_SHAPES, _PHRASE)


def _tag(entry: Any) -> str:
    return "<form>" if isinstance(entry, dict | FormShape) else _PHRASE


FormEntries = Annotated[
    list[Annotated[Annotated[FormShape, Tag("<form>")] | Annotated[PhraseText, Tag(_PHRASE)], Discriminator(_tag)]],
    BeforeValidator(written_out),
    entries_schema({"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}),
]
"""Phrases that stand in a form's name, and forms of which there is no doubt."""


def forms_twice(forms: Unchecked) -> Iterator[Disagreement]:
    """Forms that two places of a rulebook claim: one of them would never count."""
    taken: dict[tuple[str, str], str] = {}
    for key in forms.content:
        for place, entry in forms.parts(key):
            for by in ("id", "name"):
                text = entry.text(by)
                if text is None:
                    continue
                claim = (by, text.strip().lower())
                if claim in taken:
                    yield (key, place, by), f"a form that is not in {taken[claim]} already"
                taken[claim] = key
