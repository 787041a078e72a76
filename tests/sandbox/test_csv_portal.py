"""A portal filled from a HubSpot-style export."""

import re
from pathlib import Path

import pytest

from sandbox import Clock, Loaded, Portal, load_csv
from tests.sandbox.asking import NOW

HEADER = "email,createdate,lifecyclestage,hs_analytics_num_visits,recent_conversion_date"


def read(tmp_path: Path, *lines: str, shift_to_now: bool = False) -> Loaded:
    file = tmp_path / "leads.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_csv(file, shift_to_now=shift_to_now, clock=Clock.stopped(NOW))


def loaded(tmp_path: Path, *lines: str, shift_to_now: bool = False) -> Portal:
    return read(tmp_path, *lines, shift_to_now=shift_to_now).portal


def left_out(tmp_path: Path, *lines: str) -> list[tuple[str, str]]:
    return [(str(cell), why) for cell, why in read(tmp_path, *lines).left_out]


def type_of(portal: Portal, name: str) -> str | None:
    found = portal.contacts.definitions.get(name)
    return found.type if found else None


def test_each_row_becomes_a_contact_and_an_empty_cell_was_never_set(tmp_path: Path) -> None:
    portal = loaded(tmp_path, HEADER, "ada@a.example,1793000000000,lead,,", "bea@a.example,1793000000001,,3,")
    assert len(portal.contacts) == 2
    told = portal.contact("ada@a.example").properties
    assert told["createdate"] == "2026-10-26T07:33:20.000Z"
    assert "hs_analytics_num_visits" not in told
    assert "lifecyclestage" not in portal.contact("bea@a.example").properties


def test_unknown_columns_become_custom_properties_of_a_type_that_fits(tmp_path: Path) -> None:
    header = "email,chats,wants_copy,tag,met_on,seen_at,never_filled,mixed"
    rows = ["a@a.example,3,true,Ringing,2026-01-05,1793000000000,,1", "b@a.example,-1.5,FALSE,,,,,one"]
    portal = loaded(tmp_path, header, *rows)
    types = [type_of(portal, name) for name in header.split(",")]
    assert types == ["string", "number", "bool", "string", "date", "datetime", "string", "string"]
    assert portal.contact("b@a.example").properties["wants_copy"] == "false"
    definition = portal.contacts.definitions.get("chats")
    assert definition is not None
    assert not definition.hubspot_defined


def test_hubspots_own_columns_keep_their_definition(tmp_path: Path) -> None:
    assert (
        type_of(loaded(tmp_path, HEADER, "ada@a.example,1793000000000,lead,4,"), "hs_analytics_num_visits") == "number"
    )


def test_all_times_move_by_the_same_amount_so_that_the_newest_is_now(tmp_path: Path) -> None:
    rows = ["ada@a.example,1700000000000,lead,1,1700000500000", "bea@a.example,1700000100000,,,"]
    portal = loaded(tmp_path, HEADER, *rows, shift_to_now=True)
    ada, bea = (portal.contact(f"{name}@a.example").properties for name in ("ada", "bea"))
    assert ada["recent_conversion_date"] == "2026-11-02T09:30:00.000Z"
    assert ada["createdate"] == "2026-11-02T09:21:40.000Z"
    assert bea["createdate"] == "2026-11-02T09:23:20.000Z"


def test_times_stay_unless_told_to_move(tmp_path: Path) -> None:
    portal = loaded(tmp_path, HEADER, "ada@a.example,1700000000000,,,")
    assert portal.contact("ada@a.example").properties["createdate"] == "2023-11-14T22:13:20.000Z"


def test_a_loaded_stage_was_imported_when_the_contact_was_created(tmp_path: Path) -> None:
    portal = loaded(tmp_path, HEADER, "ada@a.example,1793000000000,lead,,")
    contact = portal.contact("ada@a.example")
    assert [(v.value, v.source.type, v.at_ms) for v in contact.versions("lifecyclestage")] == [
        ("lead", "IMPORT", 1793000000000)
    ]
    assert contact.properties["hs_v2_date_entered_current_stage"] == contact.properties["createdate"]


def test_a_contact_was_last_changed_at_its_newest_time(tmp_path: Path) -> None:
    portal = loaded(tmp_path, HEADER, "ada@a.example,1793000000000,lead,1,1793000500000")
    assert portal.contact("ada@a.example").properties["lastmodifieddate"] == "2026-10-26T07:41:40.000Z"


def test_a_contact_without_a_readable_creation_time_was_created_now(tmp_path: Path) -> None:
    portal = loaded(tmp_path, HEADER, "ada@a.example,soon,lead,,")
    assert portal.contact("ada@a.example").properties["createdate"] == "2026-11-02T09:30:00.000Z"


