"""A server on the loopback that gives recorded answers one after the other, and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sync.hubspot.connection import Connection
from sync.hubspot.limits import Limits
from sync.hubspot.transport import Pool
from tests.fakes.hourglass import Hourglass

TOKEN = "pat-na1-0123-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One answer: a JSON document or a text; `cut` ends it early, `dropped` sends nothing at all, `drips_s`
    sends a byte at a time, so many seconds apart."""

    status: int = 200
    document: object = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    dropped: bool = False
    drips_s: float = 0.0

    @property
    def body(self) -> bytes:
        return b"" if self.status == 204 else (self.text or json.dumps(self.document)).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    document: Any


class Answering:
    """What the server will say next, the last answer for ever, and what it heard."""

    def __init__(self, *recorded: Recorded) -> None:
        self.url = ""
        self.heard: list[Asked] = []
        self._recorded = list(recorded)

    def next_for(self, asked: Asked) -> Recorded:
        self.heard.append(asked)
        return self._recorded.pop(0) if len(self._recorded) > 1 else self._recorded[0]


class _Server(ThreadingHTTPServer):
    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(
            method=self.command,
            path=self.path,
            headers=dict(self.headers),
            document=json.loads(body) if body else None,
        )
        recorded = self.server.answering.next_for(asked)
        if recorded.dropped:
            self.close_connection = True
            return
        self.send_response(recorded.status)
        for name, value in recorded.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(recorded.body)))
        self.end_headers()
        if recorded.drips_s:
            self._drip(recorded)
        else:
            self.wfile.write(recorded.body[: len(recorded.body) // 2] if recorded.cut else recorded.body)
        self.close_connection = recorded.cut

    def _drip(self, recorded: Recorded) -> None:
        with suppress(OSError):  # whoever asked has gone
            for byte in recorded.body:
                self.wfile.write(bytes([byte]))
                time.sleep(recorded.drips_s)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: this is a test."""


@contextmanager
def answering(*recorded: Recorded) -> Iterator[Answering]:
    """Serve these answers while the block runs."""
    answers = Answering(*recorded)
    server = _Server(answers)
    answers.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_connection(
    url: str, *, attempts: int = 6, time: Hourglass | None = None, token: str = TOKEN, answer_s: float = 1
) -> Connection:
    """A connection whose waiting takes no time, but for that of an answer to be whole."""
    time = time or Hourglass()
    return Connection(
        token=token,
        base_url=url,
        limits=Limits(daily_reserve=0.2, clock=time.clock, sleep=time.sleep),
        attempts=attempts,
        pool=Pool(connect_s=1, answer_s=answer_s),
        sleep=time.sleep,
    )
