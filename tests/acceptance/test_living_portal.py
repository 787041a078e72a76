"""Runs on a portal in which life goes on, judged by the portal's histories alone."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from random import Random
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool

from sandbox import Life, Portal, SandboxServer, generate
from sync.clock import SYSTEM
from tests.acceptance.checker import broken_promises, writes_of_the_worker
from tests.acceptance.conftest import LAGS_S, Ended, Scoreline, Sent, not_where_histories_hold_one_entry

pytestmark = pytest.mark.usefixtures("environment")

EVENTS = 20
"""Before one request fewer than so many things happen."""
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


def went_well(ended: Ended) -> bool:
    """Whether a run has nothing to report but another integration, which is among those who act in the portal."""
    return ended.status == bool(ended.document["contacts_contested"])


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
        assert went_well(incremental), incremental
        assert broken_promises(portal) == []
    assert went_well(scoreline("resync", "--full", *ACCEPTED))
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
        assert went_well(ended), ended
        assert broken_promises(portal) == []
    is_calm(portal, scoreline)


def looked_away(portal: Portal) -> tuple[int, int]:
    """For how many milliseconds, at most, one run could not see what others did, by the times of its requests.

    First between the look at contacts that moves rest on and the end of the set, with the clear and another look in
    between; then between the run's beginning and the last score that it wrote. Where reads lag, that comes on top.
    """
    asked = list(portal.requests)
    writes = [place for place, request in enumerate(asked) if request.write]
    begins = [0, 0, *(place for place in writes)]
    moving = [asked[end].at_ms - asked[begin].at_ms for begin, end in zip(begins, writes, strict=False)]
    lag_ms = int(LAGS_S * 1_000)
    return max(moving, default=0) + lag_ms, (asked[writes[-1]].at_ms - asked[0].at_ms if writes else 0) + lag_ms


@contextmanager
def between_requests(life: Life, chance: Random) -> Iterator[None]:
    """Lets life go on while the worker works: before each of its requests some things happen, or nothing does.

    Nothing ever happens within a request, so that this is all that may happen, however busy the machine is.
    """
    really = HTTPConnectionPool.urlopen

    def go_on(pool: HTTPConnectionPool, *request: Any, **more: Any) -> Any:
        for _ in range(chance.randrange(EVENTS)):
            life.step()
        return really(pool, *request, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPConnectionPool, "urlopen", go_on)
        yield


def whose_stage_was_written(wire: list[Sent]) -> set[str]:
    """Of these, somebody who emptied the stage in the moment of the clear cannot be told from the worker."""
    updates = [json.loads(sent.body)["inputs"] for sent in wire if "contacts/batch/update" in sent.url]
    return {each["id"] for inputs in updates for each in inputs if "lifecyclestage" in each["properties"]}


@not_where_histories_hold_one_entry
@pytest.mark.parametrize("seed", [6, 7])
def test_what_happens_while_a_run_works_breaks_no_promise(
    lived_in: Callable[[int], Portal], scoreline: Scoreline, wire: list[Sent], seed: int
) -> None:
    portal = lived_in(seed)
    spans = []
    with between_requests(Life(portal, seed), Random(seed)):
        for _ in range(5):
            portal.requests.clear()
            ended = scoreline("resync", "--full", *ACCEPTED)
            spans.append(looked_away(portal))
            failed = [each["reason"] for each in ended.document["contacts_failed"]]
            assert ended.status == bool(failed or ended.document["contacts_contested"])
            assert all(reason.startswith("somebody set the stage") for reason in failed), failed
    ended = scoreline("resync", "--full", *ACCEPTED)
    assert went_well(ended), ended
    window_ms, reading_ms = (max(each) for each in zip(*spans, strict=True))
    cleared = whose_stage_was_written(wire).__contains__
    assert broken_promises(portal, window_ms=window_ms, reading_ms=reading_ms, clearing=cleared) == []
    is_calm(portal, scoreline)