def test_iso_times_are_read_in_utc_unless_they_say_otherwise(tmp_path: Path) -> None:
    header = "email,createdate,recent_conversion_date,met_at"
    portal = loaded(tmp_path, header, "ada@a.example,2026-03-12 09:14,2026-03-12T09:14:00+02:00,2026-03-12 10:00")
    told = portal.contact("ada@a.example").properties
    assert told["createdate"] == "2026-03-12T09:14:00.000Z"
    assert told["recent_conversion_date"] == "2026-03-12T07:14:00.000Z"
    assert (type_of(portal, "met_at"), told["met_at"]) == ("datetime", "2026-03-12T10:00:00.000Z")


LABELS = (
    "Record ID,First Name,Email,Lifecycle Stage,Original Traffic Source,Create Date,Number of Sessions,Favourite Colour"
)


def test_the_labels_of_an_export_stand_for_hubspots_own_properties(tmp_path: Path) -> None:
    row = "39779198735,Ada,ADA@a.example,Marketing Qualified Lead,Organic Search,2026-03-12 09:14,3,Red"
    told = loaded(tmp_path, LABELS, row).contact("ada@a.example").properties
    assert told["hs_object_id"] == "39779198735"
    assert (told["firstname"], told["hs_analytics_num_visits"]) == ("Ada", "3")
    assert (told["lifecyclestage"], told["hs_analytics_source"]) == ("marketingqualifiedlead", "ORGANIC_SEARCH")


def test_a_label_that_hubspot_lacks_names_a_custom_property_as_hubspot_would(tmp_path: Path) -> None:
    export = read(tmp_path, LABELS, "1,Ada,ada@a.example,Lead,Offline Sources,2026-03-12 09:14,3,Red")
    (custom,) = export.custom
    assert (custom.heading, custom.definition.name, custom.definition.label) == (
        *("Favourite Colour", "favourite_colour", "Favourite Colour"),
    )
    assert export.portal.contact("ada@a.example").properties["favourite_colour"] == "Red"


def test_an_internal_name_is_never_taken_for_a_label(tmp_path: Path) -> None:
    portal = loaded(tmp_path, "email,firstname,first_name", "ada@a.example,Ada,Augusta")
    told = portal.contact("ada@a.example").properties
    assert (told["firstname"], told["first_name"]) == ("Ada", "Augusta")


def test_values_are_told_by_name_or_by_label(tmp_path: Path) -> None:
    header = "Email,Buying role,Unsubscribed from all email,Lead Status"
    rows = ["a@a.example,Decision maker; END_USER,Yes,In Progress", "b@a.example,,FALSE,IN_PROGRESS"]
    portal = loaded(tmp_path, header, *rows)
    first, second = (portal.contact(f"{name}@a.example").properties for name in "ab")
    assert (first["hs_buying_role"], first["hs_email_optout"]) == ("DECISION_MAKER;END_USER", "true")
    assert first["hs_lead_status"] == second["hs_lead_status"] == "IN_PROGRESS"
    assert second["hs_email_optout"] == "false"


def test_a_stage_that_only_the_file_knows_becomes_a_stage_of_the_portal(tmp_path: Path) -> None:
    export = read(tmp_path, "Email,Lifecycle Stage", "a@a.example,Churned Customer", "b@a.example,7712034")
    portal = export.portal
    assert export.stages_added == ["7712034", "Churned Customer"]
    assert portal.contact("a@a.example").properties["lifecyclestage"] == "churned_customer"
    assert [stage.id for stage in portal.stages[-3:]] == ["other", "7712034", "churned_customer"]
    assert export.left_out == []


def test_contacts_keep_their_ids_where_the_file_has_one_for_each(tmp_path: Path) -> None:
    export = read(tmp_path, "hs_object_id,email", "1203,a@a.example", "88,b@a.example")
    assert export.ids_kept
    assert sorted(export.portal.contacts.live) == [88, 1203]
    assert export.portal.contact("88").properties["email"] == "b@a.example"
    assert export.portal.add_contact(email="new@a.example") == "1204"


@pytest.mark.parametrize("ids", [("12", ""), ("12", "12"), ("12", "0"), ("12", "a-7"), ("12", "9" * 15)])
def test_contacts_get_new_ids_where_it_has_not(tmp_path: Path, ids: tuple[str, str]) -> None:
    export = read(tmp_path, "hs_object_id,email", *(f"{each},{n}@a.example" for n, each in enumerate(ids)))
    assert not export.ids_kept
    assert sorted(export.portal.contacts.live) == [751, 752]


