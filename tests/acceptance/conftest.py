"""A portal that is served, and scoreline in a working directory of its own beside it."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool

from config import load_rulebook
from sandbox import Portal, SandboxServer
from sandbox.switches import Setting, Switches
from sync.cli import status_of
from tests.acceptance.processes import Running
from tests.builders import the_packaged_rulebook

TURNED: Mapping[str, Setting] = json.loads(os.environ.get("SANDBOX_SWITCHES", "{}"))
"""Switches of every portal that these tests start; `python -m tests.every_switch` sets them."""
LAGS_S = max(float(TURNED.get(lag, 0)) for lag in ("index_lag_s", "reads_lag_s", "property_readable_after_s"))
"""How long HubSpot takes to show what happened."""
READS_LAG = "reads_lag_s" in TURNED
ONE_ENTRY = "history_entries_max=1: nothing tells what a stage was before the last change"
FEW_ENTRIES = "history_entries_max: nothing tells who moved a lead the time before last"
NOT_SHOWN_YET = "reads_lag_s: what is not shown yet cannot be respected"
NO_EVENTS = "events_need_object: nothing lists the events of all contacts"
FREE_LISTS_MAIL = "mail_events_below_professional: Free and Starter list what is said to need Professional"
LEFT_OUT = (ONE_ENTRY, FEW_ENTRIES, NOT_SHOWN_YET, NO_EVENTS, FREE_LISTS_MAIL)
"""Every reason for which a test is left out under a switch; docs/sandbox.md names the tests."""
not_where_histories_hold_one_entry = pytest.mark.skipif(TURNED.get("history_entries_max") == 1, reason=ONE_ENTRY)
not_where_histories_are_short = pytest.mark.skipif("history_entries_max" in TURNED, reason=FEW_ENTRIES)
not_where_events_need_object = pytest.mark.skipif("events_need_object" in TURNED, reason=NO_EVENTS)
not_where_free_lists_mail = pytest.mark.skipif("mail_events_below_professional" in TURNED, reason=FREE_LISTS_MAIL)
not_where_reads_lag = pytest.mark.skipif(READS_LAG, reason=NOT_SHOWN_YET)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Scoreline = Callable[..., Ended]
Process = Callable[..., Running]


def until(happened: Callable[[], object], within_s: float = 30.0) -> None:
    """Wait until something has happened; an error when it does not."""
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def turned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes a portal, its switches stand as told, and its ids soon differ in length."""

    def switches() -> Switches:
        made = Switches()
        made.turn(**TURNED)
        return made

    monkeypatch.setattr("sandbox.portal.Switches", switches)
    monkeypatch.setattr("sandbox.portal.FIRST_CONTACT_ID", 996)


@pytest.fixture(autouse=True)
def patience(short_pauses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other waits as short as tests need them. A portal tells its window, so that processes know of that one, too."""
    monkeypatch.setattr("sandbox.limits.WINDOW_S", 0.3)
    monkeypatch.setattr("sync.hubspot.limits.SEARCH_WINDOW_S", 0.02)
    monkeypatch.setattr("sync.hubspot.errors.LOCKED_S", 0.01)
    monkeypatch.setattr("sync.hubspot.provisioning._READABLE_PAUSE_S", 0.05)
    monkeypatch.setattr("sync.store.lease.POLL_S", 0.05)


@pytest.fixture
def portal(turned: None) -> Portal:
    """An empty portal; tests add whom they need. Its limits are off: most tests are not about waiting."""
    portal = Portal(time_zone="UTC")
    portal.limits.enabled = False
    return portal


@pytest.fixture
def environment(
    portal: Portal, server: SandboxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, str]:
    """The environment of a deployment that works; the working directory is the test's own."""
    for name in list(os.environ):
        if name.startswith(("SCORELINE_", "HUBSPOT_", "DATABASE_URL")):
            monkeypatch.delenv(name)
    given = {
        "HUBSPOT_ACCESS_TOKEN": portal.token,
        "HUBSPOT_BASE_URL": server.url,
        "SCORELINE_LEASE_WAIT_S": "1",
        "SCORELINE_TRIES": "3",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return given


@pytest.fixture
def scoreline(
    environment: Mapping[str, str],
    server: SandboxServer,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Scoreline:
    """Runs a command in this process, with more in its environment, and returns how it ended.

    Where HubSpot shows things late, the command comes when it shows all that happened before.
    """
    monkeypatch.setattr(
        "sync.bootstrap.load_rulebook", lambda file: load_rulebook(file) if file else the_packaged_rulebook()
    )

    def run(*arguments: str, **more: str) -> Ended:
        capfd.readouterr()
        server.portal.clock.move(timedelta(seconds=LAGS_S))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in more.items():
                patch.setenv(name, value)
            status = status_of(list(arguments))
        captured = capfd.readouterr()
        return Ended(status, captured.out, captured.err)

    return run


@pytest.fixture
def provisioned(scoreline: Scoreline) -> None:
    """Our properties are in the portal."""
    assert scoreline("provision").status == 0


@dataclass(frozen=True)
class Sent:
    """A request as it left this process; `url` without the server."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Every request that commands in this process send, noted as it leaves."""
    noted: list[Sent] = []
    really = HTTPConnectionPool.urlopen

    def note(pool: HTTPConnectionPool, method: str, url: str, *more: Any, **named: Any) -> Any:
        given = dict(zip(("body", "headers"), more, strict=False)) | named
        body, headers = given.get("body") or "", given.get("headers") or {}
        noted.append(Sent(method, url, dict(headers), body if isinstance(body, str) else body.decode()))
        return really(pool, method, url, *more, **named)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", note)
    return noted


@pytest.fixture
def process(environment: Mapping[str, str], server: SandboxServer, tmp_path: Path) -> Iterator[Process]:
    """Starts a command as a process of its own, which the test may kill; ended with the test."""
    switches = [part for name, to in TURNED.items() for part in ("--switch", f"{name}={to}")]
    started: list[Running] = []

    def start(*arguments: str, **more: str) -> Running:
        server.portal.clock.move(timedelta(seconds=LAGS_S))
        command, *rest = arguments
        options = [*(switches if command == "sandbox" else ()), *rest]
        begun = Running([command, *options], cwd=tmp_path, env={**os.environ, **more})
        started.append(begun)
        return begun

    yield start
    for each in started:
        each.close()
