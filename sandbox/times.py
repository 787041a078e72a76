"""How times travel: ISO text or epoch milliseconds, both in UTC."""

import re
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
_WHOLE = re.compile(r"-?\d{1,15}")


def to_ms(at: datetime) -> int:
    """Epoch milliseconds of an aware moment."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def to_iso(ms: int) -> str:
    """HubSpot's spelling of a moment: `2026-01-02T03:04:05.678Z`."""
    return (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_ms(text: str) -> int | None:
    """Epoch milliseconds of a time written as milliseconds or ISO; None where it is neither."""
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))


def read_date(text: str) -> str | None:
    """A calendar day as `YYYY-MM-DD`, from that or from milliseconds at midnight UTC; None where it is neither."""
    if _WHOLE.fullmatch(text):
        ms = int(text)
        return to_iso(ms)[:10] if ms % DAY_MS == 0 else None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
