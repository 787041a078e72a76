"""A record's values, and where each came from."""

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.errors import Json
from sandbox.times import read_ms, to_iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who wrote a value, in HubSpot's words (`propertiesWithHistory`)."""

    type: str
    id: str | None = None
    label: str | None = None
    user_id: int | None = None


# CRM_UI, INTEGRATION and ANALYTICS are recorded names; those of imports, workflows and deal sync are not published.
IMPORTED = Source(type="IMPORT", id="import-1")
ANALYTICS = Source(type="ANALYTICS")
DEAL_SYNC = Source(type="DEALS", id="deal-sync")
MERGED = Source(type="MERGE_OBJECTS")


def a_person(user_id: int) -> Source:
    return Source(type="CRM_UI", id=f"userId:{user_id}", user_id=user_id)


def a_workflow(workflow_id: str) -> Source:
    return Source(type="AUTOMATION_PLATFORM", id=f"enrollmentId:{workflow_id}", label=f"Workflow {workflow_id}")


def an_integration(app_id: int, label: str) -> Source:
    return Source(type="INTEGRATION", id=str(app_id), label=label)


@dataclass(frozen=True, slots=True)
class Version:
    """One value that a property had, from the given epoch millisecond on."""

    value: str
    at_ms: int
    source: Source

    def as_json(self) -> Json:
        told: Json = {"value": self.value, "timestamp": to_iso(self.at_ms), "sourceType": self.source.type}
        if self.source.id is not None:
            told["sourceId"] = self.source.id
        if self.source.label is not None:
            told["sourceLabel"] = self.source.label
        if self.source.user_id is not None:
            told["updatedByUserId"] = self.source.user_id
        return told


class Record:
    """A contact or company. A property never set is absent from `properties`; a cleared one holds `""`."""

    __slots__ = ("archived_ms", "created_by", "history", "id", "properties")

    def __init__(self, record_id: int, properties: dict[str, str], created_by: Source) -> None:
        self.id = record_id
        self.properties = properties
        self.created_by = created_by
        self.archived_ms: int | None = None
        # Only what was written after loading: a large portal would not fit in memory otherwise.
        self.history: dict[str, list[Version]] = {}

    def versions(self, name: str) -> list[Version]:
        """Every value the property had, newest first; empty if it was never set."""
        if name in self.history:
            return self.history[name][::-1]
        value = self.properties.get(name)
        return [] if value is None else [Version(value, self._created_ms(), self.created_by)]

    def set(self, name: str, version: Version) -> None:
        """Give a property a new value, and remember the old one."""
        if name not in self.history:
            self.history[name] = self.versions(name)
        self.history[name].append(version)
        self.properties[name] = version.value

    def as_json(self, names: Iterable[str], *, modified: str, url: str) -> Json:
        """The record as HubSpot sends it; `modified` names the property that holds its last change."""
        get = self.properties.get
        told: Json = {
            "id": str(self.id),
            "properties": {name: get(name) for name in names},
            "createdAt": self.properties["createdate"],
            "updatedAt": self.properties[modified],
            "archived": self.archived_ms is not None,
            "url": url,
        }
        if self.archived_ms is not None:
            told["archivedAt"] = to_iso(self.archived_ms)
        return told

    def _created_ms(self) -> int:
        created = read_ms(self.properties["createdate"])
        assert created is not None
        return created
