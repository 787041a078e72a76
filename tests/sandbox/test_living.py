"""A portal that people live in."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from sandbox import Clock, Portal, generate
from sandbox.activity import MailEvent
from sandbox.living import KINDS, RATE_MAX, Life, living
from sandbox.mailing import LINKS, PEOPLE, PROXIES
from sandbox.portal import FEEDBACK
from sandbox.times import to_iso, to_ms
from tests.sandbox.asking import NOW

STAGE = "lifecyclestage"


@pytest.fixture
def lived_in() -> Portal:
    """A portal that also has sales' answer, a number and a box of its own."""
    portal = generate(60, seed=3, now=NOW, clock=Clock.stopped(NOW))
    portal.define(FEEDBACK, "enumeration", "radio", options=["true_sql", "mql_not_ready", "unqualified"])
    portal.define("points", "number", "number")
    portal.define("follow_up", "bool", "booleancheckbox", options=["true", "false"])
    return portal


@pytest.fixture
def life(lived_in: Portal) -> Life:
    return Life(lived_in, seed=5)


@pytest.fixture
def contact(lived_in: Portal) -> str:
    """Somebody of whom nothing is known yet, an hour ago."""
    added = lived_in.add_contact(email="ada@prospect.example", lifecyclestage="lead")
    lived_in.clock.move(timedelta(hours=1))
    return added


def held(portal: Portal, contact: str, *names: str) -> list[str]:
    return [portal.contact(contact).properties.get(name) or "" for name in names]


def modified(portal: Portal, contact: str) -> str:
    return held(portal, contact, "lastmodifieddate")[0]


def now(portal: Portal) -> str:
    return to_iso(to_ms(portal.clock.now()))


def everything(portal: Portal) -> dict[str, Any]:
    return {str(each): dict(record.properties) for each, record in portal.contacts.live.items()}


def test_the_same_seed_on_the_same_portal_gives_the_same_events() -> None:
    portals = [generate(40, seed=2, now=NOW, clock=Clock.stopped(NOW)) for _ in range(2)]
    lives = [[life.step() for _ in range(400)] for life in (Life(portal, seed=9) for portal in portals)]
    assert lives[0] == lives[1]
    assert everything(portals[0]) == everything(portals[1])


def test_over_time_everything_happens_and_visits_happen_most(life: Life) -> None:
    for _ in range(6_000):
        life.step()
        life.portal.clock.move(timedelta(minutes=1))
    assert set(life.counts) == set(KINDS)
    assert life.counts.most_common(1)[0][0] == "visit"
    assert life.counts.total() == 6_000


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_happens_to_the_contact_that_it_is_told_to_happen_to(
    life: Life, lived_in: Portal, contact: str, kind: str
) -> None:
    before = everything(lived_in)
    event = life.happens(kind, "ada@prospect.example")
    after = everything(lived_in)
    changed = {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)}
    assert event.kind == kind
    assert event.contact in {contact, *(after.keys() - before.keys())}
    assert changed <= {contact, event.contact} or kind == "merged"
    assert changed or kind in {"person_set_stage", "sales_answered"}


def test_a_portal_without_contacts_begins_with_an_import() -> None:
    life = Life(Portal())
    assert life.step().kind == "contact_imported"
    assert len(life.portal.contacts) == 1


def test_what_a_portal_has_no_property_for_does_not_happen() -> None:
    life = Life(generate(20, seed=1))
    for _ in range(1_000):
        life.step()
    assert not {"sales_answered", "box_ticked"} & set(life.counts)
    with pytest.raises(ValueError, match="sales_answered"):
        life.happens("sales_answered", str(next(iter(life.portal.contacts.live))))


