"""Records of every kind by the hundred: batch read and batch update."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.objects import KINDS, NAMES, known_names, on, refuse_taken, store, teller
from sandbox.bodies import BatchRead, Inputs, NamedWritten, Written
from sandbox.collection import Collection
from sandbox.errors import NAMES_NOTHING, BadValue, Json, RefusedError, ids_not_found, invalid, values_not_valid
from sandbox.ids import read_whole
from sandbox.records import Record
from sandbox.times import to_iso, to_ms
from sandbox.writing import check

if TYPE_CHECKING:
    from sandbox.portal import Portal

T = TypeVar("T")

INPUTS_MAX = 100
INPUTS_MAX_WITH_HISTORY = 50


def endpoints(spelled: str) -> list[Endpoint]:
    """The batch endpoints of a kind that read and change, under one of its `NAMES`."""
    name, base = NAMES[spelled], f"/crm/v3/objects/{spelled}/batch"
    read, write = KINDS[name].read_scopes, (KINDS[name].write_scope,)
    return [
        Endpoint(method="POST", path=f"{base}/read", handler=on(name, batch_read), scopes=read),
        Endpoint(method="POST", path=f"{base}/update", handler=on(name, batch_update), scopes=write, writes=True),
    ]


def no_more_than(most: int, inputs: Sequence[T], *, batch: str = "a batch") -> Sequence[T]:
    """The inputs of a batch; a 400 where they are too many."""
    if len(inputs) > most:
        raise invalid(f"The maximum number of inputs supported in {batch} is {most}, but {len(inputs)} were given.")
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
    asked = call.read(BatchRead)
    history = [name for name in asked.properties_with_history if collection.definitions.get(name)]
    if history:
        no_more_than(INPUTS_MAX_WITH_HISTORY, asked.inputs, batch="a batch request for property histories")
    ids = list(dict.fromkeys(each.id for each in no_more_than(INPUTS_MAX, asked.inputs)))
    follows = portal.switches.batches_follow_merges
    tell = teller(portal, collection, known_names(collection, asked.properties), history)
    found: dict[str, Record] = {}
    for given in ids:
        if call.flag("archived"):
            record = _archived(collection, given)
        else:
            record = collection.find(given, by=asked.id_property, through_merges=follows)
            record = portal.as_read(collection, record) if record else None
        if record is not None:
            found[given] = record
    missing = [given for given in ids if given not in found]
    results = [tell(record) for record in shuffled(list(found.values()))]
    return batch_answer(portal, results, [ids_not_found(missing)] if missing else [])


def batch_update(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Write each input to its record: a bad property or repeated id refuses all, an unknown id fails alone."""
    inputs = no_more_than(INPUTS_MAX, call.read(Inputs[NamedWritten]).inputs)
    unique = collection.kind.unique
    if unique and any(each.id_property == unique for each in inputs):
        raise not_by_property(collection)
    if repeated := [given for given, times in Counter(each.id for each in inputs).items() if times > 1]:
        listed = ", ".join(repeated)
        message = f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique"
        raise invalid(message, context={"ids": repeated})
    traced = portal.switches.trace_ids_on_update and are_traced(inputs)
    writes: list[tuple[Record, dict[str, str]]] = []
    missing: list[str] = []
    bad: list[BadValue] = []
    errors: list[Json] = []
    for each in inputs:
        record = collection.find(each.id, through_merges=portal.switches.batches_follow_merges)
        values, wrong = check(portal, collection, record, each.properties)
        # That an unknown name refuses the whole batch is recorded; of bad values it is inferred.
        named_well = all(value.code != NAMES_NOTHING for value in wrong)
        alone = traced or (portal.switches.bad_values_fail_alone and named_well)
        if wrong and alone:
            told_by = {"objectWriteTraceId": [each.object_write_trace_id]} if traced else {"ids": [each.id]}
            errors.append(failed_alone(wrong, told_by))
        elif record is not None:
            writes.append((record, values))
        elif read_whole(each.id) is not None:
            missing.append(each.id)
        # An id that is no number, such as an email, was seen to succeed and change nothing (hubspot-api-nodejs#548).
        bad.extend(() if alone else wrong)
    if bad:
        raise values_not_valid(bad)
    refuse_taken(collection, writes)
    results = [store(portal, collection, record, values) for record, values in writes]
    errors += [ids_not_found(missing)] if missing else []
    return batch_answer(portal, shuffled(results), errors)


def are_traced(inputs: Sequence[Written]) -> bool:
    """Whether every input has a trace id: then each bad one fails alone, documented for creation only."""
    return all(each.object_write_trace_id for each in inputs)


def not_by_property(collection: Collection) -> RefusedError:
    """400 for a batch that names records by a property by which it cannot (hubspot-api-nodejs#548)."""
    return invalid(f"Unable to perform update/upsert by non-unique {collection.kind.type_id} property")


def failed_alone(wrong: Sequence[BadValue], told_by: Json) -> Json:
    """The entry in `errors` for one bad input among good ones; `told_by` is the context that says which."""
    refusal = values_not_valid(wrong).body
    assert isinstance(refusal, dict)
    told = {name: value for name, value in refusal.items() if name not in {"correlationId", "errors"}}
    return {**told, "context": told_by}


def _archived(collection: Collection, given: str) -> Record | None:
    whole = read_whole(given)
    return None if whole is None else collection.archived.get(whole)


def shuffled(results: list[Any]) -> list[Any]:
    """Results in an order that is not that of the inputs, the same each time."""
    return results[::-1]
