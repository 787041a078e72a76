"""What made-up contacts did, event by event: it agrees with what their rollups sum up."""

from collections import Counter, defaultdict

import pytest

from sandbox import Portal, generate
from sandbox.activity import PAGE_SEEN, MailEvent
from sandbox.records import Record
from sandbox.times import to_iso, to_ms
from tests.sandbox.asking import NOW
from tests.sandbox.test_generator import is_absurd


@pytest.fixture(scope="module")
def funnel() -> Portal:
    return generate(contacts=300, seed=7, now=NOW)


@pytest.fixture(scope="module")
def sane(funnel: Portal) -> list[Record]:
    return [record for record in funnel.contacts.live.values() if not is_absurd(record)]


def number(record: Record, name: str) -> int:
    return int(record.properties.get(name, "0"))


def dates(record: Record, *names: str) -> list[str | None]:
    return [record.properties.get(name) for name in names]


def test_pages_seen_are_as_many_as_the_rollup_counts_and_end_with_the_last_one(
    funnel: Portal, sane: list[Record]
) -> None:
    for record in sane:
        seen = [each for each in funnel.activity.occurrences.of(record.id) if each.type == PAGE_SEEN]
        assert len(seen) == number(record, "hs_analytics_num_page_views")
        if seen:
            assert [seen[-1].properties["hs_url"], to_iso(seen[-1].at_ms)] == dates(
                record, "hs_analytics_last_url", "hs_analytics_last_timestamp"
            )


def test_forms_sent_are_those_that_the_contact_lists(funnel: Portal, sane: list[Record]) -> None:
    for record in sane:
        sent = funnel.activity.submissions.of(record.properties["email"])
        listed = record.properties.get("hs_calculated_form_submissions", "")
        assert sorted(f"{each.form_id}::{each.at_ms}" for each in sent) == sorted(filter(None, listed.split(";")))


def test_each_mail_counts_once_and_machines_only_where_hubspot_did_not_filter_them_out(
    funnel: Portal, sane: list[Record]
) -> None:
    by_machine = 0
    for record in sane:
        met: defaultdict[str, list[MailEvent]] = defaultdict(list)
        for each in funnel.activity.mail_events.of(record.properties["email"]):
            if each.read_with is None or not each.read_with.filtered:
                met[each.type].append(each)
        for type_, name in (("DELIVERED", "delivered"), ("OPEN", "open"), ("CLICK", "click")):
            assert len({each.campaign_id for each in met[type_]}) == number(record, f"hs_email_{name}")
        for type_, name in (("DELIVERED", "send"), ("OPEN", "open"), ("CLICK", "click")):
            told = dates(record, f"hs_email_first_{name}_date", f"hs_email_last_{name}_date")
            if told[0]:
                assert {to_iso(each.at_ms) for each in met[type_]} >= set(told)
        by_machine += any(each.at_ms - each.sent_ms < 10_000 for each in met["CLICK"])
    assert by_machine


def test_what_sales_did_is_as_much_as_the_rollup_counts(funnel: Portal, sane: list[Record]) -> None:
    for record in sane:
        records = [
            funnel.collections[name].live[each].properties
            for name in ("meetings", "calls", "communications", "emails")
            for each in funnel.ties[name].records(record.id)
        ]
        done = [each for each in records if each.get("hs_email_direction") != "INCOMING_EMAIL"]
        assert len(done) == number(record, "num_contacted_notes")
        assert len(funnel.ties["deals"].records(record.id)) == number(record, "num_associated_deals")
        replied = [each["hs_timestamp"] for each in records if each not in done]
        assert replied == [each for each in dates(record, "hs_email_last_reply_date") if each]


def test_nothing_has_happened_after_now(funnel: Portal) -> None:
    now_ms = to_ms(NOW)
    listed = funnel.activity
    assert all(each.at_ms <= now_ms for log in (listed.occurrences, listed.submissions) for each in log)
    assert all(each.at_ms <= now_ms for each in listed.mail_events)
    changed = [each.properties["hs_lastmodifieddate"] for name in funnel.ties for each in live(funnel, name)]
    assert changed
    assert max(changed) <= to_iso(now_ms)


def live(portal: Portal, name: str) -> list[Record]:
    return list(portal.collections[name].live.values())


def test_meetings_end_every_way_and_some_lie_ahead(funnel: Portal) -> None:
    outcomes = Counter(each.properties["hs_meeting_outcome"] for each in live(funnel, "meetings"))
    assert set(outcomes) == {"SCHEDULED", "COMPLETED", "CANCELED", "NO_SHOW"}
    ahead = {each.properties["hs_meeting_start_time"] for each in live(funnel, "meetings") if is_ahead(each)}
    assert ahead == {
        each.properties["notes_next_activity_date"]
        for each in live(funnel, "contacts")
        if each.properties.get("notes_next_activity_date")
    }


def is_ahead(meeting: Record) -> bool:
    return meeting.properties["hs_meeting_outcome"] == "SCHEDULED"


@pytest.mark.parametrize("per_contact", [0, 3, 12.5, 60])
def test_there_are_as_many_events_as_are_asked_for_and_the_contacts_are_the_same(per_contact: float) -> None:
    portal = generate(40, seed=3, now=NOW, events_per_contact=per_contact)
    listed = portal.activity
    events = len(listed.occurrences) + len(listed.mail_events) + len(listed.submissions)
    assert events + sum(len(portal.collections[name]) for name in portal.ties) == 40 * per_contact
    usual = generate(40, seed=3, now=NOW)
    assert [dict(each.properties) for each in live(portal, "contacts")] == [
        dict(each.properties) for each in live(usual, "contacts")
    ]
