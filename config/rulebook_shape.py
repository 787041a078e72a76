"""The shape of a whole rulebook: which keys there are, and what they hold."""

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from config.rulebook_names import (
    NAMED_OR_WRITTEN,
    Days,
    Disagreement,
    DomainEntries,
    Entries,
    GroupName,
    PhraseEntries,
    RuleName,
    Shape,
    Text,
    Unchecked,
    expected,
    mapping,
)
from config.rulebook_rules import RULE_SHAPES, AnyRule
from config.rulebook_sources import FORM_SHAPES, TAGS, FormEntries, SourcesShape, forms_twice
from scoring import Part
from workflows import Clearing, Moves

PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Limit = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]

_SHAPES = RULE_SHAPES | FORM_SHAPES
SHAPE_TAGS = frozenset((*RULE_SHAPES, *TAGS))
"""Steps of pydantic's paths that stand in no file."""


class LimitsShape(Shape):
    """The most and the least that something is worth; without them it may be worth anything."""

    points_max: Limit | None = None
    points_min: Limit | None = None

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        yield from given.crossed("points_min", "points_max")


class GroupShape(LimitsShape):
    """Rules that are capped together."""

    label: Text
    part: Part


class CapShape(Shape):
    """A cap that some rules of one group share."""

    label: Text
    rules: Annotated[list[RuleName], Field(min_length=1)]
    points_max: Limit

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        known = [key for key in given.items("rules") if isinstance(key, str) and key in given.names.rules]
        groups = {str(mapping(given.names.rules, key).get("group")) for key in known} & given.names.groups.keys()
        if len(groups) > 1:
            yield ("rules",), f"rules of one group, not of {' and '.join(sorted(groups))}"


class GradeShape(Shape):
    """From which points on a fit letter and an activity digit are given."""

    fit: Annotated[list[int], Field(min_length=3, max_length=3)]
    activity: Annotated[list[int], Field(min_length=3, max_length=3)]
    best: Literal["A4", "A1"] = "A4"

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        for key in ("fit", "activity"):
            steps = [step for step in given.items(key) if isinstance(step, int)]
            if steps != sorted(set(steps), reverse=True):
                yield (key,), "three different numbers, the largest first"


class StageBandShape(Shape):
    """A stage, and the totals at which it is entered and below which it is left."""

    stage: Text
    enter: int
    exit: int

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        enter, leave = given.number("enter"), given.number("exit")
        if enter is not None and leave is not None and leave > enter:
            yield ("exit",), f"at most the entry line ({enter:g}), or leads would flap"


class LeadShape(Shape):
    """The stage of whoever has points, and the total at which it is entered."""

    stage: Text
    enter: Annotated[int, Field(ge=1)]


class StagesShape(Shape):
    """The managed stages, lowest first."""

    subscriber: Text
    lead: LeadShape
    mql: StageBandShape
    sql: StageBandShape

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        for lower, upper in (("lead", "mql"), ("mql", "sql")):
            low, high = given.part(lower).number("enter"), given.part(upper).number("enter")
            if low is not None and high is not None and low >= high:
                yield (lower, "enter"), f"less than the entry line of {upper} ({high:g})"
        low, high = given.part("mql").number("exit"), given.part("sql").number("exit")
        if low is not None and high is not None and low > high:
            yield ("mql", "exit"), f"at most the exit line of sql ({high:g})"
        seen = {given.text("subscriber")}
        for key in ("lead", "mql", "sql"):
            stage = given.part(key).text("stage")
            if stage is not None and stage in seen:
                yield (key, "stage"), "a stage that is not used above"
            seen.add(stage)


class GatesShape(Shape):
    """What must hold, besides points, to enter a stage."""

    fit_min: int | None = None
    fit_or_mofu: int | None = None
    intent_days: Days | None = None
    origin_groups: list[GroupName] = Field(default_factory=list)


class FeedbackShape(Shape):
    """What sales' answers do."""

    true_sql_days: Days
    not_ready_lands_at: Annotated[int, Field(ge=1)]
    disqualified_points: Annotated[int, Field(le=0)]


class ExclusionsShape(Shape):
    """Who is left alone or disqualified, beyond what the portal itself says."""

    own_domains: DomainEntries = Field(default_factory=list)
    partner_domains: DomainEntries = Field(default_factory=list)
    competitor_domains: DomainEntries = Field(default_factory=list)
    free_mail_domains: DomainEntries = Field(default_factory=list)
    partner_company_types: Entries = Field(default_factory=list)
    competitor_company_types: Entries = Field(default_factory=list)
    partner_lists: list[Text] = Field(default_factory=list)
    partner_property: dict[PropertyName, list[Text]] = Field(default_factory=dict)
    competitor_property: dict[PropertyName, list[Text]] = Field(default_factory=dict)


class SurgeShape(Shape):
    """When a quiet lead bursts into activity."""

    points: Annotated[int, Field(ge=1)]
    days: Annotated[int, Field(ge=1)]
    quiet_points: Annotated[int, Field(ge=0)]
    quiet_days: Annotated[int, Field(ge=1)]
    skips_mql: bool = False

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        points, quiet = given.number("points"), given.number("quiet_points")
        if points is not None and quiet is not None and quiet >= points:
            yield ("quiet_points",), f"fewer points than those of a surge ({points:g})"


class ScoreShape(Shape):
    """A further score: for a product, an area of interest, or customers."""

    label: Text
    property: PropertyName
    of: Literal["leads", "customers", "everybody"]
    groups: Annotated[list[GroupName], Field(min_length=1)]


class AccountShape(Shape):
    """What a company's contacts come to."""

    label: Text
    property: PropertyName
    of: Literal["top", "sum", "average"]


