"""How many requests a pass may take, from what it did."""

from collections import Counter
from typing import Any

import pytest

from benchmarks.bounds import ENGAGEMENT, FIXED, OTHER, PURPOSES, Done, bounds


def a_pass(**did: Any) -> Done:
    nothing = {"contacts": 10_000, "read": 0, "changed": 0, "moved": 0, "found": 0, "histories": 0, "companies": 0}
    return Done(**{"is_full": True, "engagement": dict.fromkeys(ENGAGEMENT, 0), **nothing, **did})


def most(name: str, **did: Any) -> int:
    return next(bound.most for bound in bounds(a_pass(**did)) if bound.name == name)


def test_a_full_pass_may_take_a_fiftieth_more_than_its_pages_and_batches() -> None:
    assert most("pages and writes", contacts=20_000, changed=9_950, moved=3_001) == 340  # 1.02 * (200 + 100 + 31) + 2
    assert most("contact searches", contacts=20_000) == 2


def test_a_full_pass_that_changes_nothing_may_write_no_more_than_the_slack() -> None:
    assert most("pages and writes", contacts=2_500) == 26
    assert most("looks before moves", contacts=2_500) == 0


def test_what_an_incremental_pass_may_take_does_not_grow_with_the_portal() -> None:
    did = {"is_full": False, "read": 100, "changed": 60, "moved": 10, "found": 100, "histories": 20, "companies": 90}
    small = [bound.most for bound in bounds(a_pass(contacts=1_000, **did))]
    assert small == [bound.most for bound in bounds(a_pass(contacts=1_000_000, **did))]


def test_a_search_that_finds_nothing_is_a_request_too() -> None:
    assert most("searches", is_full=False) == 1


def test_whoever_is_read_brings_one_company_at_most() -> None:
    assert most("companies", is_full=False, read=150, companies=40_000) == 2


def test_lists_that_are_walked_from_several_places_may_cost_little_more_than_their_pages() -> None:
    assert most("events", engagement=dict.fromkeys(ENGAGEMENT, 25)) == 25
    assert most("events", engagement=dict.fromkeys(ENGAGEMENT, 1_000)) == 1_036


@pytest.mark.parametrize("is_full", [True, False])
def test_every_purpose_is_bounded_once(is_full: bool) -> None:
    bounded = Counter(purpose for bound in bounds(a_pass(is_full=is_full)) for purpose in bound.purposes)
    assert bounded == Counter([*PURPOSES, OTHER])


def test_what_has_no_known_purpose_may_not_be_asked() -> None:
    assert FIXED[OTHER] == 0
    bound = next(bound for bound in bounds(a_pass()) if OTHER in bound.purposes)
    assert bound.count({OTHER: 1, "writes": 5}) > bound.most
