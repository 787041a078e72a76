"""Who set a stage, by what HubSpot's history says."""

from datetime import UTC, datetime

import pytest

from sync.hubspot.history import history_of, setter_of
from workflows import Setter


@pytest.mark.parametrize(
    ("entry", "setter"),
    [
        ({"sourceType": "CRM_UI", "sourceId": "userId:7", "updatedByUserId": 7}, Setter.PERSON),
        ({"sourceType": "crm_ui_bulk_action"}, Setter.PERSON),
        ({"sourceType": "MOBILE_IOS"}, Setter.PERSON),
        ({"sourceType": "SOMETHING_NEW", "updatedByUserId": 7}, Setter.PERSON),
        ({"sourceType": "BATCH_UPDATE", "updatedByUserId": 7}, Setter.PERSON),
        ({"sourceType": "INTEGRATION", "sourceId": "9000777", "updatedByUserId": 7}, Setter.INTEGRATION),
        ({"sourceType": "INTEGRATION", "sourceLabel": "DealHub"}, Setter.INTEGRATION),
        ({"sourceType": "API"}, Setter.INTEGRATION),
        ({"sourceType": "INTEGRATIONS_PLATFORM", "updatedByUserId": 7}, Setter.INTEGRATION),
        ({"sourceType": "SLACK_INTEGRATION", "updatedByUserId": 7}, Setter.PERSON),
        ({"sourceType": "SLACK_INTEGRATION"}, Setter.INTEGRATION),
        ({"sourceType": "PORTAL_OBJECT_SYNC", "updatedByUserId": 7}, Setter.DEAL),
        ({"sourceType": "INTEGRATIONS_SYNC", "updatedByUserId": 7}, Setter.OTHER),
        ({"sourceType": "AUTOMATION_JOURNEY"}, Setter.OTHER),
        ({"sourceType": "DEALS", "updatedByUserId": 7}, Setter.DEAL),
        ({"sourceType": "SYNC", "sourceId": "DealLifecycleSync"}, Setter.DEAL),
        ({"sourceType": "IMPORT", "updatedByUserId": 7}, Setter.OTHER),
        ({"sourceType": "AUTOMATION_PLATFORM", "updatedByUserId": 7}, Setter.OTHER),
        ({"sourceType": "FORM"}, Setter.OTHER),
        ({"sourceType": "FORM", "sourceLabel": "Ideal customer quiz"}, Setter.OTHER),
        ({"sourceType": "WORKFLOWS", "sourceLabel": "Deal nurture"}, Setter.OTHER),
        ({"sourceType": "IMPORT", "sourceLabel": "dealers.csv"}, Setter.OTHER),
        ({"sourceType": "SOMETHING_NEW", "sourceLabel": "Ideal customers"}, Setter.INTEGRATION),
        ({"sourceType": "PRIVATE_APP", "sourceId": "9000777"}, Setter.INTEGRATION),
        ({"sourceType": "CALCULATED"}, Setter.OTHER),
        ({"sourceType": None}, Setter.OTHER),
        ({}, Setter.OTHER),
    ],
)
def test_who_wrote_an_entry_is_told_by_its_source(entry: dict[str, object], setter: Setter) -> None:
    assert setter_of(entry) is setter


def test_a_history_is_newest_first_whatever_its_order_and_its_times() -> None:
    told = [
        {"value": "lead", "timestamp": "2026-01-01T00:00:00Z"},
        {"value": "", "timestamp": "1769904000000"},
        {"value": "customer", "timestamp": 1772323200000},
        {"value": "other", "timestamp": 1774396800000.0},
        {"value": "no date"},
        {"value": "no date", "timestamp": True},
        {"value": "no date", "timestamp": float("inf")},
        {"value": "no date", "timestamp": float("nan")},
        "nonsense",
    ]
    entries = history_of({"propertiesWithHistory": {"lifecyclestage": told}}, "lifecyclestage")
    assert [(entry.value, entry.at) for entry in entries] == [
        ("other", datetime(2026, 3, 25, tzinfo=UTC)),
        ("customer", datetime(2026, 3, 1, tzinfo=UTC)),
        (None, datetime(2026, 2, 1, tzinfo=UTC)),
        ("lead", datetime(2026, 1, 1, tzinfo=UTC)),
    ]


def test_no_history_is_an_empty_one() -> None:
    assert history_of({"id": "1"}, "lifecyclestage") == []
