"""The generated funnel: the same each time, and one that could be real."""

from collections import Counter

import pytest

from sandbox import Portal, generate
from sandbox.generator import OWN_DOMAIN
from sandbox.records import Record
from tests.sandbox.asking import NOW


@pytest.fixture(scope="module")
def funnel() -> Portal:
    return generate(contacts=1_000, seed=7, now=NOW)


@pytest.fixture(scope="module")
def sane(funnel: Portal) -> list[Record]:
    """Contacts without the absurd values that a few have on purpose."""
    return [record for record in funnel.contacts.live.values() if not is_absurd(record)]


def is_absurd(record: Record) -> bool:
    told = record.properties
    return (
        told.get("annualrevenue") in {"N/A", "1,200"}
        or told.get("jobtitle") == "asdf"
        or told.get("hs_analytics_num_visits", "").startswith("-")
        or told.get("hs_email_open", "").startswith("-")
        or told.get("hs_email_last_open_date", "") > "2026-11-02T09:30:00.000Z"
    )


def count(record: Record, name: str) -> int:
    return int(record.properties.get(name, "0"))


def dates(record: Record, *names: str) -> list[str]:
    return [record.properties[name] for name in names if name in record.properties]


def test_the_same_seed_and_time_give_the_same_portal() -> None:
    first, second = generate(50, 3, NOW), generate(50, 3, NOW)
    told = [[record.properties for record in portal.contacts.live.values()] for portal in (first, second)]
    assert told[0] == told[1]
    other = generate(50, 4, NOW)
    assert [record.properties for record in other.contacts.live.values()] != told[0]


def test_every_stage_is_there_and_early_ones_are_common(funnel: Portal) -> None:
    stages = Counter(record.properties.get("lifecyclestage", "") for record in funnel.contacts.live.values())
    assert set(stages) == {"", *(stage.id for stage in funnel.stages)}
    assert stages["lead"] > stages["marketingqualifiedlead"] > stages["opportunity"] > stages["evangelist"]


def test_some_people_are_excluded_for_every_reason(funnel: Portal) -> None:
    contacts = funnel.contacts.live.values()
    types = {record.properties.get("type") for record in funnel.companies.live.values()}
    assert {"PARTNER", "VENDOR"} <= types
    assert any(record.properties.get("hs_email_optout") == "true" for record in contacts)
    assert any(record.properties["hs_email_domain"] == OWN_DOMAIN for record in contacts)
    assert {owner.archived for owner in funnel.owners} == {True, False}


def test_some_facts_are_missing_and_some_make_no_sense(funnel: Portal, sane: list[Record]) -> None:
    for name in ("phone", "jobtitle", "associatedcompanyid"):
        assert 0 < sum(name in record.properties for record in sane) < len(sane)
    assert 0 < len(funnel.contacts) - len(sane) < 50


def test_counts_agree_with_each_other(sane: list[Record]) -> None:
    for record in sane:
        assert count(record, "hs_analytics_num_page_views") >= count(record, "hs_analytics_num_visits") >= 0
        assert count(record, "hs_email_delivered") >= count(record, "hs_email_open") >= count(record, "hs_email_click")
        assert count(record, "num_conversion_events") >= count(record, "num_unique_conversion_events")
        assert count(record, "num_notes") >= count(record, "num_contacted_notes")
        assert ("recent_conversion_date" in record.properties) is (count(record, "num_conversion_events") > 0)
        submissions = record.properties.get("hs_calculated_form_submissions", "")
        assert len([each for each in submissions.split(";") if each]) == count(record, "num_conversion_events")


@pytest.mark.parametrize(
    "names",
    [
        ("createdate", "hs_analytics_first_visit_timestamp", "hs_analytics_last_visit_timestamp", "lastmodifieddate"),
        ("hs_analytics_last_visit_timestamp", "hs_analytics_last_timestamp"),
        ("createdate", "first_conversion_date", "recent_conversion_date", "lastmodifieddate"),
        ("createdate", "hs_email_first_send_date", "hs_email_first_open_date", "hs_email_last_open_date"),
        ("hs_email_first_click_date", "hs_email_last_click_date", "lastmodifieddate"),
        ("createdate", "notes_last_contacted", "notes_last_updated", "lastmodifieddate"),
        ("createdate", "hs_v2_date_entered_current_stage", "lastmodifieddate"),
    ],
)
def test_dates_come_in_order_and_never_after_now(sane: list[Record], names: tuple[str, ...]) -> None:
    for record in sane:
        told = dates(record, *names)
        assert told == sorted(told)
        assert all(each <= "2026-11-02T09:30:00.000Z" for each in told)


def test_stages_were_reached_forward_one_after_another(funnel: Portal) -> None:
    order = {stage.id: place for place, stage in enumerate(funnel.stages)}
    sources = set()
    for record in funnel.contacts.live.values():
        versions = record.versions("lifecyclestage")[::-1]
        places = [order[version.value] for version in versions]
        assert places == sorted(places)
        assert [version.at_ms for version in versions] == sorted(version.at_ms for version in versions)
        sources |= {version.source.type for version in versions}
    assert {"CRM_UI", "AUTOMATION_PLATFORM", "DEALS", "FORM", "IMPORT"} <= sources


def test_every_name_is_one_that_the_portal_defines(funnel: Portal) -> None:
    for collection in (funnel.contacts, funnel.companies):
        used = {name for record in collection.live.values() for name in record.properties}
        assert {name for name in used if collection.definitions.get(name) is None} == set()
