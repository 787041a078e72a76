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


@pytest.mark.parametrize("parts", [1, 2, 3, 9])
def test_stretches_hold_every_contact_once_and_are_of_about_the_same_size(
    store: AStore, ids: list[str], parts: int
) -> None:
    store.sheets.keep(HEADING, map(a_sheet, ids))
    piles = [[i for pile in store.sheets.within(each) for i in pile.ids] for each in store.sheets.stretches(parts)]
    assert [i for pile in piles for i in pile] == ids
    assert len(piles) == min(parts, 5)
    assert max(map(len, piles)) - min(map(len, piles)) <= 1


def test_of_nobody_there_is_one_empty_stretch(store: AStore, ids: list[str]) -> None:
    assert store.sheets.stretches(2) == [Stretch()]
    assert list(store.sheets.within(Stretch())) == []
