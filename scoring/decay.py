"""How engagement fades: the share of its points that a fact still earns at an age in whole days."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfLife:
    """Half is left after every `days`: "50 % per 90 days". Never quite zero."""

    days: float
    """More than 0."""
    grace_days: int = 0
    """Nothing fades until this age."""

    def share(self, age_days: int) -> float:
        """What is left at this age, from 1 down to 0."""
        return float(0.5 ** (max(0, age_days - self.grace_days) / self.days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """The same share of the first worth goes every day: "25 % per 30 days" is gone at 120."""

    percent: float
    """How much goes in `per_days`; more than 0."""
    per_days: float
    """More than 0."""
    grace_days: int = 0
    """Nothing fades until this age."""

    def share(self, age_days: int) -> float:
        """What is left at this age, from 1 down to 0."""
        fading_days = max(0, age_days - self.grace_days)
        return max(0.0, 1 - self.percent / 100 * fading_days / self.per_days)


Decay = HalfLife | Linear
