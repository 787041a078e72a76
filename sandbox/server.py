"""The portal over HTTP: in a thread beside a test or a demo, or alone in the foreground."""

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.api.app import application
from sandbox.portal import Portal

_START_MAX_S = 10.0
_STOP_MAX_S = 5.0


class _DroppableProtocol(H11Protocol):
    """Shows each connection's transport to the application, which may cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class SandboxServer:
    """Serves a portal on a loopback port from a thread of its own; usable as a context manager.

    With port 0 a free port is taken; `url` tells which. `portal` may be replaced while it serves: starting and stopping
    a server takes longer than most tests.
    """

    def __init__(self, portal: Portal, port: int = 0, latency_ms: float = 0.0, host: str = "127.0.0.1") -> None:
        self.portal = portal
        self._socket = _listening(host, port)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                application(lambda: self.portal, latency_ms=latency_ms),
                http=_DroppableProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,  # the portal's own clock tells the time
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="sandbox-portal", daemon=True)
        self._ended = threading.Event()

    def start(self) -> Self:
        """Begin to answer; returns when requests are accepted."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(_START_MAX_S / 0.005)):
            if self._server.started or self._ended.is_set():
                break
            waited.wait(0.005)
        if not self._server.started:
            raise RuntimeError(f"The sandbox portal did not start on {self.url}")
        return self

    def stop(self) -> None:
        """Finish the requests under way and close the port."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_MAX_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ended.set()


def _listening(host: str, port: int) -> socket.socket:
    # asyncio turns off Nagle's delay only for sockets that name TCP; with it every small answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    return listening


def serve_forever(
    portal: Portal,
    host: str = "127.0.0.1",
    port: int = 8025,
    latency_ms: float = 0.0,
    *,
    on_ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM, then stop cleanly and return; for the main thread only.

    `on_ready` is called with the address once requests are accepted.
    """
    asked_to_stop = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        asked_to_stop.set()

    # What a portal holds stays: looking through millions of records for garbage would hold up every answer meanwhile.
    gc.freeze()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with SandboxServer(portal, port, latency_ms, host) as server:
            on_ready(server.url)
            asked_to_stop.wait()
    finally:
        gc.unfreeze()
        for number, handler in before.items():
            signal.signal(number, handler)
