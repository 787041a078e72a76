"""Records created by the hundred: batch create and upsert; and archived by the hundred."""

from typing import TYPE_CHECKING

from sandbox.api.batches import INPUTS_MAX, are_traced, batch_answer, failed_alone, inputs_of, shuffled
from sandbox.api.calls import Answer, Call, Endpoint, Handler
from sandbox.api.objects import KINDS, CollectionHandler, refuse_taken, store, store_new
from sandbox.collection import Collection
from sandbox.errors import BadValue, Json, invalid, refused, values_not_valid
from sandbox.records import Record
from sandbox.writing import check

if TYPE_CHECKING:
    from sandbox.portal import Portal

_TOO_MANY = "The maximum number of inputs supported in a batch is"


def endpoints(name: str) -> list[Endpoint]:
    """The batch endpoints of contacts or companies that make records, or take them away."""
    scopes, base = (KINDS[name].write_scope,), f"/crm/v3/objects/{name}/batch"

    def on(handle: CollectionHandler) -> Handler:
        return lambda portal, call: handle(portal, getattr(portal, name), call)

    handlers = {"create": batch_create, "upsert": batch_upsert, "archive": batch_archive}
    return [
        Endpoint(method="POST", path=f"{base}/{verb}", handler=on(handle), scopes=scopes, writes=True)
        for verb, handle in handlers.items()
    ]


def batch_create(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Create each; a bad value or a taken email refuses all. With a trace id in every input a value fails alone."""
    inputs = inputs_of(call.body(), INPUTS_MAX, complaint=_TOO_MANY)
    alone, bad, errors = are_traced(inputs), list[BadValue](), list[Json]()
    good: list[dict[str, str]] = []
    for each in inputs:
        values, wrong = check(portal, collection, None, each.get("properties") or {})
        if not wrong:
            good.append(values)
        elif alone:
            errors.append(failed_alone(values_not_valid(wrong), each["objectWriteTraceId"]))
        else:
            bad += wrong
    if bad:
        raise values_not_valid(bad)
    _refuse_conflicts(collection, good)
    answer = batch_answer(portal, shuffled([store_new(portal, collection, values) for values in good]), errors)
    return answer if errors else Answer(status=201, body=answer.body)


def _refuse_conflicts(collection: Collection, created: list[dict[str, str]]) -> None:
    """409 for the first address that is taken, or that two inputs share: then without an id, there is none yet."""
    seen: set[str] = set()
    for values in created:
        refuse_taken(collection, None, values)
        address = values.get(collection.kind.unique or "")
        if address and address in seen:
            raise refused(409, "CONFLICT", "Contact already exists.")
        seen.add(address or "")


def batch_upsert(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Update what is there by its unique property, create what is not; each result tells whether it is `new`."""
    inputs = inputs_of(call.body(), INPUTS_MAX, complaint=_TOO_MANY)
    unique = collection.kind.unique
    if unique is None or any(each.get("idProperty") != unique for each in inputs):
        raise invalid(f"Unable to perform update/upsert by non-unique {collection.kind.type_id} property")
    writes: list[tuple[Record | None, dict[str, str]]] = []
    bad: list[BadValue] = []
    for each in inputs:
        record = collection.find(str(each.get("id")), by=unique)
        values, wrong = check(portal, collection, record, {unique: each.get("id"), **(each.get("properties") or {})})
        writes.append((record, values))
        bad += wrong
    if bad:
        raise values_not_valid(bad)
    results: list[Json] = []
    for record, values in writes:
        refuse_taken(collection, record, values)
        told = store(portal, collection, record, values) if record else store_new(portal, collection, values)
        results.append({**told, "new": record is None})
    return batch_answer(portal, shuffled(results), [])


def batch_archive(portal: "Portal", collection: Collection, call: Call) -> Answer:
    """Put records into the bin; those that are not there are passed over."""
    for each in inputs_of(call.body(), INPUTS_MAX, complaint=_TOO_MANY):
        if found := collection.find(str(each.get("id"))):
            portal.remove(collection, found)
    return Answer(status=204)
