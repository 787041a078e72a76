"""What people did, listed one by one: form submissions, events, marketing mail, meetings."""

from typing import Any

import pytest

from sandbox import Portal
from sandbox.account import Form
from sandbox.activity import MailEvent, Occurrence, Reader, Submission
from sandbox.living import Life
from tests.sandbox.asking import NOW, days_before, ids_of

HOUR_MS = 3_600_000


@pytest.fixture
def portal(portal: Portal) -> Portal:
    """An Enterprise portal: others have no events."""
    portal.tier = "enterprise"
    return portal


def get(client: Any, path: str, **query: object) -> tuple[int, Any]:
    answer = client.api_request({"path": path, "qs": query})
    return answer.status_code, answer.json()


# Form submissions.


def test_submissions_come_newest_first_and_name_no_contact(portal: Portal, client: Any) -> None:
    portal.forms.append(Form(id="guid-1", name="Demo", created_ms=0))
    portal.activity.submissions += [
        Submission(
            form_id="guid-1", at_ms=n * HOUR_MS, values={"email": f"{n}@a.example"}, page_url="https://a.example"
        )
        for n in range(3)
    ]
    path = "/form-integrations/v1/submissions/forms/guid-1"
    _, first = get(client, path, limit=2)
    assert [each["submittedAt"] for each in first["results"]] == [2 * HOUR_MS, HOUR_MS]
    assert first["results"][0]["values"] == [{"name": "email", "value": "2@a.example", "objectTypeId": "0-1"}]
    assert not {"contactId", "vid"} & set(first["results"][0])
    _, second = get(client, path, limit=2, after=first["paging"]["next"]["after"])
    assert [each["submittedAt"] for each in second["results"]] == [0]
    assert "paging" not in second


def test_a_page_of_submissions_holds_at_most_fifty_and_blog_comments_have_none(portal: Portal, client: Any) -> None:
    portal.forms += [
        Form(id="guid-1", name="Demo", created_ms=0),
        Form(id="guid-2", name="Comments", created_ms=0, form_type="blog_comment"),
    ]
    base = "/form-integrations/v1/submissions/forms"
    assert get(client, f"{base}/guid-1", limit=51)[0] == 400
    assert get(client, f"{base}/guid-9")[0] == 404
    status, body = get(client, f"{base}/guid-2")
    assert (status, body["errors"][0]["code"]) == (400, "FORM_TYPE_NOT_ALLOWED")


def test_forms_of_other_types_are_listed_only_when_asked_for(portal: Portal, client: Any) -> None:
    portal.forms += [
        Form(id="guid-1", name="Demo", created_ms=0),
        Form(id="guid-2", name="Comments", created_ms=0, form_type="blog_comment"),
    ]
    api = client.marketing.forms.forms_api
    assert [each.id for each in api.get_page().results] == ["guid-1"]
    assert [each.id for each in api.get_page(form_types=["blog_comment"]).results] == ["guid-2"]
    assert [each.id for each in api.get_page(form_types=["all"]).results] == ["guid-1", "guid-2"]


def test_forms_are_paged_by_a_cursor_and_a_deleted_one_has_no_submissions_to_list(portal: Portal, client: Any) -> None:
    forms = [Form(id=f"guid-{n}", name=f"Form {n}", created_ms=0, archived=n == 2) for n in range(4)]
    portal.forms += forms
    portal.activity.submissions.append(Submission(form_id="guid-2", at_ms=5, values={"email": "a@a.example"}))
    api = client.marketing.forms.forms_api
    first = api.get_page(limit=2)
    assert not first.paging.next.after.isdecimal()
    second = api.get_page(limit=2, after=first.paging.next.after)
    assert ids_of(first) + ids_of(second) == ["guid-0", "guid-1", "guid-3"]
    assert ids_of(api.get_page(archived=True)) == ["guid-2"]
    base = "/form-integrations/v1/submissions/forms"
    assert [get(client, f"{base}/guid-{n}")[0] for n in (1, 2)] == [200, 404]


