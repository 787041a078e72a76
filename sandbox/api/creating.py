"""Records created by the hundred: batch create and upsert; and archived by the hundred."""

from typing import TYPE_CHECKING

from sandbox.api.batches import (
    INPUTS_MAX,
    are_traced,
    batch_answer,
    failed_alone,
    no_more_than,
    not_by_property,
    shuffled,
)
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.objects import KINDS, NAMES, on, refuse_taken, store, store_new
from sandbox.bodies import Inputs, Named, NamedWritten, Written
from sandbox.collection import Collection
from sandbox.errors import BadValue, Json, values_not_valid
from sandbox.records import Record
from sandbox.writing import check

if TYPE_CHECKING:
    from sandbox.portal import Portal


def endpoints(spelled: str) -> list[Endpoint]:
    """The batch endpoints of contacts or companies that make records, or take them away."""
    name, base = NAMES[spelled], f"/crm/v3/objects/{spelled}/batch"
    scopes = (KINDS[name].write_scope,)
    handlers = {"create": batch_create, "upsert": batch_upsert, "archive": batch_archive}
    return [
        Endpoint(method="POST", path=f"{base}/{verb}", handler=on(name, handle), scopes=scopes, writes=True)
        for verb, handle in handlers.items()
    ]


def batch_create(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Create each; a bad value or a taken email refuses all. With a trace id in every input a value fails alone."""
    inputs = no_more_than(INPUTS_MAX, call.read(Inputs[Written]).inputs)
    alone, bad, errors = are_traced(inputs), list[BadValue](), list[Json]()
    good: list[dict[str, str]] = []
    for each in inputs:
        values, wrong = check(portal, collection, None, each.properties)
        if not wrong:
            good.append(values)
        elif alone:
            errors.append(failed_alone(wrong, {"objectWriteTraceId": [each.object_write_trace_id]}))
        else:
            bad += wrong
    if bad:
        raise values_not_valid(bad)
    refuse_taken(collection, [(None, values) for values in good])
    answer = batch_answer(portal, shuffled([store_new(portal, collection, values) for values in good]), errors)
    return answer if errors else Answer(status=201, body=answer.body)


def batch_upsert(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Update what is there by its unique property, create what is not; each result tells whether it is `new`."""
    inputs = no_more_than(INPUTS_MAX, call.read(Inputs[NamedWritten]).inputs)
    unique = collection.kind.unique
    if unique is None or any(each.id_property != unique for each in inputs):
        raise not_by_property(collection)
    writes: list[tuple[Record | None, dict[str, str]]] = []
    bad: list[BadValue] = []
    for each in inputs:
        record = collection.find(each.id, by=unique)
        values, wrong = check(portal, collection, record, {unique: each.id, **each.properties})
        writes.append((record, values))
        bad += wrong
    if bad:
        raise values_not_valid(bad)
    refuse_taken(collection, writes)
    results: list[Json] = []
    for record, values in writes:
        told = store(portal, collection, record, values) if record else store_new(portal, collection, values)
        results.append({**told, "new": record is None})
    return batch_answer(portal, shuffled(results), [])


def batch_archive(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Put records into the bin; those that are not there are passed over."""
    for each in no_more_than(INPUTS_MAX, call.read(Inputs[Named]).inputs):
        if found := collection.find(each.id):
            portal.remove(collection, found)
    return Answer(status=204)
