"""The companies that contacts have as their primary one: each is asked for once, in requests that are full."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sync.hubspot.building import COMPANY_LINK
from sync.hubspot.paging import Row, properties_of, without_empty
from sync.hubspot.values import text_of

BATCH = 100
"""Ids of one batch read (HubSpot objects guide)."""
ROWS_MAX = 500
"""Contacts held back at most until a request for their companies is full."""
KEPT = 20_000
"""Companies remembered: contacts of one page share few with each other."""

Found = Mapping[str, Mapping[str, Any]]
"""Properties by company id."""


@dataclass(slots=True)
class Group:
    """Contacts, and which companies have to be asked for before all of theirs are known."""

    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    answer: "Future[Found]" = field(default_factory=Future)
    """What is found of those that are missing."""
    answers: dict[str, "Future[Found]"] = field(default_factory=dict)
    """By company id, where it is found, or was or will be by an earlier group."""


class Employers:
    """Remembers companies. `read` asks for them by id; those that are gone are missing from its answer.

    Groups are made by one thread at a time, and may be filled by several.
    """

    def __init__(self, read: Callable[[Sequence[str]], Iterable[Row]]) -> None:
        self._read = read
        self._answers: OrderedDict[str, Future[Found]] = OrderedDict()
        self._lock = threading.Lock()

    def groups(self, pages: Iterable[Sequence[Row]]) -> Iterator[Group]:
        """All contacts in groups that lack as many companies as a request holds, or are large enough."""
        group = Group()
        for page in pages:
            for row in page:
                self.put(row, group)
                if len(group.missing) == BATCH or len(group.rows) == ROWS_MAX:
                    yield group
                    group = Group()
        if group.rows:
            yield group

    def put(self, row: Row, group: Group) -> None:
        """Add a contact to a group."""
        group.rows.append(row)
        company_id = text_of(properties_of(row).get(COMPANY_LINK))
        if not company_id or company_id in group.answers:
            return
        with self._lock:
            known = self._answers.get(company_id)
            if known is None:
                known = self._answers[company_id] = group.answer
                group.missing.append(company_id)
                if len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
            else:
                self._answers.move_to_end(company_id)
        group.answers[company_id] = known

    def filled(self, group: Group) -> Iterator[tuple[Row, Mapping[str, Any]]]:
        """The contacts of a group with their company's properties, none where they have no company."""
        if group.missing:
            self._ask(group)
        for row in group.rows:
            company_id = text_of(properties_of(row).get(COMPANY_LINK))
            answer = group.answers.get(company_id)
            yield row, answer.result().get(company_id, {}) if answer else {}

    def _ask(self, group: Group) -> None:
        try:
            group.answer.set_result(
                {str(row["id"]): properties_of(without_empty(row)) for row in self._read(group.missing)}
            )
        except BaseException as failure:
            with self._lock:  # whoever comes next asks anew
                for company_id in group.missing:
                    if self._answers.get(company_id) is group.answer:
                        del self._answers[company_id]
            group.answer.set_exception(failure)
            raise
