"""All records of one kind: contacts, or companies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from sandbox.definitions import Definitions
from sandbox.errors import Json
from sandbox.ids import read_whole
from sandbox.index import Index
from sandbox.ordered import Ordered
from sandbox.records import Columns, Properties, Record, Source
from sandbox.scopes import EMAIL_SCOPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is peculiar to one kind of record."""

    name: str
    type_id: str
    modified: str
    default_properties: tuple[str, ...]
    unique: str | None = None
    content: tuple[str, ...] = ()
    """What only a token with `EMAIL_SCOPE` is told."""
    read_scope: str
    write_scope: str

    @property
    def read_scopes(self) -> tuple[str, ...]:
        """Those of which any one lets a token read such records."""
        return (self.read_scope, EMAIL_SCOPE) if self.content else (self.read_scope,)


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
        self._ids = Ordered()
        self.index = Index(self.live, self._ids, kind.modified)
        # What lists and reads by id know: they may be behind as well.
        self.reads = Index(self.live, self._ids, kind.modified)
        self._columns = Columns()
        self._url = f"https://app.hubspot.com/contacts/{portal_id}/record/{kind.type_id}/"
        self._next_id = first_id
        self._archived_ids = Ordered()
        self.places: set[int] = set()
        """Where pages of the list have told to go on."""
        self._by_unique: dict[str, int] = {}
        self._merged_into: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.live)

    def insert(self, properties: Mapping[str, str], source: Source, *, record_id: int | None = None) -> Record:
        """Add a record; `properties` must hold its creation and modification times, in ISO.

        It gets the next id, or `record_id`, which must be free and at most `index.ID_MAX`.
        """
        given = self._next_id if record_id is None else record_id
        held = {**properties, "hs_object_id": str(given)}
        held["hs_object_source"] = held["hs_object_source_label"] = source.type
        if source.id is not None:
            held["hs_object_source_id"] = source.id
        record = Record(given, Properties(self._columns, held), source)
        self._next_id = max(self._next_id, given + 1)
        self.live[record.id] = record
        self._ids.add(record.id)
        self.index.changing(record, new=True)
        if self.kind.unique and (value := properties.get(self.kind.unique)):
            self._by_unique[value.lower()] = record.id
        return record

    def find(self, given: str, *, by: str | None = None, through_merges: bool = False) -> Record | None:
        """A live record by id, or by the value of the unique property `by`.

        An id that was merged away leads to the surviving record only where `through_merges`.
        """
        by_unique = by not in (None, "hs_object_id")
        found = self._by_unique.get(given.lower()) if by_unique and by == self.kind.unique else None
        record_id = found if by_unique else read_whole(given)
        # Who survives a merge has the addresses of all who were merged.
        while (through_merges or by_unique) and record_id in self._merged_into:
            record_id = self._merged_into[record_id]
        return None if record_id is None else self.live.get(record_id)

    def anybody(self, random: Random) -> int:
        """The id of some live record. IndexError where there is none."""
        return self._ids.any(random)

    def page(
        self, *, after: int, limit: int, archived: bool, in_text_order: bool = False
    ) -> tuple[list[Record], int | None]:
        """Up to `limit` records from id `after` on, in order of id, and the id at which the next page begins."""
        records, ids = (self.archived, self._archived_ids) if archived else (self.live, self._ids)
        if in_text_order:
            there = sorted(text for each in ids if (text := str(each)) >= str(after))
            found = [records[int(each)] for each in there[: limit + 1]]
        else:
            start = ids.below(after)
            found = [records[each] for each in ids.part(start, start + limit + 1)]
        return found[:limit], found[limit].id if len(found) > limit else None

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
        self._drop(record)
        if self.kind.unique:
            self.rename(record, record.properties.get(self.kind.unique), None)
        if keep:
            record.archived_ms = at_ms
            self.archived[record.id] = record
            self._archived_ids.add(record.id)

    def forget(self, record_id: int) -> Record | None:
        """Take an archived record out of the bin, and return it; None if it is not there."""
        self._archived_ids.discard(record_id)
        return self.archived.pop(record_id, None)

    def merge_away(self, old: Record, survivor: Record) -> None:
        """Drop a record whose id from now on leads to the survivor."""
        self._drop(old)
        self._merged_into[old.id] = survivor.id

    def _drop(self, record: Record) -> None:
        if self.live.pop(record.id, None) is not None:
            self.index.changing(record)
            self._ids.discard(record.id)