def test_cells_that_their_property_cannot_hold_are_left_out_and_named_without_what_they_hold(tmp_path: Path) -> None:
    header = "email,createdate,hs_analytics_num_visits,numemployees,hs_email_optout,recent_conversion_date"
    rows = [
        'nobody,03/12/2026,"1,200",7,maybe,1793000000',
        '"ada@a.example",2026-03-12,5,5-25,true,99999-01-01',
        "ADA@a.example,,,,,",
    ]
    assert left_out(tmp_path, header, *rows) == [
        ('line 2, column "email"', "not an email address"),
        ('line 2, column "createdate"', "not a time in ISO or milliseconds"),
        ('line 2, column "hs_analytics_num_visits"', "not a number"),
        ('line 2, column "numemployees"', "not an option of this property"),
        ('line 2, column "hs_email_optout"', "not true or false"),
        ('line 2, column "recent_conversion_date"', "not a time in ISO or milliseconds"),
        ('line 3, column "recent_conversion_date"', "not a time in ISO or milliseconds"),
        ('line 4, column "email"', "the address of a contact above"),
    ]
    assert len(loaded(tmp_path, header, *rows).contacts) == 3


def test_an_owner_is_told_by_id_not_by_name(tmp_path: Path) -> None:
    rows = ["a@a.example,Jane Doe", "b@a.example,51001"]
    assert left_out(tmp_path, "Email,Contact owner", *rows) == [
        ('line 2, column "Contact owner"', "not the id of an owner")
    ]


def test_a_line_is_that_of_the_file_also_below_a_cell_of_several_lines(tmp_path: Path) -> None:
    rows = ['a@a.example,"Mill Lane\n7",1', "b@a.example,,one"]
    assert left_out(tmp_path, "email,address,hs_analytics_num_visits", *rows) == [
        ('line 4, column "hs_analytics_num_visits"', "not a number")
    ]


def test_the_newest_time_is_that_of_something_that_has_happened(tmp_path: Path) -> None:
    header = "email,notes_last_contacted,notes_next_activity_date,closedate,contract_ends"
    rows = ["a@a.example,2026-01-01,2031-05-05,2032-01-01,2040-01-01 00:00", "b@a.example,2026-02-01 12:00,,,"]
    export = read(tmp_path, header, *rows, shift_to_now=True)
    assert str(export.newest) == 'line 3, column "notes_last_contacted"'
    told = export.portal.contact("b@a.example").properties
    assert told["notes_last_contacted"] == "2026-11-02T09:30:00.000Z"


def test_a_time_that_would_move_beyond_the_calendar_is_left_out(tmp_path: Path) -> None:
    rows = ["a@a.example,2020-01-01,9999-12-01"]
    export = read(tmp_path, "email,notes_last_contacted,closedate", *rows, shift_to_now=True)
    assert [str(cell) for cell, _ in export.left_out] == ['line 2, column "closedate"']


def test_a_file_without_a_time_to_move_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no time of anything that has happened"):
        loaded(tmp_path, "email,closedate", "a@a.example,2020-01-01", shift_to_now=True)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([""], "it has no header"),
        ([HEADER], "it has a header, but no contacts below it"),
        ([HEADER, ",,,,"], "no contacts below it"),
        ([HEADER, "ada@a.example,,,,", "bea@a.example,,,,,x"], "its header names 5 columns, but line 3 has 6"),
        (["email;firstname", "a@a.example;Ada"], "separated by semicolons"),
        (["email\tfirstname", "a@a.example\tAda"], "separated by tabs"),
        (["E-Mail-Adresse,Vorname", "a@a.example,Ada"], "no column bears the internal name or the English label"),
        (["Email,email", "a@a.example,b@a.example"], 'columns 1 and 2, "Email" and "email", are both email'),
        (["email,", "a@a.example,x"], "column 2 has values but no heading"),
        (["email,年齢", "a@a.example,3"], 'no internal name can be made of the heading of column 2, "年齢"'),
    ],
)
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, lines: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        loaded(tmp_path, *lines)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_bytes("email,city\na@a.example,Köln\n".encode("latin-1"))
    with pytest.raises(ValueError, match="it is not UTF-8: byte 24 "):
        load_csv(tmp_path / "leads.csv")


def test_empty_columns_and_rows_at_the_edge_mean_nothing(tmp_path: Path) -> None:
    portal = loaded(tmp_path, "email,city,,", "a@a.example,Bonn,,", ",,,", "b@a.example,,,,,")
    assert [record.properties.get("city") for record in portal.contacts.live.values()] == ["Bonn", None]
