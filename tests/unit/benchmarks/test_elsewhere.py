"""What other programs send to HubSpot while they are measured."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.peers.elsewhere import send_to

PORTAL = "http://127.0.0.1:4711"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where requests went, once `requests` sends elsewhere."""
    where: list[str] = []

    class Session:
        def send(self, request: Any, **kwargs: Any) -> None:
            where.append(request.url)

    monkeypatch.setitem(sys.modules, "requests", SimpleNamespace(Session=Session))
    send_to(PORTAL)
    return where


def send(url: str) -> None:
    sys.modules["requests"].Session().send(SimpleNamespace(url=url), timeout=5)


def test_what_is_meant_for_hubspot_goes_to_the_portal_with_all_that_it_asks(sent: list[str]) -> None:
    send("https://api.hubapi.com/crm/v3/objects/contacts?limit=100&after=7")
    assert sent == [f"{PORTAL}/crm/v3/objects/contacts?limit=100&after=7"]


def test_what_is_meant_for_anybody_else_is_not_sent(sent: list[str]) -> None:
    with pytest.raises(RuntimeError, match="not the sandbox"):
        send("https://telemetry.example/used")
    assert sent == []
