"""How a write changes a record: HubSpot's own rules, whoever writes."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.associations import COMPANY_LINK
from sandbox.collection import CONTACTS, Collection
from sandbox.engagements import DEAL_STAGE, follows_stage
from sandbox.errors import NAMES_NOTHING, READ_ONLY, BadValue
from sandbox.records import MERGED, Record, Source, Version
from sandbox.stages import (
    DATES_GROUP,
    ENTERED_CURRENT,
    PIPELINE_ID,
    became,
    cumulative_time_in,
    entered,
    exited,
    is_backward,
    latest_time_in,
)
from sandbox.times import read_ms, to_iso
from sandbox.values import accept

if TYPE_CHECKING:
    from sandbox.portal import Portal

STAGE = "lifecyclestage"
OWNER = "hubspot_owner_id"
_OWNED_SINCE, _EMAIL_DOMAIN = "hubspot_owner_assigneddate", "hs_email_domain"


def check(
    portal: "Portal",
    collection: Collection,
    record: Record | None,
    written: Mapping[str, Any],
    *,
    read_only: bool = False,
) -> tuple[dict[str, str], list[BadValue]]:
    """What a write would store, and what is wrong with it; `record` is None while it does not exist yet.

    Only HubSpot itself may write properties that are `read_only`.
    """
    values: dict[str, str] = {}
    bad: list[BadValue] = []
    for name, value in written.items():
        if value is None and not portal.switches.null_clears:
            continue
        checked = _check_one(portal, collection, record, name.lower(), value, read_only=read_only)
        if isinstance(checked, BadValue):
            if not (checked.is_unwritable and portal.switches.unwritable_properties_ignored):
                bad.append(checked)
        else:
            values[name.lower()] = checked
    return values, bad


def _check_one(
    portal: "Portal", collection: Collection, record: Record | None, name: str, value: Any, *, read_only: bool
) -> str | BadValue:
    definition = collection.definitions.get(name)
    if definition is None:
        return BadValue(name=name, code=NAMES_NOTHING, message=f'Property "{name}" does not exist')
    if definition.read_only and not read_only:
        message = f'"{name}" is a read only property; its value cannot be set.'
        return BadValue(name=name, code=READ_ONLY, message=message)
    if name == OWNER and value not in ("", None) and str(value) not in {owner.id for owner in portal.owners}:
        return BadValue(name=name, code="INVALID_OPTION", message=f"{value} was not one of the allowed options: []")
    accepted = accept(definition, value, record.properties.get(name, "") if record else "")
    rule = portal.validation_rules.get(name)
    if rule and isinstance(accepted, str) and accepted and not re.fullmatch(rule, accepted):
        # Enforced on API writes since 2023-07 (changelog, property validation rules).
        return BadValue(name=name, code="INVALID_ALPHA", message=f"{accepted} breaks a rule for {name}")
    return accepted


def complete(collection: Collection, values: dict[str, str], default_time: str) -> None:
    """Fill in what HubSpot keeps about every new record of that kind."""
    values.setdefault("createdate", default_time)
    values.setdefault(collection.kind.modified, values["createdate"])
    if collection.definitions.get("hs_createdate"):
        values.setdefault("hs_createdate", values["createdate"])
    if DEAL_STAGE in values:
        values |= follows_stage(values[DEAL_STAGE])
    if collection.kind is not CONTACTS:
        return
    values["hs_pipeline"] = PIPELINE_ID
    if "@" in values.get("email", ""):
        values[_EMAIL_DOMAIN] = values["email"].rpartition("@")[2]
    if stage := values.get(STAGE):
        values.setdefault(ENTERED_CURRENT, values["createdate"])
        values.setdefault(entered(stage), values[ENTERED_CURRENT])


def change(
    portal: "Portal", collection: Collection, record: Record, values: Mapping[str, str], source: Source, *, at_ms: int
) -> None:
    """Store values that were found good.

    What is there already is no change, and a backward stage leaves the old one, unless a person sets it by hand.
    The date of the last change moves only if a property changed that is not calculated.
    """
    changed = {
        name: value
        for name, value in values.items()
        if value != record.properties.get(name, "") and not _is_refused_stage(portal, record, name, value, source)
    }
    if not changed:
        return
    portal.index_late(collection, record)
    old_stage, old_email = record.properties.get(STAGE, ""), record.properties.get("email")
    for name, value in changed.items():
        record.set(name, Version(value, at_ms, source))
    now = to_iso(at_ms)
    if STAGE in changed and collection is portal.contacts:
        _date_stage(portal, record, old_stage, changed[STAGE], at_ms)
        if source.type == "CRM_UI" and is_backward(portal.stages, old_stage, changed[STAGE]):
            _forget_later_stages(portal, record, changed[STAGE])
    if collection.kind.unique in changed:
        collection.rename(record, old_email, changed["email"])
        record.properties[_EMAIL_DOMAIN] = changed["email"].rpartition("@")[2]
    if OWNER in changed and collection is portal.contacts:
        record.properties[_OWNED_SINCE] = now
    if DEAL_STAGE in changed:
        record.properties.update(follows_stage(changed[DEAL_STAGE]))
    if any(_moves_date(portal, collection, name, source) for name in changed):
        touch(collection, record, at_ms=at_ms)


def keeps_history(collection: Collection, name: str) -> bool:
    """Whether every version of a property is kept: not of those that only follow others, such as stage dates."""
    definition = collection.definitions.get(name)
    follows = name in {_OWNED_SINCE, _EMAIL_DOMAIN, collection.kind.modified}
    return definition is not None and definition.group != DATES_GROUP and not follows


def touch(collection: Collection, record: Record, *, at_ms: int) -> None:
    """Let a record have been changed at that time, unless it was changed later."""
    collection.index.changing(record)
    # Both are ISO in UTC and of one length, so that text order is time order.
    record.properties[collection.kind.modified] = max(to_iso(at_ms), record.properties[collection.kind.modified])


def _is_refused_stage(portal: "Portal", record: Record, name: str, value: str, source: Source) -> bool:
    return (
        name == STAGE
        and source.type != "CRM_UI"
        and not portal.switches.backward_stage_writes
        and is_backward(portal.stages, record.properties.get(STAGE, ""), value)
    )


def _date_stage(portal: "Portal", record: Record, old: str, new: str, at_ms: int) -> None:
    held, now = record.properties, to_iso(at_ms)
    if old:
        came_ms = read_ms(held.get(entered(old), ""))
        stayed_ms = max(0, at_ms - came_ms) if came_ms is not None else 0
        held[exited(old)] = now
        held[latest_time_in(old)] = str(stayed_ms)
        held[cumulative_time_in(old)] = str(int(held.get(cumulative_time_in(old)) or 0) + stayed_ms)
    if new:
        held[entered(new)] = held[became(new)] = now
    elif portal.switches.clear_empties_stage_dates:
        held[entered(old)] = held[became(old)] = ""
    keeps = new or not portal.switches.clear_empties_entered_date
    held[ENTERED_CURRENT] = now if keeps else ""


def _forget_later_stages(portal: "Portal", record: Record, back_to: str) -> None:
    """Whom a person sets back by hand never "became" the later stages (knowledge base, default contact properties)."""
    for stage in portal.stages:
        if is_backward(portal.stages, stage.id, back_to):
            record.properties[became(stage.id)] = ""


def _moves_date(portal: "Portal", collection: Collection, name: str, source: Source) -> bool:
    """Whether a change of this property moves the date of the last change; beside a merge, which always does."""
    definition = collection.definitions.get(name)
    if definition is None:
        return False
    if definition.calculated:
        return portal.switches.calculated_moves_date
    if name == COMPANY_LINK and source is not MERGED:
        return portal.switches.associations_move_date
    if source is MERGED or not definition.read_only:
        return True
    if definition.field_type.startswith("calculation_"):
        return portal.switches.equations_move_date
    return portal.switches.rollups_move_date
