"""Leads in the portal, by what they did; and what the portal holds of them afterwards."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox import Portal

LEAD, MQL, SQL = "lead", "marketingqualifiedlead", "salesqualifiedlead"
OURS = (
    "lead_score",
    "lead_score_fit",
    "lead_score_engagement",
    "lead_grade",
    "lead_score_reasons",
    "lead_scoring_surge",
    "lead_scoring_exclusion",
    "lead_scoring_sales_feedback",
    "lead_scoring_feedback_points",
    "lead_scoring_resync",
    "lead_scoring_hold",
)

SCORE_ON_A_DEMO_REQUEST = 73
"""70 for the request, 3 for the company mailbox."""


def moment(days_ago: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days_ago)


def days_ago(days: float) -> str:
    """A time as HubSpot writes it."""
    return moment(days).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def a_contact(portal: Portal, **more: Any) -> str:
    """Somebody with a company mailbox who never did anything: 3 points, all of them fit.

    Created long ago, so that what people did in the past comes after it; changed just now.
    """
    number = len(portal.contacts)
    given = {
        "email": f"lead{number}@prospect{number}.example",
        "lifecyclestage": LEAD,
        "createdate": days_ago(500),
        "lastmodifieddate": days_ago(0),
    }
    return portal.add_contact(**(given | more))


def a_demo_request(portal: Portal, **more: Any) -> str:
    """A lead who asked for a demo three days ago: 73 points and fresh intent, an SQL by the default rulebook."""
    return a_contact(portal, **(_form("Request a demo: Demo request") | more))


def a_price_request(portal: Portal, **more: Any) -> str:
    """A lead who asked for a price sheet three days ago: 52 or 53 points, an MQL by the default rulebook."""
    return a_contact(portal, **(_form("Prices: Price sheet") | more))


def a_subscription(portal: Portal, **more: Any) -> str:
    """A lead who took the newsletter: 8 points, and stays a lead."""
    return a_contact(portal, **(_form("Blog: Newsletter") | more))


def _form(name: str) -> dict[str, str]:
    return {
        "recent_conversion_event_name": name,
        "recent_conversion_date": days_ago(3),
        "num_conversion_events": "1",
    }


def catch_up(portal: Portal) -> None:
    """Time goes by until search and reads show all that happened, however far behind they are."""
    portal.clock.move(timedelta(seconds=max(portal.switches.index_lag_s, portal.switches.reads_lag_s)))


def held(portal: Portal, contact: str, name: str) -> str:
    """What the portal holds, `""` for nothing."""
    return portal.contact(contact).properties.get(name, "")


def stage(portal: Portal, contact: str) -> str:
    return held(portal, contact, "lifecyclestage")


def score(portal: Portal, contact: str) -> int:
    return int(held(portal, contact, "lead_score"))


def stage_writes(portal: Portal, contact: str) -> list[str]:
    """The values that programs wrote into the contact's stage, oldest first."""
    versions = portal.contact(contact).versions("lifecyclestage")
    return [version.value for version in reversed(versions) if version.source.type == "INTEGRATION"]


def everything(portal: Portal) -> Mapping[str, Mapping[str, str]]:
    """What every contact holds of ours, and its stage."""
    return {
        str(contact_id): {name: record.properties.get(name, "") for name in ("lifecyclestage", *OURS)}
        for contact_id, record in portal.contacts.live.items()
    }


def writes(portal: Portal) -> int:
    """How many requests were sent that change the portal."""
    return len(portal.requests.writes())


def a_rulebook(path: Path, text: str) -> str:
    """A rulebook file that extends the default one; returns its path."""
    path.write_text(f"extends: default\nname: {path.stem}\n{text}\n", encoding="utf-8")
    return str(path)
