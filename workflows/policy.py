"""What the rulebook says about stages, as typed values; the rules that use them are in the neighbouring files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Moves = Literal["all", "up", "none"]
"""Which stage changes are made: all, only raising ones, or none (scores are written all the same)."""

Clearing = Literal["always", "backward"]
"""Before which stage changes the old stage is cleared first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stage that points lead to, in points of the total: entered at `enter`, left only below `exit`."""

    stage: str
    enter: int
    exit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What must hold, besides points, to enter a band."""

    fit_min: int | None = 0
    """Gate 1: no MQL or SQL while fit is below this; None switches the gate off."""
    fit_or_mofu: int | None = 10
    """Gate 2: MQL and SQL need an engagement fact, and this much fit or a signal of MOFU level or above; None: off."""
    intent_days: int | None = 60
    """Gate 3: SQL needs an intent fact at most this many days old; None: off."""
    origin_groups: frozenset[str] = frozenset({"source"})
    """Groups of rules that tell where a lead came from, not what it did: no engagement fact for gate 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What sales' answers do."""

    true_sql_days: int = 30
    """True SQL keeps the stage for this many days from the answer."""
    not_ready_lands_at: int = 50
    """Not ready takes what a total has above this."""
    disqualified_points: int = -100
    """What Unqualified, or being a competitor, adds to the total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Who is left alone or disqualified, beyond what the portal itself says. Domains are lower case."""

    own_domains: frozenset[str] = frozenset()
    """Employees by domain; empty: domains that at least two owners share and that are no free mail."""
    partner_domains: frozenset[str] = frozenset()
    competitor_domains: frozenset[str] = frozenset()
    free_mail_domains: frozenset[str] = frozenset()
    partner_company_types: frozenset[str] = frozenset({"PARTNER"})
    competitor_company_types: frozenset[str] = frozenset({"VENDOR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything `decide` must know that is neither the lead nor the moment."""

    subscriber: str = "subscriber"
    lead: str = "lead"
    mql: Band = Band(stage="marketingqualifiedlead", enter=35, exit=30)
    sql: Band = Band(stage="salesqualifiedlead", enter=65, exit=60)
    lead_enter: int = 1
    """From this total a lead without a stage, or a subscriber, becomes a lead; one point must be engagement."""
    gates: Gates = field(default_factory=Gates)
    feedback: Feedback = field(default_factory=Feedback)
    exclusions: Exclusions = field(default_factory=Exclusions)
    human_hold_days: int = 30
    """A stage that a person or a deal set is left alone for this many days."""
    moves: Moves = "all"
    clearing: Clearing = "always"
    surge_skips_mql: bool = False
    """A lead that surges enters SQL at MQL's entry line, where SQL's gates hold."""
    min_delta: int = 1
    """A total that differs by less than this from the one in the portal is not rewritten; in points."""
    portal_order: Sequence[str] = ()
    """All stages of the portal, lowest first; empty until the portal has been asked."""

    @property
    def managed(self) -> tuple[str, str, str, str]:
        """The stages that we may take a lead out of or put one in, lowest first."""
        return (self.subscriber, self.lead, self.mql.stage, self.sql.stage)
