"""Lists of what happened, walked from several moments at once where they are long.

A page leads only to the next one, so a long list takes as many round trips as it has pages. A list that may be asked
for from one moment to another is several lists.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from sync.hubspot.paging import Row
from sync.side_by_side import merged

BEGINS_AFTER = 25
"""Pages after which a list counts as long: each further part costs about half a page more."""
PARTS = 16
"""Parts of a list that goes on up to now."""
PARTS_BACK = 6
"""Parts of one that goes back nobody knows how far, each twice as long as the one that is later."""
_OVERLAP = timedelta(milliseconds=2)
"""By which parts overlap: whether the moments asked for are themselves included is not documented everywhere."""

_EPOCH = datetime.fromtimestamp(0, UTC)

Asks = Callable[[datetime | None, datetime | None], Iterator[Sequence[Row]]]
"""Lists what happened from one moment to another, page by page; None: without such an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A list in the order of time. What happened at the seams between parts may come twice."""

    asks: Asks
    at: Callable[[Row], datetime | None]
    threads: int
    now: datetime | None = None
    """About; None: the list begins with what is newest."""

    def pages(self, since: datetime | None) -> Iterator[Sequence[Row]]:
        """All that happened since a moment, None: at all."""
        whole = self.asks(since, None)
        if self.threads <= 1:
            yield from whole
            return
        moments: list[datetime] = []
        read = 0
        for page in islice(whole, BEGINS_AFTER):
            yield page
            read += 1
            moments += [at for row in (*page[:1], *page[-1:]) if (at := self.at(row))]
        if read < BEGINS_AFTER:
            return
        cuts = self._cuts(since, moments)
        if cuts is None:
            yield from whole
            return
        yield from merged([self._part(start, end) for start, end in pairwise(cuts)], threads=self.threads)

    def _cuts(self, since: datetime | None, moments: Sequence[datetime]) -> Sequence[datetime | None] | None:
        """The moments between which the rest lies, None at an end: open; None altogether where the order is another."""
        if not moments or list(moments) != sorted(moments, reverse=self.now is None):
            return None
        first, reached = moments[0], moments[-1]
        if self.now is None:
            backward = (reached - (first - reached) * (2**part - 1) for part in range(PARTS_BACK))
            return [since, *sorted({cut for cut in backward if cut > (since or _EPOCH)})]
        rest = max(self.now - reached, timedelta(0))
        return [*sorted({reached + rest * part / PARTS for part in range(PARTS)}), None]

    def _part(self, start: datetime | None, end: datetime | None) -> Iterator[Sequence[Row]]:
        """What happened between two moments. A list that does not keep to them is left where it is beyond."""
        for page in self.asks(start and start - _OVERLAP, end and end + _OVERLAP):
            yield page
            moments = [at for row in page if (at := self.at(row))]
            if self.now is None:
                is_beyond = start is not None and bool(moments) and max(moments) < start - _OVERLAP
            else:
                is_beyond = end is not None and bool(moments) and min(moments) > end + _OVERLAP
            if is_beyond:
                return
