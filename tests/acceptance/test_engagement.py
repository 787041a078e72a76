"""What leads did, one act at a time: from HubSpot's lists of submissions, mails, events and meetings to the score."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox import Fault, Portal
from sandbox.account import Form
from sandbox.activity import MailEvent, Reader, Submission
from sandbox.times import to_ms
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import SQL, a_contact, a_rulebook, days_ago, everything, held, moment, score, stage, writes

pytestmark = pytest.mark.usefixtures("provisioned")

FIT = 3
"""What a company mailbox is worth."""
PERSON = Reader(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", browser="Firefox")


def a_form(portal: Portal, name: str) -> str:
    form = Form(id=f"c0ffee00-0000-4000-8000-{len(portal.forms):012d}", name=name, created_ms=to_ms(moment(400)))
    portal.forms.append(form)
    return form.id


def sends(portal: Portal, contact: str, form: str, *, days: float = 3, address: str = "", listed: bool = True) -> None:
    """A contact sends a form; it is listed under the address that was typed, and the contact itself tells of it."""
    at = moment(days)
    typed = {"email": address or held(portal, contact, "email")}
    if listed:
        portal.activity.submissions.append(Submission(form_id=form, at_ms=to_ms(at), values=typed))
    told = [*filter(None, held(portal, contact, "hs_calculated_form_submissions").split(";")), f"{form}::{to_ms(at)}"]
    portal.hubspot_records(contact, hs_calculated_form_submissions=";".join(told))


def mails(portal: Portal, contact: str, delivered: datetime, *clicks: tuple[float, str], campaign: int = 1001) -> None:
    """A mail is delivered, and its links are followed so many seconds later."""
    shared: dict[str, Any] = {"recipient": held(portal, contact, "email"), "campaign_id": campaign}
    events = portal.activity.mail_events
    events.append(MailEvent(type="DELIVERED", at_ms=to_ms(delivered), **shared))
    for after_s, url in clicks:
        at_ms = to_ms(delivered) + int(after_s * 1000)
        events.append(MailEvent(type="CLICK", at_ms=at_ms, url=url, read_with=PERSON, **shared))


def source(ended: Ended, feed: str) -> Any:
    return next(each for each in ended.document["sources"] if each["feed"] == feed)


def lines(ended: Ended) -> dict[str, Any]:
    return {line["key"]: line for line in ended.document["lines"]}


class TestForms:
    def test_a_submission_counts_once_however_it_arrives(self, portal: Portal, scoreline: Scoreline) -> None:
        prices, lead = a_form(portal, "Price sheet"), a_contact(portal)
        scoreline("resync", "--full")
        sends(portal, lead, prices, days=0)
        portal.hubspot_records(
            lead, recent_conversion_event_name="Prices: Price sheet", recent_conversion_date=days_ago(0)
        )
        assert scoreline("resync").status == 0
        assert score(portal, lead) == FIT + 50
        assert scoreline("resync", "--full", "--json").document["contacts_changed"] == 0

    def test_who_sent_a_form_is_found_though_their_change_date_stands_still(
        self, portal: Portal, scoreline: Scoreline
    ) -> None:
        demo, lead = a_form(portal, "Demo request"), a_contact(portal, lastmodifieddate=days_ago(400))
        scoreline("resync", "--full")
        portal.activity.submissions.append(
            Submission(form_id=demo, at_ms=to_ms(moment(0)), values={"email": held(portal, lead, "email")})
        )
        scoreline("resync")
        assert (score(portal, lead), stage(portal, lead)) == (FIT + 70, SQL)

    def test_a_form_has_the_class_that_the_rulebook_gives_it_by_its_id(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        nameless, lead = a_form(portal, "Form 17"), a_contact(portal)
        sends(portal, lead, nameless, days=0)
        rulebook = a_rulebook(tmp_path / "by_id.yaml", f"forms: {{bofu: [{{id: {nameless}}}]}}")
        scoreline("resync", "--full", SCORELINE_RULEBOOK=rulebook)
        assert score(portal, lead) == FIT + 50

    def test_what_was_typed_with_an_additional_address_counts(self, portal: Portal, scoreline: Scoreline) -> None:
        demo, lead = a_form(portal, "Demo request"), a_contact(portal, hs_additional_emails="old@former.example")
        scoreline("resync", "--full")
        portal.activity.submissions.append(
            Submission(form_id=demo, at_ms=to_ms(moment(0)), values={"email": "Old@Former.example"})
        )
        scoreline("resync")
        scoreline("resync", "--full")
        assert score(portal, lead) == FIT + 70


class TestMail:
    def test_a_scanners_clicks_earn_nothing_and_explain_says_so(self, portal: Portal, scoreline: Scoreline) -> None:
        scanned, human = a_contact(portal), a_contact(portal)
        links = [f"https://a.example/{n}" for n in range(3)]
        mails(portal, scanned, moment(2), *((2 + n, link) for n, link in enumerate(links)))
        mails(portal, human, moment(2), (300, links[0]))
        scoreline("resync", "--full")
        explained = scoreline("explain", scanned, "--json")
        assert lines(explained)["E03"]["points"] == 0
        assert explained.document["ignored"] == [{"kind": "email_click", "count": 3, "why": "mail scanner"}]
        assert "3 email click" in scoreline("explain", scanned).out
        assert lines(scoreline("explain", human, "--json"))["E03"]["points"] == 5

    def test_without_the_feed_the_sums_that_contacts_hold_count(self, portal: Portal, scoreline: Scoreline) -> None:
        portal.faults.add(Fault(path="/email/public/", status=403, times=None))
        lead = a_contact(portal, hs_email_click="2", hs_email_last_click_date=days_ago(1))
        ended = scoreline("resync", "--full", "--json")
        assert (ended.status, source(ended, "mail")["state"]) == (0, "absent")
        assert lines(scoreline("explain", lead, "--json"))["E03"]["points"] == 10


class TestMeetings:
    @pytest.mark.parametrize(("outcome", "days"), [("CANCELED", -2), ("NO_SHOW", 0.5)])
    def test_a_meeting_that_is_not_held_earns_no_more(
        self, portal: Portal, scoreline: Scoreline, outcome: str, days: float
    ) -> None:
        lead = a_contact(portal)
        meeting = portal.add_meeting([lead], starts=moment(days))
        scoreline("resync", "--full")
        assert lines(scoreline("explain", lead, "--json"))["K01"]["points"] == 25
        portal.end_meeting(meeting, outcome)
        scoreline("resync")
        after = lines(scoreline("explain", lead, "--json"))
        assert (after["K01"]["points"], after["K02"]["points"]) == (0, -5)
        assert score(portal, lead) < FIT + 25

    def test_a_deleted_meeting_is_gone_after_a_full_pass(self, portal: Portal, scoreline: Scoreline) -> None:
        lead = a_contact(portal)
        meeting = portal.add_meeting([lead], starts=moment(-2))
        scoreline("resync", "--full")
        found = portal.collections["meetings"].find(meeting)
        assert found is not None
        portal.remove(portal.collections["meetings"], found)
        scoreline("resync", "--full")
        assert lines(scoreline("explain", lead, "--json"))["K01"]["points"] == 0


class TestWhoIsWho:
    def test_a_merged_contacts_acts_are_the_survivors(self, portal: Portal, scoreline: Scoreline) -> None:
        one, other = a_contact(portal), a_contact(portal)
        portal.add_meeting([one], starts=moment(-2))
        mails(portal, one, moment(2), (300, "https://a.example/1"))
        scoreline("resync", "--full")
        before = score(portal, one)
        survivor = portal.merge(other, one)
        scoreline("resync")
        scoreline("resync", "--full")
        after = lines(scoreline("explain", survivor, "--json"))
        assert (after["K01"]["points"], after["E03"]["points"]) == (25, 5)
        assert score(portal, survivor) == before

    def test_who_is_deleted_for_privacy_leaves_no_trace(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        lead = a_contact(portal)
        mails(portal, lead, moment(2), (300, "https://a.example/1"))
        portal.add_meeting([lead], starts=moment(-2), title="About their illness")
        scoreline("resync", "--full")
        assert b"About their illness" in database(tmp_path)
        portal.delete(lead, for_privacy=True)
        scoreline("resync", "--full")
        assert b"About their illness" not in database(tmp_path)

    def test_no_address_stands_in_the_database(self, portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
        lead, form = a_contact(portal), a_form(portal, "Demo request")
        sends(portal, lead, form)
        mails(portal, lead, moment(2), (300, "https://a.example/1?for=lead"))
        scoreline("resync", "--full")
        kept = database(tmp_path)
        record = portal.contacts.find(lead)
        assert record is not None
        name, domain = record.properties["email"].split("@")
        assert f"{name}@".encode() not in kept
        assert f"@{domain}".encode() not in kept
        assert f"{name}{domain}".encode() not in kept
        assert b"a.example" not in kept


def database(directory: Path) -> bytes:
    """What the database's files hold."""
    files: Sequence[Path] = sorted(directory.glob("*.db*"))
    assert files
    return b"".join(file.read_bytes() for file in files)


