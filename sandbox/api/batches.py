"""Contacts, companies and meetings by the hundred: batch read and batch update."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.objects import KINDS, known_names, refuse_taken, store, teller
from sandbox.collection import Collection
from sandbox.errors import BadValue, Json, RefusedError, ids_not_found, invalid, values_not_valid
from sandbox.records import Record
from sandbox.times import to_iso, to_ms
from sandbox.writing import check

if TYPE_CHECKING:
    from sandbox.portal import Portal

INPUTS_MAX = 100
INPUTS_MAX_WITH_HISTORY = 50


def endpoints(name: str) -> list[Endpoint]:
    """The batch endpoints of contacts, companies or, to be read only, meetings."""
    read, write = (KINDS[name].read_scope,), (KINDS[name].write_scope,)
    base = f"/crm/v3/objects/{name}/batch"

    def on_read(portal: "Portal", call: Call) -> Answer:
        return batch_read(portal, getattr(portal, name), call)

    def on_update(portal: "Portal", call: Call) -> Answer:
        return batch_update(portal, getattr(portal, name), call)

    reading = Endpoint(method="POST", path=f"{base}/read", handler=on_read, scopes=read)
    updating = Endpoint(method="POST", path=f"{base}/update", handler=on_update, scopes=write, writes=True)
    return [reading] if name == "meetings" else [reading, updating]


def inputs_of(body: Json, most: int, *, complaint: str) -> list[Json]:
    """The inputs of a batch; a 400 where they are none or too many."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise invalid("Some required fields were not set: [inputs]")
    if len(inputs) > most:
        raise invalid(f"{complaint} {most}, but {len(inputs)} were given.")
    return inputs


def batch_answer(portal: "Portal", results: Sequence[Any], errors: Sequence[Json]) -> Answer:
    """200 with the results, or 207 where some inputs failed."""
    now = to_iso(to_ms(portal.clock.now()))
    body: Json = {"status": "COMPLETE", "results": list(results), "startedAt": now, "completedAt": now}
    if not errors:
        return Answer(body=body)
    named = sum(len(error.get("context", {}).get("ids", ())) or 1 for error in errors)
    return Answer(status=207, body={**body, "numErrors": named, "errors": list(errors)})


def batch_read(portal: "Portal", collection: Collection, call: Call) -> Answer:
    body = call.body()
    history = [name for name in body.get("propertiesWithHistory") or () if collection.definitions.get(name)]
    inputs = inputs_of(
        body,
        INPUTS_MAX_WITH_HISTORY if history else INPUTS_MAX,
        complaint="The maximum number of inputs supported in a batch request for property histories is"
        if history
        else "The maximum number of inputs supported in a batch is",
    )
    by = body.get("idProperty")
    ids = list(dict.fromkeys(str(each.get("id")) for each in inputs))
    follows = portal.switches.batches_follow_merges
    tell = teller(portal, collection, known_names(collection, body.get("properties") or ()), history)
    found: dict[str, Record] = {}
    for given in ids:
        if call.flag("archived"):
            record = _archived(collection, given)
        else:
            record = collection.find(given, by=by, through_merges=follows)
            record = portal.as_read(collection, record) if record else None
        if record is not None:
            found[given] = record
    missing = [given for given in ids if given not in found]
    results = [tell(record) for record in shuffled(list(found.values()))]
    return batch_answer(portal, results, [ids_not_found(missing)] if missing else [])


def batch_update(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Write each input to its record: a bad property or repeated id refuses all, an unknown id fails alone."""
    inputs = inputs_of(call.body(), INPUTS_MAX, complaint="The maximum number of inputs supported in a batch is")
    if any(each.get("idProperty") == collection.kind.unique for each in inputs):
        raise invalid(f"Unable to perform update/upsert by non-unique {collection.kind.type_id} property")
    ids = [str(each.get("id")) for each in inputs]
    if repeated := [given for given, times in Counter(ids).items() if times > 1]:
        listed = ", ".join(repeated)
        message = f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique"
        raise invalid(message, context={"ids": repeated})
    alone = portal.switches.trace_ids_on_update and are_traced(inputs)
    writes: list[tuple[Record, dict[str, str]]] = []
    missing: list[str] = []
    bad: list[BadValue] = []
    errors: list[Json] = []
    for given, each in zip(ids, inputs, strict=True):
        record = collection.find(given, through_merges=portal.switches.batches_follow_merges)
        values, wrong = check(portal, collection, record, each.get("properties") or {})
        if wrong and alone:
            errors.append(failed_alone(values_not_valid(wrong), each["objectWriteTraceId"]))
        elif record is not None:
            writes.append((record, values))
        elif given.isdecimal():
            missing.append(given)
        # An id that is no number, such as an email, was seen to succeed and change nothing (hubspot-api-nodejs#548).
        bad.extend(() if alone else wrong)
    if bad:
        raise values_not_valid(bad)
    for record, values in writes:
        refuse_taken(collection, record, values)
    results = [store(portal, collection, record, values) for record, values in writes]
    errors += [ids_not_found(missing)] if missing else []
    return batch_answer(portal, shuffled(results), errors)


def are_traced(inputs: Sequence[Json]) -> bool:
    """Whether every input has a trace id: then each bad one fails alone, documented for creation only."""
    return all(each.get("objectWriteTraceId") for each in inputs)


def failed_alone(refusal: RefusedError, trace_id: str) -> Json:
    """The entry in `errors` for one bad input among good ones."""
    assert isinstance(refusal.body, dict)
    told = {name: value for name, value in refusal.body.items() if name not in {"correlationId", "errors"}}
    return {**told, "context": {"objectWriteTraceId": [trace_id]}}


def _archived(collection: Collection, given: str) -> Record | None:
    return collection.archived.get(int(given)) if given.isdecimal() else None


def shuffled(results: list[Any]) -> list[Any]:
    """Results in an order that is not that of the inputs, the same each time."""
    return results[::-1]
