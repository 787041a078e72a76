"""Associations v4: from contacts to their companies, and between contacts and what sales have to do with them."""

from typing import TYPE_CHECKING

from sandbox.api.batches import batch_answer, no_more_than
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.objects import KINDS, SPELLED
from sandbox.associations import LABELS, Pair, tied_to
from sandbox.bodies import Inputs, Named
from sandbox.errors import Json, invalid
from sandbox.ids import read_whole

if TYPE_CHECKING:
    from sandbox.portal import Portal

INPUTS_MAX = 1_000
PAGE_MAX = 500
_SCOPES = tuple(sorted({kind.read_scope for kind in KINDS.values()}))


def _pair(call: Call) -> Pair:
    one, other = (SPELLED.get(call.params[end], call.params[end]) for end in ("from", "to"))
    if (one, other) not in LABELS:
        raise invalid(f"Unable to infer object type from: {call.params['from']} and {call.params['to']}")
    return one, other


def batch_read(portal: "Portal", call: Call) -> Answer:
    """What each record is tied to. One without ties is no empty entry but an error, as recorded."""
    pair = _pair(call)
    ids = [each.id for each in no_more_than(INPUTS_MAX, call.read(Inputs[Named]).inputs)]
    numbers = list(dict.fromkeys(each for each in ids if read_whole(each) is not None))
    found = tied_to(portal, pair, numbers)
    results = [{"from": {"id": given}, "to": [_tie(pair, other) for other in found[given]]} for given in found]
    errors = [_invalid_identifier(each) for each in ids if read_whole(each) is None]
    errors += [_nothing_found(each) for each in numbers if each not in found]
    answer = batch_answer(portal, results, errors)
    return answer if portal.switches.unassociated_answer_207 else Answer(body=answer.body)


def list_of_one(portal: "Portal", call: Call) -> Answer:
    pair, given = _pair(call), call.params["id"]
    if read_whole(given) is None:
        raise invalid(f"'{given}' is not a record id")
    after, limit = call.cursor(), call.number("limit", PAGE_MAX, PAGE_MAX)
    others = [other for other in sorted(tied_to(portal, pair, [given]).get(given, ())) if other >= after]
    body: Json = {"results": [_tie(pair, other) for other in others[:limit]]}
    if len(others) > limit:
        body["paging"] = {"next": {"after": str(others[limit])}}
    return Answer(body=body)


def _tie(pair: Pair, other: int) -> Json:
    return {"toObjectId": other, "associationTypes": [label.as_json() for label in LABELS[pair]]}


def _nothing_found(given: str) -> Json:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No associations were found for {given}.",
        "context": {"fromObjectId": [given]},
    }


def _invalid_identifier(given: str) -> Json:
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "subCategory": "crm.associations.INVALID_IDENTIFIER",
        "message": f"'{given}' is not a record id.",
        "context": {"fromObjectId": [given]},
    }


ENDPOINTS = [
    Endpoint(method="POST", path="/crm/v4/associations/{from}/{to}/batch/read", handler=batch_read, scopes=_SCOPES),
    Endpoint(method="GET", path="/crm/v4/objects/{from}/{id}/associations/{to}", handler=list_of_one, scopes=_SCOPES),
]
