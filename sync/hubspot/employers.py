"""The companies that contacts have as their primary one: each is asked for once, in requests that are full."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sync.hubspot.building import COMPANY_LINK
from sync.hubspot.paging import Row, properties_of
from sync.hubspot.values import text_of
from sync.ports import Scratch

BATCH = 100
"""Ids of one batch read (HubSpot objects guide)."""
ROWS_MAX = 500
"""Contacts held back at most until a request for their companies is full."""

Company = Mapping[str, Any]
"""What a company holds; empty where it is gone."""
Found = Mapping[str, Company]
"""By company id."""


@dataclass(slots=True)
class Group:
    """Contacts, and where their companies are to be had."""

    rows: Sequence[Row]
    known: Found
    under_way: Mapping[str, "Future[Found]"]
    """Companies that an earlier group asks for."""
    missing: Sequence[str]
    answer: "Future[Found]" = field(default_factory=Future)
    """What is found of those that are missing."""


class Employers:
    """Remembers companies in `kept`. `read` asks for them by id; those that are gone are missing from its answer.

    Groups are made and filled by several threads. Who fills one must begin with those that were made before it.
    """

    def __init__(self, read: Callable[[Sequence[str]], Found], kept: Scratch) -> None:
        self._read = read
        self._kept = kept
        self._under_way: dict[str, Future[Found]] = {}
        self._lock = threading.Lock()

    def groups(self, pages: Iterable[Sequence[Row]]) -> Iterator[Group]:
        """All contacts in groups: of each page those whose companies are known, and the others as soon as a request
        for theirs is full, or there are many of them."""
        waiting: list[Row] = []
        lacking: set[str] = set()
        for page in pages:
            at_hand = self._at_hand(_companies_of(page))
            ready = []
            for row in page:
                company_id = company_of(row)
                if not company_id or company_id in at_hand:
                    ready.append(row)
                    continue
                waiting.append(row)
                lacking.add(company_id)
                if len(lacking) == BATCH or len(waiting) == ROWS_MAX:
                    yield self.group(waiting)
                    at_hand |= lacking
                    waiting, lacking = [], set()
            if ready:
                yield self.group(ready)
        if waiting:
            yield self.group(waiting)

    def group(self, rows: Sequence[Row]) -> Group:
        """All of these contacts, whatever has to be asked for."""
        ids = _companies_of(rows)
        with self._lock:
            known = self._kept.of(ids)
            under_way = {each: self._under_way[each] for each in ids if each in self._under_way}
            missing = [each for each in ids if each not in known and each not in under_way]
            group = Group(rows=rows, known=known, under_way=under_way, missing=missing)
            self._under_way |= dict.fromkeys(missing, group.answer)
        return group

    def filled(self, group: Group) -> Iterator[tuple[Row, Company]]:
        """The contacts of a group with their company's properties, none where they have no company."""
        asked = self._asked(group) if group.missing else {}
        for row in group.rows:
            company_id = company_of(row)
            waited_for = group.under_way.get(company_id)
            found = waited_for.result() if waited_for else group.known if company_id in group.known else asked
            yield row, found.get(company_id, {})

    def _at_hand(self, ids: Collection[str]) -> set[str]:
        """Those of these companies that need not be asked for any more."""
        with self._lock:
            return {*self._kept.of(ids), *(each for each in ids if each in self._under_way)}

    def _asked(self, group: Group) -> Found:
        found: Found = {}
        try:
            found = self._read(group.missing)
            group.answer.set_result(found)
        except BaseException as failure:
            group.answer.set_exception(failure)
            raise
        finally:
            with self._lock:  # after a failure whoever comes next asks anew
                for company_id in group.missing:
                    del self._under_way[company_id]
                if group.answer.exception() is None:
                    self._kept.add({company_id: found.get(company_id, {}) for company_id in group.missing})
        return found


def company_of(row: Row) -> str:
    """The id of a contact's primary company, empty where it has none."""
    return text_of(properties_of(row).get(COMPANY_LINK))


def _companies_of(rows: Iterable[Row]) -> Collection[str]:
    return dict.fromkeys(company_id for row in rows if (company_id := company_of(row)))
