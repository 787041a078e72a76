"""Starting, stopping, and many requests at once."""

import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from sandbox import Portal, SandboxServer

TOKEN = {"Authorization": "Bearer pat-sandbox"}


def test_a_stopped_server_frees_its_port_and_its_thread(portal: Portal) -> None:
    before = set(threading.enumerate())
    with SandboxServer(portal) as server, urllib3.PoolManager() as http:
        assert http.request("GET", f"{server.url}/crm/v3/objects/contacts", headers=TOKEN).status == 200
        port = urlsplit(server.url).port
    assert not [left for left in set(threading.enumerate()) - before if left.name == "sandbox-portal"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_every_answer_takes_the_latency_asked_for(portal: Portal) -> None:
    with SandboxServer(portal, latency_ms=100) as server, urllib3.PoolManager() as http:
        began = time.monotonic()
        http.request("GET", f"{server.url}/crm/v3/objects/contacts", headers=TOKEN)
        assert time.monotonic() - began >= 0.1


def test_waiting_for_the_latency_keeps_nobody_else_waiting(portal: Portal) -> None:
    portal.limits.enabled = False
    with SandboxServer(portal, latency_ms=400) as server, urllib3.PoolManager(maxsize=40) as http:
        began, used = time.monotonic(), time.process_time()
        with ThreadPoolExecutor(40) as pool:
            answers = pool.map(
                lambda _: http.request("GET", f"{server.url}/crm/v3/objects/contacts", headers=TOKEN), range(40)
            )
            assert {answer.status for answer in answers} == {200}
        # One after the other they would take sixteen seconds, and a server that spins while it waits uses them up.
        assert time.monotonic() - began < 8
        assert time.process_time() - used < 4


def test_the_date_header_tells_the_time_of_the_portals_clock(portal: Portal, server: SandboxServer) -> None:
    def told() -> str:
        with urllib3.PoolManager() as http:
            return http.request("GET", f"{server.url}/crm/v3/objects/contacts", headers=TOKEN).headers["Date"]

    assert told() == "Mon, 02 Nov 2026 09:30:00 GMT"
    portal.clock.move(timedelta(hours=15))
    assert told() == "Tue, 03 Nov 2026 00:30:00 GMT"


def test_a_taken_port_is_an_error_at_once(portal: Portal, server: SandboxServer) -> None:
    with pytest.raises(OSError, match="in use"):
        SandboxServer(portal, port=urlsplit(server.url).port or 0)


def test_many_writers_at_once_lose_nothing(portal: Portal, contacts: Any) -> None:
    portal.limits.enabled = False
    added = [portal.add_contact() for _ in range(200)]
    api = contacts.basic_api
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda each: api.update(each, {"properties": {"city": each}}).properties["city"], added))
    assert told == added
    assert [portal.contact(each).properties["city"] for each in added] == added


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serving_in_the_foreground_ends_cleanly_when_told_to(number: signal.Signals) -> None:
    program = (
        "from sandbox import Portal, serve_forever\n"
        "serve_forever(Portal(), port=0, on_ready=lambda url: print(url, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib3.PoolManager() as http:
            assert http.request("GET", f"{url}/crm/v3/objects/contacts", headers=TOKEN).status == 200
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
