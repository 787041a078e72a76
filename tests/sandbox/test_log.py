"""Events in columns: whatever comes in whatever order is listed in order of time."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sandbox.activity import MailEvent, Occurrence, Reader, Submission
from sandbox.log import Log

EVENTS = st.lists(
    st.builds(
        Occurrence,
        contact_id=st.integers(1, 4),
        type=st.sampled_from(["seen", "clicked"]),
        at_ms=st.integers(0, 9),
        properties=st.sampled_from([{}, {"hs_url": "/a"}, {"hs_url": "/b"}]),
    ),
    max_size=30,
)
MOMENTS = st.none() | st.integers(0, 9)


def log_of(events: list[Occurrence]) -> Log[Occurrence]:
    """A log that is asked for its order in between, so that it has to keep it."""
    log = Log(Occurrence, prefix="e")
    for place, event in enumerate(events):
        log.append(event)
        if place == len(events) // 2:
            assert len(list(log)) == len(log)
            assert log.kinds() <= {"seen", "clicked"}
            assert log.of(event.contact_id)
    return log


def numbered(events: list[Occurrence]) -> list[Occurrence]:
    """The events with the ids that they are given, in order of time."""
    named = [replace(event, id=f"e-{place}") for place, event in enumerate(events, 1)]
    return sorted(named, key=lambda event: event.at_ms)


@given(EVENTS)
def test_what_goes_in_comes_out_in_order_of_time(events: list[Occurrence]) -> None:
    log = log_of(events)
    assert list(log) == numbered(events)
    for contact_id in range(1, 5):
        assert log.of(contact_id) == [each for each in numbered(events) if each.contact_id == contact_id]


@given(EVENTS, st.sampled_from(["", "seen", "other"]), st.none() | st.integers(1, 5), MOMENTS, MOMENTS, st.booleans())
def test_pages_one_after_another_hold_what_was_asked_for(
    events: list[Occurrence], kind: str, who: int | None, from_ms: int | None, to_ms: int | None, newest_first: bool
) -> None:
    wanted = [
        each.id
        for each in numbered(events)
        if (not kind or each.type == kind)
        and (who is None or each.contact_id == who)
        and (from_ms is None or each.at_ms >= from_ms)
        and (to_ms is None or each.at_ms <= to_ms)
    ]
    log, found, more = log_of(events), list[str](), True
    while more:
        page = log.page(
            kind=kind, who=who, from_ms=from_ms, to_ms=to_ms, newest_first=newest_first, start=len(found), limit=3
        )
        assert len(page.told) == 3 or not page.has_more
        found += [each["id"] for each in page.told]
        more = page.has_more
    assert found == (wanted[::-1] if newest_first else wanted)


@given(EVENTS, st.sets(st.integers(1, 5)))
def test_whoever_is_forgotten_leaves_the_others_as_they_were(events: list[Occurrence], gone: set[int]) -> None:
    log = log_of(events)
    log.forget(gone)
    left = [each for each in numbered(events) if each.contact_id not in gone]
    assert list(log) == left
    assert len(log) == len(left)
    assert log.kinds() == {each.type for each in left}
    assert all(not log.of(contact_id) for contact_id in gone)
    back = Occurrence(contact_id=1, type="seen", at_ms=99)
    log.append(back)
    assert log.of(1)[-1].at_ms == 99


def test_an_event_comes_out_as_it_went_in() -> None:
    reader = Reader(user_agent="Mozilla/5.0", browser="unknown")
    mail = MailEvent(
        id="m-1", type="CLICK", recipient="a@a.example", campaign_id=7, at_ms=5, sent_ms=4, url="/a", read_with=reader
    )
    mails, sent = Log(MailEvent, prefix="mail"), Log(Submission, prefix="")
    mails.append(mail)
    assert list(mails) == [mail]
    form = Submission(form_id="f", at_ms=5, values={"email": "a@a.example", "city": "Bonn"}, page_url="/a")
    sent.append(form)
    assert list(sent) == [form]


def test_an_address_is_found_however_it_was_typed() -> None:
    log = Log(Submission, prefix="")
    typed = Submission(form_id="f", at_ms=5, values={"email": "Ada@A.example"})
    log.append(typed)
    assert log.of("ada@a.example") == [typed]
    log.forget({"ada@a.example"})
    assert len(log) == 0
