"""Contacts as read from HubSpot, complete with what the feeds have told of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from config import Sources
from sync.interpreting import Interpreter
from sync.ports import ContactReader, Traces
from sync.records import ContactRecord, Found, History
from sync.traces import Trace, whos_of


class EngagedReader:
    """Fulfils `ContactReader` with the records of another reader, and the traces that are kept of their contacts.

    A contact's traces are those under its id, under the ids of contacts merged into it, and under any of its addresses.
    """

    def __init__(self, reader: ContactReader, *, traces: Traces, sources: Sources, portal_id: str) -> None:
        self._reader = reader
        self._traces = traces
        self._interpreter = Interpreter(sources)
        self._portal_id = portal_id

    def every(self) -> Iterator[Sequence[ContactRecord]]:
        for page in self._reader.every():
            yield self._engaged(page)

    def read(self, ids: Sequence[str]) -> Sequence[ContactRecord]:
        return self._engaged(self._reader.read(ids))

    def changed_since(self, since: datetime) -> Iterator[Sequence[Found]]:
        return self._reader.changed_since(since)

    def members(self, list_id: str) -> Iterator[Sequence[str]]:
        return self._reader.members(list_id)

    def find(self, who: str) -> str | None:
        return self._reader.find(who)

    def find_all(self, addresses: Collection[str]) -> Mapping[str, str]:
        return self._reader.find_all(addresses)

    def stages(self, ids: Sequence[str]) -> Mapping[str, str | None]:
        return self._reader.stages(ids)

    def values(self, ids: Sequence[str], properties: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        return self._reader.values(ids, properties)

    def histories(self, ids: Sequence[str]) -> Mapping[str, History]:
        return self._reader.histories(ids)

    def _engaged(self, records: Sequence[ContactRecord]) -> Sequence[ContactRecord]:
        whos = {r.id: whos_of(r.id, r.former_ids, r.addresses, self._portal_id) for r in records}
        kept = self._traces.of(list(dict.fromkeys(who for each in whos.values() for who in each))) if whos else {}
        notes = self._traces.notes()
        known = self._interpreter.known_kinds(notes)
        partial = {feed for feed, note in notes.items() if note.is_partial}
        self._traces.link((i, who) for i, each in whos.items() for who in each if who != i and who in kept)
        return [self._interpreter.with_traces(r, _of(whos[r.id], kept, partial), known) for r in records]


def _of(whos: Sequence[str], kept: Mapping[str, Sequence[Trace]], partial: Collection[str]) -> list[Trace]:
    """A contact's traces, each once: one that HubSpot has listed under two of its ids is one act.

    None of feeds that were only read in part: a contact's sums tell more than some of its acts.
    """
    found = {(trace.feed, trace.key): trace for who in dict.fromkeys(whos) for trace in kept.get(who, ())}
    return [trace for trace in found.values() if trace.feed not in partial]
