"""What befalls portal, database or machine, and lasts until it is undone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from sandbox import Portal
from sandbox.stages import DEFAULT_STAGES
from tests.simulation.storage import Rows, Storage

Undo = Callable[[], object]
TOKEN = "pat-sandbox"

_RULES = (
    ("lifecyclestage", "(?!salesqualifiedlead).*"),
    ("lifecyclestage", "(?!marketingqualifiedlead).*"),
    ("lead_score", ".*[^37]"),
    ("lead_score_reasons", "[^J]*"),
)
"""What an admin may demand, so that some contacts are refused: a property, and what it must look like."""


@dataclass(slots=True, kw_only=True)
class Lasting:
    """Each trouble by its name in `draw.LASTING`; each begins when it is called, and returns what ends it."""

    portal: Portal
    storage: Storage
    random: Random
    kill_all: Callable[[], None]
    set_clocks: Callable[[float], None]
    """Let the wall clocks of all processes jump by so many seconds."""
    unreachable: bool = False
    database_is: str = ""
    """What is the matter with the database."""
    copies: list[Rows] = field(default_factory=list)
    """Backups of the database, oldest first."""

    def back_up(self) -> None:
        """Copy the database, and keep the last few copies."""
        self.copies = [*self.copies[-3:], self.storage.rows(str(self.portal.portal_id))]

    def token_revoked(self) -> Undo:
        self.portal.token = "pat-rotated"
        return lambda: setattr(self.portal, "token", TOKEN)

    def scope_removed(self) -> Undo:
        scope = self.random.choice(["crm.objects.contacts.write", "crm.objects.contacts.read"])
        self.portal.scopes.discard(scope)
        return lambda: self.portal.scopes.add(scope)

    def day_used_up(self) -> Undo:
        self.portal.limits.use_up_day()
        return lambda: setattr(self.portal.limits, "used_today", 0)

    def hubspot_unreachable(self) -> Undo:
        self.unreachable = True
        return lambda: setattr(self, "unreachable", False)

    def database_failing(self) -> Undo:
        self.database_is = self.random.choice(["full", "away"])
        return lambda: setattr(self, "database_is", "")

    def store_fails(self, *, writes: bool) -> str:
        """`before` its begin, `instead` of its commit, `after` its commit; empty where the transaction goes well."""
        if not self.database_is or (self.database_is == "full" and not writes):
            return ""
        if not writes:
            return "before"
        return self.random.choice(
            ["before", "instead"] if self.database_is == "full" else ["before", "instead", "after"]
        )

    def database_lost(self) -> Undo:
        self.kill_all()
        self.storage.lose(str(self.portal.portal_id))
        return lambda: None

    def database_restored(self) -> Undo:
        self.kill_all()
        if self.copies:
            self.storage.put_back(str(self.portal.portal_id), self.random.choice(self.copies))
        return lambda: None

    def property_deleted(self) -> Undo:
        definitions = self.portal.contacts.definitions
        definition = definitions.get(self.random.choice(["lead_score_reasons", "lead_grade", "lead_scoring_exclusion"]))
        if definition is None:
            return lambda: None
        definitions.put(replace(definition, archived_ms=1))
        return lambda: definitions.put(definition)

    def stage_deleted(self) -> Undo:
        gone = self.random.choice(DEFAULT_STAGES[:4])
        self.portal.set_stages([each for each in DEFAULT_STAGES if each != gone])
        return lambda: self.portal.set_stages(DEFAULT_STAGES)

    def validation_rule(self) -> Undo:
        name, rule = self.random.choice(_RULES)
        self.portal.validation_rules[name] = rule
        return lambda: self.portal.validation_rules.pop(name, None)

    def clock_jumps(self) -> Undo:
        by_s = self.random.choice([3_600.0, -3_600.0])
        self.set_clocks(by_s)
        return lambda: self.set_clocks(-by_s)
