"""The portal's switches under `/_sandbox/switches`: how they stand, and turning them while the portal is served."""

from typing import TYPE_CHECKING, Any

from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.errors import invalid

if TYPE_CHECKING:
    from sandbox.portal import Portal

PATH = "/_sandbox/switches"


def show(portal: "Portal", _: Call) -> Answer:
    return Answer(body={"switches": portal.switches.as_json()})


def turn(portal: "Portal", call: Call) -> Answer:
    """`{"index_lag_s": 30, "cleared_is_null": true}` turns those two; all or, where one cannot be, none."""
    try:
        portal.switches.turn(**call.read(dict[str, Any]))
    except ValueError as error:
        raise invalid(str(error)) from error
    return show(portal, call)


ENDPOINTS = [
    Endpoint(method="GET", path=PATH, handler=show, control=True),
    Endpoint(method="POST", path=PATH, handler=turn, control=True),
]
