"""What a fact's value can be asked. A value of another type than the question's never holds."""

from dataclasses import dataclass

from scoring.contact import Value
from scoring.phrases import Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """The text, or one of several choices, is in the list, in any case."""

    values: frozenset[str]
    """Lower case."""

    def holds(self, value: Value) -> bool:
        if isinstance(value, str):
            return _text(value) in self.values
        return not self.values.isdisjoint(_texts(value))

    @property
    def empty(self) -> bool:
        return not self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every entry of the list is among the choices, in any case."""

    values: frozenset[str]
    """Lower case."""

    def holds(self, value: Value) -> bool:
        return bool(self.values) and self.values.issubset(_texts(value))

    @property
    def empty(self) -> bool:
        return not self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """One of the phrases stands in the text, or in one of several choices."""

    phrases: Phrases

    def holds(self, value: Value) -> bool:
        if isinstance(value, str):
            return self.phrases.stand_in(_text(value))
        return any(self.phrases.stand_in(text) for text in _texts(value))

    @property
    def empty(self) -> bool:
        return not self.phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The number, or a date's age in whole days, lies in the range; both ends belong to it, None is open."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: Value) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Is:
    """The fact is true, or is false."""

    expected: bool

    def holds(self, value: Value) -> bool:
        return value is self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The fact is there, whatever it says."""

    def holds(self, value: Value) -> bool:
        return value not in ("", frozenset())


Listed = AnyOf | AllOf | Mentions
"""The conditions with a list, which may be empty until the portal's owner fills it."""

Condition = Listed | Between | Is | Given


def _text(value: str) -> str:
    return value.strip().lower()


def _texts(value: Value) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset((_text(value),))
    return frozenset(choice.lower() for choice in value) if isinstance(value, frozenset) else frozenset()
