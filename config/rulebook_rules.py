"""The shapes of rules: one for each kind of rule, told apart by the keys that only this kind has."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag

from config.rulebook_names import (
    Days,
    Disagreement,
    Entries,
    FactName,
    FormName,
    GroupName,
    KindName,
    PageName,
    PhraseEntries,
    Points,
    RuleName,
    Shape,
    Text,
    Unchecked,
    mapping,
)
from scoring import Level, Repeats


class DecayShape(Shape):
    """How an act's points fade: by half in `half_life_days`, or by `lose_percent` of the first worth in `per_days`."""

    half_life_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    lose_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    per_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    grace_days: Days = 0

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        asked = {"half_life_days", "lose_percent", "per_days"} & given.keys
        if asked not in ({"half_life_days"}, {"lose_percent", "per_days"}):
            yield (), "either half_life_days, or lose_percent with per_days"


class RuleShape(Shape):
    """What every rule has."""

    label: Text
    group: GroupName
    level: Level | None = None
    intent: bool = False


_SUITS = {
    "any_of": ("text", "domain", "choices"),
    "all_of": ("choices",),
    "phrases": ("text", "domain", "choices"),
    "min": ("number", "count_true"),
    "max": ("number", "count_true"),
    "days_min": ("date",),
    "days_max": ("date",),
    "is": ("bool",),
}
"""Which types of fact a condition can be asked of; `given` suits all."""

_QUESTIONS = ({"any_of"}, {"all_of"}, {"phrases"}, {"min", "max"}, {"days_min", "days_max"}, {"is"}, {"given"})


class CaseShape(Shape):
    """Points for a fact of which one condition holds."""

    model_config = ConfigDict(validate_by_alias=True, serialize_by_alias=True)

    fact: FactName | None = None
    """Where it is not the rule's."""
    points: Points
    label: str = ""
    any_of: Entries | None = None
    all_of: Entries | None = None
    phrases: PhraseEntries | None = None
    min: float | None = None
    max: float | None = None
    days_min: Days | None = None
    days_max: Days | None = None
    is_: Annotated[bool | None, Field(alias="is")] = None
    given: Literal[True] | None = None

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        asked = [question for question in _QUESTIONS if question & given.keys]
        if len(asked) != 1:
            yield (), "one condition: any_of, all_of, phrases, min/max, days_min/days_max, is or given"
        for low, high in (("min", "max"), ("days_min", "days_max")):
            yield from given.crossed(low, high)


class FactRuleShape(RuleShape):
    """Points for who a lead is: those of the first case that holds."""

    fact: FactName | None = None
    cases: Annotated[list[CaseShape], Field(min_length=1)]
    silences: GroupName | None = None

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        for place, case in given.parts("cases"):
            fact = case.text("fact") or given.text("fact")
            if fact is None:
                yield ("cases", place), "a fact, here or in the rule"
                continue
            fact_type = mapping(given.names.facts, fact).get("type")
            for key in sorted(case.keys & _SUITS.keys()):
                if isinstance(fact_type, str) and fact_type not in _SUITS[key]:
                    yield ("cases", place, key), f"a condition for the fact {fact}, which is of type {fact_type}"


class EngagementRuleShape(RuleShape):
    """Points for each act of one kind, or for each form or page of one class."""

    kind: KindName | None = None
    form: FormName | None = None
    page: PageName | None = None
    points: Points
    points_max: Points | None = None
    repeats: Repeats = "every"
    window_days: Days | None = None
    decay: DecayShape | None = None

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        if len({"kind", "form", "page"} & given.keys) != 1:
            yield (), "one of kind, form and page"
        if (given.number("points") or 0) < 0 and "points_max" in given.keys:
            yield ("points_max",), "no cap on points that are taken away"


class RangeShape(Shape):
    """Points for a count of at least `min` and at most `max`."""

    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(ge=0)] | None = None
    points: Points

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        yield from given.crossed("min", "max")


class CountRuleShape(RuleShape):
    """Points for how often something was done."""

    kind: KindName
    ranges: Annotated[list[RangeShape], Field(min_length=1)]
    window_days: Days | None = None


class BandShape(Shape):
    """Points while the newest act is at most so many days old; without `days_max` at any age."""

    days_max: Days | None = None
    points: Points


class RecencyRuleShape(RuleShape):
    """Points for how long ago the newest act was."""

    kinds: Annotated[list[KindName], Field(min_length=1)]
    bands: Annotated[list[BandShape], Field(min_length=1)]

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        before: float | None = -1
        for place, band in given.parts("bands"):
            age = band.number("days_max")
            if before is None:
                yield ("bands", place), "nothing: the band before it has no days_max, so none can follow"
            elif age is not None and age <= before:
                yield ("bands", place, "days_max"), f"more days than the band before it has ({before:g})"
            before = age if "days_max" in band.keys else None


class SilenceRuleShape(RuleShape):
    """Points for a lead who was sent enough and did not answer."""

    points: Points
    sent: KindName
    sent_min: Annotated[int, Field(ge=1)]
    touches: Annotated[list[KindName], Field(min_length=1)]
    silent_days: Days
    not_with_last_band_of: RuleName | None = None


RULE_SHAPES: dict[str, type[RuleShape]] = {
    "<fact rule>": FactRuleShape,
    "<engagement rule>": EngagementRuleShape,
    "<count rule>": CountRuleShape,
    "<recency rule>": RecencyRuleShape,
    "<silence rule>": SilenceRuleShape,
}
"""By tag. A tag stands in pydantic's own paths, and nobody has a key of this form."""


def _tag(content: Any) -> str:
    """The kind of a rule by its keys, and by its type once it is a shape and is written out again."""
    if isinstance(content, RuleShape):
        return next(tag for tag, shape in RULE_SHAPES.items() if isinstance(content, shape))
    keys = content.keys() if isinstance(content, dict) else ()
    if "cases" in keys:
        return "<fact rule>"
    if "ranges" in keys:
        return "<count rule>"
    if "bands" in keys:
        return "<recency rule>"
    return "<silence rule>" if {"sent", "silent_days"} & set(keys) else "<engagement rule>"


AnyRule = Annotated[
    Annotated[FactRuleShape, Tag("<fact rule>")]
    | Annotated[EngagementRuleShape, Tag("<engagement rule>")]
    | Annotated[CountRuleShape, Tag("<count rule>")]
    | Annotated[RecencyRuleShape, Tag("<recency rule>")]
    | Annotated[SilenceRuleShape, Tag("<silence rule>")],
    Discriminator(_tag),
]
