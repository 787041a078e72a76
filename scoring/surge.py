"""Whether a lead surges: quiet for a month, and now a burst of acts that shows intent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from scoring.contact import Contact, Engagement
from scoring.history import History, Moment
from scoring.lines import Line, breakdown, silenced_groups, sum_of
from scoring.rubric import CountRule, EngagementRule, Rubric, SurgeRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """An act of intent was done in the last days: what these days earned, and what those before."""

    points: int
    quiet_points: int
    holds: bool
    """These are many and those were few: the lead surges."""


def surge_of(contact: Contact, rubric: Rubric, history: History) -> Surge | None:
    """The surge of a lead, or how far it is from one; None: no act of intent in the last days, so time brings none.

    Only acts count, and only on the days they were done: of what a source merely counts, the newest alone. What the
    days before earned is what it was worth when they were over.
    """
    rule = rubric.surge
    if rule is None:
        return None
    recent, before = _acts_of(contact, history.moment, rule)
    telling = rubric.once(
        "kinds of intent",
        lambda: {each.kind for each in rubric.rules if isinstance(each, EngagementRule | CountRule) and each.intent},
    )
    if telling.isdisjoint(act.kind for act in recent):
        return None
    acts_alone = _rules_of_acts(contact, rubric, history)
    burst = _earned(contact, recent, acts_alone, history.moment)
    if not any(line.intent for line in burst):
        return None
    over = Moment(history.moment.at - timedelta(days=rule.days + 1))
    points, quiet_points = sum_of(burst), sum_of(_earned(contact, before, acts_alone, over))
    holds = points >= rule.points and quiet_points <= rule.quiet_points
    return Surge(points=points, quiet_points=quiet_points, holds=holds)


def _acts_of(contact: Contact, moment: Moment, rule: SurgeRule) -> tuple[list[Engagement], list[Engagement]]:
    """The acts of the last days, and those of the days before, each one act."""
    recent: list[Engagement] = []
    before: list[Engagement] = []
    for engagement in contact.engagements:
        age_days = None if engagement.at is None or engagement.count < 1 else moment.age_days(engagement.at)
        if age_days is not None and age_days <= rule.days + rule.quiet_days:
            one = engagement if engagement.count == 1 else replace(engagement, count=1)
            (recent if age_days <= rule.days else before).append(one)
    return recent, before


def _rules_of_acts(contact: Contact, rubric: Rubric, history: History) -> Rubric:
    """The rubric with no rules but those that give engagement points for acts."""
    silenced = frozenset(silenced_groups(contact.facts, rubric, history))

    def made() -> Rubric:
        rules = tuple(
            rule
            for rule in rubric.rules
            if isinstance(rule, EngagementRule | CountRule)
            and rubric.groups[rule.group].part == "engagement"
            and rule.group not in silenced
        )
        return replace(rubric, rules=rules)

    return rubric.once(("rules of acts", silenced), made)


def _earned(contact: Contact, acts: Sequence[Engagement], rubric: Rubric, moment: Moment) -> Sequence[Line]:
    alone = replace(contact, facts={}, engagements=acts)
    return [line for line in breakdown(alone, rubric, History(alone, rubric, moment)).lines if _is_engagement(line)]


def _is_engagement(line: Line) -> bool:
    return line.part == "engagement"
