"""A portal filled from a HubSpot-style export."""

from pathlib import Path

import pytest

from sandbox import Clock, Portal, load_csv
from tests.sandbox.asking import NOW

HEADER = "email,createdate,lifecyclestage,hs_analytics_num_visits,recent_conversion_date"


def loaded(tmp_path: Path, *lines: str, shift_to_now: bool = False) -> Portal:
    file = tmp_path / "leads.csv"
    file.write_text("\n".join(lines) + "\n")
    return load_csv(file, shift_to_now=shift_to_now, clock=Clock.stopped(NOW))


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
    portal = loaded(tmp_path, HEADER, "ada@a.example,1793000000000,lead,not a number,")
    assert type_of(portal, "hs_analytics_num_visits") == "number"
    assert portal.contact("ada@a.example").properties["hs_analytics_num_visits"] == "not a number"


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


def test_a_file_without_a_header_or_with_too_long_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no header"):
        loaded(tmp_path, "")
    with pytest.raises(ValueError, match="row 3: 6 cells, but the header names 5"):
        loaded(tmp_path, HEADER, "ada@a.example,,,,", "bea@a.example,,,,,")
