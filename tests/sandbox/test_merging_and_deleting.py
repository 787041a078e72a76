"""Contacts that are merged, deleted, or erased for privacy."""

from random import Random
from typing import Any

import pytest

from sandbox import Portal, happenings, mailing
from tests.sandbox.asking import ids_of, refusal, update


def merge(contacts: Any, primary: str, other: str) -> Any:
    return contacts.basic_api.merge({"primaryObjectId": primary, "objectIdToMerge": other})


@pytest.mark.parametrize("new_id", [True, False])
def test_old_ids_lead_to_the_survivor_except_in_batches(portal: Portal, contacts: Any, new_id: bool) -> None:
    portal.switches.merge_gives_new_id = new_id
    kept, gone = portal.add_contact(email="a@a.example"), portal.add_contact(email="b@a.example", city="Bonn")
    survivor = merge(contacts, kept, gone).id
    assert (survivor == kept) is not new_id
    assert contacts.basic_api.get_by_id(gone).id == survivor
    assert contacts.basic_api.update(gone, {"properties": {"phone": "1"}}).id == survivor
    answer = update(contacts, (gone, {"phone": "2"}))
    assert answer.errors[0].context == {"ids": [gone]}
    assert portal.contact(survivor).properties["phone"] == "1"


def test_the_survivor_holds_what_either_had_and_every_old_id(portal: Portal, contacts: Any) -> None:
    kept = portal.add_contact(email="a@a.example", city="Bonn")
    gone = portal.add_contact(email="b@a.example", city="Oslo", phone="1")
    survivor = portal.contact(merge(contacts, kept, gone).id).properties
    assert (survivor["city"], survivor["phone"]) == ("Bonn", "1")
    assert survivor["hs_merged_object_ids"] == f"{kept};{gone}"
    assert survivor["hs_all_contact_vids"] == f"{survivor['hs_object_id']};{kept};{gone}"
    assert survivor["hs_additional_emails"] == "b@a.example"
    assert ids_of(contacts.basic_api.get_page()) == [survivor["hs_object_id"]]


def test_what_either_has_sent_is_told_by_the_survivor(portal: Portal, contacts: Any) -> None:
    kept = portal.add_contact(email="a@a.example", hs_calculated_form_submissions="f1::200")
    gone = portal.add_contact(email="b@a.example", hs_calculated_form_submissions="f1::100;f2:7:300")
    survivor = portal.contact(merge(contacts, kept, gone).id).properties
    assert survivor["hs_calculated_form_submissions"] == "f1::100;f1::200;f2:7:300"


def test_the_survivor_is_found_by_both_addresses_and_stays_on_its_lists(portal: Portal, contacts: Any) -> None:
    kept, gone = portal.add_contact(email="a@a.example"), portal.add_contact(email="b@a.example")
    pilot = portal.add_list("Pilot", [gone])
    survivor = merge(contacts, kept, gone).id
    for email in ("a@a.example", "b@a.example"):
        assert contacts.basic_api.get_by_id(email, id_property="email").id == survivor
    assert list(portal.lists[pilot].members) == [int(survivor)]


@pytest.mark.parametrize("new_id", [True, False])
@pytest.mark.parametrize("last", ["survivor", "other"])
def test_each_further_merge_adds_to_the_addresses(portal: Portal, contacts: Any, new_id: bool, last: str) -> None:
    portal.switches.merge_gives_new_id = new_id
    first, second, third = (portal.add_contact(email=f"{name}@a.example") for name in "abc")
    survivor = merge(contacts, first, second).id
    survivor = (merge(contacts, survivor, third) if last == "other" else merge(contacts, third, survivor)).id
    held = portal.contact(survivor).properties
    addresses = {held["email"], *held["hs_additional_emails"].split(";")}
    assert addresses == {"a@a.example", "b@a.example", "c@a.example"}
    for email in addresses:
        assert contacts.basic_api.get_by_id(email, id_property="email").id == survivor


def test_an_address_that_fills_a_gap_is_no_additional_one(portal: Portal, contacts: Any) -> None:
    survivor = merge(contacts, portal.add_contact(), portal.add_contact(email="b@a.example")).id
    held = portal.contact(survivor).properties
    assert (held["email"], held.get("hs_additional_emails")) == ("b@a.example", None)


def test_a_contact_cannot_be_merged_with_itself(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    assert refusal(lambda: merge(contacts, contact, contact))[0] == 400


def test_a_deleted_contact_is_gone_but_listed_as_archived(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact(email="a@a.example")
    contacts.basic_api.archive(contact)
    assert refusal(lambda: contacts.basic_api.get_by_id(contact))[0] == 404
    assert ids_of(contacts.basic_api.get_page()) == []
    archived = contacts.basic_api.get_page(archived=True).results
    assert [(each.id, each.archived) for each in archived] == [(contact, True)]
    assert update(contacts, (contact, {"city": "Bonn"})).num_errors == 1


def test_deleting_what_is_not_there_succeeds(contacts: Any) -> None:
    contacts.basic_api.archive("99999")


def test_the_address_of_a_deleted_contact_is_free_again(portal: Portal, contacts: Any) -> None:
    portal.delete(portal.add_contact(email="a@a.example"))
    assert contacts.basic_api.create({"properties": {"email": "a@a.example"}}).id


def listed_of(portal: Portal) -> list[int]:
    """How much is listed event by event: submissions, mail events, occurrences, and who attends meetings."""
    kept = portal.activity
    return [len(each) for each in (kept.submissions, kept.mail_events, kept.occurrences, portal.ties["meetings"])]


def lives(portal: Portal, contact: str) -> None:
    """The contact sends a form, gets a mail, sees a page and books a meeting."""
    for act in (happenings.form_sent, mailing.mail_delivered, happenings.visit, happenings.meeting_booked):
        act(portal, Random(1), contact)


@pytest.mark.parametrize("binned", [False, True])
def test_a_privacy_deletion_leaves_nothing(portal: Portal, contacts: Any, binned: bool) -> None:
    contact, other = portal.add_contact(email="a@a.example"), portal.add_contact(email="b@a.example")
    lives(portal, other)
    of_the_other = listed_of(portal)
    lives(portal, contact)
    merged = portal.add_contact(email="c@a.example")
    lives(portal, merged)
    survivor = portal.merge(contact, merged)
    if binned:
        portal.delete(survivor)
        contacts.basic_api.purge({"objectId": survivor})
    else:
        contacts.basic_api.purge({"objectId": "a@a.example", "idProperty": "email"})
    assert ids_of(contacts.basic_api.get_page(archived=True)) == []
    assert listed_of(portal) == of_the_other
    with pytest.raises(KeyError):
        portal.contact(survivor)
