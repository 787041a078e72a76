"""What a contact itself tells of its acts, and what it is known by to the feeds that tell of others."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import EngagementSource, FactSource, Rulebook, Sources
from scoring import Engagement
from sync.hubspot.building import RecordBuilder
from sync.hubspot.submitted import SUBMISSIONS, submissions_of
from sync.hubspot.wanted import acts_read
from sync.records import ContactRecord, Form, PortalFacts
from tests.builders import the_packaged_rulebook

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SENT_AT = datetime(2026, 11, 1, 8, 30, 0, 123_000, tzinfo=UTC)
SENT_MS = round(SENT_AT.timestamp() * 1000)
GUID = "0b2f9d60-4c1e-4a57-9d4f-1d2f3c4b5a69"
PROPERTIES = frozenset(
    {
        SUBMISSIONS,
        "recent_conversion_event_name",
        "recent_conversion_date",
        "first_conversion_event_name",
        "first_conversion_date",
        "hs_additional_emails",
        "hs_merged_object_ids",
        "email",
        "opened",
    }
)
FormFeed = Literal["submissions", "mail", "meetings"]


def a_portal(*, lacks: str = "", forms: Mapping[str, str] | None = None, **facts: object) -> PortalFacts:
    known = PortalFacts(
        portal_id="1",
        time_zone=UTC,
        stages=(),
        properties=PROPERTIES - {lacks},
        options={},
        employee_emails=frozenset(),
        employee_domains=frozenset(),
        forms=[Form(id=id, name=name, type="hubspot") for id, name in (forms or {}).items()],
        server_time=NOW,
    )
    return replace(known, **facts)  # type: ignore[arg-type]


def a_rulebook(
    *forms: EngagementSource, facts: Mapping[str, FactSource] | None = None, **other: tuple[EngagementSource, ...]
) -> Rulebook:
    """The default rulebook, with these sources of forms, and of other kinds."""
    return replace(the_packaged_rulebook(), sources=Sources(facts=facts or {}, engagements={"form": forms, **other}))


def fed_by(feed: FormFeed, act: str = "sent", *, named: str = "") -> EngagementSource:
    return EngagementSource(feed=feed, act=act, named=(named,) if named else (), tier="free")


ROLLUP = EngagementSource(
    name="recent_conversion_event_name", at=("recent_conversion_date",), without="submissions", tier="free"
)


def a_record(
    properties: Mapping[str, str | None], rulebook: Rulebook, portal: PortalFacts | None = None
) -> ContactRecord:
    builder = RecordBuilder(rulebook, portal or a_portal(), now=NOW)
    asked = {name: properties.get(name) for name in builder.contact_properties}
    return builder.build({"id": "7", "properties": asked}, {})


@pytest.mark.parametrize("entry", [f"{GUID}::{SENT_MS}", f"{GUID}:4711:{SENT_MS}", f" {GUID}::{SENT_MS} ;"])
def test_a_contact_tells_which_forms_it_sent_and_the_portal_what_they_are_called(entry: str) -> None:
    record = a_record({SUBMISSIONS: entry}, a_rulebook(fed_by("submissions")), a_portal(forms={GUID: "Demo"}))
    assert list(record.contact.engagements) == [Engagement(kind="form", at=SENT_AT, name="Demo", ref=GUID)]
    assert record.contact.seen_kinds == {"form"}


def test_a_form_whose_name_the_token_may_not_read_is_called_as_the_conversion_of_the_same_moment_is() -> None:
    properties = {
        SUBMISSIONS: f"{GUID}::{SENT_MS};other::{SENT_MS + 5}",
        "recent_conversion_date": SENT_AT.isoformat(),
        "recent_conversion_event_name": "Prices: Demo",
    }
    record = a_record(properties, a_rulebook(fed_by("submissions")), a_portal(forms=None))
    assert [(sent.ref, sent.name) for sent in record.contact.engagements] == [(GUID, "Prices: Demo"), ("other", "")]


def test_a_bad_entry_is_counted_without_being_quoted_and_costs_no_good_one() -> None:
    far = round((NOW + timedelta(days=400)).timestamp() * 1000)
    text = f"{GUID}::{SENT_MS};{GUID}::soon;{GUID};{GUID}::{far};::{SENT_MS}"
    record = a_record({SUBMISSIONS: text}, a_rulebook(fed_by("submissions")))
    assert len(record.contact.engagements) == 1
    (bad,) = record.contact.bad_values
    assert (bad.where, bad.problem) == (SUBMISSIONS, "4 of 5 submissions that cannot be read")
    assert record.contact.seen_kinds == {"form"}


def test_forms_of_which_no_entry_can_be_read_are_unknown_and_not_none() -> None:
    record = a_record({SUBMISSIONS: "?"}, a_rulebook(fed_by("submissions")))
    assert record.contact.engagements == []
    assert record.contact.seen_kinds == set()


def test_what_sums_submissions_up_counts_for_nobody_who_tells_each_of_them() -> None:
    rollups = {"recent_conversion_event_name": "Prices: Demo", "recent_conversion_date": SENT_AT.isoformat()}
    rulebook = a_rulebook(fed_by("submissions"), ROLLUP)
    both = a_record({SUBMISSIONS: f"{GUID}::{SENT_MS}", **rollups}, rulebook)
    assert both.summed_up == {}
    assert [sent.ref for sent in both.contact.engagements] == [GUID]
    summed = Engagement(kind="form", name="Prices: Demo", at=SENT_AT)
    for only_rollups in (a_record(rollups, rulebook), a_record(rollups, rulebook, a_portal(lacks=SUBMISSIONS))):
        assert only_rollups.summed_up == {"submissions": [summed]}
        assert only_rollups.contact.engagements == []
        assert only_rollups.contact.seen_kinds == {"form"}


def test_what_sums_up_the_acts_of_other_feeds_waits_until_they_have_told_of_nothing() -> None:
    opens = EngagementSource(count="opened", without="mail", tier="free")
    record = a_record({"opened": "3"}, a_rulebook(fed_by("mail", "open"), opens))
    assert record.summed_up == {"mail": [Engagement(kind="form", count=3)]}
    assert record.contact.engagements == []


def test_a_form_of_a_kind_that_names_it_is_not_of_the_kind_that_takes_the_rest() -> None:
    rulebook = a_rulebook(fed_by("submissions"), page=(fed_by("submissions", named="demo"),))
    portal = a_portal(forms={GUID: "Book a demo", "g2": "Guide"})
    record = a_record({SUBMISSIONS: f"{GUID}::{SENT_MS};g2::{SENT_MS}"}, rulebook, portal)
    assert {(sent.kind, sent.name) for sent in record.contact.engagements} == {
        ("page", "Book a demo"),
        ("form", "Guide"),
    }


def test_a_contact_is_known_by_every_address_and_every_id_that_it_ever_had() -> None:
    properties = {
        "email": "Jane@Example.com",
        "hs_additional_emails": "j@example.com; JANE@old.example",
        "hs_merged_object_ids": "201;251",
    }
    record = a_record(properties, a_rulebook(fed_by("submissions")))
    assert record.addresses == {"jane@example.com", "j@example.com", "jane@old.example"}
    assert list(record.former_ids) == ["201", "251"]


def test_only_what_feeds_know_a_contact_by_is_asked_for() -> None:
    def asked_by(*sources: EngagementSource) -> set[str]:
        asked = RecordBuilder(a_rulebook(*sources), a_portal(), now=NOW).contact_properties
        return set(asked) & {SUBMISSIONS, "hs_additional_emails", "hs_merged_object_ids"}

    assert asked_by() == set()
    assert asked_by(fed_by("meetings", "booked")) == {"hs_merged_object_ids"}
    assert asked_by(fed_by("mail", "open")) == {"hs_merged_object_ids", "hs_additional_emails"}
    assert asked_by(fed_by("submissions")) == {SUBMISSIONS, "hs_merged_object_ids", "hs_additional_emails"}


def test_who_is_on_a_list_and_who_is_not_is_a_fact_and_of_a_list_that_is_gone_it_is_unknown() -> None:
    facts = {
        "fan": FactSource(list_id="1", type="bool", tier="free"),
        "foe": FactSource(list_id="2", type="bool", tier="free"),
        "gone": FactSource(list_id="3", type="bool", tier="free"),
    }
    portal = a_portal(list_members={"1": frozenset({"7"}), "2": frozenset({"8"})})
    assert a_record({}, a_rulebook(facts=facts), portal).contact.facts == {"fan": True, "foe": False}


def test_a_feed_is_read_for_the_acts_of_kinds_that_rules_name_and_for_no_other() -> None:
    rulebook = a_rulebook(
        fed_by("submissions"), meeting_booked=(fed_by("meetings", "booked"),), unheard_of=(fed_by("mail", "open"),)
    )
    assert acts_read(rulebook) == {"submissions": {"sent"}, "meetings": {"booked"}}


@pytest.mark.parametrize(("act", "acts"), [("click", {"click", "delivered"}), ("bounce", {"bounce"})])
def test_what_a_machine_may_have_done_is_read_together_with_the_delivery(act: str, acts: set[str]) -> None:
    assert acts_read(a_rulebook(fed_by("mail", act))) == {"mail": acts}


@given(st.text(max_size=80) | st.text(alphabet="0123456789:;-a", max_size=80))
def test_no_text_is_taken_for_submissions_that_it_does_not_tell_of(text: str) -> None:
    found, bad = submissions_of(text, contact_id="7", names={}, conversions={}, now=NOW)
    assert all(sent.at is not None and sent.at <= NOW + timedelta(days=1) and sent.ref for sent in found)
    assert found or bad or not text.replace(";", "").strip()