def test_a_form_sent_from_an_untracked_page_moves_no_date(life: Life, lived_in: Portal, contact: str) -> None:
    """HubSpot calculates what forms change, and calculated properties do not move the date."""
    dates = Counter[bool]()
    for number in range(1, 9):
        before = modified(lived_in, contact)
        visits = held(lived_in, contact, "hs_analytics_num_visits")
        lived_in.clock.move(timedelta(minutes=1))
        life.happens("form_sent", contact)
        tracked = visits != held(lived_in, contact, "hs_analytics_num_visits")
        assert (modified(lived_in, contact) != before) is tracked
        assert held(lived_in, contact, "num_conversion_events", "recent_conversion_date") == [
            str(number),
            now(lived_in),
        ]
        dates[tracked] += 1
    assert len(dates) == 2
    submissions = held(lived_in, contact, "hs_calculated_form_submissions")[0].split(";")
    assert len(submissions) == 8
    assert held(lived_in, contact, "num_unique_conversion_events") == [str(len({s.split(":")[0] for s in submissions}))]


def test_of_very_many_forms_the_latest_800_are_listed(life: Life, lived_in: Portal, contact: str) -> None:
    earlier = ";".join(f"guid::{number}" for number in range(800))
    lived_in.hubspot_records(contact, hs_calculated_form_submissions=earlier)
    life.happens("form_sent", contact)
    listed = held(lived_in, contact, "hs_calculated_form_submissions")[0].split(";")
    assert (len(listed), listed[0]) == (800, "guid::1")
    assert listed[-1].endswith(str(to_ms(lived_in.clock.now())))


def test_a_mail_counts_once_however_often_it_is_opened(life: Life, lived_in: Portal, contact: str) -> None:
    life.happens("mail_delivered", contact)
    for _ in range(3):
        lived_in.clock.move(timedelta(minutes=1))
        life.happens("mail_opened", contact)
    assert held(lived_in, contact, "hs_email_delivered", "hs_email_open", "hs_email_click") == ["1", "1", ""]
    assert held(lived_in, contact, "hs_email_last_open_date", "lastmodifieddate") == [now(lived_in)] * 2


def test_a_mail_scanner_follows_the_links_within_seconds_of_delivery(
    life: Life, lived_in: Portal, contact: str
) -> None:
    life.happens("mail_scanned", contact)
    sent, opened, clicked = held(
        lived_in, contact, "hs_email_last_send_date", "hs_email_last_open_date", "hs_email_last_click_date"
    )
    assert opened == clicked == now(lived_in)
    assert to_iso(to_ms(lived_in.clock.now()) - 5_000) <= sent < clicked
    assert held(lived_in, contact, "hs_email_delivered", "hs_email_open", "hs_email_click") == ["1", "1", "1"]


def test_a_meeting_that_is_cancelled_leaves_its_booking_but_nothing_ahead(
    life: Life, lived_in: Portal, contact: str
) -> None:
    life.happens("meeting_booked", contact)
    booked, ahead = held(lived_in, contact, "engagements_last_meeting_booked", "notes_next_activity_date")
    assert booked == now(lived_in) < ahead
    lived_in.clock.move(timedelta(days=1))
    life.happens("meeting_cancelled", contact)
    assert held(lived_in, contact, "engagements_last_meeting_booked", "notes_next_activity_date") == [booked, ""]
    assert held(lived_in, contact, "num_contacted_notes") == [""]


def test_a_meeting_that_is_held_counts_as_contact(life: Life, lived_in: Portal, contact: str) -> None:
    life.happens("meeting_booked", contact)
    life.happens("meeting_held", contact)
    told = held(lived_in, contact, "num_contacted_notes", "notes_last_contacted", "notes_next_activity_date")
    assert told == ["1", now(lived_in), ""]


@pytest.mark.parametrize(("kind", "stage"), [("deal_created", "opportunity"), ("deal_won", "customer")])
def test_a_deal_moves_the_stage_by_itself_and_forward_only(
    life: Life, lived_in: Portal, contact: str, kind: str, stage: str
) -> None:
    life.happens(kind, contact)
    assert held(lived_in, contact, STAGE, "num_associated_deals") == [stage, "1"]
    lived_in.person_sets(contact, STAGE, "evangelist")
    life.happens(kind, contact)
    assert held(lived_in, contact, STAGE) == ["evangelist"]


