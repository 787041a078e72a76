"""What a run asks of the portal before it begins, because of the feeds and lists that the rulebook reads."""

from dataclasses import replace

import pytest

from config import FactSource, Rulebook
from sandbox import Fault, Portal
from sandbox.account import Form
from sandbox.times import to_ms
from sync.hubspot import Connection, HubSpotPortal
from sync.records import PortalFacts
from tests.integration.hubspot.conftest import NOW
from tests.integration.hubspot.feeding import rulebook_reading

READS_FORMS = rulebook_reading(("submissions", "sent"))
READS_NONE = rulebook_reading(("meetings", "booked"))


def facts_for(connection: Connection, rulebook: Rulebook) -> PortalFacts:
    return HubSpotPortal(connection, rulebook).facts()


def reading_lists(*list_ids: str) -> Rulebook:
    facts = {f"list_{each}": FactSource(list_id=each, type="bool", tier="free") for each in list_ids}
    return replace(READS_NONE, sources=replace(READS_NONE.sources, facts=facts))


def test_forms_of_every_type_are_named_fifty_a_request(portal: Portal, connection: Connection) -> None:
    types = ("hubspot", "captured", "flow", "blog_comment")
    for number in range(60):
        form_type = types[number % 4]
        form = Form(id=f"guid-{number}", name=f"Form {number}", created_ms=to_ms(NOW), form_type=form_type)
        portal.forms.append(form)
    forms = facts_for(connection, READS_FORMS).forms
    assert forms is not None
    assert {(form.id, form.name, form.type) for form in forms} == {
        (form.id, form.name, form.form_type) for form in portal.forms
    }
    assert len(portal.requests.matching("GET", "marketing/v3/forms")) == 2 + 1


def test_forms_that_were_deleted_still_have_their_names(portal: Portal, connection: Connection) -> None:
    kept = Form(id="guid-1", name="Demo", created_ms=to_ms(NOW))
    portal.forms += [kept, replace(kept, id="guid-2", name="Old demo", archived=True)]
    forms = facts_for(connection, READS_FORMS).forms
    assert forms is not None
    assert [(form.id, form.name, form.is_deleted) for form in forms] == [
        ("guid-1", "Demo", False),
        ("guid-2", "Old demo", True),
    ]


def test_forms_are_asked_for_only_where_rules_read_what_was_sent(portal: Portal, connection: Connection) -> None:
    assert facts_for(connection, READS_NONE).forms is None
    assert not portal.requests.matching(path="forms")


@pytest.mark.parametrize(
    "fault", [Fault(path="marketing/v3/forms", status=503, times=None), Fault(path="marketing/v3/forms", drop="before")]
)
def test_a_run_begins_without_the_names_of_forms_where_hubspot_does_not_tell_them(
    portal: Portal, connection: Connection, fault: Fault
) -> None:
    portal.faults.add(replace(fault, times=None))
    assert facts_for(connection, READS_FORMS).forms is None


def test_a_run_begins_without_forms_where_the_token_may_not_read_them(portal: Portal, connection: Connection) -> None:
    portal.scopes.discard("forms")
    assert facts_for(connection, READS_FORMS).forms is None


def test_members_of_lists_are_read_two_hundred_and_fifty_a_request_and_a_list_that_is_gone_is_missing(
    portal: Portal, connection: Connection
) -> None:
    people = [portal.add_contact() for _ in range(300)]
    many, few = portal.add_list("Many", people), portal.add_list("Few", people[:2])
    found = facts_for(connection, reading_lists(many, few, "99")).list_members
    assert found == {many: frozenset(people), few: frozenset(people[:2])}
    assert len(portal.requests.matching("GET", f"lists/{many}/memberships")) == 2


def test_where_the_token_may_not_read_lists_nobody_is_known_to_be_on_one_or_not(
    portal: Portal, connection: Connection
) -> None:
    listed = portal.add_list("Fans", [portal.add_contact()])
    portal.scopes.discard("crm.lists.read")
    facts = facts_for(connection, reading_lists(listed))
    assert facts.list_members == {}
    assert "crm.lists.read" in facts.lists_untold[listed].problem
    assert facts.lists_untold[listed].is_refused
