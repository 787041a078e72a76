"""What feeds each rule: of a rulebook's sources those that a portal, or a subscription of HubSpot, has. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from config.rulebook import EngagementSource, FactSource, Rulebook
from config.rulebook_sources import Tier
from scoring import CountRule, EngagementRule, FactRule, RecencyRule, Rule, SilenceRule

TIERS: Sequence[Tier] = get_args(Tier)
"""HubSpot's subscriptions, cheapest first; each has what the cheaper ones have."""

Source = FactSource | EngagementSource

Fitness = Literal["fed", "summed up", "to fill", "missing"]
"""`fed`: by properties that say how a lead is now, or by feeds that list what it did act by act. `summed up`: some of
what it did is known from properties alone, that hold counts and the first and last act. `to fill`: the rule waits for a
list or a class of the rulebook. `missing`: nothing tells of it, so that it counts as unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What feeds one rule."""

    rule: Rule
    fitness: Fitness
    by: tuple[Source, ...] = ()
    """In the order of the rulebook, each once."""
    lacking: tuple[Source, ...] = ()
    """Those that would feed it too, or better, and are not there."""

    @property
    def tier(self) -> Tier | None:
        """The cheapest subscription that has something of what is lacking; None where nothing is."""
        return min((source.tier for source in self.lacking), key=TIERS.index, default=None)


def feeding(rulebook: Rulebook, has: Callable[[Source], bool]) -> Iterator[Fed]:
    """What feeds each rule, in the order of the breakdown, where these sources are there."""
    engagements = rulebook.sources.engagements
    told = {source.feed for sources in engagements.values() for source in sources if source.feed and has(source)}

    def counts(source: Source) -> bool:
        return has(source) and (isinstance(source, FactSource) or source.without not in told)

    for rule in rulebook.rubric.rules:
        needed = _needed(rule, rulebook)
        there = [[source for source in some if counts(source)] for some in needed]
        yield Fed(
            rule=rule,
            fitness=_fitness(rule, rulebook, there),
            by=_each_once(source for some in there for source in some),
            lacking=_each_once(
                source
                for some, found in zip(needed, there, strict=True)
                for source in some
                if not has(source) and not any(_is_listed(each) for each in found)
            ),
        )


def feeding_at(rulebook: Rulebook, tier: Tier) -> Iterator[Fed]:
    """What feeds each rule in a portal of this subscription that lacks nothing which comes with it."""
    return feeding(rulebook, lambda source: TIERS.index(source.tier) <= TIERS.index(tier))


def _needed(rule: Rule, rulebook: Rulebook) -> Sequence[Sequence[Source]]:
    """The sources of each fact, or kind of engagement, that a rule reads."""
    match rule:
        case FactRule():
            facts = rulebook.sources.facts
            return [[facts[case.fact]] for case in rule.cases if case.fact in facts]
        case EngagementRule() | CountRule():
            kinds: tuple[str, ...] = (rule.kind,)
        case RecencyRule():
            kinds = rule.kinds
        case SilenceRule():
            kinds = (rule.sent, *rule.touches)
    return [rulebook.sources.engagements.get(kind, ()) for kind in kinds]


def _fitness(rule: Rule, rulebook: Rulebook, there: Sequence[Sequence[Source]]) -> Fitness:
    needs_all = isinstance(rule, SilenceRule)
    if not any(there) or (needs_all and not (there[0] and any(there[1:]))):
        return "missing"
    if _waits(rule, rulebook):
        return "to fill"
    if all(any(_is_listed(source) or isinstance(source, FactSource) for source in some) for some in there if some):
        return "fed"
    return "summed up"


def _waits(rule: Rule, rulebook: Rulebook) -> bool:
    """Whether a list, or a class of forms or pages, that the rule goes by is empty."""
    if isinstance(rule, FactRule):
        return rule.awaits_lists
    if isinstance(rule, EngagementRule) and rule.name_class is not None:
        return not rulebook.rubric.classes(rule.kind).get(rule.name_class)
    return False


def _is_listed(source: Source) -> bool:
    return isinstance(source, EngagementSource) and source.feed is not None


def _each_once(sources: Iterator[Source]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(sources))


def fed_by(fed: Fed) -> str:
    """What feeds a rule, in words: names of feeds, `roll-ups`, `properties`, `list 12`."""
    return ", ".join(dict.fromkeys(_word(source) for source in fed.by)) or "nothing"


def _word(source: Source) -> str:
    if isinstance(source, FactSource):
        return f"list {source.list_id}" if source.list_id else "properties"
    return source.feed or "roll-ups"