def test_each_who_edits_is_named_in_the_history(life: Life, lived_in: Portal, contact: str) -> None:
    for kind in ("person_set_stage", "workflow_set_stage", "integration_interfered", "sales_answered", "box_ticked"):
        for _ in range(8):
            life.happens(kind, contact)
    sources = {
        name: {version.source.type for version in lived_in.contact(contact).versions(name)}
        for name in (STAGE, "points", FEEDBACK, "follow_up")
    }
    assert sources[STAGE] == {"IMPORT", "CRM_UI", "AUTOMATION_PLATFORM", "INTEGRATION"}
    assert sources["points"] == {"INTEGRATION"}
    assert sources[FEEDBACK] == sources["follow_up"] == {"CRM_UI"}


def test_life_goes_on_beside_a_block_and_ends_with_it(life: Life) -> None:
    began = time.monotonic()
    with living(life, rate=200):
        while life.counts.total() < 10:
            assert time.monotonic() - began < 30, "nothing goes on"
            time.sleep(0.01)
    happened = life.counts.total()
    assert 10 <= happened <= 200 * (time.monotonic() - began + 1)
    time.sleep(0.05)
    assert life.counts.total() == happened


@pytest.mark.parametrize("rate", [0, -1, RATE_MAX * 2])
def test_a_rate_that_makes_no_sense_is_refused(life: Life, rate: float) -> None:
    with pytest.raises(ValueError, match="events a second"), living(life, rate):
        pass


def test_what_people_do_is_listed_one_by_one_too(lived_in: Portal, life: Life, contact: str) -> None:
    for kind in ("visit", "form_sent", "mail_delivered", "mail_clicked", "unsubscribed", "mail_bounced"):
        lived_in.clock.move(timedelta(minutes=2))
        life.happens(kind, contact)
    listed = lived_in.activity
    seen = [each for each in listed.occurrences if each.contact_id == int(contact)]
    assert {each.type for each in seen} == {"e_visited_page"}
    assert [each.values["email"] for each in listed.submissions][-1] == "ada@prospect.example"
    mails = [each.type for each in mails_of(lived_in)]
    assert mails == ["SENT", "DELIVERED", "OPEN", "CLICK", "STATUSCHANGE", "BOUNCE"]


def mails_of(portal: Portal) -> list[MailEvent]:
    """What mails to the contact of these tests met, in order of time."""
    return portal.activity.mail_events.of("ada@prospect.example")


def test_a_person_follows_one_link_of_a_mail_minutes_after_it_came(lived_in: Portal, life: Life, contact: str) -> None:
    life.happens("mail_clicked", contact)
    delivered, clicked = (
        next(each for each in mails_of(lived_in) if each.type == type_) for type_ in ("DELIVERED", "CLICK")
    )
    assert clicked.at_ms - delivered.at_ms >= 60_000
    assert (clicked.campaign_id, clicked.sent_ms) == (delivered.campaign_id, delivered.at_ms)
    assert len([each for each in mails_of(lived_in) if each.type == "CLICK"]) == 1
    assert clicked.read_with in PEOPLE
    assert held(lived_in, contact, "hs_email_delivered", "hs_email_open", "hs_email_click") == ["1", "1", "1"]


def test_a_mail_scanner_is_given_away_by_its_haste_alone(lived_in: Portal, life: Life, contact: str) -> None:
    life.happens("mail_scanned", contact)
    clicks = [each for each in mails_of(lived_in) if each.type == "CLICK"]
    assert {each.url for each in clicks} == set(LINKS)
    assert all(each.at_ms - each.sent_ms <= 5_000 for each in clicks)
    assert not any(each.read_with.filtered for each in clicks if each.read_with)


