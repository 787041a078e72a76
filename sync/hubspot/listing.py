"""Every record of a kind by its list, walked from several places at once where the portal proves to allow it.

The list comes by id, and a page names the id after which the next one begins. Whether any other id may be named there
is not documented. So the first time one is, nobody else follows before its page holds higher ids than that alone; and
whoever walks up to a place where another has begun looks whether that one left nothing out: the page that leads beyond
the place shows what comes after it. Where something is missing, or the other has nothing to show yet, they go on as if
nobody had begun there.
"""

import threading
from array import array
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sync.hubspot.apis import Call
from sync.hubspot.connection import Connection
from sync.hubspot.paging import Row, next_after, rows_of
from sync.ports import FatalError, RetryableError

PAGE = 100
"""Contacts of one list page (HubSpot objects guide)."""
BEGINS_AFTER = 10
"""Pages that one walks before others join in: a small portal is read sooner than it is divided."""
STRETCH_MIN = 1_000
"""Contacts that a stretch should have at least: each costs up to a page more, since its end lies within one."""
STRETCHES_PER = 5_000
"""There are no more stretches than one for so many contacts: those further pages are one in fifty at the very most.
Where ids are evenly spread a long list has hardly more stretches than there are threads."""
TRIES = 3
"""Places that are chosen, at most, before one of them has shown that the portal allows any."""

Pages = Callable[[str | None], Mapping[str, Any]]
"""Asks for the page at a place, None for the first; the answer's document."""


class _Allowed(Enum):
    """Whether the portal allows any id as a place."""

    UNKNOWN = "nothing came from such a place yet"
    YES = "higher ids came from one, in order"
    NO = "it refused one, or left something out there; or the list does not come by id"


@dataclass(slots=True, eq=False)
class _Stretch:
    """Contacts with ids above one, up to where the next stretch begins, walked by one thread."""

    above: int
    """A place that we chose; 0 where the list begins."""
    place: str | None = None
    """Where its next page begins."""
    first: int | None = None
    """The lowest id that its pages have shown."""
    reached: int = 0
    """The highest one."""
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    """What was given of it, ascending."""
    places: set[str] = field(default_factory=set)
    """Where its pages have begun."""
    is_over: bool = False
    """Nobody walks here any more: all is given, or left to another."""

    @property
    def is_new(self) -> bool:
        """Nothing came yet from the place that was chosen for it."""
        return self.above > 0 and self.first is None

    @property
    def last(self) -> int:
        return self.ids[-1] if self.ids else self.above

    @property
    def density(self) -> float:
        """Contacts for each id there could be, where it walked last."""
        lately = self.ids[-PAGE:]
        return (len(lately) - 1) / (lately[-1] - lately[0]) if len(lately) > 1 else 0.0

    def take(self, each: int) -> bool:
        """Note that a contact is given, unless it is another's or was given before: then False."""
        if each <= self.above:
            return False  # a place that is a contact's id may bring that one, too
        if each > self.last:
            self.ids.append(each)
            return True
        at = bisect_left(self.ids, each)
        if self.ids[at] == each:
            return False
        self.ids.insert(at, each)
        return True


