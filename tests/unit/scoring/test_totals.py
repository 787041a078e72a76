"""Caps, parts, grade, and what must hold for every lead."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import load_rulebook
from scoring import (
    Cap,
    Contact,
    Engagement,
    Given,
    Grading,
    Group,
    Is,
    Line,
    Rubric,
    Score,
    Value,
    score_contact,
)
from tests.unit.scoring.builders import (
    ALL_KINDS,
    NOW,
    a_fact_rule,
    a_form,
    a_form_rule,
    a_lead,
    a_rubric,
    line_of,
)

DEFAULT, CLASSIC = (load_rulebook(name).rubric for name in ("default", "classic"))


def points_in(score: Score, group: str) -> int:
    return sum(line.points for line in score.lines if line.group == group)


def test_a_groups_cap_is_a_line_of_its_own() -> None:
    rubric = a_rubric(
        a_form_rule("G03", "w", 20), group=Group(label="Forms", part="engagement", points_max=30), forms={"w": ["w"]}
    )
    score = score_contact(a_lead(a_form("w a"), a_form("w b")), rubric, NOW)
    assert line_of(score, "G03").points == 40
    assert line_of(score, "cap:done") == Line(
        key="cap:done", label="Forms: at most 30", group="done", part="engagement", points=-10
    )
    assert score.total == 30


def test_a_groups_floor_gives_back_what_lies_below_it() -> None:
    bad = a_fact_rule("bad", (Given(), -40), group="done")
    rubric = a_rubric(bad, group=Group(label="Email", part="engagement", points_min=-25))
    score = score_contact(a_lead(facts={"bad": True}), rubric, NOW)
    assert (line_of(score, "floor:done").points, score.total) == (15, -25)


def test_a_group_within_its_limits_has_no_line_of_limits() -> None:
    rubric = a_rubric(group=Group(label="Forms", part="engagement", points_max=30, points_min=-5))
    assert score_contact(a_lead(), rubric, NOW).lines == ()


def test_a_cap_that_rules_share_comes_before_the_groups() -> None:
    rubric = a_rubric(
        a_form_rule("G02", "a", 30),
        a_form_rule("G03", "b", 30),
        group=Group(label="Forms", part="engagement", points_max=35),
        caps={"both": Cap(label="Both", group="done", rules=frozenset({"G02", "G03"}), points_max=40)},
        forms={"a": ["a"], "b": ["b"]},
    )
    score = score_contact(a_lead(a_form("a"), a_form("b")), rubric, NOW)
    assert (line_of(score, "cap:both").points, line_of(score, "cap:done").points) == (-20, -5)


@pytest.mark.parametrize(("points", "limit", "total"), [(40, "cap:total", 30), (-40, "floor:total", -25), (7, "", 7)])
def test_the_total_may_have_limits_of_its_own(points: int, limit: str, total: int) -> None:
    rubric = replace(
        a_rubric(a_fact_rule("one", (Given(), points), group="done")),
        total=Group(label="Total", part="adjustment", points_max=30, points_min=-25),
    )
    score = score_contact(a_lead(facts={"one": True}), rubric, NOW)
    assert (score.total, sum(line.points for line in score.lines)) == (total, total)
    assert [line.key for line in score.lines if line.is_limit] == ([limit] if limit else [])


def test_an_adjustment_is_in_the_total_only() -> None:
    rubric = a_rubric(a_fact_rule("x", (Is(expected=True), -50), group="adjustments"), a_fact_rule("y", (Given(), 20)))
    score = score_contact(a_lead(facts={"x": True, "y": 1}), rubric, NOW)
    assert (score.total, score.fit, score.engagement, score.grade) == (-30, 20, 0, "B1")


@pytest.mark.parametrize(
    ("fit", "engagement", "grade"),
    [(30, 50, "A4"), (29, 49, "B3"), (20, 25, "B3"), (19, 24, "C2"), (10, 10, "C2"), (9, 9, "D1"), (-60, -35, "D1")],
)
def test_the_letter_is_fit_and_the_digit_engagement(fit: int, engagement: int, grade: str) -> None:
    assert Grading().grade(fit, engagement) == grade


def test_a_portal_may_count_digits_the_other_way_round() -> None:
    turned = Grading(best="A1")
    assert [turned.grade(30, engagement) for engagement in (50, 25, 10, 0)] == ["A1", "A2", "A3", "A4"]


# --- what must hold for every lead ---

form_names = st.sampled_from(
    ["Demo", "Free trial", "Price sheet", "Webinar A", "Webinar B", "White paper", "Checklist 1", "Checklist 2",
     "Newsletter", "Careers", ""]
)  # fmt: skip
addresses = st.sampled_from(["/pricing", "https://a.example/demo", "/case-studies", "/", "/blog?contact"])
kinds = st.sampled_from(sorted(ALL_KINDS | {"social", "meeting_cancelled"}))
times = st.none() | st.integers(-5, 500).map(lambda days: NOW - timedelta(days=days))


@st.composite
def engagements(draw: st.DrawFn) -> Engagement:
    kind = draw(kinds)
    names = {"form": form_names, "page": addresses}.get(kind, st.just(""))
    return Engagement(
        kind=kind, at=draw(times), name=draw(names), count=draw(st.integers(-3, 60)), lasts_until=draw(times)
    )


facts = st.fixed_dictionaries(
    {},
    optional={
        "employees": st.integers(-5, 20_000) | st.text(max_size=5),
        "revenue": st.floats(allow_nan=True),
        "job_title": st.text(max_size=20) | st.sampled_from(["CEO", "Student", "Sales manager"]),
        "email_domain": st.sampled_from(["gmail.com", "a.example", ""]),
        "phone": st.text(max_size=5),
        "hard_bounce": st.just("UNKNOWN_USER"),
        "lists_left": st.integers(0, 3),
        "source": st.sampled_from(["DIRECT_TRAFFIC", "OFFLINE"]),
    },
)


@st.composite
def leads(draw: st.DrawFn) -> Contact:
    known: Mapping[str, Value] = draw(facts)
    done = draw(st.lists(engagements(), max_size=12))
    return Contact(id="1", facts=known, engagements=done, seen_kinds=draw(st.frozensets(kinds)))


rubrics = st.sampled_from([DEFAULT, CLASSIC])


@given(leads(), rubrics)
def test_lines_add_up_to_the_total_and_to_its_parts(lead: Contact, rubric: Rubric) -> None:
    score = score_contact(lead, rubric, NOW)
    assert sum(line.points for line in score.lines) == score.total
    for part, points in (("fit", score.fit), ("engagement", score.engagement)):
        assert sum(line.points for line in score.lines if line.part == part) == points


@given(leads(), rubrics)
def test_no_group_leaves_its_limits(lead: Contact, rubric: Rubric) -> None:
    score = score_contact(lead, rubric, NOW)
    for key, group in rubric.groups.items():
        assert group.points_max is None or points_in(score, key) <= group.points_max
        assert group.points_min is None or points_in(score, key) >= group.points_min


@given(leads(), rubrics)
def test_what_is_unknown_is_worth_nothing(lead: Contact, rubric: Rubric) -> None:
    assert all(
        line.points == 0 and not line.intent for line in score_contact(lead, rubric, NOW).lines if not line.known
    )


@given(leads(), rubrics, st.randoms())
def test_the_order_of_engagements_does_not_matter(lead: Contact, rubric: Rubric, random: Random) -> None:
    shuffled = list(lead.engagements)
    random.shuffle(shuffled)
    again = Contact(id="1", facts=lead.facts, engagements=shuffled, seen_kinds=lead.seen_kinds)
    assert score_contact(again, rubric, NOW) == score_contact(lead, rubric, NOW)


@given(leads(), rubrics, st.integers(1, 400))
def test_a_score_that_does_not_fade_stays_as_it_is(lead: Contact, rubric: Rubric, days: int) -> None:
    score = score_contact(lead, rubric, NOW)
    if not score.fades:
        later = score_contact(lead, rubric, NOW + timedelta(days=days))
        assert [line.points for line in later.lines] == [line.points for line in score.lines]


@given(st.lists(st.builds(a_form, form_names, age=st.integers(0, 400)), max_size=8), st.integers(0, 400))
def test_time_alone_never_raises_what_only_fades(forms: list[Engagement], days: int) -> None:
    lead = a_lead(*forms)
    now, later = (score_contact(lead, DEFAULT, NOW + timedelta(days=passed)) for passed in (0, days))
    assert later.total <= now.total
