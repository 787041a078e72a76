"""What another rulebook would change, counted: pile by pile, each with what was found of the ones before. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST = 10
"""Contacts named whose points rise most, and as many whose points fall most."""
MOVERS = 1_000
"""Contacts named that would be in another stage: some 200 bytes each, however many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A contact whose points, or whose stage, another rulebook would change."""

    contact_id: str
    before: int
    after: int
    stage_before: str | None
    stage_after: str | None
    setter_known: bool
    """Whether it is known who set the stage that it is in: if a person did, it may stay."""

    @property
    def gain(self) -> int:
        """By how many points it rises."""
        return self.after - self.before


@dataclass(slots=True)
class Difference:
    """What another rulebook would change."""

    contacts: int = 0
    risen: int = 0
    fallen: int = 0
    points: int = 0
    """What all changes come to."""
    grades: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Contacts whose grade would be another, from and to."""
    stages: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    """All contacts by the stage in which the rulebook in force leaves them, and the other one."""
    held: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    """Contacts whose stage one of the rulebooks holds, by why the one in force does, and the other one; None: it does
    not."""
    setter_unknown: int = 0
    """Contacts that would be in another stage, and it is not known who set theirs."""
    confirmed: int = 0
    """Contacts whose stage sales have confirmed, and how long ago is not kept: it is taken to stay."""
    rules: Counter[str] = field(default_factory=Counter)
    """By key, to how many contacts a rule gives other points."""
    rule_points: Counter[str] = field(default_factory=Counter)
    """And what that comes to."""
    further: Counter[str] = field(default_factory=Counter)
    """By key, of how many contacts a further score would be another; what is for customers alone is of none."""
    movers: list[Moved] = field(default_factory=list)
    """The contacts that would be in another stage, those whose points change most first; MOVERS at most."""
    most: list[Moved] = field(default_factory=list)
    """The contacts whose points change most: those that rise, then those that fall, each most first."""
    headings: Counter[str] = field(default_factory=Counter)
    """What was kept of the contacts, as the text of the heading, and of how many."""

    @property
    def changed(self) -> int:
        """Contacts whose points would change."""
        return self.risen + self.fallen

    def add(self, other: "Difference") -> None:
        """Count what was found of other contacts, too."""
        for name in ("contacts", "risen", "fallen", "points", "setter_unknown", "confirmed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("grades", "stages", "held", "rules", "rule_points", "further", "headings"):
            counts: Counter[object] = getattr(self, name)
            counts.update(getattr(other, name))
        self.movers = _greatest((*self.movers, *other.movers), MOVERS)
        most = (*self.most, *other.most)
        self.most = [
            *_greatest((moved for moved in most if moved.gain > 0), MOST),
            *_greatest((moved for moved in most if moved.gain < 0), MOST),
        ]


def _greatest(moved: Iterable[Moved], most: int) -> list[Moved]:
    """Those whose points change most first; among equals the lower id."""
    return sorted(moved, key=lambda each: (-abs(each.gain), *in_order(each.contact_id)))[:most]


def in_order(contact_id: str) -> tuple[int, str]:
    """Sorts ids, which are numbers, as numbers."""
    return len(contact_id), contact_id