class TestASourceThatFails:
    def test_it_goes_stale_keeps_what_it_told_and_comes_back(self, portal: Portal, scoreline: Scoreline) -> None:
        lead, other = a_contact(portal), a_contact(portal)
        mails(portal, lead, moment(2), (300, "https://a.example/1"))
        scoreline("resync", "--full")
        known = score(portal, lead)

        portal.faults.add(Fault(path="/email/public/", status=403, times=None))
        portal.integration_sets(other, "firstname", "Jo")
        ended = scoreline("resync", "--full", "--json")
        assert (ended.status, source(ended, "mail")["state"]) == (1, "stale")
        assert score(portal, lead) == known
        told = scoreline("resync")
        assert told.status == 1
        assert "STALE mail since" in told.out
        assert "stale: mail" in scoreline("status").out
        assert scoreline("plan").status == 1
        assert "Stale: mail" in scoreline("explain", lead).out

        portal.faults.clear()
        mails(portal, lead, moment(0.01), (60, "https://a.example/2"), campaign=1002)
        ended = scoreline("resync", "--json")
        assert (ended.status, source(ended, "mail")["state"]) == (0, "current")
        assert score(portal, lead) == known + 5

    def test_explain_says_which_feeds_no_run_has_read_yet(self, portal: Portal, scoreline: Scoreline) -> None:
        lead = a_contact(portal)
        explained = scoreline("explain", lead)
        assert "Not read yet" in explained.out
        assert "mail" in scoreline("explain", lead, "--json").document["feeds_unread"]
        scoreline("resync", "--full")
        assert "Not read yet" not in scoreline("explain", lead).out

    def test_with_the_database_deleted_a_full_resync_writes_nothing(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        form = a_form(portal, "Demo request")
        for number in range(4):
            lead = a_contact(portal)
            sends(portal, lead, form, days=number)
            mails(portal, lead, moment(number), (300, "https://a.example/1"))
            portal.add_meeting([lead], starts=moment(number - 2))
        scoreline("resync", "--full")
        before, sent = everything(portal), writes(portal)
        for file in tmp_path.glob("*.db*"):
            file.unlink()
        assert scoreline("resync", "--full").status == 0
        assert (everything(portal), writes(portal)) == (before, sent)


class TestCompanies:
    @pytest.fixture
    def rulebook(self, tmp_path: Path, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch) -> None:
        """Companies hold the sum of what their contacts have."""
        account = "account: {label: Account score, property: account_score, of: sum}"
        monkeypatch.setenv("SCORELINE_RULEBOOK", a_rulebook(tmp_path / "accounts.yaml", account))
        assert scoreline("provision").status == 0

    @pytest.mark.usefixtures("rulebook")
    def test_a_company_holds_what_its_contacts_come_to_and_only_what_changes_is_sent(
        self, portal: Portal, scoreline: Scoreline
    ) -> None:
        company, other = portal.add_company(name="One"), portal.add_company(name="Other")
        lead, second = (a_contact(portal, associatedcompanyid=company) for _ in range(2))
        a_contact(portal, associatedcompanyid=other)
        scoreline("resync", "--full")
        assert [number(portal, each) for each in (company, other)] == ["6", "3"]
        assert scoreline("resync", "--full", "--json").document["accounts"]["changed"] == 0

        portal.add_meeting([lead], starts=moment(-2))
        told = scoreline("resync", "--json").document
        assert told["accounts"] == {"changed": 1, "failed": [], "problem": None}
        assert int(number(portal, company)) == score(portal, lead) + score(portal, second) > 6

        portal.delete(second)
        scoreline("resync", "--full")
        assert int(number(portal, company)) == score(portal, lead)

    @pytest.mark.usefixtures("rulebook")
    def test_a_company_that_cannot_be_written_is_named_and_the_next_full_pass_writes_it(
        self, portal: Portal, scoreline: Scoreline
    ) -> None:
        company = portal.add_company(name="One")
        lead = a_contact(portal, associatedcompanyid=company)
        portal.faults.add(Fault(path="companies/batch/update", status=403, times=1))
        ended = scoreline("resync", "--full", "--json")
        assert (ended.status, score(portal, lead), number(portal, company)) == (1, FIT, "")
        assert ended.document["accounts"]["problem"]
        assert scoreline("resync", "--full").status == 0
        assert number(portal, company) == "3"


def number(portal: Portal, company: str) -> str:
    found = portal.companies.find(company)
    assert found is not None
    return found.properties.get("account_score", "")


class TestWhatItCosts:
    FEEDS = r"/email/public|/submissions/|/events/v3/events$|/objects/(meetings|emails|communications)|/v4/associations"

    def test_a_full_resync_costs_what_paging_the_acts_costs_and_no_request_for_each_contact(
        self, portal: Portal, scoreline: Scoreline
    ) -> None:
        leads = [a_contact(portal, hs_analytics_num_visits="1") for _ in range(250)]
        for number in range(1200):
            mails(portal, leads[number % 250], moment(1 + number / 100), campaign=1001)
        for lead in leads[:120]:
            portal.add_meeting([lead], starts=moment(-2))
        portal.requests.clear()

        scoreline("resync", "--full")

        assert Counter(request.path for request in portal.requests.matching(path=self.FEEDS)) == {
            "/email/public/v1/events": 2 + 1 + 1,  # 1,000 a page; deliveries, opens and clicks are lists of their own
            "/email/public/v1/campaigns/1001": 1,
            "/crm/v3/objects/meetings": 2,
            "/crm/v3/objects/emails": 1,
            "/crm/v3/objects/communications": 1,
        }
        assert len(portal.requests.matching("GET", r"/objects/contacts$")) == 3

    def test_a_pass_costs_what_has_changed(self, portal: Portal, scoreline: Scoreline) -> None:
        leads = [a_contact(portal, lastmodifieddate=days_ago(400)) for _ in range(250)]
        a_form(portal, "Demo request")
        for lead in leads:
            mails(portal, lead, moment(3), campaign=1001)
        scoreline("resync", "--full")
        portal.clock.move(timedelta(hours=2))  # what we wrote is out of sight of the next search
        scoreline("resync")
        at_rest = self.requests_of(portal, scoreline)
        assert at_rest["feeds"] == 3 + 1 + 3, "mail by type of event, one form, records by kind"
        assert at_rest["contacts"] == 0

        for lead in leads:
            mails(portal, lead, moment(0), campaign=1001)
        mails(portal, leads[3], moment(0), (60, "https://a.example/1"), campaign=1002)
        portal.add_meeting([leads[5]], starts=moment(-2))
        after = self.requests_of(portal, scoreline)
        assert after["feeds"] - at_rest["feeds"] == 1 + 1, "the other mail's name, and whose the meeting is"
        assert after["contacts"] == 1 + 1, "whose the address is, and those two"

    def requests_of(self, portal: Portal, scoreline: Scoreline) -> Counter[str]:
        """What a pass asks the feeds, and how often it reads contacts."""
        portal.requests.clear()
        assert scoreline("resync").status == 0
        return Counter(
            feeds=len(portal.requests.matching(path=self.FEEDS)),
            contacts=len(portal.requests.matching("POST", "/objects/contacts/batch/read")),
        )
