"""Which records belong together: a contact's company, and who takes part in a meeting."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    ("contacts", "meetings"): (Label(199),),
    ("meetings", "contacts"): (Label(200),),
}


def ties(portal: "Portal", pair: Pair) -> Mapping[int, Sequence[int]]:
    """Which live records of the one kind are tied to which of the other; contacts that were merged count as one."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for meeting_id, contact_id in portal.activity.attendances:
        contact = portal.contacts.find(str(contact_id), through_merges=True)
        if contact is not None and meeting_id in portal.meetings.live:
            one, other = (contact.id, meeting_id) if pair[0] == "contacts" else (meeting_id, contact.id)
            found[one].append(other)
    return {one: list(dict.fromkeys(others)) for one, others in found.items()}


def tied_to(portal: "Portal", pair: Pair, ids: Sequence[str]) -> dict[str, Sequence[int]]:
    """For each of these records the ones that it is tied to; those without any are left out."""
    if pair != ("contacts", "companies"):
        known = ties(portal, pair)
        return {given: known[int(given)] for given in ids if int(given) in known}
    found: dict[str, Sequence[int]] = {}
    for given in ids:
        contact = portal.contacts.find(given)
        company = portal.companies.find(contact.properties.get(COMPANY_LINK, "")) if contact else None
        if company is not None:
            found[given] = [company.id]
    return found
