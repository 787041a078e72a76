"""The portal as a web application: every request passes the gate, then its endpoint."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.api import (
    account,
    activity,
    associations,
    batches,
    control,
    creating,
    faulty,
    lists,
    objects,
    properties,
    switches,
)
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.errors import URL_TOO_LONG_PAGE, RefusedError, missing_scopes, not_found, refused
from sandbox.faults import Fault
from sandbox.request_log import LoggedRequest
from sandbox.scopes import lacking
from sandbox.times import to_ms

if TYPE_CHECKING:
    from sandbox.portal import Portal

URL_MAX = 8_192
_HISTORY = "propertiesWithHistory"
_LOOKS_EVERY_S = 0.05
_EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _of_a_kind(spelled: str) -> list[Endpoint]:
    made = creating.endpoints(spelled) if objects.NAMES[spelled] in {"contacts", "companies"} else []
    return [*batches.endpoints(spelled), *objects.endpoints(spelled), *made]


ENDPOINTS: list[Endpoint] = [
    # Tried one after another: first what is asked for most.
    *chain.from_iterable(map(_of_a_kind, ("contacts", "companies"))),
    *activity.ENDPOINTS,
    *associations.ENDPOINTS,
    *chain.from_iterable(_of_a_kind(spelled) for spelled in objects.NAMES if spelled not in {"contacts", "companies"}),
    *objects.UNKNOWN,
    *properties.ENDPOINTS,
    *lists.ENDPOINTS,
    *account.ENDPOINTS,
    *control.ENDPOINTS,
    *switches.ENDPOINTS,
]


def _nowhere(_: "Portal", __: Call) -> Answer:
    raise not_found()


def _no_control(_: "Portal", call: Call) -> Answer:
    known = ", ".join(f"{each.method} {each.path}" for each in ENDPOINTS if each.control)
    raise not_found(f"There is no {call.method} {control.BASE}/{call.params.get('path', '')}; there are: {known}")


def application(
    portal: "Callable[[], Portal]", *, latency_ms: float = 0.0
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application that serves whichever portal there is; every answer takes at least `latency_ms`."""

    def route(endpoint: Endpoint) -> Route:
        async def serve(request: Request) -> Response:
            return await _serve(portal(), endpoint, request, latency_ms)

        return Route(endpoint.path, serve, methods=[endpoint.method])

    routes = [route(endpoint) for endpoint in ENDPOINTS]
    for method in _EVERY_METHOD:
        for path in (control.BASE, f"{control.BASE}/{{path:path}}"):
            routes.append(route(Endpoint(method=method, path=path, handler=_no_control, control=True)))
        routes.append(route(Endpoint(method=method, path="/{path:path}", handler=_nowhere)))
    starlette = Starlette(routes=routes)

    async def without_trailing_slash(scope: Scope, receive: Receive, send: Send) -> None:
        # Several of the client's paths end in a slash that the documented ones lack; both must work.
        if scope["type"] == "http" and len(scope["path"]) > 1:
            scope["path"] = scope["path"].rstrip("/")
        await starlette(scope, receive, send)

    return without_trailing_slash


async def _serve(portal: "Portal", endpoint: Endpoint, request: Request, latency_ms: float) -> Response:
    if latency_ms:
        await asyncio.sleep(latency_ms / 1000)
    call = Call(
        method=request.method,
        params=request.path_params,
        query={name: request.query_params.getlist(name) for name in request.query_params},
        raw_body=await request.body(),
        token=request.headers.get("authorization", "").removeprefix("Bearer ").strip(),
    )
    if endpoint.control:
        return _response(portal, _answered(portal, endpoint, call))
    with portal.lock:
        fault = portal.faults.next_for(request.method, request.url.path)
    if fault is not None and fault.delay_s:
        await _hold(fault)
    url = f"{request.url.path}?{request.url.query}"
    body = _body(call)
    answer = faulty.answered(portal, fault, call, lambda each: _gated(portal, endpoint, each, url))
    with portal.lock:
        portal.requests.add(
            LoggedRequest(
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                status=None if answer is None else answer.status,
                inputs=_inputs(body),
                write=endpoint.writes,
                at_ms=to_ms(portal.clock.now()),
                history=bool(call.many(_HISTORY) or (isinstance(body, dict) and body.get(_HISTORY))),
            )
        )
    return faulty.response(answer, fault, lambda each: _response(portal, each))


async def _hold(fault: Fault) -> None:
    """Let as much time pass as the fault says, which may be told to end sooner meanwhile."""
    began = time.monotonic()
    while (left := began + fault.delay_s - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _LOOKS_EVERY_S))


def _gated(portal: "Portal", endpoint: Endpoint, call: Call, url: str) -> Answer:
    """Let the request in and do it: token, then limits, then scopes, as each may refuse it."""
    if len(url) > URL_MAX:
        return Answer(status=414, body=URL_TOO_LONG_PAGE)
    headers: Mapping[str, str] = {}
    with portal.lock:
        try:
            if call.token != portal.token:
                raise _unauthenticated()
            headers = portal.limits.admit(search=endpoint.search)
            if needed := lacking(portal, endpoint.scopes):
                raise missing_scopes(needed)
        except RefusedError as error:
            return Answer(status=error.status, body=error.body, headers={**headers, **error.headers})
        answer = _answered(portal, endpoint, call)
    return Answer(status=answer.status, body=answer.body, headers={**headers, **answer.headers})


def _answered(portal: "Portal", endpoint: Endpoint, call: Call) -> Answer:
    with portal.lock:
        try:
            return endpoint.handler(portal, call)
        except RefusedError as error:
            return Answer(status=error.status, body=error.body, headers=error.headers)


def _unauthenticated() -> RefusedError:
    return refused(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication "
        "and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        headers={"X-HubSpot-Auth-Failure": "401 Unauthorized"},
    )


def _body(call: Call) -> Any:
    """What was sent; None for nothing, and for what is no JSON."""
    try:
        return call.json()
    except RefusedError:
        return None


def _inputs(body: Any) -> int:
    """How many records a request names: a batch's inputs, a list change's ids, else one if it has a body."""
    if isinstance(body, list):
        return len(body)
    inputs = body.get("inputs") if isinstance(body, dict) else None
    return len(inputs) if isinstance(inputs, list) else int(bool(body))


def _response(portal: "Portal", answer: Answer) -> Response:
    now = format_datetime(portal.clock.now(), usegmt=True)
    headers = {"Date": now, "X-HubSpot-Correlation-Id": str(uuid.uuid4()), **answer.headers}
    if isinstance(answer.body, dict):
        content = orjson.dumps(answer.body)
        return Response(content, answer.status, headers, media_type="application/json;charset=utf-8")
    return Response(answer.body, answer.status, headers, media_type="text/html")
