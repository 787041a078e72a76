"""What a merge makes of two contacts."""

from sandbox.records import Record

SUBMISSIONS = "hs_calculated_form_submissions"
SUBMISSIONS_LISTED_MAX = 800
"""HubSpot's own definition of that property (estuary/connectors)."""


def ids_of(contact: Record) -> set[int]:
    """Every id that a contact has or had before it was merged."""
    return {contact.id, *map(int, filter(None, contact.properties.get("hs_merged_object_ids", "").split(";")))}


def addresses_of(contact: Record) -> set[str]:
    """Every address that a contact has, also those of contacts that were merged into it; in lower case."""
    further = contact.properties.get("hs_additional_emails", "").split(";")
    return {each.lower() for each in (contact.properties.get("email", ""), *further)} - {""}


def merged_values(survivor: Record, kept: Record, gone: Record) -> dict[str, str]:
    """What a merge writes to the survivor: what it lacked, every address of the other, and every id it ever had."""
    filled = {name: value for name, value in gone.properties.items() if value and not survivor.properties.get(name)}
    old_ids = [
        *filter(None, kept.properties.get("hs_merged_object_ids", "").split(";")),
        *filter(None, gone.properties.get("hs_merged_object_ids", "").split(";")),
        *(str(old.id) for old in (kept, gone) if old is not survivor),
    ]
    filled["hs_merged_object_ids"] = ";".join(old_ids)
    filled["hs_all_contact_vids"] = ";".join([str(survivor.id), *old_ids])
    first = filled.get("email") or survivor.properties.get("email")
    addresses = [
        *kept.properties.get("hs_additional_emails", "").split(";"),
        gone.properties.get("email", ""),
        *gone.properties.get("hs_additional_emails", "").split(";"),
    ]
    if further := [each for each in dict.fromkeys(addresses) if each not in ("", first)]:
        filled["hs_additional_emails"] = ";".join(further)
    # HubSpot calculates it from what was sent, and what both have sent is the survivor's.
    sent = {each for contact in (kept, gone) for each in contact.properties.get(SUBMISSIONS, "").split(";")} - {""}
    if sent:
        oldest_first = sorted(sent, key=lambda each: int(each.rpartition(":")[2]))
        filled[SUBMISSIONS] = ";".join(oldest_first[-SUBMISSIONS_LISTED_MAX:])
    return filled