def test_a_machine_that_hubspot_filters_out_does_not_count(lived_in: Portal, life: Life, contact: str) -> None:
    counted = Counter[bool]()
    for _ in range(20):
        lived_in.clock.move(timedelta(minutes=1))
        before = held(lived_in, contact, "hs_email_open")
        life.happens("mail_proxied", contact)
        (*_, opened) = (each for each in mails_of(lived_in) if each.type == "OPEN")
        assert opened.read_with in PROXIES
        assert (held(lived_in, contact, "hs_email_open") == before) is opened.read_with.filtered
        counted[opened.read_with.filtered] += 1
    assert len(counted) == 2


def test_every_mail_is_read_once_before_any_is_read_again(lived_in: Portal, life: Life, contact: str) -> None:
    for _ in range(3):
        life.happens("mail_delivered", contact)
        lived_in.clock.move(timedelta(minutes=2))
    for _ in range(4):
        life.happens("mail_opened", contact)
    opened = [each.campaign_id for each in mails_of(lived_in) if each.type == "OPEN"]
    assert len(set(opened[:3])) == 3
    assert held(lived_in, contact, "hs_email_delivered", "hs_email_open") == ["3", "3"]


@pytest.mark.parametrize(("kind", "opted_out"), [("unsubscribed", "true"), ("left_a_list", "")])
def test_who_leaves_one_list_has_not_left_all(
    lived_in: Portal, life: Life, contact: str, kind: str, opted_out: str
) -> None:
    life.happens(kind, contact)
    assert held(lived_in, contact, "hs_email_optout", "hs_email_optout_20010001") == [opted_out, "true"]
    (*_, event) = mails_of(lived_in)
    assert (event.type, event.left) == ("STATUSCHANGE", () if opted_out else (20_010_001,))


@pytest.mark.parametrize(
    ("end", "outcome"),
    [("meeting_held", "COMPLETED"), ("meeting_cancelled", "CANCELED"), ("meeting_missed", "NO_SHOW")],
)
def test_a_booked_meeting_ends_one_way_or_the_other(
    lived_in: Portal, life: Life, contact: str, end: str, outcome: str
) -> None:
    life.happens("meeting_booked", contact)
    (booked,) = lived_in.ties["meetings"].records(int(contact))
    meeting = lived_in.collections["meetings"].live[booked]
    assert meeting.properties["hs_meeting_outcome"] == "SCHEDULED"
    life.happens(end, contact)
    assert meeting.properties["hs_meeting_outcome"] == outcome
    assert lived_in.planned_meeting(contact) is None


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("chat", "communications", {"hs_communication_channel_type": "WHATS_APP"}),
        ("call_logged", "calls", {"hs_call_status": "COMPLETED"}),
        ("email_answered", "emails", {"hs_email_direction": "INCOMING_EMAIL"}),
        ("deal_created", "deals", {"hs_is_closed": "false"}),
        ("deal_won", "deals", {"hs_is_closed_won": "true"}),
        ("deal_lost", "deals", {"hs_is_closed": "true", "hs_is_closed_won": "false"}),
    ],
)
def test_what_sales_do_is_a_record_tied_to_the_contact(
    lived_in: Portal, life: Life, contact: str, kind: str, name: str, told: dict[str, str]
) -> None:
    life.happens(kind, contact)
    latest = lived_in.ties[name].records(int(contact))[-1]
    assert told.items() <= lived_in.collections[name].live[latest].properties.items()


def test_a_deal_that_ends_is_the_one_that_was_open(lived_in: Portal, life: Life, contact: str) -> None:
    for kind in ("deal_created", "deal_won", "deal_created", "deal_lost"):
        life.happens(kind, contact)
    deals = [
        lived_in.collections["deals"].live[each].properties for each in lived_in.ties["deals"].records(int(contact))
    ]
    assert [each["dealstage"] for each in deals] == ["closedwon", "closedlost"]
    assert held(lived_in, contact, "num_associated_deals") == ["2"]


def test_a_button_is_an_event_of_the_portals_own(lived_in: Portal, life: Life, contact: str) -> None:
    life.happens("button_clicked", contact)
    types = [each.type for each in lived_in.activity.occurrences.of(int(contact))]
    assert types == ["e_visited_page", f"pe{lived_in.portal_id}_clicked_button"]
