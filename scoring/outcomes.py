"""What each kind of rule says of one lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from scoring.conditions import Between
from scoring.contact import PRIVACY_PROXY, Value
from scoring.history import Act, History, Moment
from scoring.rubric import Case, CountRule, EngagementRule, FactRule, RecencyRule, Rule, SilenceRule


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rule's points, not yet rounded, and what they rest on."""

    points: float = 0.0
    known: bool = True
    met: bool = False
    """The fact that the rule asks for is there, whatever it is still worth."""
    fact: str = ""
    at: datetime | None = None
    fades: bool = False
    """Time alone can change the points."""
    case: str = ""
    """What the fact means, for people."""


NOTHING = Outcome()
"""What most rules say of most leads."""
UNKNOWN = Outcome(known=False)
"""Nobody can tell."""


def outcome_of(rule: Rule, facts: Mapping[str, Value], history: History) -> Outcome:
    """What the rule says of a lead with these facts and this history; and of which acts it takes no notice."""
    outcome = _outcome(rule, facts, history)
    ignored = history.ignored(_kinds_of(rule)) if history.ignores_some else None
    if not ignored:
        return outcome
    left_out = (f"{count:,} ignored: {why}" for why, count in sorted(ignored.items()))
    return replace(outcome, fact=", ".join(filter(None, (outcome.fact, *left_out))))


def _kinds_of(rule: Rule) -> Sequence[str]:
    """The kinds of acts for which a rule gives points, or, if it punishes silence, takes them."""
    match rule:
        case EngagementRule(name_class=None) | CountRule():
            return (rule.kind,)
        case RecencyRule():
            return rule.kinds
        case SilenceRule():
            return rule.touches
    return ()


def _outcome(rule: Rule, facts: Mapping[str, Value], history: History) -> Outcome:
    match rule:
        case FactRule():
            return _of_fact(rule, facts, history.moment)
        case EngagementRule():
            return _of_engagement(rule, history)
        case CountRule():
            return _of_count(rule, history)
        case RecencyRule():
            return _of_recency(rule, history)
        case SilenceRule():
            return _of_silence(rule, history)


def _of_fact(rule: FactRule, facts: Mapping[str, Value], moment: Moment) -> Outcome:
    if rule.awaits_lists:
        return UNKNOWN
    known = fades = False
    for case in rule.cases:
        given = facts.get(case.fact)
        value = moment.age_days(given) if isinstance(given, date) else given
        if value is None:
            # A date that lies in the future will come.
            fades = fades or given is not None
            continue
        known = True
        fades = fades or (isinstance(given, date) and _changes_with_age(case, value))
        if case.condition.holds(value):
            fact = _in_words(given, value)
            return Outcome(case.points, met=True, fact=fact, fades=fades, case=case.label)
    if fades:
        return Outcome(known=known, fades=True)
    return NOTHING if known else UNKNOWN


def _changes_with_age(case: Case, age: Value) -> bool:
    """Whether the case's answer can still change as the date grows older."""
    condition = case.condition
    if not isinstance(condition, Between) or not isinstance(age, int):
        return False
    return (condition.low is not None and age < condition.low) or (condition.high is not None and age <= condition.high)


def _of_engagement(rule: EngagementRule, history: History) -> Outcome:
    acts = history.acts(rule.kind, rule.name_class)
    if acts is None:
        return UNKNOWN
    if not acts:
        return NOTHING
    timed = rule.window_days is not None or rule.decay is not None
    dated = [act for act in acts if act.age_days is not None] if timed else acts
    if not dated:
        return UNKNOWN
    inside = [act for act in dated if rule.window_days is None or (act.age_days or 0) <= rule.window_days]
    counted = _counted(rule, inside)
    points = sum(_worth(rule, act) for act in counted)
    if rule.points_max is not None:
        points = min(points, rule.points_max)
    return Outcome(
        points,
        met=True,
        fact=_acts_in_words(counted or dated),
        at=_newest_at(dated),
        # Worth less than half a point it rounds to nothing, and only gets less.
        fades=timed and abs(points) >= 0.5 - 1e-9,
    )


def _counted(rule: EngagementRule, acts: Sequence[Act]) -> Sequence[Act]:
    if rule.repeats == "every" or not acts:
        return acts
    by_age = sorted(acts, key=_freshness)
    if rule.repeats == "once":
        return by_age[-1:]
    return list({act.engagement.ref or act.engagement.name: act for act in by_age}.values())