# Events.


def seen(portal: Portal, contact: str, days: float, kind: str = "e_visited_page") -> Occurrence:
    at_ms = int(days_before(days).timestamp() * 1000)
    event = Occurrence(id=f"e-{days}", contact_id=int(contact), type=kind, at_ms=at_ms, properties={"hs_url": "/a"})
    portal.activity.occurrences.append(event)
    return event


def test_events_are_listed_by_contact_kind_and_time(portal: Portal, client: Any) -> None:
    ada, bob = portal.add_contact(email="ada@a.example"), portal.add_contact()
    seen(portal, ada, 3)
    seen(portal, ada, 1, "e_form_view")
    seen(portal, bob, 2)
    api = client.events.events_api
    assert ids_of(api.get_page(object_type="contact", object_id=int(ada))) == ["e-1", "e-3"]
    assert ids_of(api.get_page(event_type="e_visited_page")) == ["e-2", "e-3"]
    assert ids_of(api.get_page(occurred_after=days_before(2.5), occurred_before=NOW, sort=["occurredAt"])) == [
        "e-2",
        "e-1",
    ]
    by_email = get(client, "/events/v3/events", **{"objectType": "contact", "objectProperty.email": "ada@a.example"})
    assert [each["id"] for each in by_email[1]["results"]] == ["e-1", "e-3"]
    told = api.get_page(event_type="e_form_view").results[0]
    assert (told.object_type, told.object_id, told.properties) == ("CONTACT", ada, {"hs_url": "/a"})


def test_events_are_paged_by_a_cursor_that_hides_the_offset(portal: Portal, client: Any) -> None:
    contact = portal.add_contact()
    for day in range(1, 4):
        seen(portal, contact, day)
    api = client.events.events_api
    first = api.get_page(limit=2)
    assert not first.paging.next.after.isdecimal()
    second = api.get_page(limit=2, after=first.paging.next.after)
    assert ids_of(first) + ids_of(second) == ["e-1", "e-2", "e-3"]
    assert second.paging is None


@pytest.mark.parametrize("needed", [True, False])
def test_events_of_all_contacts_may_be_refused(portal: Portal, client: Any, needed: bool) -> None:
    portal.switches.events_need_object = needed
    contact = portal.add_contact()
    assert get(client, "/events/v3/events", eventType="e_visited_page")[0] == (400 if needed else 200)
    assert get(client, "/events/v3/events", objectType="contact", objectId=contact)[0] == 200


def test_events_need_an_enterprise_hub(portal: Portal, client: Any) -> None:
    portal.tier = "professional"
    assert get(client, "/events/v3/events")[0] == 403
    assert get(client, "/events/v3/events/event-types")[0] == 403


def test_event_types_name_also_what_was_never_received(portal: Portal, client: Any) -> None:
    seen(portal, portal.add_contact(), 1, "pe4711001_trial_started")
    types = client.events.events_api.get_types().event_types
    assert {"e_visited_page", "pe4711001_trial_started"} <= set(types)
    assert not any("email" in each for each in types)


# Marketing mail.


def test_mail_events_are_found_by_recipient_kind_and_time(portal: Portal, client: Any) -> None:
    portal.activity.mail_events += [
        MailEvent(id=f"m-{n}", type=kind, recipient=f"{kind}@a.example", campaign_id=7, at_ms=n * HOUR_MS)
        for n, kind in enumerate(["SENT", "OPEN", "CLICK"])
    ]
    path = "/email/public/v1/events"

    def found(**query: object) -> list[str]:
        return [each["id"] for each in get(client, path, **query)[1]["events"]]

    assert found() == ["m-2", "m-1", "m-0"]
    assert found(recipient="OPEN@a.example") == ["m-1"]
    assert found(eventType="CLICK") == ["m-2"]
    assert found(startTimestamp=0, endTimestamp=HOUR_MS) == ["m-1", "m-0"]
    assert found(campaignId=8) == []
    assert get(client, path, limit=1_001)[0] == 400


