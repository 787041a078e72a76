"""All records of one kind: contacts, or companies."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.definitions import Definitions
from sandbox.errors import Json
from sandbox.records import Record, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is peculiar to one kind of record."""

    name: str
    type_id: str
    modified: str
    default_properties: tuple[str, ...]
    unique: str | None = None
    read_scope: str
    write_scope: str


CONTACTS = Kind(
    name="contacts",
    type_id="0-1",
    modified="lastmodifieddate",
    default_properties=("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    unique="email",
    read_scope="crm.objects.contacts.read",
    write_scope="crm.objects.contacts.write",
)
COMPANIES = Kind(
    name="companies",
    type_id="0-2",
    modified="hs_lastmodifieddate",
    default_properties=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    read_scope="crm.objects.companies.read",
    write_scope="crm.objects.companies.write",
)


class Collection:
    """The records of one kind, by id, with the way each may be found."""

    def __init__(self, kind: Kind, definitions: Definitions, *, portal_id: int, first_id: int) -> None:
        self.kind = kind
        self.definitions = definitions
        self.live: dict[int, Record] = {}
        self.archived: dict[int, Record] = {}
        self._url = f"https://app.hubspot.com/contacts/{portal_id}/record/{kind.type_id}/"
        self._next_id = first_id
        self._ids: list[int] = []
        self._by_unique: dict[str, int] = {}
        self._merged_into: dict[int, int] = {}
        self._unindexed: deque[tuple[float, int, Mapping[str, str] | None]] = deque()

    def __len__(self) -> int:
        return len(self.live)

    def insert(self, properties: dict[str, str], source: Source) -> Record:
        """Add a record; `properties` must hold its creation and modification times, in ISO."""
        record = Record(self._next_id, properties, source)
        self._next_id += 1
        properties["hs_object_id"] = str(record.id)
        properties["hs_object_source"] = properties["hs_object_source_label"] = source.type
        if source.id is not None:
            properties["hs_object_source_id"] = source.id
        self.live[record.id] = record
        self._ids.append(record.id)
        if self.kind.unique and (value := properties.get(self.kind.unique)):
            self._by_unique[value.lower()] = record.id
        return record

    def find(self, given: str, *, by: str | None = None, through_merges: bool = False) -> Record | None:
        """A live record by id, or by the value of the unique property `by`.

        An id that was merged away leads to the surviving record only where `through_merges`.
        """
        if by is not None and by != "hs_object_id":
            found = self._by_unique.get(given.lower()) if by == self.kind.unique else None
            return self.live.get(found) if found is not None else None
        if not given.isdecimal():
            return None
        record_id = int(given)
        while through_merges and record_id in self._merged_into:
            record_id = self._merged_into[record_id]
        return self.live.get(record_id)

    def page(self, *, after: int, limit: int, archived: bool) -> tuple[list[Record], int | None]:
        """Up to `limit` records from id `after` on, in order of id, and the id at which the next page begins."""
        records = self.archived if archived else self.live
        ids = sorted(records) if archived else self._ids
        start = bisect_left(ids, after)
        found: list[Record] = []
        for place in range(start, len(ids)):
            if record := records.get(ids[place]):
                if len(found) == limit:
                    return found, record.id
                found.append(record)
        return found, None

    def as_json(self, record: Record, names: Sequence[str]) -> Json:
        return record.as_json(names, modified=self.kind.modified, url=f"{self._url}{record.id}")

    def rename(self, record: Record, old: str | None, new: str | None) -> None:
        """Keep the unique value findable after it changed."""
        if old:
            self._by_unique.pop(old.lower(), None)
        if new:
            self._by_unique[new.lower()] = record.id

    def archive(self, record: Record, *, at_ms: int, keep: bool = True) -> None:
        """Take a record out of lists and search; without `keep` it is gone for good, as by a privacy deletion."""
        del self.live[record.id]
        if self.kind.unique:
            self.rename(record, record.properties.get(self.kind.unique), None)
        if keep:
            record.archived_ms = at_ms
            self.archived[record.id] = record

    def merge_away(self, old: Record, survivor: Record) -> None:
        """Drop a record whose id from now on leads to the survivor."""
        self.live.pop(old.id, None)
        self._merged_into[old.id] = survivor.id

    def index_late(self, record_id: int, known: Mapping[str, str] | None, *, until_s: float) -> None:
        """Let search show a record with these values, or not at all, until the given second of the portal's clock."""
        self._unindexed.append((until_s, record_id, known))

    def as_indexed(self, now_s: float) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Ids and values as the search index knows them, oldest first: behind by what has not been indexed yet."""
        while self._unindexed and self._unindexed[0][0] <= now_s:
            self._unindexed.popleft()
        behind: dict[int, Mapping[str, str] | None] = {}
        for _, record_id, known in self._unindexed:
            behind.setdefault(record_id, known)
        for record_id in self._ids:
            if record_id in behind:
                if (known := behind[record_id]) is not None:
                    yield record_id, known
            elif record := self.live.get(record_id):
                yield record_id, record.properties
