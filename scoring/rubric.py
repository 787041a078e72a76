"""What earns points: the rules, the groups that hold them, and their caps."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from scoring.conditions import Condition, Listed
from scoring.decay import Decay
from scoring.names import Names, class_of
from scoring.phrases import path_of

Part = Literal["fit", "engagement", "adjustment", "apart"]
"""Fit is who they are, engagement what they did; an adjustment is in the total only. What is apart counts in no total,
only in further scores."""

Of = Literal["leads", "customers", "everybody"]
"""Whom a further score is for."""

Level = Literal["tofu", "mofu", "bofu"]
"""How far down the funnel a signal lies: top, middle, bottom."""

Repeats = Literal["every", "distinct", "once"]
"""Which of several acts count: every one, the newest of each form, page or the like, or only the newest of all."""

FORM = "form"
PAGE = "page"

CLASSES_KEPT = 20_000
"""Names of which it is remembered what class they are of: leads come to the same forms and pages."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHead:
    """What every rule has."""

    key: str
    """Stable: shown in every breakdown."""
    label: str
    """For people: says what earns the points, without dates or ages."""
    group: str
    level: Level | None = None
    intent: bool = False
    """The fact shows that the lead wants to buy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Points for a fact of which a condition holds."""

    fact: str
    condition: Condition
    points: float
    label: str = ""
    """What the value then means, for people: `decision maker`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRule(RuleHead):
    """Points for who a lead is: those of the first case that holds; none holds: 0.

    Unknown while none of its facts is given, or while all lists of its cases are empty.
    """

    cases: tuple[Case, ...]
    silences: str | None = None
    """The group whose rules count nothing while a case holds."""
    awaits_lists: bool = field(init=False, repr=False, compare=False)
    """All lists of its cases are empty; kept, because it is asked once for every lead."""

    def __post_init__(self) -> None:
        listed = [case.condition for case in self.cases if isinstance(case.condition, Listed)]
        object.__setattr__(self, "awaits_lists", bool(listed) and all(asked.empty for asked in listed))


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementRule(RuleHead):
    """Points for each act of one kind, fading as it ages.

    Where age matters (a window, a decay) an act without a date is unknown.
    """

    kind: str
    points: float
    """For one act that has not faded."""
    points_max: float | None = None
    """Cap over all acts, after fading."""
    name_class: str | None = None
    """Only forms, or pages, of this class. An empty class makes the rule unknown."""
    repeats: Repeats = "every"
    window_days: int | None = None
    """Only acts at most this many days old."""
    decay: Decay | None = None
    """How an act fades, from when it was done; what was booked, from when it is over. None: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRange:
    """Points for a count in this range; both ends belong to it, no `high` is open."""

    low: int
    high: int | None = None
    points: float

    def holds(self, count: int) -> bool:
        return self.low <= count and (self.high is None or count <= self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRule(RuleHead):
    """Points for how often something was done, in ranges that exclude each other."""

    kind: str
    ranges: tuple[CountRange, ...]
    window_days: int | None = None
    """The count earns points while the last act is at most this many days old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecencyBand:
    """Points while the newest act is at most so many days old; None: any age."""

    days_max: int | None = None
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecencyRule(RuleHead):
    """Points for how long ago the newest act of some kinds was; no act at all: 0."""

    kinds: tuple[str, ...]
    bands: tuple[RecencyBand, ...]
    """By age, youngest first; the first one that reaches the age counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRule(RuleHead):
    """Points for a lead who was sent enough and answered nothing in the last `silent_days`."""

    points: float
    sent: str
    """The kind of what was sent."""
    sent_min: int
    touches: tuple[str, ...]
    """The kinds that break the silence."""
    silent_days: int
    not_with_last_band_of: RecencyRule | None = None
    """While this rule's last band applies, it has said the same already."""


Rule = FactRule | EngagementRule | CountRule | RecencyRule | SilenceRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are capped together."""

    label: str
    part: Part
    points_max: int | None = None
    points_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A cap that some rules of one group share; applied before the group's own."""

    label: str
    group: str
    rules: frozenset[str]
    points_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """From which points on a fit letter and an activity digit are given."""

    fit: tuple[int, int, int] = (30, 20, 10)
    """Least fit for A, B and C; below is D."""
    activity: tuple[int, int, int] = (50, 25, 10)
    """Least engagement for the best, second and third digit."""
    best: Literal["A4", "A1"] = "A4"
    """Whether 4 or 1 is the best digit."""

    def grade(self, fit: int, engagement: int) -> str:
        """The grade of these points, A1 to D4."""
        digits = "4321" if self.best == "A4" else "1234"
        return "ABCD"[_step(fit, self.fit)] + digits[_step(engagement, self.activity)]


def _step(points: int, least: tuple[int, int, int]) -> int:
    return next((step for step, enough in enumerate(least) if points >= enough), len(least))


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherScore:
    """A score beside the lead score: for a product, an area of interest, or for customers."""

    label: str
    property: str
    """What it is called in the portal."""
    of: Of
    groups: tuple[str, ...]
    """Its points are those of these groups, after their caps; at least 0. Of whatever part they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeRule:
    """When a lead that was quiet surges. Source: the rubric's table 8, hence the defaults."""

    points: int = 25
    """Engagement points that the last `days` days must have earned, an act of intent among them."""
    days: int = 7
    quiet_points: int = 10
    """Engagement points that the `quiet_days` days before may have earned at most."""
    quiet_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """All that earns points. Its rules name only groups and classes that it holds."""

    groups: Mapping[str, Group]
    rules: tuple[Rule, ...]
    """In the order of the breakdown."""
    caps: Mapping[str, Cap] = field(default_factory=dict)
    forms: Mapping[str, Names] = field(default_factory=dict)
    """Classes of forms, by id or name; a form has one class, or none."""
    pages: Mapping[str, Names] = field(default_factory=dict)
    """Classes of pages by path, likewise."""
    grading: Grading = field(default_factory=Grading)
    total: Group | None = None
    """Limits of the total, as if all rules were one group; None: it has none."""
    scores: Mapping[str, FurtherScore] = field(default_factory=dict)
    """Further scores, by key."""
    surge: SurgeRule | None = None
    """When a lead surges; None: nobody is asked."""
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `once` has made."""
    _classes: dict[tuple[str, str, str], str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `class_of` has said."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of engagement that rules name."""
        return frozenset(kind for rule in self.rules for kind in _kinds_of(rule))

    def classes(self, kind: str) -> Mapping[str, Names]:
        """The classes that acts of this kind fall into."""
        return self.forms if kind == FORM else self.pages if kind == PAGE else {}

    def class_of(self, kind: str, name: str, ref: str = "") -> str | None:
        """The class of one form or page, by the portal's id of it and its name or address; None: of none."""
        if kind not in (FORM, PAGE):
            return None
        asked = (kind, name, ref)
        try:
            return self._classes[asked]
        except KeyError:
            found = class_of(self.classes(kind), path_of(name) if kind == PAGE else name, ref)
        if len(self._classes) >= CLASSES_KEPT:
            self._classes.clear()
        self._classes[asked] = found
        return found

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What scoring makes once for all leads, and keeps with the rubric under a key."""
        if key not in self._kept:
            self._kept[key] = make()
        made: T = self._kept[key]
        return made


def _kinds_of(rule: Rule) -> Sequence[str]:
    match rule:
        case FactRule():
            return ()
        case RecencyRule():
            return rule.kinds
        case SilenceRule():
            said = rule.not_with_last_band_of
            return (rule.sent, *rule.touches, *(said.kinds if said else ()))
    return (rule.kind,)
