"""Which feeds a rulebook needs, and which acts of them: nothing else is asked for."""

from collections.abc import Mapping

from config import Rulebook

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
