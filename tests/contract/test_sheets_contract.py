"""What every store must do with what was read of contacts: the fake, SQLite, PostgreSQL."""

import uuid

import pytest

from scoring import Contact, Engagement
from sync.sheets import Heading, Sheet, Stretch, sheet_of
from tests.builders import LEAD, a_standing, days_before
from tests.contract.conftest import AStore, Two

HEADING = Heading(
    facts={"job_title": True, "phone": False}, kinds=("form", "visit"), time_zone="Europe/Berlin", stages=(LEAD,)
)
OTHER = Heading(facts={"job_title": True}, kinds=("form",), time_zone="3600", stages=(LEAD,))


def a_sheet(contact_id: str, title: str = "CEO", *, heading: Heading = HEADING) -> Sheet:
    sent = Engagement(kind="form", name="Demo", ref="f0", at=days_before(3))
    contact = Contact(id=contact_id, facts={"job_title": title, "phone": "+49 30 1"}, engagements=[sent])
    return sheet_of(contact, a_standing(LEAD), heading)


def all_of(store: AStore) -> dict[str, tuple[Heading, Sheet]]:
    piles = store.sheets.within(Stretch())
    return {sheet.contact_id: (pile.heading, sheet) for pile in piles for sheet in pile.sheets()}


@pytest.fixture
def ids(two: Two) -> list[str]:
    """Contacts that no other test of this database knows; in order."""
    two.mine.sheets.forget(all_of(two.mine))
    return sorted(uuid.uuid4().hex for _ in range(5))


def test_a_sheet_comes_back_as_it_was_kept(store: AStore, ids: list[str]) -> None:
    sheets = {i: a_sheet(i, title) for i, title in zip(ids, ["CEO", "Überall; 'x'", "", "a\nb", "c"], strict=True)}
    store.sheets.keep(HEADING, sheets.values())
    assert all_of(store) == {i: (HEADING, sheet) for i, sheet in sheets.items()}


def test_what_was_read_again_takes_the_place_of_what_was_read_before(store: AStore, ids: list[str]) -> None:
    store.sheets.keep(HEADING, [a_sheet(ids[0]), a_sheet(ids[1])])
    newer = a_sheet(ids[1], "CFO", heading=OTHER)
    store.sheets.keep(OTHER, [newer])
    assert all_of(store) == {ids[0]: (HEADING, a_sheet(ids[0])), ids[1]: (OTHER, newer)}


def test_what_no_database_can_hold_is_kept_as_well_as_can_be(store: AStore, ids: list[str]) -> None:
    store.sheets.keep(HEADING, [a_sheet(ids[0], "zero\0byte and half a \ud800 pair")])
    [(_, sheet)] = all_of(store).values()
    assert "zero?byte and half a ? pair" in sheet.told


def test_who_is_forgotten_is_gone_and_nobody_else(two: Two, ids: list[str]) -> None:
    for store in (two.mine, two.elsewhere):
        store.sheets.keep(HEADING, map(a_sheet, ids))
    two.mine.sheets.forget(ids[1:])
    two.mine.sheets.forget([])
    assert list(all_of(two.mine)) == ids[:1]
    assert list(all_of(two.elsewhere)) == ids
    two.elsewhere.sheets.forget(ids)


@pytest.mark.parametrize(
    ("sizes", "found"), [([1], [5]), ([2, 1], [2, 3]), ([1, 3, 9], [1, 3, 1]), ([5, 1], [5]), ([9, 9], [5])]
)
def test_stretches_have_the_sizes_asked_for_and_the_last_what_is_left(
    store: AStore, ids: list[str], sizes: list[int], found: list[int]
) -> None:
    store.sheets.keep(HEADING, map(a_sheet, ids))
    piles = [[i for pile in store.sheets.within(each) for i in pile.ids] for each in store.sheets.stretches(sizes)]
    assert [i for pile in piles for i in pile] == ids
    assert list(map(len, piles)) == found
    assert store.sheets.count() == 5


def test_of_nobody_there_is_one_empty_stretch(store: AStore, ids: list[str]) -> None:
    assert store.sheets.stretches([2, 2]) == [Stretch()]
    assert list(store.sheets.within(Stretch())) == []
    assert store.sheets.count() == 0


def test_many_sheets_under_two_headings_come_in_piles_of_one_heading_each(
    store: AStore, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.sheets._AT_ONCE", 2)
    store.sheets.keep(HEADING, map(a_sheet, ids[::2]))
    store.sheets.keep(OTHER, [a_sheet(i, heading=OTHER) for i in ids[1::2]])
    piles = list(store.sheets.within(Stretch()))
    assert sorted(i for pile in piles for i in pile.ids) == ids
    assert all((pile.heading == OTHER) == (i in ids[1::2]) for pile in piles for i in pile.ids)