class Listing:
    """One walk through the list; `extent` asks for the number of records and the highest id, or answers None."""

    def __init__(self, page_at: Pages, *, extent: Callable[[], tuple[int, int] | None], threads: int) -> None:
        self._page_at = page_at
        self._extent = extent
        self._threads = threads
        self._changed = threading.Condition()
        """Guards all that follows, and tells of every change of it."""
        self._ready: deque[Sequence[Row] | BaseException] = deque()
        """What the threads have for whoever takes the pages."""
        self._walking = 0
        """Threads that have not come to their end."""
        self._is_closed = False
        self._stretches = [_Stretch(above=0)]
        """By where they begin: each ends where the next one begins. Whose part was left to another is not here."""
        self._waiting: list[_Stretch] = []
        """Stretches that wait for a thread."""
        self._allowed = _Allowed.UNKNOWN
        self._begun = 0
        """Places that were chosen so far."""
        self._begun_max = 0
        self._total = 0
        self._highest = 0

    def pages(self) -> Iterator[Sequence[Row]]:
        """Every record once, however often the list shows it, in pages; of each stretch in the list's order.

        RetryableError where paging goes round in circles.
        """
        start = self._stretches[0]
        for _ in range(BEGINS_AFTER):
            yield self._step(start)
            if start.is_over:
                return
        if self._is_worth_dividing(start):
            yield from self._together(start)
        while not start.is_over:
            yield self._step(start)

    def _is_worth_dividing(self, start: _Stretch) -> bool:
        known = self._extent() if self._threads > 1 and self._allowed is not _Allowed.NO else None
        if known is None:
            return False
        self._total, self._highest = known
        self._begun_max = self._total // STRETCHES_PER - 1
        return self._begun_max > 0 and self._highest > start.last

    def _together(self, start: _Stretch) -> Iterator[Sequence[Row]]:
        self._waiting.append(start)
        threads = [threading.Thread(target=self._walk, daemon=True) for _ in range(self._threads)]
        self._walking = len(threads)
        try:
            for thread in threads:
                thread.start()
            while (page := self._next_page()) is not None:
                yield page
        finally:
            with self._changed:
                self._is_closed = True
                self._changed.notify_all()
            for thread in threads:
                thread.join()

    def _next_page(self) -> Sequence[Row] | None:
        """What a thread has ready; None when all have come to their end. What failed for one of them is raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or not self._walking)
            page = self._ready.popleft() if self._ready else None
            self._changed.notify_all()
        if isinstance(page, BaseException):
            raise page
        return page

    def _walk(self) -> None:
        """One thread: stretch after stretch, until there is none left."""
        try:
            while (stretch := self._next_stretch()) is not None:
                while not (stretch.is_over or self._is_closed):
                    if page := self._step(stretch):
                        self._hand_over(page)
        except BaseException as failure:  # noqa: BLE001 - raised again where the pages are taken
            with self._changed:
                self._ready.append(failure)
        finally:
            with self._changed:
                self._walking -= 1
                self._changed.notify_all()

    def _hand_over(self, page: Sequence[Row]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._ready) < self._threads or self._is_closed)
            self._ready.append(page)
            self._changed.notify_all()

    def _next_stretch(self) -> _Stretch | None:
        """One that waits for a thread, or part of another's, as soon as there is one; None when all are over."""
        with self._changed:
            while not self._is_closed and not all(each.is_over for each in self._stretches):
                stretch = self._waiting.pop() if self._waiting else self._divided()
                if stretch is not None:
                    return stretch
                self._changed.wait()
            return None

    def _divided(self) -> _Stretch | None:
        """The second half of what the one who has most before them has; None where nothing may be divided now.

        Ids stand in clusters: old ones are small, new ones have eleven digits, imports stand close together. So how
        much somebody has before them is told from how dense it was where they walked last, or is on average if that
        is more; yet it is never more than all that is left. So who nears the end of a cluster is divided not far
        behind it, and whoever begins there shows where the next one is.
        """
        begun_max = self._begun_max if self._allowed is _Allowed.YES else min(TRIES, self._begun_max)
        walked = [each for each in self._stretches if not each.is_over]
        is_tried = self._allowed is _Allowed.UNKNOWN and any(each.is_new for each in walked)
        if self._allowed is _Allowed.NO or is_tried or self._begun >= begun_max:
            return None
        left = max(0, self._total - sum(len(each.ids) for each in self._stretches))
        on_average = min(1.0, left / max(1, sum(map(self._room, walked))))

        def ahead(stretch: _Stretch) -> float:
            return min(left, self._room(stretch) * max(stretch.density, on_average))

        most = max(walked, key=ahead)
        if most.is_new or ahead(most) < 2 * STRETCH_MIN:
            return None
        middle = most.last + int(ahead(most) / 2 / max(most.density, on_average))
        new = _Stretch(above=middle, place=str(middle))
        insort(self._stretches, new, key=lambda each: each.above)
        self._begun += 1
        return new

    def _room(self, stretch: _Stretch) -> int:
        """How many ids it has still before it."""
        following = self._following(stretch)
        return max(0, (following.above if following else self._highest) - stretch.last)

    def _following(self, stretch: _Stretch) -> _Stretch | None:
        after = self._stretches.index(stretch) + 1
        return self._stretches[after] if after < len(self._stretches) else None

    def _step(self, stretch: _Stretch) -> Sequence[Row]:
        """The next page of a stretch, without what was given before or is another's."""
        try:
            document = self._page_at(stretch.place)
            rows = rows_of(document)
        except (FatalError, RetryableError) as failure:
            with self._changed:
                if not (stretch.is_over or stretch.is_new):
                    raise
                if stretch.is_new and isinstance(failure, FatalError):  # the other kind says nothing about the place
                    self._allowed = _Allowed.NO
                self._leave(stretch)
                self._changed.notify_all()
            return ()
        with self._changed:
            self._changed.notify_all()
            return self._taken(stretch, rows, next_after(document))

    def _taken(self, stretch: _Stretch, rows: Sequence[Row], place: str | None) -> Sequence[Row]:
        ids = [int(row["id"]) for row in rows]
        in_order = ids == sorted(ids) and (not ids or ids[0] >= max(stretch.above, stretch.reached))
        if stretch.is_new:
            # The portal's word on such places; an empty page is none, unless it says that the list ends there.
            if not in_order or (not ids and place is None):
                self._allowed = _Allowed.NO
                self._leave(stretch)
            elif ids and self._allowed is _Allowed.UNKNOWN:
                self._allowed = _Allowed.YES
        elif not (in_order or stretch.is_over):
            self._go_alone()
        if stretch.is_over:
            return ()
        if ids:
            stretch.first = min(ids) if stretch.first is None else stretch.first
            stretch.reached = max(stretch.reached, *ids)
        beyond = self._met(stretch, ids)
        if beyond is not None:
            rows = [row for row, each in zip(rows, ids, strict=True) if each < beyond]
            place = None
        if place is not None:
            if place in stretch.places:
                raise RetryableError(
                    f"HubSpot's paging goes round in circles: a page leads back to {place}, which was read already. "
                    "Nothing was written; the next run starts afresh."
                )
            stretch.places.add(place)
        stretch.place, stretch.is_over = place, place is None
        return [row for row in rows if stretch.take(int(row["id"]))]

    def _met(self, stretch: _Stretch, ids: Sequence[int]) -> int | None:
        """The first contact of a page from which on somebody else gives all; None while nobody does.

        Who has left it out, or has nothing to show yet, is left behind. A higher one may be what it shows now: those
        before may have been deleted since.
        """
        while (following := self._following(stretch)) is not None:
            beyond = min((each for each in ids if each > following.above), default=None)
            if beyond is None or (following.first is not None and following.first <= beyond):
                return beyond
            if following.first is not None:
                self._allowed = _Allowed.NO
            self._leave(following)
        return None

    def _leave(self, stretch: _Stretch) -> None:
        """Whoever comes before goes on through it; a page of it that is under way is dropped."""
        stretch.is_over = True
        if stretch in self._stretches:
            at = self._stretches.index(stretch)
            self._stretches[at - 1].ids.extend(stretch.ids)
            del self._stretches[at]

    def _go_alone(self) -> None:
        """The list does not come by id: one walks through all of it, from its beginning if it was divided."""
        self._allowed = _Allowed.NO
        if len(self._stretches) > 1:
            anew = _Stretch(above=0)
            for each in self._stretches:
                each.is_over = True
                anew.ids.extend(each.ids)
            self._stretches = [anew]
            self._waiting.append(anew)


def extent(connection: Connection, search: Call) -> tuple[int, int] | None:
    """How many records there are, about, and the highest of their ids; None where search does not tell."""
    body = {"sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}], "properties": [], "limit": 1}
    with suppress(FatalError, RetryableError, ValueError):
        document = connection.read(search, body, search=True).document or {}
        ids = [int(row["id"]) for row in rows_of(document)]
        return (int(document.get("total") or 0), max(ids)) if ids else None
    return None
