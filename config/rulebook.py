"""The rulebook: what earns points and what points lead to, from a YAML file as typed values."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from config.rulebook_building import build_policy, build_rubric
from config.rulebook_mistakes import RulebookError, mistake_of
from config.rulebook_names import Names
from config.rulebook_reading import OFF, PACKAGED_NAMES, file_of, read_rulebook
from config.rulebook_shape import RulebookShape
from config.rulebook_sources import FactType, FeedName, SourcesShape, Tier
from scoring import Rubric
from workflows import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSource:
    """Where a fact comes from."""

    from_: tuple[str, ...] = ()
    """Properties of the contact, in order of preference: the first that is not empty wins.

    `company.x` is the property `x` of the primary company. A name that ends in `*` stands for all that begin so.
    """
    list_id: str | None = None
    """One of the portal's lists: true of its members, false of all others. None: the properties above hold the fact."""
    type: FactType
    """What its text means. `domain` is the part of an address after the @; `count_true` is how many of the
    properties are true."""
    tier: Tier
    """The cheapest subscription that has these properties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementSource:
    """Where engagements of one kind come from: a feed that lists acts one by one, or properties that sum them up."""

    count: str | None = None
    """Holds how often; None: once, where a date or a name is there."""
    at: tuple[str, ...] = ()
    """Hold when, or when last; the newest wins."""
    name: str | None = None
    """Holds which form, or which page."""
    lasts_until: str | None = None
    """Holds when a thing that was booked takes place."""
    without: FeedName | None = None
    """These properties count only while this feed tells nothing: else each act would count twice."""
    feed: FeedName | None = None
    """Lists the acts one by one; None: the properties above tell of them."""
    act: str = ""
    """Which acts of the feed are of this kind, by the feed's own word for them."""
    named: tuple[str, ...] = ()
    """Only acts whose name holds one of these phrases; the other sources of that act then have the rest."""
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """How the portal's properties feed the rubric's facts and kinds of engagement."""

    facts: Mapping[str, FactSource]
    engagements: Mapping[str, tuple[EngagementSource, ...]]
    """By kind. A kind without a source is known to the rules, and unknown of every contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountScore:
    """A number for each company: what the totals of its contacts come to."""

    label: str
    property: str
    """Of companies."""
    of: Literal["top", "sum", "average"]
    """Which total counts: the highest, all of them, or their mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """A rubric and a policy, and what connects them with a portal."""

    name: str
    version: str
    """The name and a short hash of the meaning: the same whatever the file's comments, blanks and order of keys."""
    rubric: Rubric
    policy: Policy
    sources: Sources
    properties: Mapping[str, str]
    """What our properties are called in the portal, by role: score, fit, engagement, grade, reasons, surge,
    exclusion, feedback, feedback_points, resync, hold."""
    reasons_max: int
    """How many reasons at most are written to the portal."""
    partner_lists: tuple[str, ...] = ()
    """Ids of the portal's lists whose members are partners."""
    partner_property: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """A contact is a partner whose property has one of these values."""
    competitor_property: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Likewise for competitors and vendors."""
    account: AccountScore | None = None
    """What is written on companies; None: nothing."""
    text: str = field(repr=False)
    """The rulebook as YAML, complete in itself: what it extends and its lists are written out."""

    @property
    def written(self) -> tuple[str, ...]:
        """The names of all properties of contacts that are ours: those of the roles, and those of further scores."""
        return (*self.properties.values(), *(score.property for score in self.rubric.scores.values()))


def load_rulebook(rulebook: str | Path | None = None) -> Rulebook:
    """Load a rulebook's file, or a packaged one by name (`default`, `classic`); None is the packaged default.

    Raises RulebookError, which holds every mistake of the file, not only the first.
    """
    file = file_of(rulebook)
    reading = read_rulebook(file)
    mistakes = list(reading.mistakes)
    shape = None
    if reading.content is not None:
        try:
            shape = RulebookShape.model_validate(reading.content, context=Names.of(reading.content))
        except ValidationError as failed:
            mistakes += map(mistake_of, failed.errors())
    if mistakes or shape is None:
        raise RulebookError(str(rulebook or file.stem), dict.fromkeys(mistakes))
    text = yaml.safe_dump(reading.content, sort_keys=False, allow_unicode=True, width=110)
    return _build(shape, text)


def rulebook_schema() -> dict[str, Any]:
    """The JSON Schema of a rulebook's file, for editors that complete and check while one types.

    It lets any key be missing, since a rulebook may extend another; `load_rulebook` knows what is missing.
    """
    schema = _loosened(RulebookShape.model_json_schema(by_alias=True))
    extends = {"type": "string", "description": f"A file, or one of: {', '.join(PACKAGED_NAMES)}"}
    schema["properties"] = {"extends": extends} | schema["properties"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _loosened(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with nothing required, and every value allowed to be off."""
    loosened: dict[str, Any] = {}
    for key, part in schema.items():
        match key:
            case "required":
                continue
            case "title":
                loosened[key] = part.removesuffix("Shape")
            case "properties":
                loosened[key] = {name: _may_be_off(value) for name, value in part.items()}
            case "additionalProperties" if isinstance(part, dict):
                loosened[key] = _may_be_off(part)
            case "$defs":
                loosened[key] = {name: _loosened(value) for name, value in part.items()}
            case "anyOf" | "oneOf":
                # Half a rule, over the rule of another rulebook, may look like more than one kind.
                loosened["anyOf"] = [_loosened(one) for one in part]
            case "items":
                loosened[key] = _loosened(part)
            case _:
                loosened[key] = part
    return loosened


def _may_be_off(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [_loosened(schema), {"enum": [OFF, None]}]}


def _build(shape: RulebookShape, text: str) -> Rulebook:
    exclusions = shape.policy.exclusions
    return Rulebook(
        name=shape.name,
        version=f"{shape.name}-{_hash(shape)}",
        rubric=build_rubric(shape),
        policy=build_policy(shape.policy),
        sources=_sources(shape.sources),
        properties=shape.properties.model_dump(),
        reasons_max=shape.reasons_max,
        partner_lists=tuple(exclusions.partner_lists),
        partner_property={key: frozenset(values) for key, values in exclusions.partner_property.items()},
        competitor_property={key: frozenset(values) for key, values in exclusions.competitor_property.items()},
        account=None if shape.account is None else AccountScore(**shape.account.model_dump()),
        text=text,
    )


def _sources(shape: SourcesShape) -> Sources:
    return Sources(
        facts={
            key: FactSource(from_=tuple(source.from_ or ()), list_id=source.list_, type=source.type, tier=source.tier)
            for key, source in shape.facts.items()
        },
        engagements={
            kind: tuple(
                EngagementSource(
                    count=source.count,
                    at=tuple(source.at),
                    name=source.name,
                    lasts_until=source.lasts_until,
                    without=source.without,
                    feed=source.feed,
                    act=source.act or "",
                    named=tuple(source.named),
                    tier=source.tier,
                )
                for source in sources
            )
            for kind, sources in shape.engagements.items()
        },
    )


def _hash(shape: RulebookShape) -> str:
    meaning = shape.model_dump(mode="json", exclude={"name", "lists"}, exclude_defaults=True)
    # The first class that matches wins, so their order means something; that of other keys does not.
    for ordered in ("forms", "pages"):
        meaning[ordered] = list(meaning.get(ordered, {}).items())
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:8]
