"""The way between a simulated process and the portal: the sandbox's own application, without sockets or real time."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.exceptions import ConnectTimeoutError, DecodeError, IncompleteRead, ProtocolError, ReadTimeoutError

from sandbox import Fault, Portal
from tests.simulation.clockwork import Simulated

Application = Callable[[Any, Any, Any], Awaitable[None]]
"""The portal, as ASGI serves it."""

READ_TIMEOUT_S = 60.0
CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Response:
    """What urllib3 answers, as far as the worker looks at it."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def document(self) -> Mapping[str, Any]:
        """The JSON of a successful answer; empty without any."""
        document = _object(self.data) if self.status in (200, 207) else None
        return document or {}

    @property
    def rows(self) -> Sequence[Any]:
        """The records that a successful answer tells of: those of a batch or page, or the one that was asked for."""
        rows = self.document.get("results", [self.document] if "id" in self.document else ())
        return rows if isinstance(rows, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong with one request."""

    name: str
    fault: Fault | None = None
    """At the portal, or in its answer."""
    unreachable: bool = False
    times_out: str = ""
    """`before` the request was done, or `after`."""
    asks: "Callable[[Request], Request] | None" = None
    """What arrives at the portal in place of what was sent."""
    tells: "Callable[[Request, Response], Response] | None" = None
    """What arrives in place of the portal's whole answer to what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of a process."""

    process: Simulated
    method: str
    path: str
    query: str
    document: Any
    """The JSON that it carries; None without any."""

    @property
    def writes(self) -> bool:
        return self.path.endswith("contacts/batch/update")

    @property
    def ids(self) -> list[str]:
        """The records that it names."""
        inputs = self.document.get("inputs") if isinstance(self.document, dict) else None
        return [str(each.get("id")) for each in inputs or () if isinstance(each, dict)]

    @property
    def names_nothing(self) -> bool:
        """Whether it is a batch of which nothing has arrived."""
        return isinstance(self.document, dict) and self.document.get("inputs") == []


class Sky(Protocol):
    """What befalls requests, and who looks at them."""

    @property
    def dateless(self) -> bool:
        """Whether answers lack the header `Date`."""

    def step(self, process: Simulated, where: str, *, stands: bool = True) -> None: ...

    def latency_s(self) -> float:
        """How long the next request takes one way."""

    def trouble(self, request: Request) -> Trouble | None: ...

    def arrives(self, request: Request) -> None:
        """The portal is about to do it."""

    def was_done(self, request: Request) -> None: ...

    def answered(self, request: Request, response: "Response") -> None:
        """The process has this answer in its hands."""


class Network:
    """What urllib3's PoolManager is to the worker, for one process."""

    def __init__(self, portal: Portal, application: Application, process: Simulated, sky: Sky) -> None:
        self._portal = portal
        self._application = application
        self._process = process
        self._sky = sky

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: str | None, redirect: bool
    ) -> Response:
        parts = urlsplit(url)
        request = Request(
            process=self._process,
            method=method,
            path=unquote(parts.path).rstrip("/"),
            query=parts.query,
            document=None if body is None else json.loads(body),
        )
        trouble = self._sky.trouble(request) or Trouble(name="")
        # Between the look at the lease and here a process may be killed, but not suspended: see storage._WatchedLease.
        self._sky.step(self._process, _named("send", request, trouble), stands=False)
        self._process.rest(self._sky.latency_s())
        if trouble.unreachable:
            self._process.rest(CONNECT_TIMEOUT_S)
            raise ConnectTimeoutError("simulated")
        if trouble.times_out == "before":
            self._process.rest(READ_TIMEOUT_S)
            raise ReadTimeoutError(self, url, "simulated")  # type: ignore[arg-type]
        self._sky.arrives(request)
        wire = self._serve(trouble.asks(request) if trouble.asks else request, headers, trouble.fault)
        self._sky.was_done(request)
        self._sky.step(self._process, f"done {request.path}")
        self._process.rest(self._sky.latency_s())
        if trouble.times_out == "after":
            self._process.rest(READ_TIMEOUT_S)
            raise ReadTimeoutError(self, url, "simulated")  # type: ignore[arg-type]
        response = wire.received()
        if trouble.tells and response.document:
            response = trouble.tells(request, response)
        if self._sky.dateless:
            headers_ = HTTPHeaderDict(response.headers)
            headers_.discard("date")
            response = replace(response, headers=headers_)
        self._sky.answered(request, response)
        self._sky.step(self._process, f"answered {response.status} {request.path}")
        return response

    def _serve(self, request: Request, headers: Mapping[str, str], fault: Fault | None) -> "_Wire":
        if request.names_nothing:
            fault = Fault.empty_success()
        if fault is not None:
            self._portal.faults.add(fault)
        wire = _Wire(b"" if request.document is None else json.dumps(request.document).encode())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": request.path,
            "raw_path": request.path.encode(),
            "root_path": "",
            "query_string": request.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": None,
            "server": None,
            "state": {"transport": wire},
        }
        _run(self._application(scope, wire.receive, wire.send))
        if fault is not None:
            self._portal.faults.clear()
        return wire


class _Wire:
    """Both ends of one connection: what ASGI sends, or what is written past it to the transport itself."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._raw = b""
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._data = b""

    async def receive(self) -> dict[str, object]:
        body, self._body = self._body, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], message["headers"]
        else:
            self._data += message.get("body", b"")

    def write(self, data: bytes) -> None:
        self._raw += data

    def close(self) -> None:
        pass

    abort = close

    def received(self) -> Response:
        """The answer as urllib3 would hand it out, or the failure that it would raise."""
        if self._raw:
            return self._broken()
        if not self._status:
            raise ProtocolError("Connection aborted.", ConnectionResetError())
        headers = HTTPHeaderDict([(name.decode(), value.decode()) for name, value in self._headers])
        if headers.get("content-encoding") == "gzip":
            raise DecodeError("not gzip")
        return Response(self._status, headers, self._data)

    def _broken(self) -> Response:
        head, _, body = self._raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = HTTPHeaderDict([(name, value) for name, _, value in (line.partition(": ") for line in lines)])
        length = int(headers["content-length"])
        if length > len(body):
            raise ProtocolError("Connection broken", IncompleteRead(len(body), length - len(body)))
        return Response(int(first.split()[1]), headers, body[:length])


def _run(serving: Awaitable[None]) -> None:
    """Run what never waits for anything."""
    try:
        next(serving.__await__())
    except StopIteration:
        return
    raise AssertionError("the sandbox waits for something in real time")


def _object(data: bytes) -> Any:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _named(what: str, request: Request, trouble: Trouble) -> str:
    ids = f" {len(request.ids)}" if request.ids else ""
    return f"{what} {request.method} {request.path}{ids}{f' [{trouble.name}]' if trouble.name else ''}"