class PolicyShape(Shape):
    """What points lead to."""

    moves: Moves
    clearing: Clearing
    min_delta: Annotated[int, Field(ge=1)]
    human_hold_days: Days
    stages: StagesShape
    gates: GatesShape
    feedback: FeedbackShape
    surge: SurgeShape | None = None
    exclusions: ExclusionsShape


class PropertiesShape(Shape):
    """What our properties are called in the portal."""

    score: PropertyName = "lead_score"
    fit: PropertyName = "lead_score_fit"
    engagement: PropertyName = "lead_score_engagement"
    grade: PropertyName = "lead_grade"
    reasons: PropertyName = "lead_score_reasons"
    surge: PropertyName = "lead_scoring_surge"
    exclusion: PropertyName = "lead_scoring_exclusion"
    feedback: PropertyName = "lead_scoring_sales_feedback"
    feedback_points: PropertyName = "lead_scoring_feedback_points"
    resync: PropertyName = "lead_scoring_resync"
    hold: PropertyName = "lead_scoring_hold"

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        defaults = {key: field.default for key, field in cls.model_fields.items()}
        seen: set[Any] = set()
        for key, name in (defaults | dict(given.content)).items():
            if isinstance(name, str) and name in seen:
                yield (key,), "a property of its own"
            seen.add(name if isinstance(name, str) else None)


def _is_key(name: str) -> str:
    if not name.replace("_", "").replace("-", "").isalnum():
        raise expected("a name of letters, digits, - and _")
    return name


Key = Annotated[str, AfterValidator(_is_key)]


class RulebookShape(Shape):
    """A whole rulebook, complete in itself."""

    name: Key
    lists: dict[Key, Annotated[list[Text], NAMED_OR_WRITTEN]] = Field(default_factory=dict)
    groups: dict[Key, GroupShape]
    rules: dict[Key, AnyRule]
    caps: dict[Key, CapShape] = Field(default_factory=dict)
    total: LimitsShape = LimitsShape()
    forms: dict[Key, FormEntries] = Field(default_factory=dict)
    pages: dict[Key, PhraseEntries] = Field(default_factory=dict)
    grade: GradeShape
    sources: SourcesShape
    scores: dict[Key, ScoreShape] = Field(default_factory=dict)
    account: AccountShape | None = None
    policy: PolicyShape
    properties: PropertiesShape = PropertiesShape()
    reasons_max: Annotated[int, Field(ge=1, le=20)] = 5

    @classmethod
    def disagreements(cls, given: Unchecked) -> Iterator[Disagreement]:
        rules = given.part("rules")
        yield from _overlaps(rules)
        for key in rules.keys:
            other = rules.part(key).text("not_with_last_band_of")
            if other in rules.keys and not rules.part(other).items("bands"):
                yield ("rules", key, "not_with_last_band_of"), "a rule with bands"
        for loc, what in forms_twice(given.part("forms")):
            yield ("forms", *loc), what
        yield from _further(given)


def _further(given: Unchecked) -> Iterator[Disagreement]:
    """Further scores whose properties are taken, and groups that no score would count."""
    scores, ours = given.part("scores"), given.part("properties").content
    defaults = {role: field.default for role, field in PropertiesShape.model_fields.items()}
    taken: set[Any] = {name for name in (defaults | dict(ours)).values() if isinstance(name, str)}
    counted: set[Any] = set()
    for key in scores.content:
        score = scores.part(key)
        if (name := score.text("property")) in taken:
            yield ("scores", key, "property"), "a property of its own"
        taken.add(name)
        counted |= {group for group in score.items("groups") if isinstance(group, str)}
    groups = given.part("groups")
    for key in groups.content:
        if groups.part(key).text("part") == "apart" and key not in counted:
            yield ("groups", key, "part"), "a score, under scores, that counts this group: no total does"


def _overlaps(rules: Unchecked) -> Iterator[Disagreement]:
    """Ranges of one kind that share a count, in one rule or in two: a count would earn points twice."""
    taken: dict[str, list[tuple[float, float, str]]] = {}
    for key in rules.content:
        kind = rules.part(key).text("kind") or ""
        for place, counts in rules.part(key).parts("ranges"):
            low, high = counts.number("min"), counts.number("max")
            if low is None:
                continue
            top = float("inf") if high is None else high
            others = taken.setdefault(kind, [])
            for other_low, other_top, other in others:
                if low <= other_top and other_low <= top:
                    yield ("rules", key, "ranges", place), f"a range that shares no count with those of {other}"
                    break
            others.append((low, top, key))


def keys_at(loc: Sequence[str | int]) -> set[str]:
    """The keys that a mapping at this place of a rulebook may have, those of any rule where no tag says which kind it
    is; empty where any key may stand."""
    if len(loc) == 2 and loc[0] == "rules":
        return set().union(*(keys_at((*loc, tag)) for tag in RULE_SHAPES))
    here: Any = RulebookShape
    for step in loc:
        here = _SHAPES[step] if isinstance(step, str) and step in _SHAPES else _inside(here, step)
    return {field.alias or name for name, field in here.model_fields.items()} if _is_shape(here) else set()


def _inside(here: Any, step: str | int) -> Any:
    """The type of what stands under a key, or at a place, of a value of this type."""
    if _is_shape(here):
        fields = here.model_fields
        field = next((f for name, f in fields.items() if (f.alias or name) == step), None)
        return None if field is None else _bare(field.annotation)
    arguments = get_args(here)
    return _bare(arguments[-1]) if arguments else None


def _bare(annotation: Any) -> Any:
    """A type without what only annotates it, and without its None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(get_args(annotation)[0])
    return annotation


def _is_shape(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
