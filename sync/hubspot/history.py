"""Who wrote the values that a property once had."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sync.hubspot.values import UnreadableError, moment_of, text_of
from workflows import HistoryEntry, Setter

# CRM_UI and INTEGRATION are recorded in answers. Which of the many other names that hubspot-api-client lists as sources
# of a value (`PropertyValue.source`) stand for workflows, imports, forms and deals is known only by what they say.
_PROGRAMS = ("INTEGRATION", "API", "INTEGRATIONS_PLATFORM")
_PROCESSES = ("IMPORT", "FORM", "WORKFLOW", "AUTOMATION", "CALCULATED", "ANALYTICS")
_DEAL = re.compile(r"(?<![A-Za-z])deals?(?![a-z])|Deal(?=[A-Z])", re.IGNORECASE)


def history_of(row: Mapping[str, Any], name: str) -> Sequence[HistoryEntry]:
    """The values that a property of a contact had, newest first; those without a date are left out."""
    told = row.get("propertiesWithHistory")
    entries = told.get(name) if isinstance(told, dict) else None
    found = []
    for entry in entries if isinstance(entries, list) else []:
        try:
            at = moment_of(_moment_text(entry.get("timestamp")))
        except (UnreadableError, AttributeError, OverflowError, ValueError):
            continue
        found.append(HistoryEntry(value=text_of(entry.get("value")) or None, at=at, by=setter_of(entry)))
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _moment_text(told: object) -> str:
    """A moment as text, also where it is told as a number: of milliseconds."""
    return str(int(told)) if isinstance(told, int | float) and not isinstance(told, bool) else text_of(told)


def setter_of(entry: Mapping[str, Any]) -> Setter:
    """Who wrote a history entry: by its `sourceType`, and only where that says nothing by what else it tells.

    An unknown type without a user is a program's: HubSpot may call our own writes by a name nobody has recorded.
    """
    source = text_of(entry.get("sourceType")).upper()
    words = source.split("_")
    if source.startswith("CRM_UI") or "MOBILE" in source:
        return Setter.PERSON
    if source in _PROGRAMS:
        return Setter.INTEGRATION  # whoever holds its token may be named as its user
    if any(word in source for word in _PROCESSES):
        return Setter.OTHER
    if any(_DEAL.search(text) for text in (*words, text_of(entry.get("sourceId")), text_of(entry.get("sourceLabel")))):
        return Setter.DEAL
    if source.endswith("OBJECT_SYNC"):
        return Setter.DEAL  # what HubSpot's own sync moves a contact by
    if "SYNC" in words or not source:
        return Setter.OTHER
    return Setter.PERSON if entry.get("updatedByUserId") else Setter.INTEGRATION
