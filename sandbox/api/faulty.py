"""Requests that go wrong: what a fault makes of them, and of their answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.api.calls import Answer, Call
from sandbox.errors import ids_not_found
from sandbox.faults import Fault, Spoil

if TYPE_CHECKING:
    from sandbox.portal import Portal

Do = Callable[[Call], Answer]


def answered(portal: "Portal", fault: Fault | None, call: Call, do: Do) -> Answer | None:
    """The answer to a request of which something may go wrong; None where the connection is dropped."""
    if fault is None:
        return do(call)
    if fault.act is not None:
        fault.act()
    if fault.befalls is not None:
        with portal.lock:
            portal.faults.befell(fault.befalls(portal))
    if fault.drop == "before":
        return None
    if fault.refuses is not None:
        with portal.lock:
            refusal = fault.refuses(portal)
        return Answer(status=refusal.status, body=refusal.body, headers=refusal.headers)
    if fault.status is not None and not fault.applied:
        return Answer(status=fault.status, body=fault.body, headers=fault.headers)
    answer = _partly(call, fault.rows, do) if fault.rows else do(call)
    if fault.drop == "after":
        return None
    return answer if fault.status is None else _disguised(answer, fault)


def response(answer: Answer | None, fault: Fault | None, make: Callable[[Answer], Response]) -> Response:
    """What goes over the wire for an answer that `make` would send as it is."""
    if answer is None:
        return _Broken()
    made = make(answer)
    return made if fault is None or fault.spoil is None else _spoiled(made, fault.spoil)


def _disguised(answer: Answer, fault: Fault) -> Answer:
    assert fault.status is not None
    body = None if fault.status == 204 else answer.body if fault.body is None else fault.body
    return Answer(status=fault.status, body=body, headers={**answer.headers, **fault.headers})


def _partly(call: Call, rows: int, do: Do) -> Answer:
    """The answer to a batch whose first rows fail; nothing but a batch can fail in part."""
    body = call.json()
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not inputs or not all(isinstance(each, dict) for each in inputs):
        return do(call)
    answer = do(replace(call, raw_body=json.dumps({**body, "inputs": inputs[rows:]}).encode()))
    if answer.status not in (200, 207) or not isinstance(answer.body, dict):
        return answer
    failed = [str(each.get("id")) for each in inputs[:rows]]
    errors = [*answer.body.get("errors", ()), ids_not_found(failed)]
    total = answer.body.get("numErrors", 0) + len(failed)
    return Answer(status=207, body={**answer.body, "numErrors": total, "errors": errors}, headers=answer.headers)


def _spoiled(made: Response, spoil: Spoil) -> Response:
    body = bytes(made.body)
    headers = {name: value for name, value in made.headers.items() if name != "content-length"}
    match spoil:
        case "json_cut":
            return Response(body[: len(body) // 2], made.status_code, headers)
        case "gzip_broken":
            return Response(body, made.status_code, {**headers, "content-encoding": "gzip"})
        case "body_cut":
            return _Broken(made.status_code, headers, length=len(body), body=body[: len(body) // 2])
        case "length_short":
            return _Broken(made.status_code, headers, length=len(body) // 2, body=body)


class _Broken(Response):
    """An answer that breaks HTTP: with a length that is not its body's, or none at all; then the connection ends.

    Written to the transport itself, which the server puts into the scope's state: no server sends such a thing.
    """

    def __init__(
        self, status: int | None = None, headers: dict[str, str] | None = None, *, length: int = 0, body: bytes = b""
    ) -> None:
        super().__init__()
        self._head = b""
        if status is not None:
            lines = [f"HTTP/1.1 {status} ", *(f"{name}: {value}" for name, value in (headers or {}).items())]
            self._head = "\r\n".join([*lines, f"content-length: {length}", "", ""]).encode("latin-1")
        self._wrong_body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        transport = scope["state"]["transport"]
        if self._head:
            transport.write(self._head + self._wrong_body)
            transport.close()
        else:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
