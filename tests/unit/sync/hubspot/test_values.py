"""HubSpot's texts as values."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Value
from sync.hubspot.values import UnreadableError, coming_of, count_of, fact_of, moment_of, number_of, ours_of, past_of
from sync.hubspot.values import text_of as text_from
from sync.records import Role

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1200", 1200),
        ("1,200", 1200),
        ("1 200", 1200),
        ("1\u202f200\u00a0000", 1_200_000),
        ("1,200.50", 1200.5),
        ("$1,200", 1200),
        ("€ 3.5", 3.5),
        ("12.0", 12),
        ("1.2E7", 12_000_000),
        ("-3", -3),
        ("50-100", 75),
        ("1 – 5", 3),
        ("1,001 to 5,000", 3000.5),
        ("1000+", 1001),
        ("10,001+", 10_002),
    ],
)
def test_a_number_is_read_however_people_write_it(text: str, number: float) -> None:
    found = number_of(text)
    assert found == number
    assert isinstance(found, int) == (number == int(number))


@pytest.mark.parametrize("text", ["N/A", "NaN", "inf", "1,5", "12,34,567", "1.2.3", "++", "+", "-", "a lot", "1e400"])
def test_what_is_no_number_is_not_guessed_at(text: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        number_of(text)
    assert text not in str(raised.value).split()


@pytest.mark.parametrize("text", ["-1", "2.5", "99999999999", "many"])
def test_a_count_is_whole_and_not_below_zero(text: str) -> None:
    with pytest.raises(UnreadableError):
        count_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05.678+00:00",
        "2026-01-02T04:04:05.678+01:00",
        "2026-01-02T03:04:05.678",
        "1767323045678",
    ],
)
def test_a_moment_is_read_from_iso_and_from_milliseconds(text: str) -> None:
    assert moment_of(text) == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def test_a_date_alone_is_its_midnight_in_utc() -> None:
    assert moment_of("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)


def test_a_plain_date_as_a_fact_stays_a_date_so_that_no_time_zone_moves_it() -> None:
    assert fact_of("2026-01-02", "date", NOW) == date(2026, 1, 2)


@pytest.mark.parametrize("text", ["yesterday", "9" * 30, "-" + "9" * 18, "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_date_is_not_guessed_at(text: str) -> None:
    with pytest.raises(UnreadableError):
        moment_of(text)


def test_what_happened_did_so_after_1990_and_at_most_a_day_from_now() -> None:
    assert past_of((NOW + timedelta(hours=23)).isoformat(), NOW)
    for text in ((NOW + timedelta(days=2)).isoformat(), "1989-12-31", "20260102"):
        with pytest.raises(UnreadableError):
            past_of(text, NOW)


def test_what_takes_place_may_lie_ahead() -> None:
    assert coming_of("2027-05-01T10:00:00Z", NOW) == datetime(2027, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Yes", "bool", True),
        ("false", "bool", False),
        ("a; b;;c", "choices", frozenset({"a", "b", "c"})),
        ("Jane@Example.COM", "domain", "example.com"),
        ("Example.com", "domain", "example.com"),
        ("CFO", "text", "CFO"),
    ],
)
def test_a_fact_is_read_by_the_type_that_the_rulebook_gives_it(text: str, kind: str, value: Value) -> None:
    assert fact_of(text, kind, NOW) == value


@pytest.mark.parametrize(("text", "kind"), [("perhaps", "bool"), ("jane@", "domain"), ("no domain", "domain")])
def test_a_fact_of_another_type_is_unreadable(text: str, kind: str) -> None:
    with pytest.raises(UnreadableError):
        fact_of(text, kind, NOW)


@pytest.mark.parametrize("value", [None, "", "  ", 5, ["x"]])
def test_null_and_empty_are_both_empty(value: object) -> None:
    assert text_from(value) == ""


@pytest.mark.parametrize(
    ("role", "text", "ours"),
    [
        ("score", "12.0", "12"),
        ("score", "-100", "-100"),
        ("score", "", ""),
        ("hold", "false", ""),
        ("hold", "TRUE", "true"),
        ("reasons", "G05 +70\nW04 +10", "G05 +70\nW04 +10"),
    ],
)
def test_our_properties_read_as_we_would_write_them(role: Role, text: str, ours: str) -> None:
    assert ours_of(role, text) == ours


@given(st.text(max_size=30))
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    for kind in ("number", "bool", "date", "choices", "domain", "text"):
        try:
            fact_of(text, kind, NOW)
        except UnreadableError:
            continue


@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_that_we_wrote_reads_back_the_same(number: int) -> None:
    assert ours_of("score", str(number)) == str(number)
