"""Which feeds a rulebook needs, and which acts of them: nothing else is asked for."""

from collections.abc import Iterator, Mapping

from config import Rulebook
from scoring import CountRule, EngagementRule, RecencyRule, Rubric, SilenceRule

_JUDGED = {"open", "click"}
"""Acts of mail that a machine may have done: that is told by how long after its delivery."""


def acts_read(rulebook: Rulebook) -> Mapping[str, frozenset[str]]:
    """By feed, the acts that rules read, and those that it takes to judge them; feeds without any are missing."""
    kinds = set(_kinds_read(rulebook.rubric))
    found: dict[str, frozenset[str]] = {}
    for kind, sources in rulebook.sources.engagements.items():
        for source in sources:
            if source.feed and kind in kinds:
                found[source.feed] = found.get(source.feed, frozenset()) | {source.act}
    if _JUDGED & found.get("mail", frozenset()):
        found["mail"] |= {"delivered"}
    return found


def _kinds_read(rubric: Rubric) -> Iterator[str]:
    """The kinds of engagement that rules name."""
    for rule in rubric.rules:
        match rule:
            case EngagementRule() | CountRule():
                yield rule.kind
            case RecencyRule():
                yield from rule.kinds
            case SilenceRule():
                yield from (rule.sent, *rule.touches)
