"""What a company's contacts come to."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.accounts import TOGETHER, rolled_up, write_accounts
from sync.ports import FatalError, LeaseLost, RetryableError
from sync.records import Outcome, Refused, Unknown, Written
from tests.fakes.store import FakeMemory


class FakeCompanies:
    """Fulfils `Companies`."""

    def __init__(self, **numbers: str) -> None:
        self.holds = dict(numbers)
        self.outcomes: dict[str, Outcome] = {}
        self.fails: Exception | None = None
        self.asked: list[Sequence[str]] = []
        self.written: list[Mapping[str, str]] = []

    def numbers(self, ids: Sequence[str]) -> Mapping[str, str]:
        if self.fails:
            raise self.fails
        self.asked.append(ids)
        return {each: self.holds[each] for each in ids if each in self.holds}

    def write(self, numbers: Mapping[str, str], *, read_at: float) -> Mapping[str, Outcome]:
        self.written.append(numbers)
        done = {each: self.outcomes.get(each, Written(values={})) for each in numbers}
        self.holds |= {each: numbers[each] for each, outcome in done.items() if isinstance(outcome, Written)}
        return done


def written(companies: FakeCompanies, memory: FakeMemory, *pages: Sequence[str]) -> dict[str, object]:
    done = write_accounts(companies, memory, "sum", pages, steady=lambda: 0.0, stop=lambda: False)
    return done.as_json()


def points(**by_company: Sequence[int]) -> FakeMemory:
    memory = FakeMemory()
    rows = [(company, each) for company, theirs in by_company.items() for each in theirs]
    memory.note_points((str(place), company, each) for place, (company, each) in enumerate(rows))
    return memory


@pytest.mark.parametrize(
    ("of", "theirs", "text"),
    [
        ("top", [3, 70, -5], "70"),
        ("sum", [3, 70, -5], "68"),
        ("average", [3, 70, -5], "23"),
        ("average", [1, 2], "2"),
        ("average", [-1, -2], "-1"),
        ("top", [], ""),
        ("sum", [0], "0"),
    ],
)
def test_a_companys_number(of: Literal["top", "sum", "average"], theirs: Sequence[int], text: str) -> None:
    assert rolled_up(theirs, of) == text


@given(st.lists(st.integers(-100, 1_000), min_size=1), st.randoms())
def test_no_number_depends_on_the_order_of_the_contacts(theirs: list[int], random: Random) -> None:
    shuffled = random.sample(theirs, len(theirs))
    kinds: tuple[Literal["top", "sum", "average"], ...] = ("top", "sum", "average")
    assert [rolled_up(theirs, of) for of in kinds] == [rolled_up(shuffled, of) for of in kinds]
    assert min(theirs) <= int(rolled_up(theirs, "average")) <= max(theirs)


def test_only_what_differs_is_written_and_nothing_is_sent_twice() -> None:
    companies = FakeCompanies(one="5", two="", three="9")
    memory = points(one=[2, 3], two=[7])
    assert written(companies, memory, ["one", "two"], ["two", "three"])["changed"] == 2
    assert companies.written == [{"two": "7", "three": ""}]
    assert companies.asked == [["one", "two", "three"]]
    assert written(companies, memory, ["one", "two", "three"])["changed"] == 0


def test_companies_are_asked_for_by_full_requests() -> None:
    companies = FakeCompanies()
    written(companies, points(), *[[f"{page}-{each}" for each in range(30)] for page in range(5)])
    assert [len(ids) for ids in companies.asked] == [TOGETHER, 50]


def test_what_is_refused_is_named_and_what_is_gone_is_no_matter() -> None:
    companies = FakeCompanies(one="", two="", three="")
    companies.outcomes = {
        "one": Refused(reason="HubSpot refused it"),
        "two": Refused(reason="not there", gone=True),
        "three": Unknown(reason="no answer"),
    }
    assert written(companies, points(one=[1], two=[1], three=[1]), ["one", "two", "three"])["failed"] == [
        {"id": "one", "reason": "HubSpot refused it"},
        {"id": "three", "reason": "no answer"},
    ]


@pytest.mark.parametrize("error", [FatalError("no scope"), RetryableError("no answer")])
def test_what_hubspot_does_not_give_stops_no_run(error: Exception) -> None:
    companies = FakeCompanies(one="")
    companies.fails = error
    assert written(companies, points(one=[1]), ["one"]) == {"changed": 0, "failed": [], "problem": str(error)}


def test_who_has_lost_the_lease_writes_no_company() -> None:
    companies = FakeCompanies(one="")
    companies.fails = LeaseLost("another run took over")
    with pytest.raises(LeaseLost):
        written(companies, points(one=[1]), ["one"])
