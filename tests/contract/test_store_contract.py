"""What every store promises, held against the fake, SQLite and PostgreSQL alike."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sync.ports import Journal, LeaseHeld, LeaseLost, Memory
from sync.records import OPEN_STATES, Change, JournalEntry, Mode, RunState, Seen, StageNote, State
from tests.contract.conftest import AStore, Two
from workflows import Setter

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture
def journal(store: AStore) -> Journal:
    return store.journal


@pytest.fixture
def memory(store: AStore) -> Memory:
    return store.memory


def a_change(contact_id: str = "1", **given: object) -> Change:
    return Change(**({"contact_id": contact_id, "before": {}, "after": {}} | given))  # type: ignore[arg-type]


def a_run(journal: Journal, *changes: Change, mode: Mode = "full", at: datetime = NOON) -> int:
    run_id = journal.start_run(mode, rulebook_version="v1", at=at)
    journal.plan(run_id, changes)
    return run_id


def all_entries(journal: Journal, run_id: int) -> list[JournalEntry]:
    return [entry for page in journal.entries(run_id) for entry in page]


# The journal: runs


def test_a_run_is_on_record_as_running_until_it_says_how_it_ended(journal: Journal) -> None:
    run_id = journal.start_run("decay", rulebook_version="v7", at=NOON)
    running = journal.run(run_id)
    assert running is not None
    assert (running.mode, running.state, running.rulebook_version) == ("decay", "running", "v7")
    assert (running.started_at, running.finished_at, running.summary) == (NOON, None, {})

    summary = {"contacts_read": 3, "contacts_failed": [{"id": "5", "reason": "müde \u0000"}], "plan_refused": None}
    journal.finish_run(run_id, "refused", summary=summary, at=NOON + timedelta(hours=1), error="too many")
    ended = journal.run(run_id)
    assert ended is not None
    assert (ended.state, ended.finished_at) == ("refused", NOON + timedelta(hours=1))
    assert (ended.summary, ended.error) == (summary, "too many")


def test_an_unknown_run_is_none(journal: Journal) -> None:
    assert journal.run(123_456_789) is None


def test_to_finish_or_plan_an_unknown_run_is_an_error(journal: Journal) -> None:
    with pytest.raises(LookupError):
        journal.finish_run(123_456_789, "finished", summary={}, at=NOON)
    with pytest.raises(LookupError):
        journal.plan(123_456_789, [a_change()])


def test_runs_come_newest_first_and_no_more_than_asked_for(journal: Journal) -> None:
    ids = [a_run(journal) for _ in range(3)]
    assert [run.id for run in journal.runs()] == ids[::-1]
    assert [run.id for run in journal.runs(limit=2)] == [ids[2], ids[1]]


def test_the_last_finished_run_of_a_mode_is_the_newest_that_came_to_its_end(journal: Journal) -> None:
    assert journal.last_finished("full") is None
    ended: list[tuple[int, Mode, RunState]] = [
        (0, "full", "finished"),
        (1, "full", "finished"),
        (2, "full", "failed"),
        (3, "decay", "finished"),
    ]
    for hours, mode, state in ended:
        run_id = a_run(journal, mode=mode, at=NOON + timedelta(hours=hours))
        journal.finish_run(run_id, state, summary={}, at=NOON + timedelta(days=1))
    a_run(journal, at=NOON + timedelta(hours=4))
    newest = journal.last_finished("full")
    assert newest is not None
    assert (newest.started_at, newest.finished_at) == (NOON + timedelta(hours=1), NOON + timedelta(days=1))


def test_runs_that_did_not_come_to_their_end_are_known_as_interrupted_oldest_first(journal: Journal) -> None:
    running = a_run(journal)
    states: list[RunState] = ["finished", "refused", "failed", "interrupted", "closed"]
    ended = {state: a_run(journal) for state in states}
    for state, run_id in ended.items():
        journal.finish_run(run_id, state, summary={}, at=NOON)
    later = a_run(journal)
    assert [run.id for run in journal.interrupted()] == [running, ended["failed"], ended["interrupted"], later]


def test_moments_are_kept_to_the_millisecond_and_come_back_in_utc(journal: Journal) -> None:
    far = datetime(2026, 7, 1, 1, 2, 3, 457_000, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    run = journal.run(a_run(journal, at=far))
    assert run is not None
    assert run.started_at == far
    assert run.started_at.utcoffset() == timedelta(0)


# The journal: changes


def test_a_change_comes_back_as_it_was_planned(journal: Journal) -> None:
    change = Change(
        contact_id="77",
        before={"lead_score": "", "note": "Zoë\n\u0000\ud800"},
        after={"lead_score": "41", "note": '"quoted" ✓'},
        moves=True,
        stage_from="lead",
        stage_to=None,
        clears_first=True,
        reason="41 points; MQL begins at 35",
        shared=True,
    )
    run_id = a_run(journal, change)
    assert all_entries(journal, run_id) == [JournalEntry(run_id=run_id, number=1, change=change, state=State.PLANNED)]


def test_changes_keep_their_order_also_when_planned_in_several_goes(journal: Journal) -> None:
    run_id = a_run(journal, a_change("9"), a_change("10"))
    journal.plan(run_id, [])
    journal.plan(run_id, [a_change("1")])
    assert [(e.number, e.change.contact_id) for e in all_entries(journal, run_id)] == [(1, "9"), (2, "10"), (3, "1")]


def test_each_run_has_its_own_changes(journal: Journal) -> None:
    first, second = a_run(journal, a_change("1")), a_run(journal, a_change("2"))
    assert [e.change.contact_id for e in all_entries(journal, first)] == ["1"]
    assert [e.change.contact_id for e in all_entries(journal, second)] == ["2"]
    assert list(journal.entries(123_456_789)) == []


def test_entries_come_a_hundred_at_a_time_and_none_is_missed_while_they_are_marked(journal: Journal) -> None:
    run_id = a_run(journal, *(a_change(str(n)) for n in range(250)))
    sizes, ids = [], []
    for page in journal.entries(run_id, states=[State.PLANNED]):
        journal.mark(page, State.DONE)
        sizes.append(len(page))
        ids += [entry.change.contact_id for entry in page]
    assert sizes == [100, 100, 50]
    assert ids == [str(n) for n in range(250)]
    assert list(journal.entries(run_id, states=[State.PLANNED])) == []


def test_a_full_last_page_is_not_followed_by_an_empty_one(journal: Journal) -> None:
    run_id = a_run(journal, *(a_change(str(n)) for n in range(200)))
    assert [len(page) for page in journal.entries(run_id)] == [100, 100]


def test_entries_can_be_asked_for_by_state_and_by_whether_they_are_quiet(journal: Journal) -> None:
    run_id = a_run(journal, a_change("1"), a_change("2", moves=True), a_change("3", shared=True), a_change("4"))
    entries = all_entries(journal, run_id)
    journal.mark(entries[3:], State.DONE)

    def ids(*states: State, quiet: bool | None = None) -> list[str]:
        return [e.change.contact_id for page in journal.entries(run_id, states=states, quiet=quiet) for e in page]

    assert ids(quiet=True) == ["1", "4"]
    assert ids(quiet=False) == ["2", "3"]
    assert ids(State.PLANNED, quiet=True) == ["1"]
    assert ids(State.DONE, State.REFUSED) == ["4"]


def test_a_mark_says_how_far_changes_have_come_and_why_and_leaves_the_others(journal: Journal) -> None:
    run_id = a_run(journal, a_change("1"), a_change("2"), a_change("3"))
    one, _, three = all_entries(journal, run_id)
    journal.mark([one, three], State.REFUSED, "the contact is gone")
    journal.mark([], State.DONE)
    assert [(e.state, e.detail) for e in all_entries(journal, run_id)] == [
        (State.REFUSED, "the contact is gone"),
        (State.PLANNED, ""),
        (State.REFUSED, "the contact is gone"),
    ]


def test_a_mark_reaches_changes_of_several_runs(journal: Journal) -> None:
    first, second = a_run(journal, a_change("1")), a_run(journal, a_change("2"))
    journal.mark([*all_entries(journal, first), *all_entries(journal, second)], State.SETTLED)
    assert {e.state for run in (first, second) for e in all_entries(journal, run)} == {State.SETTLED}


def test_to_mark_a_change_that_is_not_there_is_an_error_and_marks_none(journal: Journal) -> None:
    run_id = a_run(journal, a_change("1"))
    absent = JournalEntry(run_id=run_id, number=2, change=a_change("2"), state=State.PLANNED)
    with pytest.raises(LookupError):
        journal.mark([*all_entries(journal, run_id), absent], State.WRITING)
    assert [e.state for e in all_entries(journal, run_id)] == [State.PLANNED]


def test_a_change_decided_afresh_takes_the_place_of_the_planned_one(journal: Journal) -> None:
    run_id = a_run(journal, a_change("1", moves=True), a_change("2"))
    afresh = a_change("1", after={"lead_score": "5"})
    replaced = journal.replace(all_entries(journal, run_id)[0], afresh)
    assert (replaced.number, replaced.change, replaced.state) == (1, afresh, State.PLANNED)
    assert [e.change for e in all_entries(journal, run_id)] == [afresh, a_change("2")]
    assert [len(page) for page in journal.entries(run_id, quiet=True)] == [2]


def test_a_change_that_was_begun_is_not_replaced(journal: Journal) -> None:
    run_id = a_run(journal, a_change("1"))
    [entry] = all_entries(journal, run_id)
    journal.mark([entry], State.WRITING)
    with pytest.raises(LookupError):
        journal.replace(entry, a_change("1", reason="new"))
    assert all_entries(journal, run_id)[0].change == a_change("1")


def test_what_was_written_since_a_moment_is_counted_over_all_runs_and_so_is_what_may_have_been(
    journal: Journal,
) -> None:
    states = [State.DONE, State.SETTLED, *OPEN_STATES, State.PLANNED, State.REFUSED, State.CANCELLED]
    for state in states:
        run_id = a_run(journal, a_change())
        journal.mark(all_entries(journal, run_id), state)
    now = datetime.now(UTC)
    assert journal.written_since(now - timedelta(minutes=1)) == 2 + len(OPEN_STATES)
    assert journal.written_since(now + timedelta(minutes=1)) == 0


def test_open_entries_are_those_whose_outcome_is_not_on_record_of_whatever_run(journal: Journal) -> None:
    first = a_run(journal, *(a_change(state.value) for state in State))
    second = a_run(journal, a_change("later"), a_change("planned"))
    journal.finish_run(second, "failed", summary={}, at=NOON)
    for entry, state in zip(all_entries(journal, first), State, strict=True):
        journal.mark([entry], state)
    journal.mark(all_entries(journal, second)[:1], State.WRITING)
    opened = journal.open_entries()
    assert [e.change.contact_id for e in opened] == [*(state.value for state in OPEN_STATES), "later"]
    assert [e.state for e in opened] == [*OPEN_STATES, State.WRITING]


def test_pruning_drops_ended_runs_that_began_before_but_nothing_open(journal: Journal) -> None:
    def ended(*changes: Change, at: datetime, state: RunState = "finished") -> int:
        run_id = a_run(journal, *changes, at=at)
        journal.finish_run(run_id, state, summary={}, at=at)
        return run_id

    old = ended(a_change("1"), at=NOON - timedelta(days=2))
    old_failed = ended(at=NOON - timedelta(days=2), state="failed")
    half_done = ended(a_change("1"), a_change("2"), at=NOON - timedelta(days=2))
    journal.mark(all_entries(journal, half_done)[1:], State.CLEARED)
    running = a_run(journal, a_change("1"), at=NOON - timedelta(days=2))
    recent = ended(a_change("1"), at=NOON)

    journal.prune(before=NOON)

    assert {run.id for run in journal.runs()} == {half_done, running, recent}
    assert [e.change.contact_id for e in all_entries(journal, half_done)] == ["2"]
    assert [len(all_entries(journal, run)) for run in (old, old_failed, running, recent)] == [0, 0, 1, 1]


def test_the_id_of_a_pruned_run_is_not_given_to_another(journal: Journal) -> None:
    gone = a_run(journal)
    journal.finish_run(gone, "finished", summary={}, at=NOON)
    journal.prune(before=NOON + timedelta(days=1))
    assert a_run(journal) > gone


# The memory


def test_a_new_portal_has_no_watermark_and_then_the_one_it_was_given(memory: Memory) -> None:
    assert memory.watermark() is None
    memory.set_watermark(NOON)
    memory.set_watermark(NOON - timedelta(milliseconds=1))
    assert memory.watermark() == NOON - timedelta(milliseconds=1)


def a_note(contact_id: str = "1", *, stage: str | None = "lead", since: datetime | None = NOON) -> StageNote:
    return StageNote(contact_id=contact_id, stage=stage, since=since, set_by=Setter.PERSON, set_at=since)


def test_who_set_a_stage_is_remembered_until_it_is_noted_anew(memory: Memory) -> None:
    memory.note_stages([a_note("1"), a_note("2", stage=None, since=None)])
    assert memory.stage_notes(["1", "2", "3"]) == {"1": a_note("1"), "2": a_note("2", stage=None, since=None)}
    memory.note_stages(iter([a_note("1", stage="customer")]))
    assert memory.stage_notes(["1"]) == {"1": a_note("1", stage="customer")}


def as_seen(modified_at: datetime | None, *, fades: bool = False) -> Seen:
    return Seen(modified_at=modified_at, fades=fades)


def test_a_contact_seen_is_known_by_its_change_date_and_by_whether_it_fades(memory: Memory) -> None:
    memory.note_seen([("1", NOON, False), ("2", None, True)], run_id=1)
    assert memory.seen(["1", "2", "3"]) == {"1": as_seen(NOON), "2": as_seen(None, fades=True)}
    memory.note_seen([("1", NOON + timedelta(seconds=1), False), ("2", NOON, True)], run_id=1)
    assert memory.seen(["1", "2"]) == {"1": as_seen(NOON + timedelta(seconds=1)), "2": as_seen(NOON, fades=True)}


def test_a_contact_seen_is_known_by_the_run_that_saw_it_last(memory: Memory) -> None:
    memory.note_seen([("1", NOON, False), ("2", NOON, False)], run_id=1)
    memory.note_seen([("2", NOON, False)], run_id=3)
    assert {i: seen.run_id for i, seen in memory.seen(["1", "2"]).items()} == {"1": 1, "2": 3}


def test_seen_and_stage_notes_do_not_disturb_each_other(memory: Memory) -> None:
    memory.note_stages([a_note("1")])
    memory.note_seen([("1", NOON, True), ("2", NOON, False)], run_id=1)
    memory.note_stages([a_note("2")])
    assert memory.stage_notes(["1", "2"]) == {"1": a_note("1"), "2": a_note("2")}
    assert memory.seen(["1", "2"]) == {"1": as_seen(NOON, fades=True), "2": as_seen(NOON)}
    assert [list(page) for page in memory.fading()] == [["1"]]


def test_a_contact_only_noted_for_its_stage_was_not_seen_and_does_not_fade(memory: Memory) -> None:
    memory.note_stages([a_note("1")])
    assert memory.seen(["1"]) == {}
    assert list(memory.fading()) == []


def test_fading_contacts_come_a_hundred_at_a_time_each_once_while_they_are_noted_anew(memory: Memory) -> None:
    memory.note_seen(((str(n), NOON, n % 2 == 0) for n in range(500)), run_id=1)
    pages = []
    for page in memory.fading():
        pages.append(list(page))
        memory.note_seen(((contact_id, NOON, contact_id != "100") for contact_id in page), run_id=1)
    assert [len(page) for page in pages] == [100, 100, 50]
    assert sorted(int(contact_id) for page in pages for contact_id in page) == list(range(0, 500, 2))
    assert sum(len(page) for page in memory.fading()) == 249


def test_many_ids_can_be_asked_for_and_forgotten_at_once(memory: Memory) -> None:
    ids = [str(n) for n in range(2_500)]
    memory.note_seen(((i, NOON, True) for i in ids), run_id=1)
    memory.note_stages(a_note(i) for i in ids)
    assert len(memory.seen(ids)) == len(memory.stage_notes(ids)) == 2_500
    memory.forget(ids[1:])
    assert (list(memory.seen(ids)), list(memory.stage_notes(ids))) == (["0"], ["0"])
    assert [list(page) for page in memory.fading()] == [["0"]]


def test_contacts_of_which_only_something_is_kept_elsewhere_are_named_too_when_nobody_sees_them(memory: Memory) -> None:
    memory.note_seen([("1", NOON, True)], run_id=3)
    memory.note_known(["1", "2"])
    assert memory.seen(["1", "2"]) == {"1": Seen(modified_at=NOON, fades=True)}
    assert [list(page) for page in memory.not_seen_since(3)] == [["2"]]
    memory.note_seen([("2", NOON, False)], run_id=3)
    assert list(memory.not_seen_since(3)) == []
    memory.forget(["1", "2"])
    assert list(memory.not_seen_since(4)) == []


def test_to_ask_for_nothing_or_note_nothing_is_fine(memory: Memory) -> None:
    memory.note_seen([], run_id=1)
    memory.note_stages([])
    memory.forget([])
    assert not memory.seen([])
    assert not memory.stage_notes([])


# The lease


def test_a_free_lease_is_taken_and_says_by_whom(two: Two) -> None:
    assert two.mine.lease.holder() is None
    two.mine.lease.acquire("resync --full", wait_s=0)
    two.mine.lease.check()
    holder = two.their_lease.holder()
    assert holder is not None
    assert (holder.command, holder.epoch) == ("resync --full", 1)
    two.mine.lease.release()


def test_a_second_run_is_told_who_holds_the_lease(two: Two) -> None:
    two.mine.lease.acquire("worker", wait_s=0)
    with pytest.raises(LeaseHeld) as refused:
        two.their_lease.acquire("resync", wait_s=0)
    assert refused.value.holder == two.mine.lease.holder()
    with pytest.raises(LeaseLost):
        two.their_lease.check()
    two.their_lease.release()
    two.mine.lease.check()
    two.mine.lease.release()


def test_a_run_that_already_holds_the_lease_does_not_get_it_twice(two: Two) -> None:
    two.mine.lease.acquire("worker", wait_s=0)
    with pytest.raises(LeaseHeld):
        two.mine.lease.acquire("worker", wait_s=0)
    two.mine.lease.check()
    two.mine.lease.release()


def test_a_lease_let_go_is_free_for_the_next_at_a_higher_epoch(two: Two) -> None:
    two.mine.lease.acquire("first", wait_s=0)
    two.mine.lease.release()
    two.mine.lease.release()
    assert two.their_lease.holder() is None
    with pytest.raises(LeaseLost):
        two.mine.lease.check()
    two.their_lease.acquire("second", wait_s=0)
    holder = two.mine.lease.holder()
    assert holder is not None
    assert (holder.command, holder.epoch) == ("second", 2)
    two.their_lease.release()


def test_contacts_that_a_run_did_not_see_are_told_apart_from_those_it_saw(memory: Memory) -> None:
    memory.note_seen(((str(n), NOON, False) for n in range(250)), run_id=7)
    memory.note_seen(((str(n), None, True) for n in range(100)), run_id=8)
    memory.note_stages([StageNote(contact_id="x", stage="lead", since=NOON, set_by=Setter.PERSON, set_at=NOON)])
    unseen = [contact_id for page in memory.not_seen_since(8) for contact_id in page]
    assert sorted(unseen) == sorted(["x", *(str(n) for n in range(100, 250))])


def test_changes_of_a_contact_that_is_gone_are_forgotten_but_for_open_ones(journal: Journal) -> None:
    first, second = a_run(journal), a_run(journal)
    journal.plan(first, [a_change("1"), a_change("2")])
    journal.plan(second, [a_change("1"), a_change("2")])
    opened = [entry for batch in journal.entries(second) for entry in batch if entry.change.contact_id == "1"]
    journal.mark(opened, State.CLEARED)
    journal.forget(["1"])
    left = [(e.run_id, e.change.contact_id) for run in (first, second) for batch in journal.entries(run) for e in batch]
    assert left == [(first, "2"), (second, "1"), (second, "2")]


def test_a_contact_that_is_gone_is_named_by_no_report_any_more(journal: Journal) -> None:
    reports: Sequence[Mapping[str, object]] = [
        {
            "contacts_failed": [{"id": "1", "reason": "no"}, {"id": "11", "reason": "no"}],
            "contacts_dropped": [{"id": "1", "reason": "it changed"}],
        },
        {"contacts_failed": []},
        {"contacts_read": 1},
    ]
    runs = [a_run(journal) for _ in reports]
    for run_id, report in zip(runs, reports, strict=True):
        journal.finish_run(run_id, "finished", summary=report, at=NOON)
    journal.forget(["1", "2"])
    kept = [run.summary for run in map(journal.run, runs) if run]
    assert kept == [
        {"contacts_failed": [{"id": "11", "reason": "no"}], "contacts_dropped": []},
        {"contacts_failed": []},
        {"contacts_read": 1},
    ]


def test_the_latest_changes_of_a_contact_are_those_that_were_begun_newest_first(journal: Journal) -> None:
    first = a_run(journal, a_change("1", reason="a"), a_change("2", reason="b"))
    journal.mark(all_entries(journal, first), State.DONE)
    second = a_run(journal, a_change("1", reason="c"))
    journal.mark(all_entries(journal, second), State.REFUSED, "no")
    a_run(journal, a_change("1", reason="planned only"))
    third = a_run(journal, a_change("1", reason="d"))
    journal.mark(all_entries(journal, third), State.WRITING)

    def told(most: int) -> dict[str, list[tuple[str, State]]]:
        latest = journal.latest(["1", "2", "3"], most)
        return {i: [(e.change.reason, e.state) for e in entries] for i, entries in latest.items()}

    assert told(1) == {"1": [("d", State.WRITING)], "2": [("b", State.DONE)]}
    assert told(2)["1"] == [("d", State.WRITING), ("c", State.REFUSED)]
    assert told(9)["1"] == [("d", State.WRITING), ("c", State.REFUSED), ("a", State.DONE)]
    assert journal.latest([], 3) == {}


def test_what_is_noted_of_a_run_under_way_is_in_its_record_and_leaves_it_running(journal: Journal) -> None:
    run_id = a_run(journal)
    journal.note(run_id, {"moves_accepted": 7})
    run = journal.run(run_id)
    assert run is not None
    assert (run.state, run.finished_at, run.summary) == ("running", None, {"moves_accepted": 7})


def test_a_change_that_was_cancelled_before_anything_was_sent_is_none_of_the_latest(journal: Journal) -> None:
    def left(*states: State) -> list[State]:
        run_id = a_run(journal, a_change("1"))
        for state in states:
            journal.mark(all_entries(journal, run_id), state)
        return [entry.state for entry in journal.latest(["1"], 9).get("1", ())]

    assert left(State.CANCELLED) == []
    assert left(State.WRITING, State.PLANNED, State.CANCELLED) == []
    assert left(State.CLEARING, State.CANCELLED) == [State.CANCELLED]
    assert left(State.DONE) == [State.DONE, State.CANCELLED]
    assert left(State.CANCELLED) == [State.DONE, State.CANCELLED]


def test_a_change_tells_when_it_was_put_on_record(journal: Journal) -> None:
    run_id = a_run(journal, a_change("1"))
    journal.mark(all_entries(journal, run_id), State.REFUSED)
    ((entry,),) = journal.latest(["1"], 1).values()
    assert entry.at is not None
    assert abs(datetime.now(UTC) - entry.at) < timedelta(minutes=1)


def test_the_latest_changes_of_many_contacts_can_be_asked_for_at_once(journal: Journal) -> None:
    ids = [str(n) for n in range(1_200)]
    run_id = a_run(journal, *(a_change(i) for i in ids))
    journal.mark(all_entries(journal, run_id), State.DONE)
    assert journal.latest(ids, 1).keys() == set(ids)
