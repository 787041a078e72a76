"""Sheets become columns, for many leads to be scored together. Pure."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

import numpy as np

from scoring import Value, together
from sync.sheets import ACT, CELL, HEAD, MORE, NAMED, Head, Heading, Pile, head_of, name_of, value_of
from workflows import Standing

T = TypeVar("T")

_ACT = np.dtype([("kind", "u1"), ("which", "<u2"), ("at", "<u4"), ("count", "<u2")])
"""As `ACT` packs it."""
_REFS_FROM = 1 << 16
"""More than any number that tells acts of a contact apart."""
_KNOWN_MAX = 300_000
"""Different values remembered: where nearly every contact has its own, to know all would be of no use."""
_SPLIT_TOGETHER = 1_000
"""Contacts whose cells are told apart in one go: few enough that the processor still has them at hand."""


class _Different(dict[str, int], Generic[T]):
    """The different texts of a column by the order in which they are first met, and what they say."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self.said: list[T] = []
        self._read = read

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self.said)
        self.said.append(self._read(text))
        return number

    def codes(self, texts: Sequence[str]) -> together.Ints:
        return np.fromiter(map(self.__getitem__, texts), np.int64, len(texts))


class Columns:
    """Reads piles under one heading. What it has met it knows again in the next pile."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._is_named = np.array([kind in NAMED for kind in (*heading.kinds, "")], dtype=np.bool_)
        self._learn_cells_anew()
        self._learn_names_anew()

    def read(self, pile: Pile) -> "tuple[together.Leads, together.Column[Standing]]":
        """The leads of a pile, and where each stands."""
        if len(self._cells) > _KNOWN_MAX:
            self._learn_cells_anew()
        if len(self._names) > _KNOWN_MAX:
            self._learn_names_anew()
        first, *facts = self._codes(pile.told)
        different, heads = np.unique(first, return_inverse=True)
        told = [self._heads[code] for code in different.tolist()]
        leads = together.Leads(
            count=len(pile.ids),
            facts={
                name: together.Column(codes=codes, values=self._cells.said)
                for name, codes in zip(self._heading.facts, facts, strict=True)
            },
            seen_kinds=together.Column(codes=heads, values=[head.seen_kinds for head in told]),
            ignored=together.Column(codes=heads, values=[head.ignored for head in told]),
            acts=self._acts(pile),
        )
        return leads, together.Column(codes=heads, values=[head.standing for head in told])

    def _codes(self, told: Sequence[str]) -> Iterator[together.Ints]:
        """The numbers of all cells, column by column."""
        width = 1 + len(self._heading.facts)
        codes = np.empty(len(told) * width, dtype=np.int64)
        for start in range(0, len(told), _SPLIT_TOGETHER):
            cells = CELL.join(told[start : start + _SPLIT_TOGETHER]).split(CELL)
            codes[start * width : start * width + len(cells)] = self._cells.codes(cells)
        return map(np.ascontiguousarray, codes.reshape(-1, width).T)

    def _learn_cells_anew(self) -> None:
        self._cells: _Different[Value | None] = _Different(self._cell)
        self._heads: dict[int, Head] = {}

    def _cell(self, cell: str) -> Value | None:
        """The value in a cell; what a first one tells is kept beside it."""
        if cell.startswith(HEAD):
            self._heads[len(self._cells.said)] = head_of(cell, self._heading)
            return None
        return value_of(cell)

    def _acts(self, pile: Pile) -> together.Acts:
        records = np.frombuffer(b"".join(pile.acts), dtype=_ACT)
        lead = np.repeat(np.arange(len(pile.ids)), np.fromiter(map(len, pile.acts), np.int64) // ACT.size)
        is_act = records["kind"] != MORE
        acts, lead = records[is_act], lead[is_act]
        count, until = acts["count"].astype(np.int64), np.zeros(len(acts), dtype=np.int64)
        of_act = np.cumsum(is_act)[~is_act] - 1
        until[of_act] = records["at"][~is_act]
        count[of_act] += records["count"][~is_act].astype(np.int64) << 16
        kind, which = acts["kind"].astype(np.int64), acts["which"].astype(np.int64)
        firsts, names = self._names_of(pile.names)
        named = self._is_named[kind] & (which > 0)
        name = np.zeros(len(acts), dtype=np.int64)
        name[named] = names[firsts[lead[named]] + which[named] - 1]
        by_ref = np.array(self._refs, dtype=np.int64)[name]
        return together.Acts(
            lead=lead,
            kind=kind,
            kinds=self._heading.kinds,
            at=_moments(acts["at"].astype(np.int64)),
            until=_moments(until),
            count=count,
            name=name,
            names=self._names.said,
            same=np.where(by_ref > 0, by_ref, which),
        )

    def _names_of(self, texts: Sequence[str]) -> tuple[together.Ints, together.Ints]:
        """Where the names of each contact begin, and which name is where."""
        counts = [text.count(CELL) + 1 if text else 0 for text in texts]
        firsts = np.cumsum([0, *counts])[:-1]
        codes = [
            self._names.codes(CELL.join(filter(None, texts[start : start + _SPLIT_TOGETHER])).split(CELL))
            for start in range(0, len(texts), _SPLIT_TOGETHER)
            if any(counts[start : start + _SPLIT_TOGETHER])
        ]
        return firsts, np.concatenate(codes) if codes else np.zeros(0, dtype=np.int64)

    def _learn_names_anew(self) -> None:
        self._names: _Different[tuple[str, str]] = _Different(self._name)
        self._refs: list[int] = []
        self._ref_numbers: dict[str, int] = {}
        self._names.codes([""])  # the first is no name

    def _name(self, cell: str) -> tuple[str, str]:
        """A name; and beside it a number for its id: what has the same id is the same, whatever its name now."""
        name, ref = name_of(cell)
        self._refs.append(_REFS_FROM + self._ref_numbers.setdefault(ref, len(self._ref_numbers)) if ref else 0)
        return name, ref


def _moments(seconds: together.Ints) -> together.Ints:
    return np.where(seconds == 0, together.NO_TIME, seconds)
