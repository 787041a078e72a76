"""Meetings, calls, 1:1 emails, messages and deals: records of sales that have to do with contacts."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox import Portal
from sandbox.engagements import ENGAGEMENTS
from tests.sandbox.asking import NOW, ids_of

AT = NOW.isoformat()
MADE_OF = {
    "meetings": {"hs_timestamp": AT, "hs_meeting_title": "Demo", "hs_meeting_outcome": "SCHEDULED"},
    "calls": {"hs_timestamp": AT, "hs_call_title": "First call", "hs_call_direction": "OUTBOUND"},
    "emails": {"hs_timestamp": AT, "hs_email_subject": "Re: offer", "hs_email_direction": "INCOMING_EMAIL"},
    "communications": {"hs_timestamp": AT, "hs_communication_channel_type": "WHATS_APP"},
    "deals": {"dealname": "Ten seats", "dealstage": "qualifiedtobuy"},
}
KINDS = pytest.mark.parametrize("name", MADE_OF)


def api_of(client: Any, name: str) -> Any:
    """The client's endpoints for one kind."""
    return client.crm.deals if name == "deals" else getattr(client.crm.objects, name)


def made(client: Any, name: str, *contacts: str) -> str:
    """Somebody else's program makes one that has to do with these contacts."""
    kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": ENGAGEMENTS[name].to_contact}
    tied = [{"to": {"id": contact}, "types": [kind]} for contact in contacts]
    new: str = api_of(client, name).basic_api.create({"properties": MADE_OF[name], "associations": tied}).id
    return new


@KINDS
def test_each_is_listed_with_its_contacts(portal: Portal, client: Any, name: str) -> None:
    ada, bob = portal.add_contact(), portal.add_contact()
    with_two, with_nobody = made(client, name, ada, bob), made(client, name)
    api = api_of(client, name).basic_api
    listed = {each.id: each for each in api.get_page(associations=["contacts"], properties=list(MADE_OF[name])).results}
    tied = listed[with_two].associations["contacts"].results
    assert [(each.id, each.type) for each in tied] == [
        (contact, f"{ENGAGEMENTS[name].singular}_to_contact") for contact in (ada, bob)
    ]
    assert listed[with_nobody].associations is None
    told = listed[with_two].properties
    assert {each: told[each] for each in MADE_OF[name] if each != "hs_timestamp"}.items() <= MADE_OF[name].items()
    assert api.get_by_id(with_two, associations=["contacts"]).associations["contacts"].results == tied


@KINDS
def test_each_is_found_by_its_date_of_change_and_read_by_the_hundred(portal: Portal, client: Any, name: str) -> None:
    old = made(client, name)
    portal.clock.move(timedelta(hours=1))
    new = made(client, name)
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GT", "value": str(int(NOW.timestamp() * 1000))}
    asked = {"filterGroups": [{"filters": [since]}], "sorts": ["hs_lastmodifieddate"]}
    api = api_of(client, name)
    assert ids_of(api.search_api.do_search(asked)) == [new]
    read = api.batch_api.read({"inputs": [{"id": old}, {"id": new}], "properties": [], "propertiesWithHistory": []})
    assert sorted(ids_of(read)) == sorted([old, new])


@KINDS
def test_ties_are_read_from_either_side(portal: Portal, client: Any, name: str) -> None:
    contact = portal.add_contact()
    record, alone = made(client, name, contact), made(client, name)
    api = client.crm.associations.v4.batch_api
    there = api.get_page(name, "contacts", {"inputs": [{"id": record}, {"id": alone}]})
    assert [(each._from.id, [str(tie.to_object_id) for tie in each.to]) for each in there.results] == [
        (record, [contact])
    ]
    assert [each.sub_category for each in there.errors] == ["crm.associations.NO_ASSOCIATIONS_FOUND"]
    back = api.get_page("contacts", name, {"inputs": [{"id": contact}]}).results[0].to
    assert [str(tie.to_object_id) for tie in back] == [record]
    types = {
        side: [each.type_id for tie in ties for each in tie.association_types]
        for side, ties in {"there": there.results[0].to, "back": back}.items()
    }
    assert types == {"there": [ENGAGEMENTS[name].to_contact], "back": [ENGAGEMENTS[name].from_contact]}


