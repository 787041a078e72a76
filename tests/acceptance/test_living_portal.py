"""Runs on a portal in which life goes on, judged by the portal's histories alone."""

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from sandbox import Life, Portal, SandboxServer, generate, living
from sync.clock import SYSTEM
from tests.acceptance.checker import broken_promises, writes_of_the_worker
from tests.acceptance.conftest import Scoreline

pytestmark = pytest.mark.usefixtures("environment")

ACCEPTED = ("--accept-large-plan", "--json")


@pytest.fixture
def lived_in(server: SandboxServer, scoreline: Scoreline) -> Callable[[int], Portal]:
    """Puts a made-up portal of that seed behind the server, with our properties in it."""

    def put(seed: int) -> Portal:
        server.portal = generate(60, seed=seed)
        server.portal.limits.enabled = False
        assert scoreline("provision").status == 0
        return server.portal

    return put


def is_calm(portal: Portal, scoreline: Scoreline) -> None:
    """A full pass that has nothing to do sends no write, and leaves no trace in any history."""
    written = writes_of_the_worker(portal)
    portal.requests.clear()
    assert scoreline("resync", "--full", "--json").document["requests"]["write"] == 0
    assert portal.requests.writes() == []
    assert writes_of_the_worker(portal) == written


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_between_two_runs_anything_may_happen_and_no_promise_breaks(
    lived_in: Callable[[int], Portal], scoreline: Scoreline, seed: int
) -> None:
    portal = lived_in(seed)
    life = Life(portal, seed)
    for events in (0, 20, 60, 150, 300):
        for _ in range(events):
            life.step()
        incremental = scoreline("resync", *ACCEPTED)
        assert incremental.status == 0, incremental
        assert broken_promises(portal) == []
    assert scoreline("resync", "--full", *ACCEPTED).status == 0
    assert broken_promises(portal) == []
    is_calm(portal, scoreline)


@pytest.fixture
def time_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Portal], None]:
    """Lets the worker live by a portal's clock, which may be moved."""

    def follow(portal: Portal) -> None:
        monkeypatch.setattr(SYSTEM, "now", lambda zone=UTC: portal.clock.now().astimezone(zone))

    return follow


@pytest.mark.parametrize("seed", [4, 5])
def test_over_months_no_promise_breaks(
    lived_in: Callable[[int], Portal], scoreline: Scoreline, time_of: Callable[[Portal], None], seed: int
) -> None:
    portal = lived_in(seed)
    time_of(portal)
    life = Life(portal, seed)
    for days in (0, 1, 8, 20, 35, 40):
        for _ in range(days * 4):
            life.step()
            portal.clock.move(timedelta(hours=6))
        ended = scoreline("resync", "--full", *ACCEPTED)
        assert ended.status == 0, ended
        assert broken_promises(portal) == []
    is_calm(portal, scoreline)


@pytest.mark.parametrize("seed", [6, 7])
def test_what_happens_while_a_run_works_breaks_no_promise(
    lived_in: Callable[[int], Portal], scoreline: Scoreline, seed: int
) -> None:
    portal = lived_in(seed)
    with living(Life(portal, seed), rate=300):
        for _ in range(5):
            ended = scoreline("resync", "--full", *ACCEPTED)
            failed = [each["reason"] for each in ended.document["contacts_failed"]]
            assert ended.status == bool(failed)
            assert all(reason.startswith("somebody set the stage") for reason in failed), failed
    assert scoreline("resync", "--full", *ACCEPTED).status == 0
    # One round trip on a machine that is busy with 300 events a second besides; what happens at each single request
    # is tested without a clock elsewhere.
    assert broken_promises(portal, window_ms=30_000, reading_ms=120_000) == []
    is_calm(portal, scoreline)
