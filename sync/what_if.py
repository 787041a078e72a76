"""What another rulebook would change, worked out on what the last passes read: HubSpot is not asked."""

import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context
from typing import Literal, Protocol

import numpy as np

from config import Rulebook
from scoring import FactRule, Given, Rubric, together
from sync.columns import Columns
from sync.difference import MOST, MOVERS, Difference, Moved, in_order
from sync.placing import Cases, Numbered, Placer, Places, between
from sync.ports import Memory, Sheets
from sync.sheets import Heading, Pile, Stretch, facts_asked
from workflows import PEOPLE, Answer, MovesOff, Setter, Standing

Ints = together.Ints

ALONE_BELOW = 200_000
"""Contacts for which a second process is not worth its start."""
LIMITS = ""
"""Stands among the keys of rules for caps, limits and what sales' answers take."""


class Kept(Protocol):
    """What is kept of a portal, as far as it is needed here."""

    @property
    def sheets(self) -> Sheets: ...
    @property
    def memory(self) -> Memory: ...


Opens = Callable[[], AbstractContextManager[Kept]]
"""Opens what is kept, in this process or in another."""


def what_if(opens: Opens, before: Rulebook, after: Rulebook, at: datetime, *, processes: int = 2) -> Difference:
    """Score every contact that is kept by both rulebooks, and compare. `at` is aware; writes nothing.

    Where there are many, so many processes share them: `opens` is then called in each, and must come there by pickle.
    """
    with opens() as kept:
        contacts = kept.sheets.count()
        if contacts < ALONE_BELOW or processes == 1:
            return _of_stretch(kept, Stretch(), before, after, at)
        mine, *theirs = kept.sheets.stretches([contacts // processes] * processes)
    # Closed until the others have begun: none may inherit a connection.
    with ProcessPoolExecutor(processes - 1, mp_context=get_context(_start_of_processes())) as pool:
        others = [pool.submit(_elsewhere, opens, stretch, before, after, at) for stretch in theirs]
        found = _elsewhere(opens, mine, before, after, at)
        for other in others:
            found.add(other.result())
    return found


def not_kept(found: Difference, before: Rulebook, after: Rulebook) -> Mapping[str, Sequence[str]]:
    """What the contacts' sheets do not tell of either rulebook, by name.

    `facts` and `kinds` that the one after asks, what the one `in_force` asks, and what is fed by other `sources`.
    """
    headings = [Heading.read(text) for text in found.headings]
    facts, kinds = _lacking(after.rubric, headings)
    old_facts, old_kinds = _lacking(before.rubric, headings)
    asked = facts_asked(after.rubric)
    elsewhere = [n for n in asked if _differ(before.sources.facts, after.sources.facts, n)]
    elsewhere += [
        n for n in sorted(after.rubric.kinds) if _differ(before.sources.engagements, after.sources.engagements, n)
    ]
    return {
        "facts": facts,
        "kinds": kinds,
        "in_force": [*old_facts, *old_kinds],
        "sources": [name for name in elsewhere if name not in (*facts, *kinds)],
    }


def _lacking(rubric: Rubric, headings: Sequence[Heading]) -> tuple[list[str], list[str]]:
    """The facts and the kinds of acts that this rubric asks, and some sheets do not tell."""
    facts = [
        name
        for name, whole in facts_asked(rubric).items()
        if not all(name in each.facts and each.facts[name] >= whole for each in headings)
    ]
    return facts, sorted(kind for kind in rubric.kinds if not all(kind in each.kinds for each in headings))


def _differ(before: Mapping[str, object], after: Mapping[str, object], name: str) -> bool:
    return name in before and before[name] != after.get(name)


def as_far_as_kept(rubric: Rubric, heading: Heading) -> Rubric:
    """The rubric without what it asks of facts of which only that they are given is kept."""
    rules = tuple(
        replace(rule, cases=tuple(case for case in rule.cases if _is_kept(case.fact, case.condition, heading)))
        if isinstance(rule, FactRule)
        else rule
        for rule in rubric.rules
    )
    return rubric if rules == rubric.rules else replace(rubric, rules=rules)


def _is_kept(fact: str, condition: object, heading: Heading) -> bool:
    return heading.facts.get(fact, True) or isinstance(condition, Given)


def _elsewhere(opens: Opens, stretch: Stretch, before: Rulebook, after: Rulebook, at: datetime) -> Difference:
    with opens() as kept:
        return _of_stretch(kept, stretch, before, after, at)


def _start_of_processes() -> Literal["fork", "spawn"]:
    """A copy of this process is there at once, where a new one has a second of modules to load. But only Linux copies
    safely, and only what has no other threads of Python's (numpy's own end before)."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _of_stretch(kept: Kept, stretch: Stretch, before: Rulebook, after: Rulebook, at: datetime) -> Difference:
    trials: dict[str, _Trial] = {}
    found = Difference()
    with _no_search_for_garbage():
        for pile in kept.sheets.within(stretch):
            heading = pile.heading
            if heading.text not in trials:
                trials[heading.text] = _Trial(heading, before, after, at, kept.memory)
            found.add(trials[heading.text].of(pile))
    return found


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Rows by the ten thousand are no garbage: to look for some among them takes an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Tried:
    """One of the two rulebooks, as far as what is kept under a heading lets it be tried."""

    def __init__(self, rulebook: Rulebook, heading: Heading, at: datetime, numbers: Numbered[str | None]) -> None:
        self.rubric = as_far_as_kept(rulebook.rubric, heading)
        self.policy = replace(rulebook.policy, portal_order=heading.stages)
        self.placer = Placer(self.policy, at, numbers)
        self._numbers = numbers

    def cases(self, points: together.Points) -> Cases:
        return Cases.of(points, self.rubric, self.policy)

    def by_rule(self, points: together.Points) -> Mapping[str, Ints]:
        """What each rule gives, by its key, without those that count in further scores alone."""
        each = zip(self.rubric.rules, points.rules, strict=True)
        return {rule.key: e.points for rule, e in each if self.rubric.groups[rule.group].part != "apart"}

    def further(self, points: together.Points) -> Mapping[str, Ints]:
        """The further scores that leads have, by key."""
        scores = self.rubric.scores.items()
        return {
            key: np.maximum(0, sum((points.groups[group] for group in score.groups), np.zeros_like(points.total)))
            for key, score in scores
            if score.of != "customers"
        }

    def grades(self, points: together.Points) -> Ints:
        """The numbers of the grades."""
        grading = self.rubric.grading
        alike = (between(points.fit, *grading.fit), between(points.engagement, *grading.activity))
        _, firsts, which = np.unique(together.as_one(alike), return_index=True, return_inverse=True)
        found = [grading.grade(int(points.fit[place]), int(points.engagement[place])) for place in firsts.tolist()]
        return np.array([self._numbers.number(grade) for grade in found], dtype=np.int64)[which]


class _Trial:
    """Tries both rulebooks on piles under one heading."""

    def __init__(self, heading: Heading, before: Rulebook, after: Rulebook, at: datetime, memory: Memory) -> None:
        local = at.astimezone(heading.zone)
        self._heading = heading
        self._memory = memory
        self._names: Numbered[str | None] = Numbered()
        """Of stages and of grades."""
        self._columns = Columns(heading)
        self._judge = together.Judge(local)
        self._before, self._after = (_Tried(rulebook, heading, local, self._names) for rulebook in (before, after))

    def of(self, pile: Pile) -> Difference:
        """What the rulebook after would change for the contacts of this pile."""
        leads, standing = self._columns.read(pile)
        before, after = self._judge.points(leads, self._before.rubric, self._after.rubric)
        found = Difference(contacts=leads.count, headings=Counter({self._heading.text: leads.count}))
        old, new, known = self._placed(pile, before, after, standing)
        gain, moves = new.total - old.total, new.stage != old.stage
        found.risen, found.fallen = int((gain > 0).sum()), int((gain < 0).sum())
        found.points = int(gain.sum())
        found.setter_unknown = int((moves & ~known).sum())
        answers = np.array([each.answer is Answer.TRUE_SQL for each in standing.values], dtype=np.bool_)
        found.confirmed = int(answers[standing.codes].sum())
        found.stages = self._pairs(old.stage, new.stage)
        found.held = self._pairs(old.hold, new.hold)
        del found.held[None, None]
        for (one, other), count in self._pairs(self._before.grades(before), self._after.grades(after)).items():
            if one != other:
                found.grades[str(one), str(other)] += count
        self._count_rules(before, after, gain, found)
        old_further, new_further = self._before.further(before), self._after.further(after)
        for key in dict.fromkeys((*new_further, *old_further)):
            changed = new_further.get(key, np.zeros_like(gain)) != old_further.get(key, np.zeros_like(gain))
            if changed.any():
                found.further[key] = int(changed.sum())

        def named(which: together.Bools, most: int) -> list[Moved]:
            return [self._moved(pile, place, old, new, known) for place in _greatest(gain, which, pile.ids, most)]

        found.movers = named(moves, MOVERS)
        found.most = [*named(gain > 0, MOST), *named(gain < 0, MOST)]
        return found

    def _placed(
        self, pile: Pile, before: together.Points, after: together.Points, standing: "together.Column[Standing]"
    ) -> tuple[Places, Places, together.Bools]:
        """Where all belong by either rulebook, and of whom it is known who set the stage, if that matters.

        The other rulebook begins where the one in force leaves.
        """
        numbers = [self._names.number(each.stage) for each in standing.values]
        now = np.array(numbers, dtype=np.int64)[standing.codes]
        old_cases, new_cases = self._before.cases(before), self._after.cases(after)
        old = self._before.placer.place(old_cases, standing.values, standing.codes, now)
        new = self._after.placer.place(new_cases, standing.values, standing.codes, old.stage)
        not_allowed = self._names.number(MovesOff.key)
        would_move = (old.stage != now) | (new.stage != old.stage) | (old.hold == not_allowed)
        matters = np.flatnonzero(would_move | (new.hold == not_allowed)).tolist()
        notes = self._memory.stage_notes([pile.ids[place] for place in matters])
        known = np.zeros(len(now), dtype=np.bool_)
        for place in matters:
            note, stood = notes.get(pile.ids[place]), standing.values[standing.codes[place]]
            known[place] = note is not None and note.stage in (stood.stage, self._names.name(old.stage[place]))
            if note is None or note.set_by not in PEOPLE or note.stage != stood.stage:
                continue
            stood = replace(stood, set_by=note.set_by, set_at=note.set_at, person_at=note.set_at)
            old.put(place, self._before.placer.one(old_cases, place, stood))
            if old.stage[place] != now[place]:
                stood = replace(stood, stage=self._names.name(old.stage[place]), set_by=Setter.INTEGRATION)
            new.put(place, self._after.placer.one(new_cases, place, stood))
        return old, new, known

    def _count_rules(self, before: together.Points, after: together.Points, gain: Ints, found: Difference) -> None:
        """Which rules it is that give other points; what they do not explain is done by limits."""
        rest = gain.copy()
        none = np.zeros_like(gain)
        old, new = self._before.by_rule(before), self._after.by_rule(after)
        for key in dict.fromkeys((*new, *old)):
            change = new.get(key, none) - old.get(key, none)
            if change.any():
                found.rules[key] = int(np.count_nonzero(change))
                found.rule_points[key] = int(change.sum())
                rest -= change
        if rest.any():
            found.rules[LIMITS] = int(np.count_nonzero(rest))
            found.rule_points[LIMITS] = int(rest.sum())

    def _pairs(self, before: Ints, after: Ints) -> Counter[tuple[str | None, str | None]]:
        """How often each pair of names stands in these two columns."""
        _, firsts, counts = np.unique(together.as_one((before, after)), return_index=True, return_counts=True)
        found: Counter[tuple[str | None, str | None]] = Counter()
        for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
            found[self._names.name(before[first]), self._names.name(after[first])] += count
        return found

    def _moved(self, pile: Pile, place: int, old: Places, new: Places, known: together.Bools) -> Moved:
        return Moved(
            contact_id=pile.ids[place],
            before=int(old.total[place]),
            after=int(new.total[place]),
            stage_before=self._names.name(old.stage[place]),
            stage_after=self._names.name(new.stage[place]),
            setter_known=bool(known[place]),
        )


def _greatest(gain: Ints, which: together.Bools, ids: Sequence[str], most: int) -> list[int]:
    """Those of these places where most is gained or lost, at most so many; among equals those of the lower ids."""
    places, size = np.flatnonzero(which), np.abs(gain)
    if len(places) > most:
        places = places[size[places] >= np.partition(size[places], -most)[-most]]
    return sorted(places.tolist(), key=lambda place: (-size[place], *in_order(ids[place])))[:most]
