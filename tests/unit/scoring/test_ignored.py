"""Machines' acts earn nothing, and the breakdown says so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import MAIL_SCANNER, PRIVACY_PROXY, Contact, CountRange, CountRule, Ignored, Rule, Score, score_contact
from tests.builders import the_packaged_rulebook
from tests.unit.scoring.builders import NOW, a_form_rule, a_lead, a_rubric, an_act, line_of, scored
from tests.unit.scoring.test_engagement import CHAT, OPENS, SILENCE, TOUCHES


def with_ignored(contact: Contact, count: int, kind: str = "email_open", why: str = MAIL_SCANNER) -> Contact:
    return replace(contact, ignored=[*contact.ignored, Ignored(kind=kind, count=count, why=why)])


def fact_of(score: Score, key: str) -> str:
    return line_of(score, key).fact


def test_what_machines_did_earns_nothing_and_is_told() -> None:
    line = line_of(scored(with_ignored(a_lead(seen=()), 3), OPENS), "E02")
    assert (line.points, line.met, line.known, line.fact) == (0, False, True, "3 ignored: mail scanner")


def test_what_people_did_is_told_before_it() -> None:
    score = scored(with_ignored(a_lead(an_act("email_open", count=2)), 1_000), OPENS)
    assert (score.total, fact_of(score, "E02")) == (2, "2 times, last today, 1,000 ignored: mail scanner")


def test_each_kind_of_machine_is_counted_by_itself() -> None:
    lead = with_ignored(with_ignored(with_ignored(a_lead(), 2), 3), 4, why=PRIVACY_PROXY)
    assert fact_of(scored(lead, OPENS), "E02") == "5 ignored: mail scanner, 4 ignored: privacy proxy"


def test_a_rule_about_several_kinds_tells_of_all_of_them() -> None:
    lead = with_ignored(with_ignored(a_lead(), 2), 3, kind="email_click")
    assert fact_of(scored(lead, TOUCHES), "E05") == "5 ignored: mail scanner"


VISITS = CountRule(key="W", label="W", group="done", kind="email_open", ranges=(CountRange(low=1, points=3),))


@pytest.mark.parametrize("rule", [VISITS, TOUCHES, SILENCE])
def test_every_rule_about_acts_tells_what_it_ignored(rule: Rule) -> None:
    assert fact_of(scored(with_ignored(a_lead(), 2), rule), rule.key) == "2 ignored: mail scanner"


@pytest.mark.parametrize("rule", [CHAT, a_form_rule("G", "demo", 7)])
def test_rules_about_other_acts_say_nothing_of_it(rule: Rule) -> None:
    lead = with_ignored(with_ignored(a_lead(), 2), 2, kind="form")
    score = score_contact(lead, a_rubric(rule, forms={"demo": ["demo"]}), NOW)
    assert fact_of(score, rule.key) == ""


def test_nothing_ignored_is_no_word() -> None:
    assert fact_of(scored(with_ignored(a_lead(), 0), OPENS), "E02") == ""
    assert line_of(scored(with_ignored(a_lead(seen=()), 0), OPENS), "E02").known is False


def test_what_is_unknown_for_want_of_a_date_stays_unknown() -> None:
    lead = with_ignored(a_lead(an_act("chat", age=None)), 2, kind="chat")
    line = line_of(scored(lead, CHAT), "K04")
    assert (line.known, line.fact) == (False, "2 ignored: mail scanner")


def test_a_scanner_is_no_answer_to_five_mails() -> None:
    lead = with_ignored(a_lead(an_act("email_delivered", count=9)), 9)
    assert scored(lead, SILENCE).total == -10


def test_behind_a_privacy_proxy_nobody_can_tell_whether_a_lead_is_silent() -> None:
    lead = with_ignored(a_lead(an_act("email_delivered", count=9)), 1, why=PRIVACY_PROXY)
    line = line_of(scored(lead, SILENCE), "E06")
    assert (line.points, line.known, line.fact) == (0, False, "1 ignored: privacy proxy")


def test_who_answered_lately_is_not_silent_behind_any_proxy() -> None:
    lead = with_ignored(a_lead(an_act("email_delivered", count=9), an_act("email_click")), 1, why=PRIVACY_PROXY)
    score = scored(lead, SILENCE)
    assert (line_of(score, "E06").known, score.fades) == (True, True)


ignored = st.builds(
    Ignored,
    kind=st.sampled_from(["email_open", "email_click"]),
    count=st.integers(0, 50),
    why=st.sampled_from([MAIL_SCANNER, PRIVACY_PROXY]),
)


@given(st.lists(ignored, max_size=4), st.sets(st.sampled_from(["email_open", "email_click", "form"])))
def test_machines_never_earn_a_lead_anything(machines: list[Ignored], seen: set[str]) -> None:
    lead, rubric = a_lead(an_act("email_click", age=3), seen=seen), the_packaged_rulebook().rubric
    score, alone = (score_contact(each, rubric, NOW) for each in (replace(lead, ignored=machines), lead))
    assert [line.points for line in score.lines] == [line.points for line in alone.lines]
