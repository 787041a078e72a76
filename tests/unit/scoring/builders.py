"""Leads and rubrics for tests, of which only what matters is said."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scoring import (
    Cap,
    Case,
    Condition,
    Contact,
    Engagement,
    EngagementRule,
    FactRule,
    Given,
    Group,
    Level,
    Line,
    Names,
    Phrases,
    Rubric,
    Rule,
    Score,
    Value,
    score_contact,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=ZoneInfo("Europe/Berlin"))

ALL_KINDS = frozenset(
    {
        "visit",
        "page_view",
        "page",
        "form",
        "email_delivered",
        "email_open",
        "email_click",
        "email_reply",
        "meeting_booked",
        "chat",
    }
)


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def a_lead(
    *engagements: Engagement, seen: Iterable[str] = ALL_KINDS, facts: Mapping[str, Value] | None = None
) -> Contact:
    return Contact(id="1", facts=facts or {}, engagements=engagements, seen_kinds=frozenset(seen))


def an_act(kind: str, *, age: int | None = 0, name: str = "", count: int = 1) -> Engagement:
    return Engagement(kind=kind, at=None if age is None else days_ago(age), name=name, count=count)


def a_form(name: str, *, age: int | None = 0) -> Engagement:
    return an_act("form", name=name, age=age)


def a_page(address: str, *, age: int = 0) -> Engagement:
    return an_act("page", name=address, age=age)


def a_rubric(
    *rules: Rule,
    group: Group | None = None,
    caps: Mapping[str, Cap] | None = None,
    forms: Mapping[str, Iterable[str]] | None = None,
    pages: Mapping[str, Iterable[str]] | None = None,
    names: Mapping[str, Names] | None = None,
) -> Rubric:
    """Rules of the groups `fit`, `adjustments` and `done`; the last is engagement, and `group` if that is given.

    Forms have classes by phrases, or as `names` says.
    """
    return Rubric(
        groups={
            "fit": Group(label="Fit", part="fit"),
            "done": group or Group(label="Done", part="engagement"),
            "adjustments": Group(label="Adjustments", part="adjustment"),
        },
        rules=rules,
        caps=caps or {},
        forms=names or {key: Names(phrases=Phrases(tuple(texts))) for key, texts in (forms or {}).items()},
        pages={key: Names(phrases=Phrases(tuple(texts))) for key, texts in (pages or {}).items()},
    )


def a_fact_rule(
    fact: str,
    *cases: tuple[Condition, float],
    key: str = "R1",
    group: str = "fit",
    silences: str | None = None,
) -> FactRule:
    """Points for a fact; without cases, one point where it is given."""
    made = tuple(Case(fact=fact, condition=condition, points=points) for condition, points in cases)
    given = (Case(fact=fact, condition=Given(), points=1),)
    return FactRule(key=key, label=key, group=group, cases=made or given, silences=silences)


def a_form_rule(
    key: str, name_class: str, points: float, *, intent: bool = False, level: Level | None = None
) -> EngagementRule:
    return EngagementRule(
        key=key,
        label=key,
        group="done",
        kind="form",
        name_class=name_class,
        points=points,
        repeats="distinct",
        level=level,
        intent=intent,
    )


def scored(contact: Contact, *rules: Rule, at: datetime = NOW) -> Score:
    return score_contact(contact, a_rubric(*rules), at)


def line_of(score: Score, key: str) -> Line:
    return next(line for line in score.lines if line.key == key)
