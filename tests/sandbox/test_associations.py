"""Which company a contact belongs to, and who takes part in a meeting."""

from typing import Any

import pytest

from sandbox import Portal
from tests.sandbox.asking import NOW, refusal


def ties_of(client: Any, one: str, other: str, *ids: str) -> Any:
    api = client.crm.associations.v4.batch_api
    return api.get_page_with_http_info(one, other, {"inputs": [{"id": each} for each in ids]})


def test_a_contact_has_its_primary_company_also_without_a_label(portal: Portal, client: Any) -> None:
    company = portal.add_company(name="Acme")
    contact = portal.add_contact(associatedcompanyid=company)
    answer, status, _ = ties_of(client, "contacts", "companies", contact)
    assert (status, answer.results[0]._from.id) == (200, contact)
    tie = answer.results[0].to[0]
    assert tie.to_object_id == company
    assert [(each.type_id, each.label) for each in tie.association_types] == [(1, "Primary"), (279, None)]


def test_a_contact_without_a_company_is_an_error_of_an_ordinary_answer(portal: Portal, client: Any) -> None:
    with_one, without = portal.add_contact(associatedcompanyid=portal.add_company()), portal.add_contact()
    answer, status, _ = ties_of(client, "contacts", "companies", with_one, without, "no-number")
    assert (status, answer.num_errors, len(answer.results)) == (207, 2, 1)
    assert {each.sub_category for each in answer.errors} == {
        "crm.associations.NO_ASSOCIATIONS_FOUND",
        "crm.associations.INVALID_IDENTIFIER",
    }


@pytest.mark.parametrize(("is_207", "expected"), [(True, 207), (False, 200)])
def test_the_status_of_such_an_answer_is_a_switch(portal: Portal, client: Any, is_207: bool, expected: int) -> None:
    portal.switches.unassociated_answer_207 = is_207
    assert ties_of(client, "contacts", "companies", portal.add_contact())[1] == expected


def test_a_thousand_contacts_are_asked_for_at_once_and_no_more(portal: Portal, client: Any) -> None:
    known = portal.add_contact(associatedcompanyid=portal.add_company())
    assert len(ties_of(client, "contacts", "companies", known, *map(str, range(100_000, 100_999)))[0].results) == 1
    path = "/crm/v4/associations/contacts/companies/batch/read"
    body = {"inputs": [{"id": str(each)} for each in range(1_001)]}
    assert client.api_request({"method": "POST", "path": path, "body": body}).status_code == 400


def test_meetings_and_contacts_lead_to_each_other_also_after_a_merge(portal: Portal, client: Any) -> None:
    kept, gone = portal.add_contact(), portal.add_contact()
    meeting = portal.add_meeting([kept, gone], starts=NOW)
    survivor = portal.merge(kept, gone)
    people = ties_of(client, "meetings", "contacts", meeting)[0].results[0].to
    assert [(each.to_object_id, each.association_types[0].type_id) for each in people] == [(survivor, 200)]
    meetings = client.crm.associations.v4.basic_api.get_page("contacts", survivor, "meetings").results
    assert [(each.to_object_id, each.association_types[0].type_id) for each in meetings] == [(meeting, 199)]


def test_the_list_of_contacts_can_hold_their_companies(portal: Portal, contacts: Any) -> None:
    company = portal.add_company()
    with_one, without = portal.add_contact(associatedcompanyid=company), portal.add_contact()
    listed = {each.id: each.associations for each in contacts.basic_api.get_page(associations=["companies"]).results}
    assert [(each.id, each.type) for each in listed[with_one]["companies"].results] == [(company, "contact_to_company")]
    assert listed[without] is None
    assert contacts.basic_api.get_by_id(with_one, associations=["companies"]).associations


def test_kinds_that_have_no_ties_are_told_so(client: Any) -> None:
    answer = client.api_request({"path": "/crm/v4/objects/contacts/1/associations/gadgets"})
    assert answer.status_code == 400
    assert refusal(lambda: client.crm.contacts.basic_api.get_by_id("1", associations=["gadgets"]))[0] == 404
