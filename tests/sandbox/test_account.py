"""The account: who may ask, who works there, its lists and forms."""

from typing import Any

import pytest
from hubspot import HubSpot

from sandbox import Portal, SandboxServer
from sandbox.account import Form
from tests.sandbox.asking import refusal, refused


def test_a_wrong_token_is_refused_as_recorded(server: SandboxServer) -> None:
    stranger = HubSpot(access_token="pat-of-somebody-else", host=server.url)
    error = refused(stranger.crm.contacts.basic_api.get_page)
    assert error.status == 401
    assert '"category":"INVALID_AUTHENTICATION"' in error.body
    assert error.headers["X-HubSpot-Auth-Failure"] == "401 Unauthorized"


def test_a_revoked_token_is_refused(portal: Portal, contacts: Any) -> None:
    contacts.basic_api.get_page()
    portal.token = "pat-sandbox-rotated"
    assert refusal(contacts.basic_api.get_page)[0] == 401


def test_a_missing_scope_is_named(portal: Portal, contacts: Any) -> None:
    portal.scopes.discard("crm.objects.contacts.write")
    contact = portal.add_contact()
    status, body = refusal(lambda: contacts.basic_api.update(contact, {"properties": {"city": "Bonn"}}))
    assert (status, body["category"]) == (403, "MISSING_SCOPES")
    assert body["context"] == {"requiredGranularScopes": ["crm.objects.contacts.write"]}


def test_the_token_tells_what_it_may_do(portal: Portal, client: Any) -> None:
    asked = {
        "method": "POST",
        "path": "/oauth/v2/private-apps/get/access-token-info",
        "body": {"tokenKey": "pat-sandbox"},
    }
    told = client.api_request(asked).json()
    assert (told["hubId"], told["appId"]) == (portal.portal_id, portal.app_id)
    assert set(told["scopes"]) == portal.scopes


def test_the_account_tells_its_time_zone_in_force(portal: Portal, client: Any) -> None:
    told = client.api_request({"path": "/account-info/v3/details"}).json()
    assert (told["portalId"], told["timeZone"]) == (portal.portal_id, "US/Eastern")
    assert (told["utcOffset"], told["utcOffsetMilliseconds"]) == ("-05:00", -18_000_000)


def test_the_days_use_is_told(client: Any) -> None:
    client.crm.contacts.basic_api.get_page()
    told = client.api_request({"path": "/account-info/v3/api-usage/daily/private-apps"}).json()["results"][0]
    assert (told["name"], told["usageLimit"], told["currentUsage"]) == ("private-apps-api-calls-daily", 625_000, 2)
    assert told["resetsAt"] == "2026-11-03T05:00:00.000Z"


def test_owners_are_listed_by_page_and_archived_ones_only_when_asked_for(portal: Portal, client: Any) -> None:
    for n in range(3):
        portal.add_owner(f"{n}@own.example", archived=n == 2)
    api = client.crm.owners.owners_api
    first = api.get_page(limit=1)
    second = api.get_page(limit=1, after=first.paging.next.after)
    assert [each.email for each in first.results + second.results] == ["0@own.example", "1@own.example"]
    assert second.paging is None
    gone = api.get_page(archived=True).results[0]
    assert (gone.email, gone.user_id, gone.user_id_including_inactive) == ("2@own.example", None, 61_003)


def test_an_owner_is_found_by_email_by_id_and_by_user(portal: Portal, client: Any) -> None:
    owner = portal.add_owner("ada@own.example", "Ada", "Abbott")
    api = client.crm.owners.owners_api
    assert [each.id for each in api.get_page(email="ada@own.example").results] == [owner.id]
    assert api.get_by_id(owner.id).first_name == "Ada"
    assert api.get_by_id(owner.user_id, id_property="userId").id == owner.id
    assert refusal(lambda: api.get_by_id(1))[0] == 404


def test_users_are_the_owners_who_are_still_there(portal: Portal, client: Any) -> None:
    portal.add_owner("ada@own.example")
    portal.add_owner("gone@own.example", archived=True)
    assert [each.email for each in client.settings.users.users_api.get_page().results] == ["ada@own.example"]


def test_forms_are_listed_by_page(portal: Portal, client: Any) -> None:
    portal.forms += [Form(id=f"guid-{n}", name=f"Form {n}", created_ms=0) for n in range(3)]
    api = client.marketing.forms.forms_api
    first = api.get_page(limit=2)
    second = api.get_page(limit=2, after=first.paging.next.after)
    assert [each.name for each in first.results + second.results] == ["Form 0", "Form 1", "Form 2"]


def test_a_list_is_found_by_id_name_and_search(portal: Portal, client: Any) -> None:
    pilot = portal.add_list("Pilot", [portal.add_contact()])
    api = client.crm.lists.lists_api
    assert api.get_by_id(pilot).list.name == "Pilot"
    assert api.get_by_name(list_name="Pilot", object_type_id="0-1").list.list_id == pilot
    found = api.do_search({"query": "pil"})
    assert (found.total, found.has_more, found.lists[0].additional_properties["hs_list_size"]) == (1, False, "1")
    assert refusal(lambda: api.get_by_id("99"))[0] == 404


def test_members_are_paged_in_order_of_id(portal: Portal, client: Any) -> None:
    added = [portal.add_contact() for _ in range(260)]
    pilot = portal.add_list("Pilot", added[::-1])
    api = client.crm.lists.memberships_api
    first = api.get_page(list_id=pilot, limit=250)
    second = api.get_page(list_id=pilot, limit=250, after=first.paging.next.after)
    assert [each.record_id for each in first.results + second.results] == added
    assert second.paging is None


def test_members_are_put_in_and_taken_out(portal: Portal, client: Any) -> None:
    first, second = portal.add_contact(), portal.add_contact()
    pilot = client.crm.lists.lists_api.create(
        {"name": "Pilot", "objectTypeId": "0-1", "processingType": "MANUAL"}
    ).list.list_id
    api = client.crm.lists.memberships_api
    added = api.add(list_id=pilot, request_body=[first, second, "99999"])
    assert (added.records_ids_added, added.record_ids_missing) == ([first, second], ["99999"])
    changed = api.add_and_remove(
        list_id=pilot, membership_change_request={"recordIdsToAdd": [first], "recordIdsToRemove": [second]}
    )
    assert (changed.records_ids_added, changed.record_ids_removed) == ([], [second])
    assert api.remove(list_id=pilot, request_body=[first]).record_ids_removed == [first]
    assert portal.lists[pilot].members == {}


def test_two_lists_cannot_share_a_name(portal: Portal, client: Any) -> None:
    portal.add_list("Pilot")
    asked = {"name": "Pilot", "objectTypeId": "0-1", "processingType": "MANUAL"}
    assert refusal(lambda: client.crm.lists.lists_api.create(asked))[0] == 409


@pytest.mark.parametrize("path", ["/crm/v3/nothing", "/crm/v5/objects/contacts"])
def test_what_does_not_exist_is_not_found(client: Any, path: str) -> None:
    answer = client.api_request({"path": path})
    assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize("body", ["{", "[]", '"text"'])
def test_a_body_that_is_no_object_is_refused(server: SandboxServer, client: Any, body: str) -> None:
    path = "/crm/v3/objects/contacts/batch/update"
    answer = client.api_request({"method": "POST", "path": path, "body": body, "defaultJson": False})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
