"""What another rulebook would change: the same as if every contact were scored and decided by itself."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import Rulebook, load_rulebook
from scoring import Contact, Engagement, FurtherScore, Rubric, score_contact, together
from sync import what_if as trying
from sync.bootstrap import opened_portal
from sync.columns import Columns
from sync.difference import Difference, Moved
from sync.placing import Cases, Numbered, Placer
from sync.records import StageNote
from sync.sheets import Heading, Pile, Sheet, contact_of, facts_asked, sheet_of
from sync.store import open_store
from sync.what_if import as_far_as_kept, not_kept, what_if
from tests.builders import LEAD, MQL, PORTAL_ORDER, SQL, SUBSCRIBER, days_before
from tests.fakes.store import FakeStore
from tests.golden.leads import LEADS
from tests.unit.scoring import test_together as any_rubric
from tests.unit.scoring.builders import NOW as SCORED_AT
from tests.unit.scoring.builders import a_form, a_lead
from tests.unit.scoring.columns import columns_of
from workflows import Answer, Band, Gates, Hold, LeaveAlone, Move, Policy, Setter, Standing, decide

DEFAULT, CLASSIC = load_rulebook("default"), load_rulebook("classic")


def a_heading(rubric: Rubric) -> Heading:
    kinds = tuple(sorted(rubric.kinds))
    return Heading(facts=facts_asked(rubric), kinds=kinds, time_zone="Europe/Berlin", stages=PORTAL_ORDER)


def a_pile(heading: Heading, sheets: Sequence[Sheet]) -> Pile:
    columns = ([getattr(sheet, name) for sheet in sheets] for name in ("contact_id", "told", "names", "acts"))
    ids, told, names, acts = columns
    return Pile(heading=heading, ids=ids, told=told, names=names, acts=acts)


# --- columns: a pile is the contacts that it is made of ---


@settings(max_examples=150)
@given(st.lists(st.lists(any_rubric.contacts, max_size=4), max_size=3), any_rubric.rubrics(), any_rubric.rubrics())
def test_a_pile_has_the_points_of_its_sheets_whatever_the_rubric(
    piles: list[list[Contact]], kept: Rubric, other: Rubric
) -> None:
    """Pile after pile: what was met in one is known in the next."""
    heading = a_heading(kept)
    columns, judge = Columns(heading), together.Judge(SCORED_AT)
    asked = as_far_as_kept(other, heading)
    for contacts in piles:
        sheets = [sheet_of(contact, Standing(), heading) for contact in contacts]
        if not sheets:
            continue
        leads, _ = columns.read(a_pile(heading, sheets))
        oracle = [contact_of(sheet, heading) for sheet in sheets]
        for rubric, points in zip((kept, asked), judge.points(leads, kept, asked), strict=True):
            assert points.total.tolist() == [score_contact(c, rubric, SCORED_AT).total for c in oracle]
            assert points.fit.tolist() == [score_contact(c, rubric, SCORED_AT).fit for c in oracle]


def test_a_form_that_was_renamed_is_one_form_in_a_pile_too() -> None:
    heading = a_heading(CLASSIC.rubric)
    sent = [Engagement(kind="form", name=f"White paper {n}", ref="f0", at=days_before(n)) for n in (1, 2)]
    sheets = [sheet_of(replace(a_lead(*sent), id="1"), Standing(), heading)]
    leads, _ = Columns(heading).read(a_pile(heading, sheets))
    [points] = together.Judge(SCORED_AT).points(leads, CLASSIC.rubric)
    assert points.total.tolist() == [score_contact(a_lead(*sent), CLASSIC.rubric, SCORED_AT).total] == [10]


def test_values_that_nearly_every_contact_has_for_itself_are_forgotten_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.columns._KNOWN_MAX", 3)
    heading = a_heading(DEFAULT.rubric)
    columns, judge = Columns(heading), together.Judge(SCORED_AT)
    for batch in range(3):
        contacts = [
            a_lead(a_form(f"White paper {batch}-{n}"), facts={"job_title": f"CEO {batch}-{n}"}) for n in range(5)
        ]
        leads, _ = columns.read(a_pile(heading, [sheet_of(c, Standing(), heading) for c in contacts]))
        [points] = judge.points(leads, DEFAULT.rubric)
        assert points.total.tolist() == [score_contact(c, DEFAULT.rubric, SCORED_AT).total for c in contacts]


# --- placing: many leads belong where each of them does ---

stages = st.sampled_from([None, SUBSCRIBER, LEAD, MQL, SQL])
standings = st.builds(
    Standing,
    stage=stages,
    answer=st.none() | st.none() | st.sampled_from(Answer),
    points_taken=st.none() | st.integers(0, 60),
    held=st.booleans(),
    competitor=st.booleans(),
    contested=st.booleans(),
)
policies = st.builds(
    Policy,
    mql=st.sampled_from([Band(stage=MQL, enter=35, exit=30), Band(stage=MQL, enter=10, exit=10)]),
    sql=st.sampled_from([Band(stage=SQL, enter=65, exit=60), Band(stage=SQL, enter=20, exit=15)]),
    gates=st.builds(
        Gates,
        fit_min=st.sampled_from([None, 0, 5]),
        fit_or_mofu=st.sampled_from([None, 10]),
        intent_days=st.sampled_from([None, 5, 60]),
        origin_groups=st.sampled_from([frozenset({"source"}), frozenset({"more"})]),
    ),
    moves=st.sampled_from(["all", "up", "none"]),
    portal_order=st.just(PORTAL_ORDER),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(any_rubric.contacts, standings), min_size=1, max_size=8), any_rubric.rubrics(), policies)
def test_leads_are_placed_together_as_each_is_by_itself(
    leads: list[tuple[Contact, Standing]], rubric: Rubric, policy: Policy
) -> None:
    numbers: Numbered[str | None] = Numbered()
    placer = Placer(policy, SCORED_AT, numbers)
    columns = columns_of([contact for contact, _ in leads])
    [points] = together.Judge(SCORED_AT).points(columns, rubric)
    codes = np.arange(len(leads))
    now = np.array([numbers.number(standing.stage) for _, standing in leads])
    places = placer.place(Cases.of(points, rubric, policy), [s for _, s in leads], codes, now)
    for place, (contact, standing) in enumerate(leads):
        known = replace(standing, set_by=Setter.OTHER)
        decision = decide(score_contact(contact, rubric, SCORED_AT), known, policy, at=SCORED_AT)
        assert not isinstance(decision.outcome, LeaveAlone)
        assert decision.score is not None
        to = decision.outcome.to if isinstance(decision.outcome, Move) else standing.stage
        hold = decision.outcome.because.key if isinstance(decision.outcome, Hold) else None
        found = int(places.total[place]), numbers.name(places.stage[place]), numbers.name(places.hold[place])
        assert found == (decision.score.total, to, hold)


# --- what-if ---


def kept_of(store: FakeStore, leads: Sequence[tuple[Contact, Standing]], rulebook: Rulebook = DEFAULT) -> trying.Opens:
    heading = a_heading(rulebook.rubric)
    store.sheets.keep(heading, [sheet_of(contact, standing, heading) for contact, standing in leads])

    @contextmanager
    def opens() -> Iterator[FakeStore]:
        yield store

    return opens


def some_leads() -> list[tuple[Contact, Standing]]:
    places = [None, SUBSCRIBER, LEAD, MQL, SQL]
    return [
        (replace(contact, id=f"{number}{place}"), Standing(stage=stage))
        for number, contact in enumerate(LEADS.values())
        for place, stage in enumerate(places)
    ]


def one_by_one(leads: Sequence[tuple[Contact, Standing]], before: Rulebook, after: Rulebook) -> Difference:
    """The same, by the plain code alone."""
    found = Difference(contacts=len(leads))
    for contact, standing in leads:
        totals, places = [], [standing.stage]
        grades = []
        for rulebook in (before, after):
            score = score_contact(contact, rulebook.rubric, SCORED_AT)
            policy = replace(rulebook.policy, portal_order=PORTAL_ORDER)
            now = replace(standing, stage=places[-1], set_by=Setter.OTHER)
            decision = decide(score, now, policy, at=SCORED_AT)
            assert decision.score is not None
            totals.append(decision.score.total)
            grades.append(decision.score.grade)
            places.append(decision.outcome.to if isinstance(decision.outcome, Move) else now.stage)
        found.risen += totals[1] > totals[0]
        found.fallen += totals[1] < totals[0]
        found.points += totals[1] - totals[0]
        found.stages[places[1], places[2]] += 1
        if grades[0] != grades[1]:
            found.grades[grades[0], grades[1]] += 1
    return found


@pytest.mark.parametrize(("before", "after"), [(DEFAULT, CLASSIC), (CLASSIC, DEFAULT), (DEFAULT, DEFAULT)])
def test_it_says_what_scoring_and_deciding_each_contact_says(before: Rulebook, after: Rulebook) -> None:
    leads = some_leads()
    found = what_if(kept_of(FakeStore(), leads, before), before, after, SCORED_AT)
    plain = one_by_one(leads, before, after)
    for name in ("contacts", "risen", "fallen", "points", "stages", "grades"):
        assert getattr(found, name) == getattr(plain, name), name
    assert (found.changed > 0) == (before is not after)


def _kept_in(folder: Path) -> str:
    """The address of a database with the sheets of some leads."""
    url = f"sqlite:///{folder}/store.db"
    heading = a_heading(DEFAULT.rubric)
    with closing(open_store(url)) as store:
        store.portal("1").sheets.keep(
            heading, [sheet_of(contact, standing, heading) for contact, standing in some_leads()]
        )
    return url


@pytest.mark.parametrize("begin", ["fork", "spawn"] if sys.platform == "linux" else ["spawn"])
def test_two_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: str) -> None:
    opens = partial(opened_portal, _kept_in(tmp_path), "1")
    alone = what_if(opens, DEFAULT, CLASSIC, SCORED_AT, processes=1)
    monkeypatch.setattr(trying, "ALONE_BELOW", 2)
    monkeypatch.setattr(trying, "_start_of_processes", lambda: begin)
    assert what_if(opens, DEFAULT, CLASSIC, SCORED_AT, processes=2) == alone
    assert alone.contacts == len(some_leads())


def test_the_contacts_whose_points_change_most_are_named_in_order() -> None:
    leads = [
        (a_lead(Engagement(kind="email_open", count=n, at=days_before(1)), facts=None), Standing()) for n in range(30)
    ]
    leads = [(replace(contact, id=str(n)), standing) for n, (contact, standing) in enumerate(leads)]
    found = what_if(kept_of(FakeStore(), leads), DEFAULT, CLASSIC, SCORED_AT)
    assert [moved.contact_id for moved in found.most] == [str(n) for n in range(29, 19, -1)]
    assert found.most[0] == Moved(
        contact_id="29", before=10, after=150, stage_before=LEAD, stage_after=LEAD, setter_known=False
    )


def test_of_contacts_whose_points_change_alike_those_with_the_lowest_ids_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sync.what_if.MOST", 3)
    monkeypatch.setattr("sync.difference.MOST", 3)
    clicks = Engagement(kind="email_open", count=20, at=days_before(1))
    leads = [(replace(a_lead(clicks), id=str(n)), Standing(stage=LEAD)) for n in (1000, 99, 998, 7, 1001)]
    found = what_if(kept_of(FakeStore(), leads), DEFAULT, CLASSIC, SCORED_AT)
    assert [moved.contact_id for moved in found.most] == ["7", "99", "998"]
    fallen = what_if(kept_of(FakeStore(), leads, CLASSIC), CLASSIC, DEFAULT, SCORED_AT)
    assert [moved.contact_id for moved in fallen.most] == ["7", "99", "998"]
    twice = replace(fallen, headings=Counter())
    twice.add(found)
    assert [moved.gain > 0 for moved in twice.most] == [True] * 3 + [False] * 3


def with_lines(mql: int) -> Rulebook:
    """The default rulebook but for the line of MQL."""
    return replace(DEFAULT, policy=replace(DEFAULT.policy, mql=Band(stage=MQL, enter=mql, exit=mql - 5)))


def test_whoever_would_move_is_named_also_where_only_a_line_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    lead = a_lead(a_form("Price sheet", age=1))
    leads = [(replace(lead, id=str(n)), Standing(stage=LEAD)) for n in (1000, 99, 998)]
    found = what_if(kept_of(FakeStore(), leads), DEFAULT, with_lines(64), SCORED_AT)
    assert [(m.contact_id, m.gain, m.stage_before, m.stage_after) for m in found.movers] == [
        ("99", 0, MQL, LEAD),
        ("998", 0, MQL, LEAD),
        ("1000", 0, MQL, LEAD),
    ]
    assert found.most == []
    monkeypatch.setattr("sync.what_if.MOVERS", 2)
    monkeypatch.setattr("sync.difference.MOVERS", 2)
    found = what_if(kept_of(FakeStore(), leads), DEFAULT, with_lines(64), SCORED_AT)
    assert [m.contact_id for m in found.movers] == ["99", "998"]
    assert found.stages == {(MQL, LEAD): 3}


def test_of_whom_it_is_not_known_who_set_the_stage_is_counted_among_those_that_move() -> None:
    store = FakeStore()
    lead = a_lead(a_form("Price sheet", age=1))
    leads = [(replace(lead, id=str(n)), Standing(stage=MQL)) for n in range(4)]
    opens = kept_of(store, [*leads, (replace(lead, id="4"), Standing(stage=LEAD))])

    def noted(who: str, stage: str, by: Setter) -> None:
        at = days_before(3)
        store.memory.note_stages([StageNote(contact_id=who, stage=stage, since=None, set_by=by, set_at=at)])

    noted("1", MQL, Setter.INTEGRATION)
    noted("2", MQL, Setter.PERSON)
    noted("3", LEAD, Setter.OTHER)
    noted("4", MQL, Setter.INTEGRATION)
    found = what_if(opens, DEFAULT, with_lines(64), SCORED_AT)
    assert {moved.contact_id: moved.setter_known for moved in found.movers} == {
        "0": False,
        "1": True,
        "3": False,
        "4": True,
    }
    assert (found.setter_unknown, found.stages[MQL, LEAD], found.stages[MQL, MQL]) == (2, 4, 1)


def test_what_holds_a_stage_is_counted_by_either_rulebook() -> None:
    store = FakeStore()
    lead = a_lead(a_form("Price sheet", age=1))
    places = [("1", MQL), ("2", SQL), ("3", MQL)]
    opens = kept_of(store, [(replace(lead, id=who), Standing(stage=stage)) for who, stage in places])
    for who in ("2", "3"):
        stage = dict(places)[who]
        note = StageNote(contact_id=who, stage=stage, since=None, set_by=Setter.PERSON, set_at=days_before(3))
        store.memory.note_stages([note])
    only_up = with_lines(64)
    only_up = replace(only_up, policy=replace(only_up.policy, moves="up"))
    found = what_if(opens, DEFAULT, only_up, SCORED_AT)
    assert found.held == {(None, "moves"): 1, (None, "person_stage"): 1, ("person_stage", "person_stage"): 1}
    assert what_if(opens, DEFAULT, DEFAULT, SCORED_AT).held == {("person_stage", "person_stage"): 1}


def test_the_rules_that_give_other_points_are_counted_and_limits_explain_the_rest() -> None:
    leads = [(a_lead(Engagement(kind="email_open", count=12, at=days_before(1))), Standing())]
    found = what_if(kept_of(FakeStore(), leads), DEFAULT, CLASSIC, SCORED_AT)
    assert (found.rules, found.rule_points) == (Counter({"E02": 1}), Counter({"E02": 55}))
    opens = kept_of(FakeStore(), [(a_lead(Engagement(kind="email_open", count=12, at=days_before(1))), Standing())])
    capped = replace(CLASSIC.rubric.groups["email"], points_max=30)
    groups = dict(CLASSIC.rubric.groups) | {"email": capped}
    found = what_if(opens, DEFAULT, replace(CLASSIC, rubric=replace(CLASSIC.rubric, groups=groups)), SCORED_AT)
    assert found.rule_points == Counter({"E02": 55, trying.LIMITS: -35})
    assert found.points == 20


def test_a_stage_that_a_person_set_is_held_by_the_other_rulebook_too() -> None:
    store = FakeStore()
    lead = a_lead(Engagement(kind="email_click", count=2, at=days_before(1)), facts={"job_title": "CEO"})
    opens = kept_of(store, [(lead, Standing(stage=LEAD))])
    assert what_if(opens, DEFAULT, CLASSIC, SCORED_AT).stages == {(LEAD, MQL): 1}
    note = StageNote(contact_id="1", stage=LEAD, since=None, set_by=Setter.PERSON, set_at=days_before(3))
    store.memory.note_stages([note])
    found = what_if(opens, DEFAULT, CLASSIC, SCORED_AT)
    assert (found.stages, found.held) == ({(LEAD, LEAD): 1}, {(None, "person_stage"): 1})
    later = what_if(opens, DEFAULT, CLASSIC, SCORED_AT + timedelta(days=28))
    assert (later.stages, later.held) == ({(LEAD, MQL): 1}, {})


def test_who_was_moved_since_it_was_read_begins_where_it_was_moved_to() -> None:
    lead = a_lead(a_form("Price sheet", age=1))
    found = what_if(kept_of(FakeStore(), [(lead, Standing(stage=LEAD))]), DEFAULT, DEFAULT, SCORED_AT)
    assert found.stages == {(MQL, MQL): 1}


def test_further_scores_that_change_are_counted() -> None:
    further = FurtherScore(label="", property="forms", of="leads", groups=("forms",))
    for_customers = replace(further, of="customers")
    rubric = replace(DEFAULT.rubric, scores={"forms": further, "loyal": for_customers})
    lead = (a_lead(a_form("Price sheet", age=1)), Standing())
    opens = kept_of(FakeStore(), [lead, (replace(a_lead(), id="2"), Standing())])
    assert what_if(opens, DEFAULT, replace(DEFAULT, rubric=rubric), SCORED_AT).further == Counter({"forms": 1})


def test_of_nobody_there_is_no_difference() -> None:
    assert what_if(kept_of(FakeStore(), []), DEFAULT, CLASSIC, SCORED_AT) == Difference()


def test_what_a_fact_says_is_unknown_where_only_that_it_is_given_was_kept(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "extends: default\nrules:\n"
        "  F07: {label: Phone, group: fit, fact: phone,\n"
        "        cases: [{any_of: ['+49 30 1'], points: 20}, {given: true, points: 3}]}\n"
        "  A01: {label: Chats, group: conversations, kind: chat, repeats: every, points: 1}\n"
    )
    ours = load_rulebook(file)
    lead = (a_lead(facts={"phone": "+49 30 1"}), Standing())
    found = what_if(kept_of(FakeStore(), [lead]), DEFAULT, ours, SCORED_AT)
    assert found.rule_points == Counter({"F07": 1})
    lacking = not_kept(found, DEFAULT, ours)
    assert lacking == {"facts": ["phone"], "kinds": [], "in_force": [], "sources": []}


def test_what_the_other_rulebook_reads_besides_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "extends: default\n"
        "sources:\n  facts:\n    city: {from: [city], type: text, tier: free}\n"
        "    country: {from: [company.country], type: text, tier: free}\n"
        "  engagements:\n    call: [{feed: calls, act: logged, tier: free}]\n"
        "rules:\n  A01: {label: City, group: fit, fact: city, cases: [{given: true, points: 1}]}\n"
        "  A02: {label: Call, group: conversations, kind: call, repeats: once, points: 1}\n"
    )
    ours = load_rulebook(file)
    found = what_if(kept_of(FakeStore(), [(a_lead(), Standing())]), DEFAULT, ours, SCORED_AT)
    assert not_kept(found, DEFAULT, ours) == {
        "facts": ["city"],
        "kinds": ["call"],
        "in_force": [],
        "sources": ["country"],
    }
    found = what_if(kept_of(FakeStore(), [(a_lead(), Standing())]), ours, DEFAULT, SCORED_AT)
    assert not_kept(found, ours, DEFAULT)["in_force"] == ["city", "call"]
