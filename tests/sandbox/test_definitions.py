"""Property definitions and groups: what exists, and creating and completing more."""

from typing import Any

import pytest

from sandbox import Portal, Stage
from tests.sandbox.asking import refusal, update

SCORE = {
    "name": "lead_score",
    "label": "Lead score",
    "type": "number",
    "fieldType": "number",
    "groupName": "lead_scoring",
}
GROUP = {"name": "lead_scoring", "label": "Lead scoring", "displayOrder": 2}


@pytest.fixture
def properties(client: Any) -> Any:
    return client.crm.properties


def flags_of(properties: Any, name: str) -> tuple[str, str, bool, bool]:
    told = properties.core_api.get_by_name("contacts", name)
    return told.type, told.field_type, told.calculated, told.modification_metadata.read_only_value


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("hs_analytics_num_visits", ("number", "number", False, True)),
        ("num_conversion_events", ("number", "number", True, True)),
        ("hs_analytics_source", ("enumeration", "select", False, False)),
        ("lifecyclestage", ("enumeration", "radio", False, False)),
        ("hubspotscore", ("number", "calculation_score", False, True)),
        ("industry", ("string", "text", False, False)),
        ("hs_email_optout", ("bool", "booleancheckbox", False, True)),
        ("hs_v2_date_entered_lead", ("datetime", "date", False, True)),
        ("hs_v2_date_entered_current_stage", ("datetime", "calculation_equation", True, True)),
        ("num_associated_deals", ("number", "calculation_rollup", False, True)),
        ("hs_searchable_calculated_phone_number", ("phone_number", "phonenumber", True, True)),
    ],
)
def test_hubspots_own_properties_carry_its_flags(
    properties: Any, name: str, flags: tuple[str, str, bool, bool]
) -> None:
    assert flags_of(properties, name) == flags


def test_the_list_holds_every_definition_without_paging(portal: Portal, properties: Any) -> None:
    listed = properties.core_api.get_all("contacts").results
    assert len(listed) == sum(each.listed for each in portal.contacts.definitions.list())
    assert {"email", "lifecyclestage", "hs_seniority"} <= {each.name for each in listed}


def test_the_older_stage_dates_are_in_no_list_and_told_all_the_same(
    portal: Portal, properties: Any, contacts: Any
) -> None:
    older = "hs_lifecyclestage_lead_date"
    names = {each.name for each in properties.core_api.get_all("contacts").results}
    assert older not in names
    assert "hs_v2_date_entered_lead" in names
    contact = portal.add_contact(lifecyclestage="lead")
    assert contacts.basic_api.get_by_id(contact, properties=[older]).properties[older]


def test_an_enumeration_whose_options_are_not_modelled_takes_any_value(portal: Portal, contacts: Any) -> None:
    contact = portal.add_contact()
    update(contacts, (contact, {"hs_sub_role": "surely_none_of_them"}))
    assert portal.contact(contact).properties["hs_sub_role"] == "surely_none_of_them"


def test_hubspot_defines_more_than_three_hundred_contact_properties(properties: Any) -> None:
    listed = properties.core_api.get_all("contacts").results
    own = {each.name: each for each in listed if each.hubspot_defined}
    assert len(own) > 300
    assert sum(each.calculated for each in own.values()) > 30
    assert sum(each.modification_metadata.read_only_value for each in own.values()) > 200
    assert own["hubspot_owner_id"].external_options
    assert own["hs_last_sales_activity_type"].hidden
    assert own["email"].form_field
    assert own["email"].has_unique_value
    assert all(each.label and each.group_name and each.field_type for each in own.values())


def test_an_admin_may_change_the_options_of_the_lead_status(properties: Any) -> None:
    options = [{"label": "Prospect", "value": "PROSPECT", "hidden": False, "displayOrder": 0}]
    changed = properties.core_api.update("contacts", "hs_lead_status", {"options": options})
    assert [each.value for each in changed.options] == ["PROSPECT"]
    assert refusal(lambda: properties.core_api.update("contacts", "hs_seniority", {"type": "string"}))[0] == 400


def test_employees_of_a_company_are_a_number_but_of_a_contact_a_choice(properties: Any) -> None:
    assert properties.core_api.get_by_name("companies", "numberofemployees").type == "number"
    choices = properties.core_api.get_by_name("contacts", "numemployees").options
    assert [each.value for each in choices][:2] == ["1-5", "5-25"]
    assert refusal(lambda: properties.core_api.get_by_name("contacts", "numberofemployees"))[0] == 404


def test_the_stage_options_are_the_portals_stages_in_order(portal: Portal, client: Any) -> None:
    portal.set_stages([Stage("2497212665", "Recycled"), Stage("lead", "Lead"), Stage("customer", "Customer")])
    told = client.crm.properties.core_api.get_by_name("contacts", "lifecyclestage")
    assert [(each.value, each.display_order) for each in told.options] == [
        ("2497212665", 0),
        ("lead", 1),
        ("customer", 2),
    ]
    assert told.external_options
    pipeline = client.crm.pipelines.pipelines_api.get_all("contacts").results[0]
    assert pipeline.id == "contacts-lifecycle-pipeline"
    assert [each.id for each in pipeline.stages] == ["2497212665", "lead", "customer"]


