"""What every store promises of the acts that feeds tell of, held against the fake, SQLite and PostgreSQL alike."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync.ports import Traces
from sync.traces import FeedNote, Trace, who_has
from tests.contract.conftest import AStore, Two

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
ADDRESS = who_has("zoe@example.com", "1")


@pytest.fixture
def traces(store: AStore) -> Traces:
    return store.traces


def a_trace(key: str = "f::1", who: str = "7", feed: str = "submissions", **given: object) -> Trace:
    return Trace(**({"feed": feed, "key": key, "who": who, "act": "sent", "at": NOON} | given))  # type: ignore[arg-type]


def a_note(feed: str = "submissions", **given: object) -> FeedNote:
    columns = {"state": "current", "acts": frozenset({"sent"}), "read_up_to": NOON, "checked_at": NOON}
    return FeedNote(feed=feed, **(columns | given))  # type: ignore[arg-type]


def keys_of(traces: Traces, *whos: str) -> dict[str, list[str]]:
    return {who: [trace.key for trace in theirs] for who, theirs in traces.of(whos).items()}


# Keeping


def test_an_act_comes_back_as_it_was_told(traces: Traces) -> None:
    bare = a_trace("bare", at=None)
    full = a_trace(
        "full",
        name="Demo request, müde 🙂",
        ref="f0-1",
        until=NOON + timedelta(days=2),
        by_machine="its user agent is a proxy's",
        link="a1b2",
    )
    traces.keep([full, bare])
    assert traces.of(["7"]) == {"7": [bare, full]}


def test_the_acts_of_one_come_oldest_first_from_whatever_feed_and_those_without_a_moment_before_all(
    traces: Traces,
) -> None:
    traces.keep([a_trace("c", at=NOON), a_trace("a", at=NOON - timedelta(days=9), feed="meetings")])
    traces.keep([a_trace("b", at=NOON - timedelta(days=8)), a_trace("undated", at=None)])
    assert keys_of(traces, "7") == {"7": ["undated", "a", "b", "c"]}


def test_moments_are_kept_to_the_millisecond(traces: Traces) -> None:
    exact = NOON + timedelta(microseconds=456)
    traces.keep([a_trace(at=exact, until=exact)])
    ((kept,),) = traces.of(["7"]).values()
    assert (kept.at, kept.until) == (NOON, NOON)
    assert not traces.keep([a_trace(at=exact, until=exact)])


def test_text_that_no_database_takes_keeps_nothing_else_from_being_kept(traces: Traces) -> None:
    traces.keep([a_trace("\0", name="De\0mo \ud83d", ref="\udc00"), a_trace("other")])
    kept = {trace.key: (trace.name, trace.ref) for trace in traces.of(["7"])["7"]}
    assert kept == {"?": ("De?mo ?", "?"), "other": ("", "")}
    assert not traces.keep([a_trace("\0", name="De\0mo \ud83d", ref="\udc00")])


def test_an_act_told_again_takes_the_place_of_the_one_with_the_same_key(traces: Traces) -> None:
    booked = a_trace("501:7", feed="meetings", act="booked")
    traces.keep([booked])
    traces.keep([replace(booked, act="cancelled")])
    assert traces.of(["7"]) == {"7": [replace(booked, act="cancelled")]}


def test_of_one_act_told_twice_at_once_the_last_word_counts(traces: Traces) -> None:
    assert set(traces.keep([a_trace(name="first"), a_trace(name="last")])) == {"7"}
    assert [trace.name for trace in traces.of(["7"])["7"]] == ["last"]


def test_the_same_key_in_two_feeds_is_two_acts(traces: Traces) -> None:
    traces.keep([a_trace("1", feed="calls"), a_trace("1", feed="emails")])
    assert keys_of(traces, "7") == {"7": ["1", "1"]}


def test_keeping_tells_under_whom_something_is_new_or_has_changed_and_of_nobody_else(traces: Traces) -> None:
    assert set(traces.keep([a_trace("a", "7"), a_trace("b", "8")])) == {"7", "8"}
    assert not traces.keep([a_trace("a", "7"), a_trace("b", "8")])
    assert set(traces.keep([a_trace("a", "7"), a_trace("b", "8", name="Demo")])) == {"8"}
    assert set(traces.keep([a_trace("c", "7"), a_trace("b", "8", name="Demo")])) == {"7"}
    assert not traces.keep([])


def test_an_act_that_turns_out_to_be_somebody_elses_is_news_of_both(traces: Traces) -> None:
    traces.keep([a_trace("a", "7")])
    assert set(traces.keep([a_trace("a", "8")])) == {"7", "8"}
    assert keys_of(traces, "7", "8") == {"8": ["a"]}


def test_who_did_nothing_is_missing(traces: Traces) -> None:
    assert not traces.of([])
    assert not traces.of(["7"])


def test_many_acts_are_kept_and_asked_for_at_once(traces: Traces) -> None:
    told = [a_trace(f"{n}", f"{n % 1_200}", feed=f"feed {n % 2}") for n in range(3_600)]
    assert len(traces.keep(told)) == 1_200
    assert sum(map(len, traces.of([str(n) for n in range(1_200)]).values())) == 3_600
    changed = [replace(trace, name="new") if trace.who == "1199" else trace for trace in told]
    assert set(traces.keep(changed)) == {"1199"}


# Dropping


def test_what_a_walk_through_the_whole_feed_did_not_list_is_dropped_and_whose_it_was_is_told(traces: Traces) -> None:
    a, b, c = a_trace("a", "7"), a_trace("b", "8"), a_trace("c", "9")
    traces.keep([a, b, c], walk=1)
    traces.keep([a_trace("other feed", "9", feed="calls")])
    traces.keep([a, replace(b, name="changed"), a_trace("new", "8")], walk=2)
    assert set(traces.drop_unlisted("submissions", 2)) == {"9"}
    assert keys_of(traces, "7", "8", "9") == {"7": ["a"], "8": ["b", "new"], "9": ["other feed"]}
    assert not traces.drop_unlisted("submissions", 2)


def test_what_was_told_of_between_two_walks_is_dropped_too_unless_the_second_lists_it(traces: Traces) -> None:
    a, b = a_trace("a", "7"), a_trace("b", "8")
    traces.keep([a], walk=1)
    traces.keep([replace(a, name="changed"), b])
    traces.keep([replace(a, name="changed")], walk=2)
    assert set(traces.drop_unlisted("submissions", 2)) == {"8"}
    assert keys_of(traces, "7", "8") == {"7": ["a"]}


def test_a_change_told_of_after_a_walk_listed_an_act_does_not_take_it_off_the_list(traces: Traces) -> None:
    traces.keep([a_trace("a")], walk=1)
    traces.keep([a_trace("a", name="changed")])
    assert not traces.drop_unlisted("submissions", 1)
    assert keys_of(traces, "7") == {"7": ["a"]}


def test_a_feed_that_was_never_kept_has_nothing_to_drop(traces: Traces) -> None:
    assert not traces.drop_unlisted("submissions", 1)
    traces.drop("submissions")
    assert traces.notes() == {}


def test_a_feed_dropped_is_gone_with_its_note_and_others_stay(traces: Traces) -> None:
    traces.keep([a_trace("a"), a_trace("b", feed="calls")])
    traces.note(a_note("submissions"))
    traces.note(a_note("calls"))
    traces.drop("submissions")
    assert keys_of(traces, "7") == {"7": ["b"]}
    assert list(traces.notes()) == ["calls"]
    assert set(traces.keep([a_trace("a")])) == {"7"}


def test_more_acts_than_fit_in_one_transaction_are_kept_and_dropped_to_the_last(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.traces._AT_ONCE", 100)
    told = [a_trace(f"Key {n}", str(n), at=NOON + timedelta(seconds=n)) for n in range(450)]
    assert len(traces.keep(told, walk=1)) == 450
    assert set(traces.of([str(n) for n in range(450)])) == {str(n) for n in range(450)}
    traces.keep(told[200:300], walk=2)
    assert set(traces.drop_unlisted("submissions", 2)) == {str(n) for n in (*range(200), *range(300, 450))}
    traces.drop("submissions")
    assert not traces.of([str(n) for n in range(450)])


# Notes


def test_a_feed_never_asked_for_has_no_note_also_when_something_of_it_is_kept(traces: Traces) -> None:
    traces.keep([a_trace()])
    assert traces.notes() == {}


def test_how_a_feed_stands_is_noted_in_place_of_what_was(traces: Traces) -> None:
    traces.note(a_note("mail", read_up_to=None, ahead=True, acts=frozenset()))
    traces.note(a_note("calls"))
    stale = a_note(
        "mail", state="stale", acts=frozenset({"open", "click"}), checked_at=NOON + timedelta(hours=1), problem="403 \0"
    )
    traces.note(stale)
    assert traces.notes() == {"mail": replace(stale, problem="403 ?"), "calls": a_note("calls")}


def test_a_note_leaves_the_acts_and_acts_leave_the_note(traces: Traces) -> None:
    traces.keep([a_trace("a")])
    traces.note(a_note())
    traces.keep([a_trace("b")])
    assert traces.notes() == {"submissions": a_note()}
    assert keys_of(traces, "7") == {"7": ["a", "b"]}


# Forgetting


def test_who_is_forgotten_is_gone_with_what_was_kept_under_their_addresses(traces: Traces) -> None:
    traces.keep([a_trace("a", "7"), a_trace("b", ADDRESS), a_trace("c", "8"), a_trace("d", "@other")])
    traces.link([("7", ADDRESS), ("8", "@other")])
    traces.link([("7", ADDRESS)])
    traces.forget(["7", "unknown"])
    assert keys_of(traces, "7", ADDRESS, "8", "@other") == {"8": ["c"], "@other": ["d"]}


def test_acts_told_of_after_somebody_was_forgotten_are_nobodys_until_linked_again(traces: Traces) -> None:
    traces.link([("7", ADDRESS)])
    traces.forget(["7"])
    traces.keep([a_trace("a", ADDRESS)])
    traces.forget(["7"])
    assert keys_of(traces, ADDRESS) == {ADDRESS: ["a"]}
    traces.link([("7", ADDRESS)])
    traces.forget(["7"])
    assert keys_of(traces, ADDRESS) == {}


def test_an_address_that_went_over_to_another_contact_is_forgotten_with_that_one(traces: Traces) -> None:
    traces.keep([a_trace("a", ADDRESS)])
    traces.link([("7", ADDRESS)])
    traces.link([("8", ADDRESS)])
    traces.forget(["7"])
    assert keys_of(traces, ADDRESS) == {ADDRESS: ["a"]}
    traces.forget(["8"])
    assert keys_of(traces, ADDRESS) == {}


def test_a_contact_merged_into_another_leaves_its_acts_to_that_one(traces: Traces) -> None:
    traces.keep([a_trace("a", "7"), a_trace("b", ADDRESS)])
    traces.link([("7", ADDRESS)])
    traces.link([("9", "7"), ("9", ADDRESS)])
    traces.forget(["7"])
    assert keys_of(traces, "7", ADDRESS) == {"7": ["a"], ADDRESS: ["b"]}
    traces.forget(["9"])
    assert keys_of(traces, "7", ADDRESS) == {}


def test_what_is_known_of_a_merged_contact_goes_along_with_its_id(traces: Traces) -> None:
    traces.keep([a_trace("a", ADDRESS), a_trace("b", "8")])
    traces.link([("7", ADDRESS)])
    assert set(traces.of_whom(["7", "8", "9"])) == {"7", "8"}
    traces.link([("9", "7")])
    assert set(traces.of_whom(["7", "8", "9"])) == {"8", "9"}
    traces.forget(["7"])
    assert keys_of(traces, ADDRESS) == {ADDRESS: ["a"]}
    traces.forget(["9"])
    assert keys_of(traces, ADDRESS) == {}


def test_many_are_linked_and_forgotten_at_once(traces: Traces) -> None:
    whos = {str(n): who_has(f"{n}@example.com", "1") for n in range(1_200)}
    traces.keep([a_trace(f"{n}", who) for n, who in whos.items()])
    traces.link(whos.items())
    traces.forget([n for n in whos if n != "5"])
    assert keys_of(traces, *whos.values()) == {whos["5"]: ["5"]}


def test_to_link_nothing_or_forget_nobody_is_fine(traces: Traces) -> None:
    traces.keep([a_trace()])
    traces.link([])
    traces.forget([])
    assert keys_of(traces, "7") == {"7": ["f::1"]}


def test_what_is_kept_of_another_portal_is_not_touched(two: Two) -> None:
    ours, theirs = two.mine.traces, two.elsewhere.traces
    theirs.keep([a_trace("a", "7", name="theirs"), a_trace("b", ADDRESS)], walk=1)
    theirs.note(a_note(state="stale"))
    theirs.link([("7", ADDRESS)])
    assert set(ours.keep([a_trace("a", "7", name="ours")])) == {"7"}
    ours.note(a_note())
    ours.link([("8", ADDRESS)])

    ours.forget(["7", "8"])
    ours.drop_unlisted("submissions", 2)
    ours.drop("submissions")

    assert (keys_of(ours, "7", ADDRESS), ours.notes()) == ({}, {})
    assert keys_of(theirs, "7", ADDRESS) == {"7": ["a"], ADDRESS: ["b"]}
    assert theirs.notes() == {"submissions": a_note(state="stale")}
    theirs.forget(["7"])
    assert keys_of(theirs, "7", ADDRESS) == {}


# Points, by company


def noted(store: AStore, *rows: tuple[str, str | None, int | None]) -> set[str]:
    return set(store.memory.note_points(rows))


def pages(found: Iterable[Iterable[str]]) -> list[list[str]]:
    return [list(page) for page in found]


def test_a_company_has_the_points_of_its_contacts_highest_first(store: AStore) -> None:
    assert noted(store, ("1", "A", 30), ("2", "A", 70), ("3", "B", 0), ("4", None, 9), ("5", "C", None)) == {
        "A",
        "B",
        "C",
    }
    assert store.memory.points_of_companies(["A", "B", "C", "D"]) == {"A": [70, 30], "B": [0]}
    assert pages(store.memory.companies()) == [["A", "B", "C"]]
    assert store.memory.points_of_companies([]) == {}


def test_noting_points_tells_which_companies_that_changes(store: AStore) -> None:
    noted(store, ("1", "A", 30), ("2", "B", 70))
    assert noted(store, ("1", "A", 30), ("2", "B", 70)) == set()
    assert noted(store, ("1", "A", 31), ("2", "B", 70)) == {"A"}
    assert noted(store, ("2", "A", 70)) == {"A", "B"}
    assert noted(store, ("2", None, 70)) == {"A"}
    assert noted(store, ("1", None, None), ("3", None, None)) == {"A"}
    assert noted(store) == set()
    assert pages(store.memory.companies()) == []


def test_points_and_what_else_is_remembered_do_not_disturb_each_other(store: AStore) -> None:
    memory = store.memory
    memory.note_seen([("1", NOON, True)], run_id=3)
    noted(store, ("1", "A", 30))
    memory.note_seen([("1", NOON, False)], run_id=4)
    assert memory.points_of_companies(["A"]) == {"A": [30]}
    assert memory.seen(["1"])["1"].fades is False
    memory.forget(["1"])
    assert memory.points_of_companies(["A"]) == {}


def test_companies_come_a_hundred_at_a_time_each_once(store: AStore) -> None:
    noted(store, *((str(n), f"{n % 250:03}", n) for n in range(750)))
    found = pages(store.memory.companies())
    assert [len(page) for page in found] == [100, 100, 50]
    assert len({company for page in found for company in page}) == 250
    assert sum(map(len, store.memory.points_of_companies([c for page in found for c in page]).values())) == 750


def test_the_points_of_another_portal_stay_apart(two: Two) -> None:
    noted(two.mine, ("1", "A", 30))
    noted(two.elsewhere, ("1", "A", 40))
    assert two.mine.memory.points_of_companies(["A"]) == {"A": [30]}
    assert pages(two.elsewhere.memory.companies()) == [["A"]]