def test_mail_events_go_on_by_offset_while_there_is_more(portal: Portal, client: Any) -> None:
    portal.activity.mail_events += [
        MailEvent(id=f"m-{n}", type="OPEN", recipient="a@a.example", campaign_id=7, at_ms=n) for n in range(3)
    ]
    path = "/email/public/v1/events"
    _, first = get(client, path, limit=2)
    _, second = get(client, path, limit=2, offset=first["offset"])
    assert (first["hasMore"], second["hasMore"]) == (True, False)
    assert [each["id"] for each in first["events"] + second["events"]] == ["m-2", "m-1", "m-0"]


# Meetings.


def test_a_meeting_is_booked_and_gets_its_outcome(portal: Portal, client: Any) -> None:
    meeting = portal.add_meeting([portal.add_contact()], starts=NOW)
    api, names = client.crm.objects.meetings, ["hs_meeting_outcome", "hs_meeting_start_time"]
    assert api.basic_api.get_by_id(meeting, properties=names).properties["hs_meeting_outcome"] == "SCHEDULED"
    portal.end_meeting(meeting, "CANCELED")
    read = api.batch_api.read({"inputs": [{"id": meeting}], "properties": names, "propertiesWithHistory": []})
    assert read.results[0].properties["hs_meeting_outcome"] == "CANCELED"
    assert read.results[0].properties["hs_meeting_start_time"] == "2026-11-02T09:30:00.000Z"
    assert ids_of(api.basic_api.get_page()) == [meeting]


def test_meetings_are_searched_by_their_own_modification_date(portal: Portal, client: Any) -> None:
    meeting = portal.add_meeting([portal.add_contact()], starts=NOW)
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "2026-11-02T00:00:00Z"}
    asked = {"filterGroups": [{"filters": [since]}], "sorts": ["hs_lastmodifieddate"]}
    assert ids_of(client.crm.objects.meetings.search_api.do_search(asked)) == [meeting]


def test_a_mail_event_tells_what_read_the_mail_and_when_it_was_sent(portal: Portal, client: Any) -> None:
    contact = portal.add_contact(email="ada@a.example")
    life = Life(portal)
    for kind in ("mail_clicked", "left_a_list", "mail_bounced"):
        life.happens(kind, contact)
    events = get(client, "/email/public/v1/events", limit=100)[1]["events"]
    told = {each["type"]: each for each in events}
    clicked = told["CLICK"]
    assert {"userAgent", "browser", "deviceType", "filteredEvent", "location", "url", "linkId"} <= clicked.keys()
    assert clicked["sentBy"] == told["DELIVERED"]["sentBy"]
    assert clicked["sentBy"]["created"] == told["SENT"]["created"]
    assert told["STATUSCHANGE"]["subscriptions"] == [{"id": 20_010_001, "status": "UNSUBSCRIBED"}]
    assert told["BOUNCE"]["category"]
    assert {each["portalId"] for each in events} == {portal.portal_id}
    _, campaign = get(client, f"/email/public/v1/campaigns/{clicked['emailCampaignId']}")
    assert campaign["id"] == clicked["emailCampaignId"]
    assert campaign["name"].endswith(campaign["subject"])
    assert get(client, "/email/public/v1/campaigns/7")[0] == 404


def test_what_hubspot_takes_for_machines_can_be_left_out(portal: Portal, client: Any) -> None:
    reader = Reader(user_agent="LinkChecker", browser="unknown", filtered=True)
    portal.activity.mail_events.append(
        MailEvent(type="OPEN", recipient="a@a.example", campaign_id=1, at_ms=5, read_with=reader)
    )
    path = "/email/public/v1/events"
    assert [each["filteredEvent"] for each in get(client, path)[1]["events"]] == [True]
    assert get(client, path, excludeFilteredEvents="true")[1]["events"] == []
