"""Which feeds a rulebook needs, and which acts of them: nothing else is asked for."""

from collections.abc import Collection, Mapping

from config import Rulebook
from scoring import CountRule, EngagementRule, RecencyRule, Rule, SilenceRule
from sync.traces import list_feed

_JUDGED = {"open", "click"}
"""Acts of mail that a machine may have done: that is told by how long after its delivery."""


def acts_read(rulebook: Rulebook) -> Mapping[str, frozenset[str]]:
    """By feed, the acts that rules read, and those that it takes to judge them; feeds without any are missing."""
    kinds = rulebook.rubric.kinds
    found: dict[str, frozenset[str]] = {}
    for kind, sources in rulebook.sources.engagements.items():
        for source in sources:
            if source.feed and kind in kinds:
                found[source.feed] = found.get(source.feed, frozenset()) | {source.act}
    if _JUDGED & found.get("mail", frozenset()):
        found["mail"] |= {"delivered"}
    return found


def sources_read(rulebook: Rulebook) -> frozenset[str]:
    """The feeds and lists that the rulebook reads, by the names under which runs note how they stand."""
    lists = {list_feed(fact.list_id) for fact in rulebook.sources.facts.values() if fact.list_id}
    return frozenset(acts_read(rulebook).keys() | lists)


def quiet_acts(rulebook: Rulebook, feed: str) -> frozenset[str]:
    """Those of these acts that earn nothing by themselves: they only judge others, or are what silence answers."""
    earning = {kind for rule in rulebook.rubric.rules for kind in _earning(rule)}
    earn = {s.act for kind in earning for s in rulebook.sources.engagements.get(kind, ()) if s.feed == feed}
    return acts_read(rulebook).get(feed, frozenset()) - earn


def _earning(rule: Rule) -> Collection[str]:
    """The kinds of engagement of which one act may change what a rule gives."""
    match rule:
        case EngagementRule() | CountRule():
            return (rule.kind,)
        case RecencyRule():
            return rule.kinds
        case SilenceRule():
            return rule.touches
    return ()
