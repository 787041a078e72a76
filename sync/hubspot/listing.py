"""Every record of a kind by its list, walked from several places at once where the portal proves to allow it.

The list comes by id, and a page names the id after which the next one begins. Whether any other id may be named there
is not documented. So the first time one is, nobody else follows before its page holds higher ids than that alone; and
whoever walks up to a place where another has begun looks whether that one left nothing out: the page that leads beyond
the place shows what comes after it. Where something is missing, they go on as if nobody had begun there.
"""

import queue
import threading
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sync.hubspot.connection import Call, Connection
from sync.hubspot.paging import Row, next_after, rows_of
from sync.ports import FatalError, RetryableError

PAGE = 100
"""Contacts of one list page (HubSpot objects guide)."""
BEGINS_AFTER = 10
"""Pages that one walks before others join in: a small portal is read sooner than it is divided."""
STRETCH_MIN = 1_000
"""Contacts that a stretch should have at least: each costs up to a page more, since its end lies within one."""
STRETCHES_PER = 5_000
"""There are no more stretches than one for so many contacts: those further pages stay below one in a hundred, on
average half a page for each fifty."""

Pages = Callable[[str | None], Mapping[str, Any]]
"""Asks for the page at a place, None for the first; the answer's document."""


@dataclass(slots=True, eq=False)
class _Stretch:
    """Contacts with ids above one and up to another, walked by one thread."""

    above: int
    upto: int | None = None
    """None: to the end of the list."""
    following: "_Stretch | None" = None
    place: str | None = None
    """Where its next page begins."""
    first: int | None = None
    """Its lowest id, once its first page is there."""
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    """What it has given, ascending."""
    places: set[str] = field(default_factory=set)
    """Where its pages have begun."""
    is_void: bool = False
    """Somebody else walks here."""
    is_over: bool = False
    mixed: bool = False
    """What it meets may have been given before."""

    @property
    def last(self) -> int:
        return self.ids[-1] if self.ids else self.above


class _OutOfOrderError(Exception):
    """The list does not come by id."""


