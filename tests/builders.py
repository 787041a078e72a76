"""Leads, scores and rulebooks for tests: each builder takes only what matters to the test."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from config import Rulebook, load_rulebook
from scoring import Line, Score
from scoring.contact import Contact, Engagement
from scoring.rubric import Level
from workflows import PEOPLE, HistoryEntry, Policy, Setter, Standing

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=ZONE)

SUBSCRIBER, LEAD, MQL, SQL = "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead"
PORTAL_ORDER = (SUBSCRIBER, LEAD, MQL, SQL, "opportunity", "customer", "evangelist", "other")


def days_before(days: float) -> datetime:
    return NOW - timedelta(days=days)


def days_after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def a_policy(**differences: Any) -> Policy:
    """The default policy on a portal with HubSpot's own stages."""
    return replace(Policy(portal_order=PORTAL_ORDER), **differences)


def a_score(
    total: int,
    *,
    fit: int = 0,
    adjustment: int = 0,
    level: Level | None = "bofu",
    intent_days_ago: float | None = 0,
    origin_only: bool = False,
) -> Score:
    """A score whose engagement is what fit and adjustment leave of the total.

    By default one bottom-of-funnel act of today earned it, so every gate that engagement opens is open.
    """
    engagement = total - fit - adjustment
    lines = [
        Line(key="F01", label="Industry", group="fit", part="fit", points=fit),
        Line(
            key="R01" if origin_only else "G05",
            label="Source" if origin_only else "Form",
            group="source" if origin_only else "forms",
            part="engagement",
            points=engagement,
            level=level,
            intent=intent_days_ago is not None,
            at=None if intent_days_ago is None else days_before(intent_days_ago),
        ),
        Line(key="N03", label="Hard bounce", group="adjustments", part="adjustment", points=adjustment),
    ]
    return Score(total=total, fit=fit, engagement=engagement, grade="D1", lines=[ln for ln in lines if ln.points])


def a_standing(stage: str | None = None, /, **rest: Any) -> Standing:
    """A lead whose history is known; by default this worker put it where it is, and nobody else before it."""
    by_hand: dict[str, Any] = {"person_at": rest.get("set_at")} if rest.get("set_by") in PEOPLE else {}
    return Standing(stage=stage, **({"set_by": Setter.INTEGRATION} | by_hand | rest))


def an_entry(value: str | None, *, by: Setter, days_ago: float) -> HistoryEntry:
    return HistoryEntry(value=value, by=by, at=days_before(days_ago))


@cache
def the_packaged_rulebook() -> Rulebook:
    """Read once for all tests: reading it takes longer than all else that most of them do."""
    return load_rulebook()


@cache
def a_quick_rulebook() -> Rulebook:
    """The default rulebook with only its rules about forms: the leads of these tests do nothing else."""
    whole = the_packaged_rulebook()
    forms = tuple(rule for rule in whole.rubric.rules if rule.group == "forms")
    return replace(
        whole,
        rubric=replace(whole.rubric, rules=forms),
        policy=replace(whole.policy, portal_order=PORTAL_ORDER),
    )


def a_rulebook(**policy: Any) -> Rulebook:
    """The same, with differences in its policy."""
    rulebook = a_quick_rulebook()
    return replace(rulebook, policy=replace(rulebook.policy, **policy))


FORMS = {0: "", 5: "Checklist", 50: "Price sheet", 70: "Book a demo"}
"""A form that earns so many points on the day it is sent."""


def a_contact(contact_id: str, points: int = 0, *, days_ago: float = 0) -> Contact:
    """Somebody of whom nothing is known but one form, worth so many points on the day it was sent."""
    sent = [Engagement(kind="form", name=FORMS[points], at=days_before(days_ago))] if points else []
    return Contact(id=contact_id, engagements=sent, seen_kinds=frozenset({"form"}))
