"""The main job: leads scored, stages moved, and nothing touched that is not ours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import Portal
from tests.acceptance.conftest import Scoreline

pytestmark = pytest.mark.usefixtures("provisioned")


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def a_demo_request(portal: Portal, **more: str) -> str:
    """A lead who asked for a demo three days ago: 70 points and fresh intent, an SQL by the default rulebook."""
    given: dict[str, Any] = {
        "email": f"lead{len(portal.contacts)}@prospect{len(portal.contacts)}.example",
        "lifecyclestage": "lead",
        "recent_conversion_event_name": "Request a demo: Demo request",
        "recent_conversion_date": days_ago(3),
        "num_conversion_events": "1",
    }
    return portal.add_contact(**(given | more))


def held(portal: Portal, contact: str, name: str) -> str:
    return portal.contact(contact).properties.get(name, "")


def stage_writes(portal: Portal, contact: str) -> list[str]:
    """The values that programs wrote into the contact's stage, oldest first."""
    versions = portal.contact(contact).versions("lifecyclestage")
    return [version.value for version in reversed(versions) if version.source.type == "INTEGRATION"]


def test_a_lead_who_asks_for_a_demo_becomes_an_sql_with_its_score_and_reasons(
    portal: Portal, scoreline: Scoreline
) -> None:
    lead = a_demo_request(portal)

    ended = scoreline("resync", "--full", "--json")

    assert ended.status == 0
    assert held(portal, lead, "lifecyclestage") == "salesqualifiedlead"
    assert int(held(portal, lead, "lead_score")) >= 65
    assert "+70" in held(portal, lead, "lead_score_reasons")
    assert ended.document["stage_changes"] == {"lead->salesqualifiedlead": 1}


def test_a_stage_is_cleared_in_one_request_and_set_in_another(portal: Portal, scoreline: Scoreline) -> None:
    lead = a_demo_request(portal)
    scoreline("resync", "--full")
    assert stage_writes(portal, lead) == ["", "salesqualifiedlead"]


def test_a_second_resync_sends_no_write_request_at_all(portal: Portal, scoreline: Scoreline) -> None:
    for _ in range(3):
        a_demo_request(portal)
    portal.add_contact(email="quiet@nowhere.example", lifecyclestage="")
    scoreline("resync", "--full")

    for selection in (["--full"], []):
        ended = scoreline("resync", *selection, "--json")
        assert ended.status == 0
        assert ended.document["requests"]["write"] == 0
        assert ended.document["contacts_changed"] == 0
