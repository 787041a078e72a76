"""What belongs to the account rather than to a record: its owners, forms and lists."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.errors import Json
from sandbox.times import to_iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Someone who may own contacts. A deactivated one is archived: his contacts keep his id."""

    id: str
    user_id: int
    email: str
    first_name: str
    last_name: str
    archived: bool = False

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first_name,
            "lastName": self.last_name,
            "userId": None if self.archived else self.user_id,
            "userIdIncludingInactive": self.user_id,
            "teams": [],
            "createdAt": to_iso(0),
            "updatedAt": to_iso(0),
            "archived": self.archived,
        }

    def as_user_json(self) -> Json:
        return {
            "id": str(self.user_id),
            "email": self.email,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "roleIds": [],
            "superAdmin": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form, by its guid. One that was deleted is archived: what was sent with it can no longer be listed."""

    id: str
    name: str
    created_ms: int
    form_type: str = "hubspot"
    archived: bool = False

    def as_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "createdAt": to_iso(self.created_ms),
            "updatedAt": to_iso(self.created_ms),
            "archived": self.archived,
            "formType": self.form_type,
            "fieldGroups": [],
        }


@dataclass(slots=True, kw_only=True)
class ContactList:
    """A list that is filled by hand (MANUAL or SNAPSHOT); `members` maps an id to the time it joined."""

    id: str
    name: str
    processing_type: str
    created_ms: int
    members: dict[int, int] = field(default_factory=dict)

    def as_json(self) -> Json:
        return {
            "listId": self.id,
            "listVersion": 1,
            "name": self.name,
            "objectTypeId": "0-1",
            "processingType": self.processing_type,
            "processingStatus": "COMPLETE",
            "createdAt": to_iso(self.created_ms),
            "updatedAt": to_iso(self.created_ms),
            "size": len(self.members),
        }

    def as_found_json(self) -> Json:
        """The list as a search tells it, whose answers count otherwise."""
        told = self.as_json()
        del told["size"]
        told["additionalProperties"] = {
            "hs_list_size": str(len(self.members)),
            "hs_last_record_added_at": str(max(self.members.values(), default=self.created_ms)),
        }
        return told

    def add(self, ids: Iterable[int], *, at_ms: int) -> list[int]:
        """Put records in; returns those that were not in it before."""
        new = [record_id for record_id in dict.fromkeys(ids) if record_id not in self.members]
        self.members.update(dict.fromkeys(new, at_ms))
        return new

    def remove(self, ids: Iterable[int]) -> list[int]:
        """Take records out; returns those that were in it."""
        return [record_id for record_id in dict.fromkeys(ids) if self.members.pop(record_id, None) is not None]
