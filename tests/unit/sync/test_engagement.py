"""What feeds tell is kept, reaches the contact it is about, and costs what has changed."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from scoring import Contact, Engagement
from sync.last_told import with_last_told
from sync.ports import Addressed, FatalError, RetryableError, TokenRefused
from sync.pulling import OVERLAP
from sync.traces import MAILS, PORTAL, Trace, told_by_portal, who_has
from sync.world import Knobs
from tests.builders import LEAD, MQL, NOW, SQL, days_before
from tests.fakes.death import Fate, KilledError
from tests.fakes.feed import PORTAL_ID, FakeFeed
from tests.unit.sync.world import Setting

DEMO, PRICES, CHECKLIST = "Book a demo", "Price sheet", "Checklist"
REFUSED = TokenRefused("HubSpot answered 403: the token lacks the scope forms.")
AWAY = RetryableError("HubSpot did not answer.")


def a_setting(*ids: str) -> tuple[Setting, FakeFeed]:
    """Contacts of whom nothing is known but an address each, `<id>@prospect.example`; and a feed of what they send."""
    setting, feed = Setting(dated=True), FakeFeed("submissions", "sent")
    setting.feeds = (feed,)
    for contact_id in ids:
        setting.lead(contact_id, stage=LEAD)
        setting.portal.knows(contact_id, f"{contact_id}@prospect.example")
    return setting, feed


def source_of(summary: Any) -> Any:
    return summary.as_json()["sources"][0]


class WaitingFeed(FakeFeed):
    """Tells nothing before others are asked, too."""

    def __init__(self, name: str, *acts: str, meet: threading.Barrier) -> None:
        super().__init__(name, *acts)
        self._meet = meet

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self._meet.wait()
        yield from super().read(since)


class TestSeveralFeeds:
    def test_are_read_at_the_same_time_and_each_is_reported_by_itself(self) -> None:
        setting, sent = a_setting("100", "101")
        meet = threading.Barrier(2, timeout=10)
        meetings, calls = WaitingFeed("meetings", "held", meet=meet), WaitingFeed("calls", "called", meet=meet)
        setting.feeds = (sent, meetings, calls)
        meetings.tells("100", "held", NOW)
        for _ in range(3):
            calls.tells("101", "called", NOW)

        told = setting.resync(at_once=4).sources

        assert [(each.feed, each.traces_new, each.requests) for each in told] == [
            ("submissions", 0, 1),
            ("meetings", 1, 1),
            ("calls", 3, 2),
        ]
        assert len(setting.store.traces.of(["100", "101"])) == 2

    def test_one_that_fails_leaves_the_others_as_they_are(self) -> None:
        setting, _ = a_setting("100", "101")
        meet = threading.Barrier(2, timeout=10)
        meetings, calls = WaitingFeed("meetings", "held", meet=meet), WaitingFeed("calls", "called", meet=meet)
        setting.feeds = (meetings, calls)
        calls.tells("101", "called", NOW)
        meetings.fails = AWAY

        told = setting.resync(at_once=4).sources

        assert [(each.feed, each.state, each.traces_new) for each in told] == [
            ("meetings", "stale", 0),
            ("calls", "current", 1),
        ]


class TestWhomItReaches:
    def test_a_form_reaches_the_contact_with_the_address_that_was_typed(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)

        setting.resync()

        assert [setting.ours(i, "score") for i in ("100", "101")] == ["70", "0"]
        assert setting.portal.stage("100") == SQL

    def test_an_act_under_an_address_of_nobody_counts_once_the_address_is_somebodys(self) -> None:
        setting, feed = a_setting("100")
        feed.tells("elsewhere@prospect.example", "sent", NOW, name=DEMO)
        setting.resync()
        assert setting.ours("100", "score") == "0"

        setting.portal.knows("100", "100@prospect.example", "elsewhere@prospect.example")
        setting.portal.edited("100", hold="")
        setting.resync("full")

        assert setting.ours("100", "score") == "70"

    def test_what_a_merged_contact_did_is_its_survivors(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100", "sent", NOW, name=DEMO)
        setting.resync()
        setting.portal.taken_into("100", "101")

        setting.resync("full")

        assert setting.ours("101", "score") == "70"
        setting.resync("full")
        assert setting.ours("101", "score") == "70"

    def test_what_is_told_later_of_a_merged_contact_brings_its_survivor(self) -> None:
        setting, feed = a_setting("100", "101")
        setting.resync()
        setting.portal.taken_into("100", "101")
        setting.resync("incremental")

        feed.tells("100", "sent", NOW, name=DEMO)
        setting.resync("incremental")

        assert setting.ours("101", "score") == "70"

    def test_what_a_merged_contact_did_under_its_address_waits_until_the_survivor_is_read(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100@prospect.example", "sent", days_before(2), name=DEMO)
        setting.resync()
        setting.portal.taken_into("100", "101")

        setting.resync("contacts", contact_ids=["100"])
        setting.resync("full")

        assert setting.ours("101", "score") == "70"

    def test_what_a_contact_did_that_is_merged_during_a_full_pass_is_its_survivors(self) -> None:
        setting, feed = a_setting("000", *(str(number) for number in range(100, 199)), "999")
        feed.tells("999@prospect.example", "sent", days_before(2), name=DEMO)
        setting.resync()
        setting.portal.meanwhile("before read", lambda: None)
        setting.portal.meanwhile("before read", lambda: setting.portal.taken_into("999", "000"))

        setting.resync("full")
        assert setting.ours("000", "score") == "0"
        setting.resync("incremental")

        assert setting.ours("000", "score") == "70"

    def test_who_is_called_gone_and_is_there_when_asked_for_alone_keeps_its_acts_and_is_read(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100", "sent", days_before(2), name=DEMO)
        setting.resync()
        setting.portal.meanwhile("before read", lambda: setting.portal.calls_gone("100"))
        setting.portal.meanwhile("before find", setting.portal.calls_gone)

        summary = setting.resync("contacts", contact_ids=["100", "101"])

        assert summary.tally.read == 2
        setting.resync("full")
        assert setting.ours("100", "score") == "70"

    def test_a_deleted_contacts_acts_are_forgotten(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100@prospect.example", "sent", days_before(2), name=DEMO)
        setting.resync()
        setting.portal.deleted("100")

        setting.resync("full")
        setting.lead("102", stage=LEAD)
        setting.portal.knows("102", "100@prospect.example")
        setting.resync("full")

        assert setting.ours("102", "score") == "0"


class TestWhatCounts:
    def test_a_form_counts_once_however_it_arrives(self) -> None:
        setting, feed = a_setting()
        told = Engagement(kind="form", name=DEMO, ref="f1", at=days_before(1))
        setting.portal.holds(Contact(id="100", engagements=[told], seen_kinds=frozenset({"form"})), stage=LEAD)
        setting.portal.knows("100", "100@prospect.example")
        feed.tells("100@prospect.example", "sent", days_before(1), name="Another name of it", ref="f1")
        feed.tells("100", "sent", days_before(1), name="Another name of it", ref="f1")

        setting.resync()

        contact = setting.world().reader.read(["100"])[0].contact
        assert [done for done in contact.engagements if done.at == days_before(1)] == [told]

    def test_what_properties_sum_up_counts_while_the_feed_tells_nothing_of_the_contact(self) -> None:
        setting, feed = a_setting("100", "101")
        summed_up = {"submissions": [Engagement(kind="form", name=PRICES, at=days_before(1))]}
        for contact_id in ("100", "101"):
            setting.portal.knows(contact_id, f"{contact_id}@prospect.example", summed_up=summed_up)
        feed.tells("100@prospect.example", "sent", NOW, name=CHECKLIST)

        setting.resync()

        assert [setting.ours(i, "score") for i in ("100", "101")] == ["5", "50"]

    def test_a_kind_is_known_where_a_feed_tells_of_it(self) -> None:
        setting, _ = a_setting()
        setting.portal.holds(Contact(id="100"), stage=LEAD)
        setting.resync()
        assert "form" in setting.world().reader.read(["100"])[0].contact.seen_kinds


class TestWhatItCosts:
    def test_the_next_pass_asks_for_what_came_since_less_an_overlap(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        setting.resync("incremental")
        setting.now += timedelta(minutes=5)
        setting.resync("incremental")
        assert feed.asked == [None, NOW - OVERLAP, NOW - OVERLAP]
        setting.resync("incremental")
        assert feed.asked[-1] == NOW + timedelta(minutes=5) - OVERLAP

    def test_only_contacts_with_something_new_are_read(self) -> None:
        setting, feed = a_setting("100", "101", "102")
        feed.tells("101@prospect.example", "sent", days_before(0.01), name=CHECKLIST)
        setting.resync()
        setting.resync("incremental")
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)

        summary = setting.resync("incremental")

        assert summary.tally.read == 1
        assert setting.ours("100", "score") == "70"
        assert setting.resync("incremental").tally.read <= 1, "it was listed again, and is not new"

    def test_quiet_acts_have_nobody_read_and_count_when_somebody_is(self) -> None:
        setting, feed = a_setting("100", "101")
        setting.resync()
        feed.acts, feed.quiet = frozenset({"sent", "seen"}), frozenset({"seen"})
        setting.resync()
        feed.tells("100@prospect.example", "seen", NOW, name=DEMO)
        feed.tells("101@prospect.example", "sent", NOW, name=DEMO)

        summary = setting.resync("incremental")

        assert (summary.tally.read, source_of(summary)["traces_new"]) == (1, 2)
        assert [trace.act for trace in kept_of(setting, "100@prospect.example")] == ["seen"]

    def test_a_quiet_act_that_is_listed_late_has_whoever_it_judges_read(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.acts, feed.quiet = frozenset({"sent", "seen"}), frozenset({"seen"})
        sent = NOW - 3 * OVERLAP
        feed.tells("100@prospect.example", "sent", sent, name=DEMO, ref="f1")
        setting.resync()
        setting.resync("incremental")
        for contact_id in ("100", "101"):
            before = sent - timedelta(seconds=1)
            feed.tells(f"{contact_id}@prospect.example", "seen", before, listed_at=NOW, ref="f1")

        assert setting.resync("incremental").tally.read == 1

    def test_what_the_portal_says_of_its_mails_is_kept_and_is_nobodys_act(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        setting.resync("incremental")
        feed.also_tells(told_by_portal(MAILS, "1001", "Newsletter"))

        summary = setting.resync("incremental")

        assert (summary.tally.read, source_of(summary)["traces_new"]) == (0, 0)
        assert with_last_told(setting.world().facts, setting.store.traces, at=NOW).mail_names == {"1001": "Newsletter"}

    def test_where_hubspot_tells_no_time_our_own_clock_carries_no_pass_beyond_what_was_done(self) -> None:
        setting, feed = a_setting("100")
        setting.dated, setting.now = False, NOW + timedelta(hours=3)
        setting.resync()
        setting.resync("incremental")
        feed.tells("100@prospect.example", "sent", NOW + timedelta(minutes=30), name=DEMO)

        setting.resync("incremental")

        assert setting.ours("100", "score") == "70"

    def test_another_rulebook_that_reads_more_of_a_feed_has_it_read_from_its_beginning(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        feed.acts = frozenset({"sent", "seen"})
        setting.resync()
        feed.acts = frozenset({"sent"})
        setting.resync()
        assert feed.asked == [None, None, NOW - OVERLAP]

    def test_a_decay_pass_asks_no_feed(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        setting.resync("decay")
        assert feed.asked == [None]


class TestWhatGoesWrong:
    @pytest.mark.parametrize("problem", [REFUSED, AWAY, FatalError("HubSpot answered 400.")])
    def test_a_feed_that_fails_is_stale_and_what_it_told_stays(self, problem: Exception) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        setting.resync()
        feed.fails = problem

        summary = setting.resync("full")

        assert source_of(summary)["state"] == "stale"
        assert datetime.fromisoformat(source_of(summary)["since"]) == NOW
        assert source_of(summary)["problem"] == str(problem)
        assert summary.needs_a_person
        assert summary.tally.changed == 0
        assert setting.ours("100", "score") == "70"

    def test_it_goes_on_where_it_stood_once_it_answers_again(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        setting.now += timedelta(hours=5)
        feed.fails = AWAY
        setting.resync("incremental")
        feed.tells("100@prospect.example", "sent", NOW + timedelta(hours=1), name=DEMO)
        feed.fails = None

        summary = setting.resync("incremental")

        assert source_of(summary)["state"] == "current"
        assert not summary.needs_a_person
        assert setting.ours("100", "score") == "70"

    def test_a_feed_that_fails_on_its_way_leaves_what_it_told_and_is_read_again(self) -> None:
        setting, feed = a_setting("100", "101", "102", "103")
        setting.resync()
        for contact_id in ("100", "101", "102", "103"):
            feed.tells(f"{contact_id}@prospect.example", "sent", NOW, name=DEMO)
        feed.fails, feed.fails_after = AWAY, 1
        assert setting.resync("incremental").tally.changed == 2
        feed.fails = None
        setting.resync("incremental")
        assert [setting.ours(i, "score") for i in ("100", "101", "102", "103")] == ["70"] * 4

    def test_what_a_feed_tells_before_it_fails_in_its_first_reading_does_not_count(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        feed.fails, feed.fails_after = AWAY, 1
        summary = setting.resync()
        assert (source_of(summary)["state"], source_of(summary)["since"]) == ("stale", None)
        assert (summary.needs_a_person, setting.ours("100", "score")) == (True, "0")
        feed.fails = None
        setting.resync()
        assert setting.ours("100", "score") == "70"

    def test_a_feed_that_a_portal_never_had_is_absent_and_no_trouble(self) -> None:
        setting, feed = a_setting("100")
        feed.fails = REFUSED
        summary = setting.resync()
        assert source_of(summary)["state"] == "absent"
        assert not summary.needs_a_person

    def test_an_absent_feed_is_asked_again_by_full_passes_only(self) -> None:
        setting, feed = a_setting("100")
        feed.fails = REFUSED
        setting.resync()
        setting.resync("incremental")
        assert len(feed.asked) == 1
        feed.fails = None
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        setting.resync("full")
        assert setting.ours("100", "score") == "70"

    def test_a_run_that_is_killed_leaves_what_is_new_to_the_next(self) -> None:
        whole = Fate()
        setting, feed = a_setting("100")
        setting.resync()
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        setting.resync("incremental", fate=whole)
        for step in range(1, whole.steps + 1):
            setting, feed = a_setting("100")
            setting.resync()
            feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
            with pytest.raises(KilledError):
                setting.resync("incremental", fate=Fate(step))
            setting.store.lease.end_process()
            setting.resync("incremental")
            assert (setting.ours("100", "score"), setting.portal.stage("100")) == ("70", SQL), step

    def test_what_a_plan_was_shown_is_new_to_the_run_that_writes(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        assert setting.plan("incremental").tally.changed == 1
        setting.resync("incremental")
        assert setting.ours("100", "score") == "70"

    def test_what_a_refused_plan_was_about_is_new_to_the_next_run(self) -> None:
        setting, feed = a_setting("100")
        setting.resync()
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        assert setting.resync("incremental", knobs=Knobs(share=0, first_share=0, floor=0)).plan_refused
        setting.resync("incremental")
        assert setting.portal.stage("100") == SQL

    @pytest.mark.parametrize("times", [1, 2])
    def test_what_a_run_for_one_contact_is_told_of_others_is_new_to_the_next_pass(self, times: int) -> None:
        setting, feed = a_setting("100", "101")
        setting.resync()
        setting.resync("incremental")
        feed.tells("101@prospect.example", "sent", NOW + timedelta(minutes=1), name=DEMO)
        for _ in range(times):
            setting.now += timedelta(hours=5)
            setting.resync("contacts", contact_ids=["100"])
        assert setting.portal.stage("101") == LEAD
        setting.now += timedelta(hours=5)
        setting.resync("incremental")
        assert (setting.ours("101", "score"), setting.portal.stage("101")) == ("70", SQL)
        assert setting.resync("incremental").tally.read == 1, "what was written an hour ago at most is found again"
        setting.now += timedelta(hours=5)
        assert setting.resync("incremental").tally.read == 0

    def test_with_the_database_lost_a_full_pass_writes_nothing(self) -> None:
        setting, feed = a_setting("100", "101")
        feed.tells("100@prospect.example", "sent", days_before(200), name=PRICES)
        feed.tells("101", "sent", days_before(2), name=CHECKLIST)
        setting.resync()
        setting.store = type(setting.store)()
        assert setting.resync().tally.changed == 0


class TestFeedsThatAreNotReadAnyMore:
    def test_what_they_told_is_dropped_by_the_full_pass_that_does_not_read_them(self) -> None:
        setting, feed = a_setting("100")
        feed.tells("100@prospect.example", "sent", NOW, name=DEMO)
        feed.also_tells(told_by_portal("forms", "f1", DEMO))
        setting.resync()
        setting.feeds = ()

        setting.resync("incremental")
        setting.plan("full")
        assert kept_of(setting, "100@prospect.example"), "a plan may be of a rulebook that is only tried"
        setting.resync("full")

        whos = [who_has("100@prospect.example", PORTAL_ID), PORTAL]
        assert (setting.store.traces.of(whos), setting.store.traces.notes()) == ({}, {})

    def test_lists_that_are_read_are_no_feeds_to_drop(self) -> None:
        setting, _ = a_setting("100")
        facts = replace(setting.portal.facts(), list_members={"12": frozenset({"100"})})
        facts = with_last_told(facts, setting.store.traces, at=NOW)
        setting.resync(facts=facts)
        assert setting.store.traces.notes().keys() == {"submissions", "list 12"}
        setting.resync()
        assert setting.store.traces.notes().keys() == {"submissions"}


class TestRecordsThatAreDeleted:
    def test_a_meeting_that_was_deleted_counts_no_more_after_a_full_pass(self) -> None:
        setting, _ = a_setting("100")
        meetings = FakeFeed("meetings", "booked")
        setting.feeds = (meetings,)
        key = meetings.tells("100", "booked", NOW, name="First call")
        meetings.tells("100", "booked", days_before(3), name="Zeroth call")
        setting.resync()
        meetings.deletes(key)

        setting.plan("full")
        assert names_of(setting, "100") == {"First call", "Zeroth call"}, "a plan holds no lease, and drops nothing"
        setting.resync("incremental")
        assert names_of(setting, "100") == {"First call", "Zeroth call"}
        setting.resync("full")
        assert names_of(setting, "100") == {"Zeroth call"}

    def test_a_walk_that_failed_drops_nothing(self) -> None:
        setting, _ = a_setting("100")
        meetings = FakeFeed("meetings", "booked")
        setting.feeds = (meetings,)
        meetings.tells("100", "booked", NOW, name="First call")
        setting.resync()
        meetings.fails = AWAY
        setting.resync("full")
        assert names_of(setting, "100") == {"First call"}


def kept_of(setting: Setting, address: str) -> Sequence[Trace]:
    return setting.store.traces.of([who_has(address, PORTAL_ID)])[who_has(address, PORTAL_ID)]


def names_of(setting: Setting, contact_id: str) -> set[str]:
    return {done.name for done in setting.world().reader.read([contact_id])[0].contact.engagements}


def test_the_middle_of_the_funnel_is_reached_by_what_feeds_tell() -> None:
    setting, feed = a_setting("100")
    feed.tells("100@prospect.example", "sent", NOW, name=PRICES)
    setting.resync()
    assert setting.portal.stage("100") == MQL