def _freshness(act: Act) -> tuple[float, float, str, str, int]:
    """The least faded comes last; of equals the newest, then by id, name and count: the order given must not matter."""
    engagement = act.engagement
    at = engagement.at.timestamp() if engagement.at else 0.0
    freshness = float("-inf") if act.fading_days is None else -act.fading_days
    return (freshness, at, engagement.ref, engagement.name, engagement.count)


def _worth(rule: EngagementRule, act: Act) -> float:
    times = act.engagement.count if rule.repeats == "every" else 1
    share = rule.decay.share(act.fading_days or 0) if rule.decay else 1.0
    return rule.points * times * share


def _of_count(rule: CountRule, history: History) -> Outcome:
    acts = history.acts(rule.kind)
    if acts is None:
        return UNKNOWN
    total = sum(act.engagement.count for act in acts)
    points = next((counts.points for counts in rule.ranges if counts.holds(total)), 0.0)
    if not points:
        return NOTHING
    age_days = _newest_age(acts)
    if rule.window_days is not None:
        if age_days is None:
            return UNKNOWN
        if age_days > rule.window_days:
            return Outcome(fact=_acts_in_words(acts), at=_newest_at(acts))
    return Outcome(
        points,
        met=True,
        fact=_acts_in_words(acts),
        at=_newest_at(acts),
        fades=rule.window_days is not None,
    )


def _of_recency(rule: RecencyRule, history: History) -> Outcome:
    acts = _acts_of_any(rule.kinds, history)
    if acts is None:
        return UNKNOWN
    if not acts:
        return NOTHING
    age_days = _newest_age(acts)
    if age_days is None:
        return UNKNOWN
    band = next((b for b in rule.bands if b.days_max is None or age_days <= b.days_max), None)
    return Outcome(
        band.points if band else 0.0,
        met=True,
        fact=f"last {_ago(age_days)}",
        at=_newest_at(acts),
        fades=band is not None and band.days_max is not None,
    )


def _of_silence(rule: SilenceRule, history: History) -> Outcome:
    sent = history.acts(rule.sent)
    # Silence is only certain where every kind of touch can be seen.
    if sent is None or any(history.acts(kind) is None for kind in rule.touches):
        return UNKNOWN
    total = sum(act.engagement.count for act in sent)
    if total < rule.sent_min:
        return NOTHING
    touches = _acts_of_any(rule.touches, history) or ()
    age_days = _newest_age(touches)
    if touches and age_days is None:
        return UNKNOWN
    if age_days is not None and age_days <= rule.silent_days:
        return Outcome(fades=True)
    if rule.not_with_last_band_of is not None and _in_last_band(rule.not_with_last_band_of, history):
        return Outcome(fact=f"said by {rule.not_with_last_band_of.key} already")
    if PRIVACY_PROXY in history.ignored(rule.touches):
        # Such a proxy opens mails that nobody reads, and those that somebody does: nobody can tell.
        return UNKNOWN
    fact = f"{total} sent, " + ("none answered" if age_days is None else f"last answered {_ago(age_days)}")
    return Outcome(rule.points, met=True, fact=fact, at=_newest_at(touches))


def _in_last_band(rule: RecencyRule, history: History) -> bool:
    age_days = _newest_age(_acts_of_any(rule.kinds, history) or ())
    return age_days is not None and all(
        band.days_max is not None and age_days > band.days_max for band in rule.bands[:-1]
    )


def _acts_of_any(kinds: Iterable[str], history: History) -> list[Act] | None:
    """The acts of all these kinds; None: none of them is known."""
    known = [acts for kind in kinds if (acts := history.acts(kind)) is not None]
    return [act for acts in known for act in acts] if known else None


def _newest_age(acts: Iterable[Act]) -> int | None:
    return min((act.age_days for act in acts if act.age_days is not None), default=None)


def _newest_at(acts: Iterable[Act]) -> datetime | None:
    return max((act.engagement.at for act in acts if act.engagement.at is not None), default=None)


def _acts_in_words(acts: Sequence[Act]) -> str:
    names = sorted({act.engagement.name for act in acts if act.engagement.name})
    times = sum(act.engagement.count for act in acts)
    what = ", ".join(names) if names else "once" if times == 1 else f"{times:,} times"
    age_days = _newest_age(acts)
    if age_days is None:
        return what
    return f"{what}, {_ago(age_days)}" if times == 1 else f"{what}, last {_ago(age_days)}"


def _ago(days: int) -> str:
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days:,} days ago"


def _in_words(given: Value | None, value: Value) -> str:
    if isinstance(given, date):
        return _ago(value) if isinstance(value, int) else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return f"{value:,}" if isinstance(value, int | float) else str(value)
