"""How times travel: ISO text or epoch milliseconds, both in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
_WHOLE = re.compile(r"-?\d{1,15}")


def to_ms(at: datetime) -> int:
    """Epoch milliseconds of an aware moment."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def to_iso(ms: int) -> str:
    """HubSpot's spelling of a moment: `2026-01-02T03:04:05.678Z`."""
    day, ms_of_day = divmod(ms, DAY_MS)
    second, ms_of_second = divmod(ms_of_day, 1_000)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_day(day)}T{hour:02}:{minute:02}:{second:02}.{ms_of_second:03}Z"


_FIRST_MS, _LAST_MS = to_ms(datetime(1, 1, 1, tzinfo=UTC)), to_ms(datetime(9_999, 12, 31, tzinfo=UTC))


@lru_cache(maxsize=4_096)
def _day(since_epoch: int) -> str:
    # A large portal spells millions of times, on few days.
    return (EPOCH + timedelta(days=since_epoch)).date().isoformat()


def read_ms(text: str) -> int | None:
    """Epoch milliseconds of a time written as milliseconds or ISO; None where it is neither, or in no calendar year."""
    if _WHOLE.fullmatch(text):
        ms = int(text)
    else:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return None
        ms = to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))
    return ms if _FIRST_MS <= ms <= _LAST_MS else None


def read_date(text: str) -> str | None:
    """A calendar day as `YYYY-MM-DD`, from that or from milliseconds at midnight UTC; None where it is neither."""
    if _WHOLE.fullmatch(text):
        ms = read_ms(text)
        return to_iso(ms)[:10] if ms is not None and ms % DAY_MS == 0 else None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