class Listing:
    """One walk through the list; `extent` asks for the number of records and the highest id, or answers None."""

    def __init__(self, page_at: Pages, *, extent: Callable[[], tuple[int, int] | None], threads: int) -> None:
        self._page_at = page_at
        self._extent = extent
        self._threads = threads
        self._changed = threading.Condition()
        self._pages: queue.Queue[Sequence[Row] | BaseException | None] = queue.Queue(maxsize=threads)
        self._walkers = 0
        self._stretches: list[_Stretch] = []
        self._waiting: list[_Stretch] = []
        self._left = 0
        """Stretches that may still be begun."""
        self._density = 0.0
        """Contacts for each id there could be."""
        self._highest = 0
        self._is_proven: bool | None = False
        """Whether any id may be named as a place; None while the first such page is under way."""
        self._is_closed = False

    def pages(self) -> Iterator[Sequence[Row]]:
        """Every record once, however often the list shows it, in pages; of each stretch in the list's order.

        RetryableError where paging goes round in circles.
        """
        start = _Stretch(above=0)
        self._stretches.append(start)
        for _ in range(BEGINS_AFTER):
            yield self._step(start)
            if start.is_over:
                return
        self._divide(start)
        if not self._left:
            while not start.is_over:
                yield self._step(start)
            return
        try:
            yield from self._together(start)
        except _OutOfOrderError:
            anew = _Stretch(above=0, mixed=True)
            self._stretches.append(anew)
            while not anew.is_over:
                yield self._step(anew)

    def _divide(self, start: _Stretch) -> None:
        """Find out how many stretches there may be; none more than the one where that is not known or not worth it."""
        known = self._extent() if self._threads > 1 and not start.mixed else None
        if known is None:
            return
        total, self._highest = known
        self._left = max(0, total // STRETCHES_PER - 1)
        span = self._highest - (start.first or 0)
        if span <= 0 or self._highest <= start.last:
            self._left = 0
        else:
            self._density = total / span

    def _together(self, start: _Stretch) -> Iterator[Sequence[Row]]:
        self._waiting.append(start)
        threads = [threading.Thread(target=self._walk, daemon=True) for _ in range(self._threads)]
        self._walkers = len(threads)
        for thread in threads:
            thread.start()
        try:
            while (page := self._pages.get()) is not None:
                if isinstance(page, BaseException):
                    raise page
                yield page
        except _OutOfOrderError:
            yield from self._closed(threads)  # they count as given
            raise
        finally:
            self._closed(threads)

    def _closed(self, threads: Sequence[threading.Thread]) -> Sequence[Sequence[Row]]:
        """Have all threads come to their end; returns the pages that nobody has taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        left: list[Sequence[Row]] = []
        while any(thread.is_alive() for thread in threads) or not self._pages.empty():
            with suppress(queue.Empty):  # whoever waits to hand a page over must not wait for ever
                page = self._pages.get(timeout=0.05)
                left += [] if page is None or isinstance(page, BaseException) else [page]
        return left

    def _walk(self) -> None:
        """One thread: stretch after stretch, until there is none left to begin."""
        try:
            while (stretch := self._next_stretch()) is not None:
                while not (stretch.is_over or self._is_closed):
                    page = self._step(stretch)
                    if page:
                        self._pages.put(page)
        except BaseException as failure:  # noqa: BLE001 - raised again where the pages are taken
            self._pages.put(failure)
        with self._changed:
            self._walkers -= 1
            is_last = self._walkers == 0
        if is_last:
            self._pages.put(None)

    def _next_stretch(self) -> _Stretch | None:
        with self._changed:
            if self._waiting:
                return self._waiting.pop()
            self._changed.wait_for(lambda: self._is_proven is not None or self._is_closed)
            widest = max(
                (each for each in self._stretches if not each.is_over and not each.is_void),
                key=self._ahead_of,
                default=None,
            )
            if self._is_closed or not self._left or widest is None or self._ahead_of(widest) < 2 * STRETCH_MIN:
                return None
            self._left -= 1
            end = self._highest if widest.upto is None else widest.upto
            middle = widest.last + (end - widest.last) // 2
            new = _Stretch(above=middle, upto=widest.upto, following=widest.following, place=str(middle))
            widest.upto, widest.following = middle, new
            self._stretches.append(new)
            if self._is_proven is False:
                self._is_proven = None
            return new

    def _ahead_of(self, stretch: _Stretch) -> float:
        """About how many contacts it has still before it: as dense as what it gave, or as all are."""
        end = self._highest if stretch.upto is None else stretch.upto
        walked = stretch.last - stretch.above
        density = len(stretch.ids) / walked if len(stretch.ids) >= 5 * PAGE and walked else self._density
        return max(0, end - stretch.last) * density

    def _step(self, stretch: _Stretch) -> Sequence[Row]:
        """The next page of a stretch, without what was given before or is another's."""
        try:
            document = self._page_at(stretch.place)
            rows = rows_of(document)
        except (FatalError, RetryableError):
            if stretch.above and stretch.first is None and self._give_back(stretch):
                return ()
            raise
        with self._changed:
            return self._taken(stretch, rows, next_after(document))

    def _taken(self, stretch: _Stretch, rows: Sequence[Row], place: str | None) -> Sequence[Row]:
        if stretch.is_void:
            stretch.is_over = True
            return ()
        ids = [int(row["id"]) for row in rows]
        if stretch.first is None and stretch.above and not (ids and ids[0] >= stretch.above and ids == sorted(ids)):
            self._give_back(stretch)
            return ()
        if self._walkers and not stretch.mixed and (ids != sorted(ids) or (stretch.ids and ids[:1] <= [stretch.last])):
            raise _OutOfOrderError
        if self._is_proven is None and stretch.above:
            self._is_proven = True
            self._changed.notify_all()
        if stretch.first is None and ids:
            stretch.first = min(ids)
        beyond = min((i for i in ids if stretch.upto is not None and i > stretch.upto), default=None)
        if beyond is not None and self._is_walked_from(stretch.following, beyond):
            rows = [row for row, i in zip(rows, ids, strict=True) if i < beyond]
            place = None
        elif beyond is not None:
            self._take_over(stretch)
        fresh = self._fresh(stretch, rows)
        stretch.place, stretch.is_over = place, place is None
        if place is not None:
            if place in stretch.places:
                raise RetryableError(
                    f"HubSpot's paging goes round in circles: a page leads back to {place}, which was read already. "
                    "Nothing was written; the next run starts afresh."
                )
            stretch.places.add(place)
        return fresh

    def _is_walked_from(self, following: _Stretch | None, beyond: int) -> bool:
        """Whether somebody gives this contact and all after it; one that is lower may have been deleted since."""
        return (
            following is not None
            and not following.is_void
            and following.first is not None
            and following.first <= beyond
        )

    def _take_over(self, stretch: _Stretch) -> None:
        """What was begun after this stretch is walked as part of it; what is given there already is not given again."""
        following = stretch.following
        assert following is not None, "who has an end has somebody who begins there"
        following.is_void = True
        stretch.upto, stretch.following, stretch.mixed = following.upto, following.following, True
        following.following = None
        self._left = 0

    def _give_back(self, stretch: _Stretch) -> bool:
        """The portal shows nothing at a place that we chose: whoever comes before goes on through it."""
        with self._changed:
            before = next((each for each in self._stretches if each.following is stretch), None)
            if before is None:
                return False
            stretch.is_over = stretch.is_void = True
            before.upto, before.following = stretch.upto, stretch.following
            stretch.following = None
            self._is_proven, self._left = bool(self._is_proven), 0
            self._changed.notify_all()
            return True

    def _fresh(self, stretch: _Stretch, rows: Sequence[Row]) -> list[Row]:
        fresh = []
        for row in rows:
            each = int(row["id"])
            if each <= stretch.above:
                continue  # a place that is a contact's id may bring that one, too
            stretch.mixed = stretch.mixed or (bool(stretch.ids) and each <= stretch.last)
            if stretch.mixed and any(_holds(other.ids, each) for other in self._stretches):
                continue
            if stretch.mixed:
                insort(stretch.ids, each)
            else:
                stretch.ids.append(each)
            fresh.append(row)
        return fresh


def extent(connection: Connection, search: Call) -> tuple[int, int] | None:
    """How many records there are, about, and the highest of their ids; None where search does not tell."""
    body = {"sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}], "properties": [], "limit": 1}
    with suppress(FatalError, RetryableError, ValueError):
        answer = connection.read(search, body, search=True)
        document = answer.document or {}
        ids = [int(row["id"]) for row in rows_of(document)]
        return (int(document.get("total") or 0), max(ids)) if ids else None
    return None


def _holds(ids: "array[int]", each: int) -> bool:
    at = bisect_left(ids, each)
    return at < len(ids) and ids[at] == each
