"""Which engagements acts are, what is a machine's, and what counts once."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config import EngagementSource, Sources
from scoring import Engagement, Ignored
from sync.interpreting import Interpreter
from sync.traces import FeedNote, Trace
from tests.builders import NOW, days_after, days_before


def an_interpreter(**kinds: Any) -> Interpreter:
    """Each kind with its sources, as (feed, act) or (feed, act, phrase)."""
    given = {
        kind: tuple(
            EngagementSource(feed=feed, act=act, named=tuple(named), tier="free") for feed, act, *named in sources
        )
        for kind, sources in kinds.items()
    }
    return Interpreter(Sources(facts={}, engagements=given))


def a_trace(feed: str, act: str, at: datetime = NOW, *, key: str = "", **more: Any) -> Trace:
    return Trace(feed=feed, key=key or f"{act}{at}{more}", who="100", act=act, at=at, **more)


def kinds_of(interpreter: Interpreter, *traces: Trace) -> list[str]:
    return [done.kind for done in interpreter.engagements_of(traces)[0]]


MAIL = an_interpreter(
    email_delivered=[("mail", "delivered")], email_open=[("mail", "open")], email_click=[("mail", "click")]
)


def test_an_act_that_no_source_reads_is_no_engagement() -> None:
    assert kinds_of(MAIL, a_trace("mail", "bounce"), a_trace("calls", "open")) == []


def test_an_engagement_says_when_which_and_until_when() -> None:
    interpreter = an_interpreter(meeting_booked=[("meetings", "booked")])
    found, _ = interpreter.engagements_of(
        [a_trace("meetings", "booked", days_before(2), name="A call", ref="7", until=days_after(3))]
    )
    assert found == [
        Engagement(kind="meeting_booked", at=days_before(2), name="A call", ref="7", lasts_until=days_after(3))
    ]


def test_an_act_with_a_name_of_its_own_kind_is_of_no_other() -> None:
    interpreter = an_interpreter(
        meeting_booked=[("meetings", "booked")], consultation_booked=[("meetings", "booked", "consultation")]
    )
    assert kinds_of(interpreter, a_trace("meetings", "booked", name="Free Consultations")) == ["consultation_booked"]
    assert kinds_of(interpreter, a_trace("meetings", "booked", name="A call")) == ["meeting_booked"]


def test_one_act_may_be_of_two_kinds_and_one_kind_have_two_acts() -> None:
    interpreter = an_interpreter(
        page=[("events", "seen")], visit=[("events", "seen")], meeting=[("meetings", "booked"), ("meetings", "held")]
    )
    assert sorted(kinds_of(interpreter, a_trace("events", "seen"))) == ["page", "visit"]
    assert kinds_of(interpreter, a_trace("meetings", "booked"), a_trace("meetings", "held")) == ["meeting"] * 2


def test_a_mail_counts_once_however_often_a_person_opens_it_and_every_delivery_counts() -> None:
    read = [a_trace("mail", "open", days_before(days), ref="1001") for days in (3, 1, 2)]
    sent = [a_trace("mail", "delivered", days_before(days), ref="1001") for days in (20, 10)]
    found, ignored = MAIL.engagements_of([*read, *sent])
    assert [(done.kind, done.at) for done in found if done.kind == "email_open"] == [("email_open", days_before(1))]
    assert [done.kind for done in found].count("email_delivered") == 2
    assert ignored == []


def test_what_a_scanner_clicked_is_ignored_and_counted() -> None:
    clicks = [
        a_trace("mail", "click", NOW + timedelta(seconds=n), ref="1001", link=str(n), key=str(n)) for n in range(3)
    ]
    later = a_trace("mail", "click", NOW + timedelta(hours=1), ref="1001", link="1")
    found, ignored = MAIL.engagements_of([a_trace("mail", "delivered", NOW, ref="1001"), *clicks, later])
    assert [done.at for done in found if done.kind == "email_click"] == [NOW + timedelta(hours=1)]
    assert ignored == [Ignored(kind="email_click", count=3, why="mail scanner")]


def test_what_the_portal_itself_holds_for_a_machines_is_ignored() -> None:
    opened = a_trace("mail", "open", ref="1001", by_machine="privacy proxy")
    assert MAIL.engagements_of([opened]) == ([], [Ignored(kind="email_open", count=1, why="privacy proxy")])


def test_a_kind_is_known_where_its_feed_tells_and_was_asked_for_its_act() -> None:
    def notes(**differences: Any) -> dict[str, FeedNote]:
        given: dict[str, Any] = {"state": "current", "acts": frozenset({"open"}), "read_up_to": NOW, "checked_at": NOW}
        return {"mail": FeedNote(feed="mail", **(given | differences))}

    assert MAIL.known_kinds(notes()) == {"email_open"}
    assert MAIL.known_kinds(notes(state="stale")) == {"email_open"}
    assert MAIL.known_kinds(notes(state="absent")) == frozenset()
    assert MAIL.known_kinds({}) == frozenset()


_ACTS = st.builds(
    lambda act, minutes, ref, link: a_trace(
        "mail", act, NOW + timedelta(seconds=5 * minutes), ref=ref, link=link, key=f"{act}{minutes}{ref}{link}"
    ),
    st.sampled_from(["delivered", "open", "click"]),
    st.integers(0, 50),
    st.sampled_from(["1001", "1002", ""]),
    st.sampled_from(["a", "b", "c", ""]),
)


@given(st.lists(_ACTS, unique_by=lambda trace: trace.key), st.randoms(use_true_random=False))
def test_the_order_in_which_acts_come_does_not_matter(traces: list[Trace], random: Any) -> None:
    def told(given: list[Trace]) -> Any:
        found, ignored = MAIL.engagements_of(given)
        return sorted(map(repr, found)), ignored

    assert told(traces) == told(random.sample(traces, len(traces)))


@given(st.lists(_ACTS, unique_by=lambda trace: trace.key))
def test_no_act_is_lost_between_people_and_machines(traces: list[Trace]) -> None:
    found, ignored = MAIL.engagements_of(traces)
    delivered = [trace for trace in traces if trace.act == "delivered"]
    others = {(trace.act, trace.ref or trace.key) for trace in traces if trace.act != "delivered"}
    assert len([done for done in found if done.kind == "email_delivered"]) == len(delivered)
    assert len(found) - len(delivered) + sum(each.count for each in ignored) >= len(others)
