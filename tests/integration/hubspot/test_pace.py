"""As fast as a portal allows, and never faster. Waiting moves the portal's clock instead of taking time."""

from contextlib import suppress
from datetime import timedelta

import pytest

from sandbox import Clock, Portal, SandboxServer
from sandbox.errors import RefusedError
from sync.hubspot.connection import Connection
from sync.hubspot.limits import Limits
from sync.hubspot.transport import Pool
from tests.integration.hubspot.conftest import NOW


def a_portal_of(tier: str) -> Portal:
    return Portal(clock=Clock.stopped(NOW), tier=tier)  # type: ignore[arg-type]


@pytest.fixture(params=["starter", "professional"])
def portal(request: pytest.FixtureRequest) -> Portal:
    return a_portal_of(request.param)


@pytest.fixture
def connection(portal: Portal, server: SandboxServer) -> Connection:
    def wait(seconds: float) -> None:
        portal.clock.move(timedelta(seconds=seconds))

    return Connection(
        token="pat-sandbox",
        base_url=server.url,
        limits=Limits(daily_reserve=0.2, clock=portal.clock.elapsed_s, sleep=wait),
        attempts=6,
        pool=Pool(connect_s=5, answer_s=60),
        sleep=wait,
    )


def test_who_is_alone_on_a_portal_is_never_told_to_slow_down(portal: Portal, connection: Connection) -> None:
    began = portal.clock.elapsed_s()
    for _ in range(3 * portal.limits.tier.burst):
        connection.read(connection.api.contacts.get_page, limit=1)
    assert connection.requests.rate_limited == 0
    assert portal.clock.elapsed_s() - began < 31, "and yet uses what the portal allows, after the first window evenly"


def test_searches_are_never_told_to_slow_down(connection: Connection) -> None:
    for _ in range(30):
        connection.read(connection.api.contacts_search.do_search, {"limit": 1}, search=True)
    assert connection.requests.rate_limited == 0


def test_a_second_user_of_the_same_token_is_noticed(portal: Portal, connection: Connection) -> None:
    for turn in range(2 * portal.limits.tier.burst):
        if turn % 2:
            with suppress(RefusedError):
                portal.limits.admit(search=False)  # somebody else's request, which we only see in the headers
        connection.read(connection.api.contacts.get_page, limit=1)
    assert connection.requests.rate_limited <= 2
