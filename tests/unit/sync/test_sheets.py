"""A sheet holds enough of a contact for its points to be the same, and no more than the rulebook asks."""

from dataclasses import replace
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from config import load_rulebook
from scoring import Contact, Engagement, Rubric, score_contact
from sync.sheets import Heading, contact_of, facts_asked, head_of, sheet_of
from tests.builders import LEAD, NOW, PORTAL_ORDER, a_standing, days_before
from tests.fakes.portal import FakePortal
from tests.golden.leads import LEADS
from tests.unit.scoring import test_together as any_rubric
from tests.unit.scoring.builders import NOW as SCORED_AT
from workflows import Answer

DEFAULT, CLASSIC = (load_rulebook(name).rubric for name in ("default", "classic"))


def a_heading(rubric: Rubric = DEFAULT) -> Heading:
    return Heading(
        facts=facts_asked(rubric), kinds=tuple(sorted(rubric.kinds)), time_zone="Europe/Berlin", stages=PORTAL_ORDER
    )


@pytest.mark.parametrize("rubric", [DEFAULT, CLASSIC], ids=["default", "classic"])
@pytest.mark.parametrize("lead", LEADS)
def test_a_golden_lead_has_the_same_points_by_its_sheet(lead: str, rubric: Rubric) -> None:
    heading, contact = a_heading(rubric), LEADS[lead]
    again = contact_of(sheet_of(contact, a_standing(), heading), heading)
    before, after = (score_contact(each, rubric, NOW) for each in (contact, again))
    assert [(ln.key, ln.points, ln.met, ln.known) for ln in after.lines] == [
        (ln.key, ln.points, ln.met, ln.known) for ln in before.lines
    ]


@given(any_rubric.contacts, any_rubric.rubrics())
def test_whatever_the_rubric_a_lead_has_the_same_points_by_its_sheet(contact: Contact, rubric: Rubric) -> None:
    heading = a_heading(rubric)
    again = contact_of(sheet_of(contact, a_standing(), heading), heading)
    before, after = (score_contact(each, rubric, SCORED_AT) for each in (contact, again))
    assert [(ln.key, ln.points, ln.met) for ln in (*after.lines, *after.apart)] == [
        (ln.key, ln.points, ln.met) for ln in (*before.lines, *before.apart)
    ]


def test_what_a_fact_says_is_not_kept_where_rules_ask_only_whether_it_is_given() -> None:
    contact = Contact(id="1", facts={"phone": "+49 30 4711", "job_title": "CEO", "shoe_size": 43})
    sheet = sheet_of(contact, a_standing(), a_heading())
    assert "4711" not in sheet.told
    assert "43" not in sheet.told
    assert contact_of(sheet, a_heading()).facts == {"phone": True, "job_title": "CEO"}


def test_of_a_page_the_address_is_kept_without_what_it_asks_for() -> None:
    seen = Engagement(kind="page", name="https://a.example/demo?email=zoe%40a.example#top", at=days_before(1))
    sheet = sheet_of(Contact(id="1", engagements=[seen]), a_standing(), a_heading())
    assert sheet.names.endswith("https://a.example/demo")


def test_kinds_that_no_rule_reads_are_not_kept_nor_names_that_no_class_is_told_by() -> None:
    acts = [Engagement(kind="postcard", name="Love"), Engagement(kind="meeting_booked", name="With Zoe", ref="77")]
    sheet = sheet_of(Contact(id="1", engagements=acts), a_standing(), a_heading())
    assert sheet.names == ""
    [kept] = contact_of(sheet, a_heading()).engagements
    assert (kept.kind, kept.name, kept.ref) == ("meeting_booked", "1", "")


def test_the_standing_is_kept_as_far_as_the_bands_and_answers_ask() -> None:
    standing = a_standing(LEAD, answer=Answer.NOT_READY, points_taken=20, held=True)
    cell = sheet_of(Contact(id="1"), standing, a_heading()).told.partition("\n")[0]
    kept = head_of(cell, a_heading()).standing
    assert (kept.stage, kept.answer, kept.points_taken, kept.held) == (LEAD, Answer.NOT_READY, 20, True)
    assert kept.set_by is None


@pytest.mark.parametrize("zone", [ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=-3, minutes=-30))])
def test_a_heading_comes_back_from_its_text(zone: ZoneInfo | timezone) -> None:
    rulebook = load_rulebook()
    heading = Heading.of(rulebook, replace(FakePortal(rulebook).facts(), time_zone=zone))
    again = Heading.read(heading.text)
    assert (again, again.zone, again.text) == (heading, zone, heading.text)
    assert (again.facts["phone"], again.facts["job_title"]) == (False, True)
