"""Which records belong together: a contact's company, and with which contacts a meeting, a call or a deal has to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.engagements import ENGAGEMENTS
from sandbox.errors import Json

if TYPE_CHECKING:
    from sandbox.portal import Portal

COMPANY_LINK = "associatedcompanyid"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Label:
    """One kind of tie between two kinds of record, under HubSpot's number for it (HubSpot associations guide)."""

    type_id: int
    label: str | None = None

    def as_json(self) -> Json:
        return {"category": "HUBSPOT_DEFINED", "typeId": self.type_id, "label": self.label}


# The primary company stands beside the tie that has no label, as recorded (amp-labs/connectors).
LABELS: Mapping[Pair, Sequence[Label]] = {
    ("contacts", "companies"): (Label(1, "Primary"), Label(279)),
    **{("contacts", name): (Label(each.from_contact),) for name, each in ENGAGEMENTS.items()},
    **{(name, "contacts"): (Label(each.to_contact),) for name, each in ENGAGEMENTS.items()},
}


class Ties:
    """Which records of one kind are tied to which contacts, both ways."""

    def __init__(self) -> None:
        # Nearly every record is tied to one contact: a tuple of one takes the least room.
        self._contacts: dict[int, tuple[int, ...]] = {}
        self._records: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._contacts.values()))

    def add(self, record_id: int, contact_id: int) -> None:
        """Tie a record to a contact; once, however often it is said."""
        held = self._contacts.get(record_id, ())
        if contact_id not in held:
            self._contacts[record_id] = (*held, contact_id)
            self._records[contact_id] = (*self._records.get(contact_id, ()), record_id)

    def contacts(self, record_id: int) -> Sequence[int]:
        """The contacts of a record, as they were tied."""
        return self._contacts.get(record_id, ())

    def records(self, contact_id: int) -> Sequence[int]:
        """The records of a contact, the one tied last at the end."""
        return self._records.get(contact_id, ())

    def move(self, old: int, survivor: int) -> None:
        """What was tied to a contact that was merged away is tied to the one that survives."""
        for record_id in self._untied(old):
            self.add(record_id, survivor)

    def forget(self, contact_ids: Iterable[int]) -> None:
        """Untie these contacts from everything."""
        for contact_id in contact_ids:
            self._untied(contact_id)

    def _untied(self, contact_id: int) -> Sequence[int]:
        records = self._records.pop(contact_id, ())
        for record_id in records:
            left = tuple(each for each in self._contacts[record_id] if each != contact_id)
            if left:
                self._contacts[record_id] = left
            else:
                del self._contacts[record_id]
        return records


def tied_to(portal: "Portal", pair: Pair, ids: Sequence[str]) -> dict[str, Sequence[int]]:
    """For each of these records the live ones that it is tied to; those without any are left out."""
    found: dict[str, Sequence[int]] = {}
    one, other = (portal.collections[name] for name in pair)
    for given in ids:
        record = one.find(given)
        if record is None:
            continue
        if pair == ("contacts", "companies"):
            company = other.find(record.properties.get(COMPANY_LINK, ""))
            tied: Sequence[int] = [company.id] if company else ()
        elif pair[0] == "contacts":
            tied = [each for each in portal.ties[pair[1]].records(record.id) if each in other.live]
        else:
            tied = [each for each in portal.ties[pair[0]].contacts(record.id) if each in other.live]
        if tied:
            found[given] = tied
    return found
