"""What records say of a lead's acts: meetings, calls, one-to-one mails, messages and deals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.hubspot.values import UnreadableError, flag_of, moment_of, text_of

_CREATED = ("hs_createdate", "createdate")
_MODIFIED = "hs_lastmodifieddate"
_WHEN = "hs_timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a record says was done."""

    act: str
    at: datetime | None
    name: str = ""
    until: datetime | None = None


class Texts:
    """The properties of a record."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties

    def text(self, name: str) -> str:
        return text_of(self._properties.get(name))

    def is_true(self, name: str) -> bool:
        try:
            return flag_of(self.text(name))
        except UnreadableError:
            return False

    def moment(self, *names: str) -> datetime | None:
        """The first of these moments that is there and can be read."""
        for name in names:
            try:
                if text := self.text(name):
                    return moment_of(text)
            except UnreadableError:
                continue
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record: HubSpot's name for it, what must be read of it, and what that says."""

    object_type: str
    properties: Sequence[str]
    act_of: Callable[[Texts], Act | None]
    """None where a record is no act that counts."""


def _meeting(of: Texts) -> Act:
    """The outcomes are HubSpot's (meetings guide); a meeting that was moved is still booked."""
    name = of.text("hs_meeting_title")
    over = of.moment("hs_meeting_end_time", "hs_meeting_start_time", _WHEN)
    match of.text("hs_meeting_outcome").upper():
        case "COMPLETED":
            return Act(act="held", at=over, name=name, until=over)
        case "NO_SHOW":
            return Act(act="missed", at=over, name=name)
        case "CANCELED" | "CANCELLED":
            # HubSpot does not keep when. It was before the meeting was to be, and not after the last change.
            return Act(act="cancelled", at=min(filter(None, (of.moment(_MODIFIED), over)), default=None), name=name)
        case _:
            return Act(act="booked", at=of.moment(*_CREATED, _WHEN), name=name, until=over)


def _logged(of: Texts) -> Act:
    return Act(act="logged", at=of.moment(_WHEN))


def _message(of: Texts) -> Act:
    """Named by its channel: WHATS_APP, LINKEDIN_MESSAGE or SMS (HubSpot communications guide)."""
    return Act(act="logged", at=of.moment(_WHEN), name=of.text("hs_communication_channel_type"))


def _email(of: Texts) -> Act | None:
    """By its direction (HubSpot email guide). One that was forwarded to the portal is nobody's act, nor one that never
    went out; its subject is not kept."""
    direction, status = of.text("hs_email_direction").upper(), of.text("hs_email_status").upper()
    if direction == "INCOMING_EMAIL":
        return Act(act="received", at=of.moment(_WHEN))
    if direction == "EMAIL" and status not in ("BOUNCED", "FAILED", "SCHEDULED", "SENDING"):
        return Act(act="sent", at=of.moment(_WHEN))
    return None


def _deal(of: Texts) -> Act:
    """By what HubSpot itself says of a deal's stage, since every portal names its stages as it likes."""
    name = of.text("dealname")
    if of.is_true("hs_is_closed_won"):
        return Act(act="won", at=of.moment("closedate", _MODIFIED), name=name)
    if of.is_true("hs_is_closed"):
        return Act(act="lost", at=of.moment("closedate", _MODIFIED), name=name)
    return Act(act="open", at=of.moment(*_CREATED), name=name)


KINDS: Mapping[str, Kind] = {
    "meetings": Kind(
        object_type="meetings",
        properties=(
            "hs_meeting_outcome",
            "hs_meeting_title",
            "hs_meeting_start_time",
            "hs_meeting_end_time",
            _WHEN,
            *_CREATED,
            _MODIFIED,
        ),
        act_of=_meeting,
    ),
    "calls": Kind(object_type="calls", properties=(_WHEN,), act_of=_logged),
    "emails": Kind(object_type="emails", properties=("hs_email_direction", "hs_email_status", _WHEN), act_of=_email),
    "messages": Kind(
        object_type="communications", properties=("hs_communication_channel_type", _WHEN), act_of=_message
    ),
    "deals": Kind(
        object_type="deals",
        properties=("dealname", "hs_is_closed", "hs_is_closed_won", "closedate", *_CREATED, _MODIFIED),
        act_of=_deal,
    ),
}
"""By feed."""
