"""Which opens and clicks were a machine's."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import MAIL_SCANNER, PRIVACY_PROXY, Engagement, MailAct, is_proxy, judged, score_contact
from tests.builders import the_packaged_rulebook
from tests.unit.scoring.builders import NOW, a_lead

Kind = Literal["delivered", "open", "click"]


def an_act(kind: Kind, seconds: float = 0, *, mail: str = "m", link: str = "", machine: str = "") -> MailAct:
    """An act so many seconds after noon; its key says all of it."""
    key = f"{kind} {mail} {link} {seconds:g}"
    return MailAct(key=key, kind=kind, mail=mail, at=NOW + timedelta(seconds=seconds), link=link, machine=machine)


def ignored_of(*acts: MailAct) -> Mapping[str, str]:
    return judged(acts)


DELIVERED = an_act("delivered")


@pytest.mark.parametrize("kind", ["open", "click"])
@pytest.mark.parametrize(("seconds", "is_machines"), [(0, True), (10, True), (-10, True), (10.5, False), (-11, False)])
def test_within_ten_seconds_of_its_delivery_a_mail_meets_a_scanner(
    kind: Kind, seconds: float, is_machines: bool
) -> None:
    act = an_act(kind, seconds)
    assert ignored_of(DELIVERED, act) == ({act.key: MAIL_SCANNER} if is_machines else {})


def test_each_delivery_of_a_mail_that_is_sent_again_is_scanned() -> None:
    again, scanned, later = an_act("delivered", 9000), an_act("click", 9003), an_act("click", 9060)
    assert ignored_of(DELIVERED, again, scanned, later) == {scanned.key: MAIL_SCANNER}


def test_the_delivery_of_another_mail_says_nothing() -> None:
    assert ignored_of(an_act("delivered", mail="n"), an_act("click", 5)) == {}


def test_many_links_of_one_mail_at_once_are_a_scan() -> None:
    clicks = [an_act("click", 600 + second, link=link) for second, link in ((0, "a"), (5, "b"), (10, "c"))]
    assert ignored_of(*clicks) == {click.key: MAIL_SCANNER for click in clicks}


@pytest.mark.parametrize(
    "clicks",
    [
        [(0, "a"), (5, "b"), (10.5, "c")],
        [(0, "a"), (5, "b")],
        [(0, "a"), (1, "a"), (2, "b"), (3, "b")],
        [(0, ""), (1, ""), (2, "a"), (3, "b")],
    ],
    ids=["too slowly", "two links", "two links again and again", "which links is not known"],
)
def test_people_may_click_several_times(clicks: Sequence[tuple[float, str]]) -> None:
    assert ignored_of(*(an_act("click", 600 + seconds, link=link) for seconds, link in clicks)) == {}


def test_links_of_different_mails_are_no_scan_of_one() -> None:
    assert ignored_of(*(an_act("click", 600, mail=mail, link=mail) for mail in "abc")) == {}


def test_a_scan_takes_no_later_click_with_it() -> None:
    clicks = [an_act("click", second, link=link) for second, link in ((0, "a"), (1, "b"), (2, "c"), (12.5, "a"))]
    assert set(ignored_of(*clicks)) == {click.key for click in clicks[:3]}


def test_a_long_scan_is_one_from_its_first_link_to_its_last() -> None:
    clicks = [an_act("click", 4 * place, link=str(place)) for place in range(6)]
    assert len(ignored_of(*clicks)) == 6


def test_links_clicked_at_once_leave_opens_alone() -> None:
    clicks = [an_act("click", 600, link=link) for link in "abc"]
    assert an_act("open", 600).key not in ignored_of(an_act("open", 600), *clicks)


def test_what_is_known_for_a_machines_is_one_and_says_why() -> None:
    act = an_act("open", 600, machine=PRIVACY_PROXY)
    assert ignored_of(DELIVERED, act) == {act.key: PRIVACY_PROXY}


def test_a_proxy_is_called_one_at_the_delivery_too() -> None:
    act = an_act("open", 2, machine=PRIVACY_PROXY)
    assert ignored_of(DELIVERED, act) == {act.key: PRIVACY_PROXY}


def test_acts_whose_mail_is_not_known_are_judged_alone() -> None:
    proxied = an_act("open", 1, mail="", machine=PRIVACY_PROXY)
    others = [an_act("delivered", mail=""), *(an_act("click", 1, mail="", link=link) for link in "abc")]
    assert ignored_of(proxied, *others) == {proxied.key: PRIVACY_PROXY}


def test_a_delivery_is_nobodys_act() -> None:
    assert ignored_of(an_act("delivered", machine=PRIVACY_PROXY)) == {}


@pytest.mark.parametrize(
    ("user_agent", "is_one"),
    [
        ("Mozilla/5.0", True),
        (" mozilla/5.0 ", True),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", True),
        ("YahooMailProxy; https://help.yahoo.com/", True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)", False),
        ("", False),
    ],
)
def test_a_proxy_is_known_by_what_it_calls_itself(user_agent: str, is_one: bool) -> None:
    assert is_proxy(user_agent) is is_one


# --- what must hold for every lead ---

acts = st.builds(
    an_act,
    st.sampled_from(["delivered", "open", "click"]),
    st.integers(-30, 90),
    mail=st.sampled_from(["m", "n", ""]),
    link=st.sampled_from(["a", "b", "c", ""]),
)
mails = st.lists(acts, max_size=14, unique_by=lambda act: act.key)


@given(mails, st.randoms())
def test_the_order_of_the_acts_does_not_matter(done: list[MailAct], random: Random) -> None:
    shuffled = list(done)
    random.shuffle(shuffled)
    assert judged(shuffled) == judged(done)


@given(mails, mails)
def test_another_act_never_makes_a_persons_of_a_machines(done: list[MailAct], more: list[MailAct]) -> None:
    alone, together = judged(done), judged({act.key: act for act in (*done, *more)}.values())
    assert alone.keys() <= together.keys()


@given(mails, st.integers(200, 100_000))
def test_a_late_single_click_always_counts(done: list[MailAct], seconds: int) -> None:
    late = an_act("click", seconds, link="a")
    assert late.key not in judged([*done, late])


@given(mails)
def test_only_what_was_opened_or_clicked_is_judged(done: list[MailAct]) -> None:
    assert set(judged(done)) <= {act.key for act in done if act.kind != "delivered"}


@given(mails)
def test_what_a_machine_does_at_a_delivery_is_worth_no_points(done: list[MailAct]) -> None:
    scan = [an_act(kind, 3, mail="n", link="x") for kind in ("open", "click")]
    before, after = [an_act("delivered", mail="n"), *done], [an_act("delivered", mail="n"), *done, *scan]
    assert points_of(after) <= points_of(before)


def points_of(done: Sequence[MailAct]) -> int:
    """What the default rulebook gives for the people's acts among these."""
    machines = judged(done)
    people = [act for act in done if act.kind != "delivered" and act.key not in machines]
    lead = a_lead(*(Engagement(kind=f"email_{act.kind}", at=act.at, ref=act.mail) for act in people))
    return score_contact(lead, the_packaged_rulebook().rubric, NOW + timedelta(days=1)).total
