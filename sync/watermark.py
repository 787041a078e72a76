"""Up to which moment a pass has seen every change, told by the clock behind the change dates."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sync.records import ContactRecord


class ReadUpTo:
    """When reading began, by the clock that HubSpot dates changes by; perhaps earlier, never later.

    A change date that is read some seconds after the beginning is not in the future of that clock: less those seconds,
    it is not later than the beginning. So neither our own clock nor HubSpot's header `Date`, which may be wrong or
    missing, can carry the watermark past changes that nobody has seen.
    """

    def __init__(self, told: datetime, *, steady: Callable[[], float]) -> None:
        """`told`: the beginning by HubSpot's `Date`, or by our clock where it tells none."""
        self._told = told
        self._steady = steady
        self._began = steady()
        self._newest: datetime | None = None

    def saw(self, records: Iterable[ContactRecord]) -> None:
        """Take the change dates of contacts into account that were read just now."""
        dates = [record.modified_at for record in records if record.modified_at is not None]
        if dates:
            shown = max(dates) - timedelta(seconds=self._steady() - self._began)
            self._newest = max(shown, self._newest) if self._newest else shown

    @property
    def moment(self) -> datetime | None:
        """Every change up to it was there to be read; None where no contact with a change date was."""
        return min(self._told, self._newest) if self._newest else None
