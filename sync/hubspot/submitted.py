"""What a contact itself tells of the forms that it sent.

HubSpot keeps the latest 800 in one property, each as `<form>::<ms>` or `<form>:<page>:<ms>`, joined by `;`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from scoring import BadValue
from sync.hubspot.values import UnreadableError, past_of
from sync.traces import Trace

SUBMISSIONS = "hs_calculated_form_submissions"
CONVERSIONS = (
    ("recent_conversion_date", "recent_conversion_event_name"),
    ("first_conversion_date", "first_conversion_event_name"),
)
"""When a form was first and last sent, and what HubSpot then calls it: its page and its name."""


def submission_key(form_id: str, at: datetime, who: str) -> str:
    """The key of a submission: two people may send a form in the same millisecond, one person may not."""
    return f"{form_id}:{(at - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)}:{who}"


def submissions_of(
    text: str, *, contact_id: str, names: Mapping[str, str], conversions: Mapping[datetime, str], now: datetime
) -> tuple[Sequence[Trace], BadValue | None]:
    """The submissions that the property holds, and what is wrong with it; bad entries cost no good one.

    `names` are those of the portal's forms, by id; a form that is missing there is called as a conversion of the same
    millisecond is.
    """
    entries = [entry.strip() for entry in text.split(";") if entry.strip()]
    found: dict[str, Trace] = {}
    bad = 0
    for entry in entries:
        form_id, _, rest = entry.partition(":")
        try:
            at = past_of(rest.rpartition(":")[2], now) if form_id and rest else None
        except UnreadableError:
            at = None
        if at is None:
            bad += 1
            continue
        key = submission_key(form_id, at, contact_id)
        name = names.get(form_id) or conversions.get(at, "")
        found[key] = Trace(feed="submissions", key=key, who=contact_id, act="sent", at=at, name=name, ref=form_id)
    problem = f"{bad} of {len(entries)} submissions that cannot be read"
    return list(found.values()), BadValue(where=SUBMISSIONS, problem=problem) if bad else None
