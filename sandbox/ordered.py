"""Whole numbers in order, of which one may come or go without moving all the others."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from random import Random

BLOCK = 1_000


class Ordered:
    """Distinct whole numbers from the least to the greatest, in blocks short enough to insert into.

    A million of them in one list would move megabytes with each insertion.
    """

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        all_of_them = sorted(numbers)
        self.blocks = [all_of_them[at : at + BLOCK] for at in range(0, len(all_of_them), BLOCK)]
        self._lasts = [block[-1] for block in self.blocks]
        self._count = len(all_of_them)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.blocks)

    def add(self, number: int) -> None:
        """Put a number in that is not there yet."""
        if not self.blocks:
            self.blocks.append([])
            self._lasts.append(number)
        at = min(bisect_left(self._lasts, number), len(self.blocks) - 1)
        block = self.blocks[at]
        insort(block, number)
        if len(block) > 2 * BLOCK:
            self.blocks[at : at + 1] = block[:BLOCK], block[BLOCK:]
            self._lasts[at : at + 1] = block[BLOCK - 1], block[-1]
        else:
            self._lasts[at] = block[-1]
        self._count += 1

    def discard(self, number: int) -> None:
        """Take a number out if it is there."""
        at = bisect_left(self._lasts, number)
        if at == len(self.blocks):
            return
        block = self.blocks[at]
        place = bisect_left(block, number)
        if block[place] != number:
            return
        del block[place]
        self._count -= 1
        if block:
            self._lasts[at] = block[-1]
        else:
            del self.blocks[at], self._lasts[at]

    def below(self, number: int) -> int:
        """How many are less than this one."""
        at = bisect_left(self._lasts, number)
        if at == len(self.blocks):
            return self._count
        return sum(map(len, self.blocks[:at])) + bisect_left(self.blocks[at], number)

    def any(self, random: Random) -> int:
        """One of them, each as likely as any other. IndexError where there is none."""
        # A place that a shorter block lacks is drawn anew; else the numbers of short blocks would come more often.
        places = 2 * BLOCK if len(self.blocks) > 1 else len(self)
        while True:
            block, place = random.choice(self.blocks), random.randrange(places)
            if place < len(block):
                return block[place]

    def part(self, start: int, stop: int) -> Iterator[int]:
        """Those from the place `start` up to, without, the place `stop`."""
        at, left = 0, start
        while at < len(self.blocks) and left >= len(self.blocks[at]):
            left -= len(self.blocks[at])
            at += 1
        return islice(chain.from_iterable(islice(self.blocks, at, None)), left, left + stop - start)
