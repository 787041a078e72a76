"""Many leads scored together have the points that each has by itself: the plain evaluator is the oracle."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import load_rulebook
from scoring import (
    MAIL_SCANNER,
    PRIVACY_PROXY,
    AllOf,
    AnyOf,
    Between,
    Cap,
    Case,
    Contact,
    CountRange,
    CountRule,
    Engagement,
    EngagementRule,
    FactRule,
    FurtherScore,
    Given,
    Group,
    HalfLife,
    Ignored,
    Is,
    Linear,
    Mentions,
    Names,
    Phrases,
    RecencyBand,
    RecencyRule,
    Rubric,
    Rule,
    Score,
    SilenceRule,
    Value,
    score_contact,
    together,
)
from tests.golden.leads import LEADS
from tests.unit.scoring.builders import NOW, a_form, a_lead, a_page
from tests.unit.scoring.columns import columns_of

DEFAULT, CLASSIC = (load_rulebook(name).rubric for name in ("default", "classic"))

KINDS = ("form", "page", "visit", "mail", "open", "click")


def agree(points: together.Points, scores: Sequence[Score], rubric: Rubric) -> None:
    """Every number that both know is the same."""
    assert points.total.tolist() == [score.total for score in scores]
    assert points.fit.tolist() == [score.fit for score in scores]
    assert points.engagement.tolist() == [score.engagement for score in scores]
    for number, rule in enumerate(rubric.rules):
        lines = [next(ln for ln in (*s.lines, *s.apart) if ln.key == rule.key) for s in scores]
        assert points.rules[number].points.tolist() == [line.points for line in lines], rule
        assert points.rules[number].met.tolist() == [line.met for line in lines], rule
        for age, line in zip(points.rules[number].newest.tolist(), lines, strict=True):
            if line.met and not isinstance(rule, FactRule):
                assert (age == together.NEVER) == (line.at is None), rule
                assert line.at is None or age == max(0, (NOW.date() - line.at.astimezone(NOW.tzinfo).date()).days)
    for key, further in rubric.scores.items():
        sums = np.maximum(0, sum(points.groups[group] for group in further.groups))
        assert sums.tolist() == [score.further[key].points for score in scores]


# --- the packaged rulebooks ---


@pytest.mark.parametrize("rubric", [DEFAULT, CLASSIC], ids=["default", "classic"])
def test_the_golden_leads_have_the_points_that_each_has_by_itself(rubric: Rubric) -> None:
    contacts = list(LEADS.values())
    [points] = together.Judge(NOW).points(columns_of(contacts), rubric)
    agree(points, [score_contact(contact, rubric, NOW) for contact in contacts], rubric)


def test_nobody_at_all_has_no_points() -> None:
    [points] = together.Judge(NOW).points(columns_of([]), DEFAULT)
    assert len(points.total) == 0


def test_a_kind_whose_only_act_lies_ahead_is_unknown_and_not_none() -> None:
    nobody_came = CountRange(low=0, high=0, points=7)
    rule = CountRule(key="c", label="", group="g", kind="visit", ranges=(nobody_came,))
    rubric = Rubric(groups={"g": Group(label="", part="engagement")}, rules=(rule,))
    ahead = Engagement(kind="visit", at=NOW + timedelta(days=9))
    leads = [a_lead(ahead), a_lead(), a_lead(seen=())]
    [points] = together.Judge(NOW).points(columns_of(leads), rubric)
    agree(points, [score_contact(lead, rubric, NOW) for lead in leads], rubric)
    assert points.total.tolist() == [0, 7, 0]


def test_two_rubrics_of_which_one_knows_other_forms_do_not_mix_their_classes() -> None:
    other = replace(DEFAULT, forms={"hand_raise": Names(whole=frozenset({"newsletter"}))})
    rules = tuple(rule for rule in DEFAULT.rules if rule.key == "G05")
    lead = a_lead(a_form("Newsletter"))
    both = together.Judge(NOW).points(columns_of([lead]), replace(DEFAULT, rules=rules), replace(other, rules=rules))
    assert [points.total.tolist() for points in both] == [[0], [70]]


def test_a_judge_knows_the_values_that_came_later() -> None:
    judge = together.Judge(NOW)
    values: list[Value | None] = ["CEO"]
    nothing = columns_of([Contact(id="1")])

    def scored() -> int:
        column = together.Column(codes=np.array([len(values) - 1]), values=values)
        return int(judge.points(replace(nothing, facts={"job_title": column}), DEFAULT)[0].fit[0])

    first = scored()
    values.append("Student")
    assert (first, scored()) == (15, -20)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"])
def test_days_end_at_the_midnights_of_the_zone_whatever_its_clocks_have_done(zone: str) -> None:
    now = datetime(2012, 3, 1, 12, tzinfo=ZoneInfo(zone))
    decay = Linear(percent=0.1, per_days=1)  # a point a day of a thousand
    rule = EngagementRule(key="c", label="", group="g", kind="visit", points=1000, decay=decay)
    rubric = Rubric(groups={"g": Group(label="", part="engagement")}, rules=(rule,))
    leads = [
        Contact(id="1", engagements=[Engagement(kind="visit", at=now.astimezone(UTC) - timedelta(minutes=30 * step))])
        for step in range(200 * 48)
    ]
    [points] = together.Judge(now).points(columns_of(leads), rubric)
    assert points.total.tolist() == [score_contact(lead, rubric, now).total for lead in leads]
    assert len(set(points.total.tolist())) >= 200


# --- any rubric, any leads ---

texts = st.sampled_from(["CEO", "Head of sales", "a.example", " Gmail.com ", "", "student", "ceo"])
values = (
    texts
    | st.integers(-3, 40)
    | st.floats(-5, 40)
    | st.booleans()
    | st.frozensets(texts, max_size=3)
    | st.integers(-400, 3).map(lambda days: NOW + timedelta(days=days))
    | st.integers(-400, 3).map(lambda days: NOW.date() + timedelta(days=days))
)
phrases = st.lists(st.sampled_from(["demo", "ceo", "head", "price*", "case stud*"]), max_size=2).map(
    lambda found: Phrases(tuple(found))
)
few = st.frozensets(st.sampled_from(["ceo", "gmail.com", "student", "a.example"]), max_size=3)
bounds = st.none() | st.integers(-5, 200)
conditions = st.one_of(
    st.builds(AnyOf, values=few),
    st.builds(AllOf, values=few),
    st.builds(Mentions, phrases=phrases),
    st.builds(Between, low=bounds, high=bounds),
    st.builds(Is, expected=st.booleans()),
    st.builds(Given),
)
names = st.sampled_from(["Demo", "Price sheet", "Site: Demo", "Newsletter", ""])
pages = st.sampled_from(["/pricing", "https://a.example/demo?x=1", "https://a.example/demo?x=2", "/case-studies", "/"])
refs = st.sampled_from(["", "", "F1", "f2"])
edges = st.sampled_from([0, 1, 7, 30, 31, 90])
"""Days on which something begins or ends, as windows and bands do."""
ages = st.builds(lambda days, more: days + more, edges, st.sampled_from([0, 0, 0, 0.4, 1])) | st.floats(-3, 200)
times = st.none() | ages.map(lambda days: NOW - timedelta(days=days))


@st.composite
def engagements(draw: st.DrawFn) -> Engagement:
    kind = draw(st.sampled_from(KINDS))
    return Engagement(
        kind=kind,
        at=draw(times),
        name=draw(pages if kind == "page" else names),
        ref=draw(refs) if kind == "form" else "",
        count=draw(st.integers(-1, 9)),
        lasts_until=draw(times),
    )


contacts = st.builds(
    Contact,
    id=st.just("1"),
    facts=st.dictionaries(st.sampled_from(["a", "b", "c"]), values),
    engagements=st.lists(engagements(), max_size=9),
    seen_kinds=st.frozensets(st.sampled_from(KINDS)),
    ignored=st.lists(
        st.builds(
            Ignored,
            kind=st.sampled_from(KINDS),
            count=st.integers(0, 3),
            why=st.sampled_from([MAIL_SCANNER, PRIVACY_PROXY]),
        ),
        max_size=2,
    ),
)

points = st.sampled_from([-20, -2.5, -1, 0, 0.5, 1, 2.5, 5, 7, 50])
windows = st.none() | edges
decays = st.none() | st.one_of(
    st.builds(HalfLife, days=st.sampled_from([1, 30, 90.5]), grace_days=st.integers(0, 40)),
    st.builds(Linear, percent=st.sampled_from([10, 25.0]), per_days=st.sampled_from([1, 30]), grace_days=st.just(7)),
)
groups = st.sampled_from(["fit", "done", "more", "other", "apart"])
heads = {"label": st.just(""), "group": groups, "intent": st.booleans(), "level": st.none() | st.just("bofu")}
some_kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True).map(tuple)
limits = st.none() | st.integers(0, 40)
floors = st.none() | st.integers(-40, 0)


@st.composite
def rules(draw: st.DrawFn, key: str) -> Rule:
    head: dict[str, Any] = {name: draw(strategy) for name, strategy in heads.items()} | {"key": key}
    kind = draw(st.sampled_from(KINDS))
    bands = st.lists(st.tuples(windows, points), max_size=3).map(
        lambda drawn: tuple(RecencyBand(days_max=days, points=worth) for days, worth in drawn)
    )
    match draw(st.sampled_from(["fact", "engagement", "count", "recency", "silence"])):
        case "fact":
            case = st.builds(Case, fact=st.sampled_from(["a", "b", "c"]), condition=conditions, points=points)
            cases = draw(st.lists(case, min_size=1, max_size=4).map(tuple))
            return FactRule(**head, cases=cases, silences=draw(st.none() | st.none() | groups))
        case "engagement":
            classes = {"form": ["demo", "rest", "empty"], "page": ["demo", "proof"]}.get(kind, [])
            return EngagementRule(
                **head,
                kind=kind,
                points=draw(points),
                points_max=draw(limits),
                name_class=draw(st.sampled_from([None, *classes])),
                repeats=draw(st.sampled_from(["every", "distinct", "once"])),
                window_days=draw(windows),
                decay=draw(decays),
            )
        case "count":
            ranges = (
                CountRange(low=0, high=draw(st.integers(0, 3)), points=draw(points)),
                CountRange(low=4, points=draw(points)),
            )
            return CountRule(**head, kind=kind, ranges=ranges, window_days=draw(windows))
        case "recency":
            return RecencyRule(**head, kinds=draw(some_kinds), bands=draw(bands))
    other = RecencyRule(**(head | {"key": "r"}), kinds=draw(some_kinds), bands=draw(bands))
    return SilenceRule(
        **head,
        points=draw(points),
        sent=kind,
        sent_min=draw(st.integers(0, 5)),
        touches=draw(some_kinds),
        silent_days=draw(edges),
        not_with_last_band_of=draw(st.sampled_from([None, other])),
    )


@st.composite
def a_group(draw: st.DrawFn, part: str) -> Group:
    return Group(label="", part=part, points_max=draw(limits), points_min=draw(floors))  # type: ignore[arg-type]


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    drawn = tuple(draw(rules(f"R{number}")) for number in range(draw(st.integers(1, 6))))
    parts = {"fit": "fit", "done": "engagement", "more": "engagement", "other": "adjustment", "apart": "apart"}
    shared = draw(st.frozensets(st.sampled_from([rule.key for rule in drawn])))
    return Rubric(
        groups={key: draw(a_group(part)) for key, part in parts.items()},
        rules=drawn,
        caps={"shared": Cap(label="", group=draw(groups), rules=shared, points_max=draw(st.integers(0, 20)))},
        forms={
            "demo": Names(ids=frozenset({"f1"}), whole=frozenset({"demo"})),
            "empty": Names(),
            "rest": Names(phrases=Phrases(("price", "news*"))),
        },
        pages={"demo": Names(phrases=Phrases(("demo",))), "proof": Names(phrases=Phrases(("case stud*",)))},
        total=draw(st.none() | a_group("adjustment") | a_group("fit")),
        scores={"more": FurtherScore(label="", property="more", of="leads", groups=("more", "apart"))},
    )


@settings(max_examples=200)
@given(st.lists(contacts, min_size=1, max_size=6), rubrics(), rubrics())
def test_whatever_the_rubric_and_whoever_the_leads_both_ways_agree(
    leads: list[Contact], rubric: Rubric, other: Rubric
) -> None:
    columns = columns_of(leads)
    for each, points in zip((rubric, other), together.Judge(NOW).points(columns, rubric, other), strict=True):
        agree(points, [score_contact(lead, each, NOW) for lead in leads], each)


@given(st.lists(st.sampled_from(list(LEADS.values())), max_size=8))
def test_who_else_is_scored_makes_no_difference(leads: list[Contact]) -> None:
    [points] = together.Judge(NOW).points(columns_of([*leads, a_lead(a_page("/pricing"))]), DEFAULT)
    assert points.total.tolist()[:-1] == [score_contact(lead, DEFAULT, NOW).total for lead in leads]