def test_a_property_can_be_created_and_written(portal: Portal, properties: Any, contacts: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    created = properties.core_api.create("contacts", {**SCORE, "name": "Lead_Score"})
    assert created.name == "lead_score"
    assert not created.hubspot_defined
    contact = portal.add_contact()
    update(contacts, (contact, {"lead_score": 42}))
    assert portal.contact(contact).properties["lead_score"] == "42"


def test_a_property_needs_its_group_first(properties: Any) -> None:
    status, body = refusal(lambda: properties.core_api.create("contacts", SCORE))
    assert status == 400
    assert "lead_scoring" in body["message"]


def test_a_taken_name_is_refused_as_recorded(properties: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    properties.core_api.create("contacts", SCORE)
    status, body = refusal(lambda: properties.core_api.create("contacts", SCORE))
    assert (status, body["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert body["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert body["message"] == "A property named 'lead_score' already exists."
    assert refusal(lambda: properties.groups_api.create("contacts", GROUP))[0] == 409


def test_a_batch_of_properties_creates_what_is_missing_and_names_what_exists(properties: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    properties.core_api.create("contacts", SCORE)
    inputs = {"inputs": [SCORE, {**SCORE, "name": "lead_score_fit"}]}
    answer = properties.batch_api.create("contacts", inputs)
    assert [each.name for each in answer.results] == ["lead_score_fit"]
    assert answer.num_errors == 1
    assert answer.errors[0].context == {"name": ["lead_score"]}


def test_a_batch_of_new_properties_is_answered_201(properties: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    answer, status, _ = properties.batch_api.create_with_http_info("contacts", {"inputs": [SCORE]})
    assert (status, answer.results[0].name) == (201, "lead_score")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "number", "fieldType": "radio"},
        {"type": "bool", "fieldType": "booleancheckbox", "options": [{"label": "Yes", "value": "yes"}]},
        {"name": "lead score"},
        {"label": ""},
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(properties: Any, wrong: dict[str, Any]) -> None:
    properties.groups_api.create("contacts", GROUP)
    status, body = refusal(lambda: properties.core_api.create("contacts", {**SCORE, **wrong}))
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")


def test_changing_options_replaces_the_whole_list(portal: Portal, properties: Any) -> None:
    portal.define("tier", "enumeration", "select", options=["a", "b"])
    options = [{"label": "C", "value": "c", "hidden": False, "displayOrder": 0}]
    changed = properties.core_api.update("contacts", "tier", {"options": options})
    assert [(each.value, each.display_order) for each in changed.options] == [("c", 0)]


def test_hubspots_own_definitions_cannot_be_changed_or_archived(properties: Any) -> None:
    assert refusal(lambda: properties.core_api.update("contacts", "email", {"type": "number"}))[0] == 400
    assert refusal(lambda: properties.core_api.archive("contacts", "email"))[0] == 400


def test_an_archived_property_is_unknown_until_it_is_created_again(properties: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    properties.core_api.create("contacts", SCORE)
    properties.core_api.archive("contacts", "lead_score")
    assert refusal(lambda: properties.core_api.get_by_name("contacts", "lead_score"))[0] == 404
    assert [each.name for each in properties.core_api.get_all("contacts", archived=True).results] == ["lead_score"]
    assert properties.core_api.create("contacts", SCORE).archived is False


def test_a_group_that_still_holds_properties_stays(properties: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    properties.core_api.create("contacts", SCORE)
    status, body = refusal(lambda: properties.groups_api.archive("contacts", "lead_scoring"))
    assert (status, body["subCategory"]) == (400, "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
    properties.core_api.archive("contacts", "lead_score")
    properties.groups_api.archive("contacts", "lead_scoring")
    assert "lead_scoring" not in [each.name for each in properties.groups_api.get_all("contacts").results]


def test_an_unknown_kind_of_record_is_told_so(properties: Any) -> None:
    status, body = refusal(lambda: properties.core_api.get_all("gadgets"))
    assert (status, body["message"]) == (400, "Unable to infer object type from: gadgets")


def test_the_number_of_custom_properties_is_told(portal: Portal, client: Any) -> None:
    portal.define("tier", "string", "text")
    told = client.api_request({"path": "/crm/v3/limits/custom-properties"}).json()
    assert (told["overallUsage"], told["overallLimit"]) == (1, 10_000)
    assert [(each["objectTypeId"], each["usage"], each["limit"]) for each in told["byObjectType"]] == [
        ("0-1", 1, 1_000),
        ("0-2", 0, 1_000),
    ]
    portal.scopes -= {"crm.objects.contacts.read", "crm.objects.companies.read"}
    assert client.api_request({"path": "/crm/v3/limits/custom-properties"}).status_code == 403


def test_there_is_room_for_so_many_custom_properties(portal: Portal, properties: Any) -> None:
    properties.groups_api.create("contacts", GROUP)
    text = {**SCORE, "type": "string", "fieldType": "text"}
    for number in range(10):
        properties.core_api.create("contacts", {**text, "name": f"key_{number}", "hasUniqueValue": True})
    assert refusal(lambda: properties.core_api.create("contacts", {**text, "hasUniqueValue": True}))[0] == 400
    for number in range(990):
        portal.define(f"custom_{number}", "string", "text")
    assert refusal(lambda: properties.core_api.create("contacts", SCORE))[0] == 400
    portal.contacts.definitions.archive("custom_0", at_ms=0)
    assert properties.core_api.create("contacts", SCORE).name == "lead_score"


@pytest.mark.parametrize("options", [["x" * 3_001], [str(number) for number in range(5_001)]], ids=["long", "many"])
def test_options_may_be_neither_too_long_nor_too_many(properties: Any, options: list[str]) -> None:
    properties.groups_api.create("contacts", GROUP)
    listed = [{"label": each, "value": each, "hidden": False, "displayOrder": -1} for each in options]
    choice = {**SCORE, "type": "enumeration", "fieldType": "select", "options": listed}
    assert refusal(lambda: properties.core_api.create("contacts", choice))[0] == 400
