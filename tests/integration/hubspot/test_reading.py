"""Contacts read from a portal."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest

from config import Rulebook
from sandbox import Fault, Portal
from sandbox.errors import ids_not_found
from sync.hubspot import Connection, HubSpotPortal, HubSpotReader, RecordBuilder, employers, lookup
from sync.ports import FatalError, RetryableError
from sync.store import FileScratch
from tests.integration.hubspot.conftest import NOW
from workflows import Setter


def people(portal: Portal, count: int, **properties: Any) -> list[str]:
    return [portal.add_contact(email=f"lead{n}@example.com", **properties) for n in range(count)]


def ids_of(reader: HubSpotReader) -> list[str]:
    return [record.id for page in reader.every() for record in page]


def test_every_contact_is_read_once_in_pages_of_a_hundred(
    portal: Portal, connection: Connection, reader: HubSpotReader
) -> None:
    ids = people(portal, 250)
    portal.requests.clear()
    assert ids_of(reader) == ids
    assert len(portal.requests.matching("GET", "objects/contacts$")) == 3
    assert portal.requests.totals["total"] == 3


def test_a_portal_without_contacts_is_read_in_one_request(portal: Portal, reader: HubSpotReader) -> None:
    portal.requests.clear()
    assert ids_of(reader) == []
    assert portal.requests.totals["total"] == 1


def test_companies_are_read_once_each_and_only_where_there_are_any(portal: Portal, reader: HubSpotReader) -> None:
    partner = portal.add_company(name="P", type="PARTNER", numberofemployees="200")
    ids = people(portal, 150, associatedcompanyid=partner)
    portal.requests.clear()
    records = [record for page in reader.every() for record in page]
    assert len(portal.requests.matching("POST", "companies/batch/read")) == 1
    assert [record.id for record in records] == ids
    assert all(record.standing.partner and record.contact.facts["employees"] == 200 for record in records)


def test_a_company_that_is_gone_is_no_company(portal: Portal, reader: HubSpotReader) -> None:
    (contact,) = people(portal, 1, associatedcompanyid="424242")
    (record,) = reader.read([contact])
    assert "employees" not in record.contact.facts


def test_names_too_long_for_a_url_are_asked_for_by_id_instead(
    portal: Portal, reader: HubSpotReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(portal, 120, phone="5")
    monkeypatch.setattr(lookup, "URL_NAMES_MAX", 100)
    records = [record for page in reader.every() for record in page]
    assert [record.id for record in records] == ids
    assert all(record.contact.facts["phone"] for record in records)


def test_deleted_contacts_are_missing_from_what_is_read(portal: Portal, reader: HubSpotReader) -> None:
    here, gone = people(portal, 2, lifecyclestage="lead")
    portal.delete(gone)
    assert [record.id for record in reader.read([here, gone])] == [here]
    assert reader.stages([here, gone]) == {here: "lead"}
    assert reader.read([gone]) == []


def test_a_contact_without_a_stage_is_not_missing(portal: Portal, reader: HubSpotReader) -> None:
    (contact,) = people(portal, 1, lifecyclestage="")
    assert reader.stages([contact]) == {contact: None}


def test_values_come_in_the_form_in_which_we_write_them(portal: Portal, reader: HubSpotReader) -> None:
    (contact,) = people(portal, 1, lead_scoring_hold="false", lead_score="12.0")
    values = reader.values([contact], ["lead_score", "lead_scoring_hold", "lead_grade"])
    assert values == {contact: {"lead_score": "12", "lead_scoring_hold": "", "lead_grade": ""}}


def test_changes_are_found_by_search_and_read_by_id(portal: Portal, reader: HubSpotReader) -> None:
    old, new = people(portal, 2, lastmodifieddate=(NOW - timedelta(days=9)).isoformat())
    portal.person_sets(new, "phone", "5")
    found = [f for page in reader.changed_since(NOW - timedelta(days=1)) for f in page]
    assert [(f.id, f.modified_at) for f in found] == [(new, NOW)]
    assert old not in {f.id for f in found}


def test_since_the_epoch_everything_has_changed(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 450)
    found = [f.id for page in reader.changed_since(datetime(1970, 1, 1, tzinfo=UTC)) for f in page]
    assert sorted(found) == sorted(ids)


def test_a_contact_is_found_by_id_and_by_any_case_of_its_address(portal: Portal, reader: HubSpotReader) -> None:
    contact = portal.add_contact(email="jane@example.com")
    assert reader.find(contact) == reader.find(" Jane@Example.com ") == contact
    assert reader.find("999999") is reader.find("nobody@example.com") is reader.find("jane") is None
    assert not [request for request in portal.requests if "jane" in request.path + request.query]


def test_the_id_of_a_merged_contact_leads_to_the_survivor(portal: Portal, reader: HubSpotReader) -> None:
    kept, other = people(portal, 2)
    survivor = portal.merge(kept, other)
    assert reader.find(other) == survivor


def test_histories_tell_who_set_the_stage_and_when_sales_answered(portal: Portal, reader: HubSpotReader) -> None:
    (contact,) = people(portal, 1, lifecyclestage="lead", createdate=(NOW - timedelta(days=9)).isoformat())
    portal.person_sets(contact, "lifecyclestage", "salesqualifiedlead", at=NOW - timedelta(days=3))
    portal.deal_sync_sets(contact, "opportunity", at=NOW - timedelta(days=2))
    portal.sales_answers(contact, "not_ready", at=NOW - timedelta(days=1))
    history = reader.histories([contact])[contact]
    assert [(entry.value, entry.by) for entry in history.stage][:2] == [
        ("opportunity", Setter.DEAL),
        ("salesqualifiedlead", Setter.PERSON),
    ]
    assert [(entry.value, entry.at) for entry in history.answer] == [("mql_not_ready", NOW - timedelta(days=1))]


def test_more_histories_than_one_request_holds_are_read_in_several(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 120, lifecyclestage="lead")
    assert reader.histories(ids).keys() == set(ids)


def test_members_of_a_list_come_in_pages(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 300)
    pilot = portal.add_list("Pilot", ids)
    assert [len(page) for page in reader.members(pilot)] == [250, 50]


def test_a_list_that_is_not_there_is_named(reader: HubSpotReader) -> None:
    with pytest.raises(FatalError, match="no list of contacts with the id 77"):
        list(reader.members("77"))


def test_a_page_that_is_cut_off_is_read_again_and_nothing_is_taken_from_it(
    portal: Portal, reader: HubSpotReader
) -> None:
    ids = people(portal, 250)
    portal.faults.add(Fault(path="objects/contacts$", skip=1, drop="after"))
    assert ids_of(reader) == ids


@pytest.mark.parametrize("path", ["contacts/batch/read", "companies/batch/read"])
def test_an_answer_with_none_of_the_records_asked_for_is_not_believed(
    portal: Portal, reader: HubSpotReader, path: str
) -> None:
    (contact,) = people(portal, 1, associatedcompanyid=portal.add_company(numberofemployees="99"))
    portal.faults.add(Fault(path=path, status=200, body={"status": "COMPLETE", "results": []}))
    (record,) = reader.read([contact])
    assert record.contact.facts["employees"] == 99


class TestSilence:
    """A record that an answer does not mention is asked for again, and not taken for deleted."""

    def leaving_out(self, portal: Portal, ids: list[str], *, path: str = "contacts/batch/read", times: int) -> None:
        """Let that many answers show only these contacts, each in `lead`, and say nothing of others."""
        rows = [{"id": i, "properties": {"lifecyclestage": "lead", "hs_object_id": i}} for i in ids]
        body = {"status": "COMPLETE", "results": rows}
        portal.faults.add(Fault(path=path, status=200, body=body, times=times))

    def test_who_is_left_out_once_is_asked_for_again(self, portal: Portal, reader: HubSpotReader) -> None:
        ids = people(portal, 100, lifecyclestage="lead")
        self.leaving_out(portal, ids[:99], times=1)
        assert reader.stages(ids) == dict.fromkeys(ids, "lead")

    def test_who_is_left_out_of_every_batch_is_asked_for_alone(self, portal: Portal, reader: HubSpotReader) -> None:
        first, second = people(portal, 2, lifecyclestage="lead")
        self.leaving_out(portal, [first], times=3)
        assert reader.stages([first, second]) == {first: "lead", second: "lead"}
        self.leaving_out(portal, [first], times=3)
        history = reader.histories([first, second])[second]
        assert (history.stage_now, history.stage[0].value) == ("lead", "lead")

    def test_who_is_left_out_and_not_found_alone_is_gone(self, portal: Portal, reader: HubSpotReader) -> None:
        here, gone = people(portal, 2, lifecyclestage="lead")
        portal.delete(gone)
        self.leaving_out(portal, [here], times=3)
        assert reader.stages([here, gone]) == {here: "lead"}

    def test_many_that_are_left_out_and_not_found_alone_are_gone_too(
        self, portal: Portal, reader: HubSpotReader
    ) -> None:
        here, *gone = people(portal, 40, lifecyclestage="lead")
        for each in gone:
            portal.delete(each)
        self.leaving_out(portal, [here], times=3)
        assert reader.stages([here, *gone]) == {here: "lead"}

    def test_three_empty_answers_are_not_believed_either(self, portal: Portal, reader: HubSpotReader) -> None:
        ids = people(portal, 40, lifecyclestage="lead")
        self.leaving_out(portal, [], times=3)
        with pytest.raises(RetryableError, match="0 of 40 records"):
            reader.stages(ids)
        assert reader.stages(ids) == dict.fromkeys(ids, "lead")

    def test_an_error_that_does_not_say_missing_is_no_word_on_it(self, portal: Portal, reader: HubSpotReader) -> None:
        (contact,) = people(portal, 1, lifecyclestage="lead")
        error = {"category": "INTERNAL_ERROR", "context": {"ids": [contact]}}
        body = {"status": "COMPLETE", "results": [], "errors": [error], "numErrors": 1}
        portal.faults.add(Fault(path="contacts/batch/read", status=207, body=body))
        assert reader.stages([contact]) == {contact: "lead"}

    def test_a_missing_id_may_stand_beside_the_error(self, portal: Portal, reader: HubSpotReader) -> None:
        (gone,) = people(portal, 1)
        body = {"results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "id": gone}], "numErrors": 1}
        portal.faults.add(Fault(path="contacts/batch/read", status=207, body=body, times=2))
        portal.requests.clear()
        assert reader.stages([gone]) == {}
        assert portal.requests.totals["total"] == 2

    def test_who_is_called_missing_once_is_asked_for_again(self, portal: Portal, reader: HubSpotReader) -> None:
        (contact,) = people(portal, 1, lifecyclestage="lead")
        portal.faults.add(
            Fault(path="contacts/batch/read", status=207, body={"results": [], "errors": [ids_not_found([contact])]})
        )
        assert reader.stages([contact]) == {contact: "lead"}

    def test_companies_that_are_left_out_are_not_taken_for_none(self, portal: Portal, reader: HubSpotReader) -> None:
        companies = [portal.add_company(numberofemployees="99") for _ in range(20)]
        contacts = [people(portal, 1, associatedcompanyid=company)[0] for company in companies]
        self.leaving_out(portal, [], path="companies/batch/read", times=3)
        with pytest.raises(RetryableError, match="0 of 20 records"):
            reader.read(contacts)
        assert all(record.contact.facts["employees"] == 99 for record in reader.read(contacts))

    def test_contacts_that_were_merged_away_are_not_silent_where_batches_follow_merges(
        self, portal: Portal, reader: HubSpotReader
    ) -> None:
        portal.switches.batches_follow_merges = True
        kept, *others = people(portal, 21, lifecyclestage="lead")
        survivor = kept
        for other in others:
            survivor = portal.merge(survivor, other)
        assert reader.stages(others) == {survivor: "lead"}


def test_paging_that_goes_round_in_circles_ends_with_an_error(portal: Portal, reader: HubSpotReader) -> None:
    people(portal, 1)
    circle = {"results": [], "paging": {"next": {"after": "5"}}}
    portal.faults.add(Fault(path="objects/contacts$", times=None, status=200, body=circle))
    with pytest.raises(RetryableError, match="circles"):
        ids_of(reader)


def test_short_and_empty_pages_do_not_end_the_reading(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 3)
    empty = {"results": [], "paging": {"next": {"after": ids[0]}}}
    portal.faults.add(Fault(path="objects/contacts$", status=200, body=empty))
    assert ids_of(reader) == ids


def test_a_record_without_properties_is_not_taken_for_an_empty_one(portal: Portal, reader: HubSpotReader) -> None:
    (contact,) = people(portal, 1)
    portal.faults.add(Fault(path="objects/contacts$", times=None, status=200, body={"results": [{"id": contact}]}))
    with pytest.raises(RetryableError, match="without its properties"):
        ids_of(reader)


def test_no_properties_are_asked_for_that_the_portal_lacks(
    portal: Portal, connection: Connection, rulebook: Rulebook
) -> None:
    facts = HubSpotPortal(connection, rulebook).facts()
    assert set(RecordBuilder(rulebook, facts, now=NOW).contact_properties) <= facts.properties


def test_companies_cost_as_many_requests_as_they_fill_wherever_their_contacts_are(
    portal: Portal, reader: HubSpotReader
) -> None:
    companies = [portal.add_company(type="PARTNER") for _ in range(250)]
    for company in companies:
        people(portal, 1, associatedcompanyid=company)
        people(portal, 3, associatedcompanyid=companies[0])
    ids = people(portal, 30, associatedcompanyid=companies[-1])
    portal.requests.clear()
    records = [record for page in reader.every() for record in page]
    assert len({record.id for record in records}) == len(records) == 250 * 4 + 30
    assert all(record.standing.partner for record in records)
    assert all(record.standing.partner for record in reader.read(ids))
    assert len(portal.requests.matching("POST", "companies/batch/read")) == 3


def test_contacts_are_not_held_back_for_ever_for_their_companies(
    portal: Portal, reader: HubSpotReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(employers, "ROWS_MAX", 20)
    company = portal.add_company(type="PARTNER")
    people(portal, 300, associatedcompanyid=company)
    portal.requests.clear()
    assert next(iter(reader.every()))[0].standing.partner
    assert len(portal.requests.matching("GET", "objects/contacts$")) == 1


def test_companies_are_asked_for_again_where_they_cannot_be_kept(
    portal: Portal, reader: HubSpotReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(portal, 5, associatedcompanyid=portal.add_company(type="PARTNER"))

    def full(_: FileScratch) -> NoReturn:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(FileScratch, "_opened", full)
    portal.requests.clear()
    for _ in range(2):
        assert all(record.standing.partner for record in reader.read(ids))
    assert len(portal.requests.matching("POST", "companies/batch/read")) == 2


def test_a_company_is_asked_for_again_after_a_request_that_failed(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 5, associatedcompanyid=portal.add_company(type="PARTNER"))
    portal.faults.add(Fault(path="companies/batch/read", status=403, body={"category": "MISSING_SCOPES"}))
    with pytest.raises(FatalError):
        reader.read(ids)
    assert all(record.standing.partner for record in reader.read(ids))


def test_a_contact_that_a_listing_shows_again_is_read_once(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 250)
    again = {"results": [{"id": ids[0], "properties": {}}]}
    portal.faults.add(Fault(method="GET", path="objects/contacts", skip=2, status=200, body=again))
    read = [record.id for page in reader.every() for record in page]
    assert read == ids[:200]


def test_contacts_are_found_by_their_addresses_a_hundred_a_request_and_none_in_a_url(
    portal: Portal, reader: HubSpotReader
) -> None:
    ids = people(portal, 150)
    wanted = [f"Lead{n}@example.com" for n in range(150)]
    portal.requests.clear()
    assert reader.find_all(wanted) == {address.lower(): id for address, id in zip(wanted, ids, strict=True)}
    assert portal.requests.totals["total"] == 2
    assert not [request for request in portal.requests if "lead" in request.path + request.query]


def test_contacts_are_found_by_addresses_that_they_have_beside_their_first(
    portal: Portal, reader: HubSpotReader
) -> None:
    jane = portal.add_contact(email="jane@example.com", hs_additional_emails="jane@old.example;j@old.example")
    joe = portal.add_contact(email="joe@example.com", hs_additional_emails="joe@old.example")
    nobody = [f"nobody{n}@example.com" for n in range(75)]
    portal.requests.clear()
    found = reader.find_all(
        ["JANE@old.example", "joe@old.example", *nobody, "no address", "", f"{'x' * 3_000}@a.example"]
    )
    assert found == {"jane@old.example": jane, "joe@old.example": joe}
    assert portal.requests.totals["total"] == 1 + 2


def test_an_address_that_hubspot_refuses_costs_no_other_its_contact(portal: Portal, reader: HubSpotReader) -> None:
    ids = people(portal, 5)
    refusal = {"status": "error", "category": "VALIDATION_ERROR"}
    portal.faults.add(Fault(method="POST", path="contacts/batch/read", status=400, body=refusal, times=3))
    found = reader.find_all([f"lead{n}@example.com" for n in range(5)])
    assert set(found.values()) == set(ids) - {ids[0]}