@KINDS
def test_what_is_deleted_is_tied_to_nobody_any_more(portal: Portal, client: Any, name: str) -> None:
    gone, stays = portal.add_contact(), portal.add_contact()
    record, other = made(client, name, gone, stays), made(client, name, stays)
    portal.delete(gone)
    api_of(client, name).basic_api.archive(other)
    ties = client.crm.associations.v4.basic_api
    assert [str(each.to_object_id) for each in ties.get_page(name, record, "contacts").results] == [stays]
    assert [str(each.to_object_id) for each in ties.get_page("contacts", stays, name).results] == [record]


def test_a_kind_may_be_named_by_its_number(portal: Portal, client: Any) -> None:
    deal = made(client, "deals")
    answer = client.api_request({"path": f"/crm/v3/objects/0-3/{deal}"})
    assert (answer.status_code, answer.json()["properties"]["dealname"]) == (200, "Ten seats")
    assert client.api_request({"path": "/crm/v3/objects/0-999"}).status_code == 400


def test_an_activity_needs_its_time_and_a_tie_its_own_number(portal: Portal, client: Any) -> None:
    contact = portal.add_contact()

    def status(path: str, **body: Any) -> int:
        answered: int = client.api_request({"method": "POST", "path": path, "body": body}).status_code
        return answered

    calls = "/crm/v3/objects/calls"
    assert status(calls, properties={"hs_call_title": "No time"}) == 400
    wrong = {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 200}]}
    assert status(calls, properties=MADE_OF["calls"], associations=[wrong]) == 400
    assert len(portal.collections["calls"]) == 0


@pytest.mark.parametrize(
    ("stage", "told"), [("contractsent", "false false"), ("closedwon", "true true"), ("closedlost", "true false")]
)
def test_a_deal_tells_whether_it_is_won(portal: Portal, client: Any, stage: str, told: str) -> None:
    deal, names = made(client, "deals"), ["hs_is_closed", "hs_is_closed_won"]
    client.crm.deals.basic_api.update(deal, {"properties": {"dealstage": stage}})
    read = client.crm.deals.basic_api.get_by_id(deal, properties=names).properties
    assert " ".join(read[name] for name in names) == told
    (pipeline,) = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert {each.id: each.metadata["isClosed"] for each in pipeline.stages}[stage] == told.split(maxsplit=1)[0]


@pytest.mark.parametrize("seen", [True, False])
def test_what_an_email_says_is_told_only_to_a_token_with_its_scope(portal: Portal, client: Any, seen: bool) -> None:
    record, names = made(client, "emails"), list(MADE_OF["emails"])
    if not seen:
        portal.scopes.discard("sales-email-read")
    api = api_of(client, "emails")
    answers = [
        api.basic_api.get_by_id(record, properties=names),
        api.basic_api.get_page(properties=names).results[0],
        api.search_api.do_search({"properties": names}).results[0],
        api.batch_api.read({"inputs": [{"id": record}], "properties": names, "propertiesWithHistory": []}).results[0],
    ]
    for told in answers:
        assert told.properties["hs_email_subject"] == ("Re: offer" if seen else None)
        assert told.properties["hs_email_direction"] == "INCOMING_EMAIL"


def test_deals_need_a_scope_of_their_own_but_activities_none(portal: Portal, client: Any) -> None:
    portal.scopes = {"crm.objects.contacts.read"}
    assert client.api_request({"path": "/crm/v3/objects/deals"}).status_code == 403
    for name in ("calls", "emails", "communications", "meetings"):
        assert client.api_request({"path": f"/crm/v3/objects/{name}"}).status_code == 200
