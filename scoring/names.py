"""What makes a form, or a page, one of a class: its id, its name, or a phrase that stands in its name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scoring.phrases import Phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """One class. An id leaves the least doubt, a phrase the most: see `class_of`."""

    ids: frozenset[str] = frozenset()
    """The portal's own ids, lower case."""
    whole: frozenset[str] = frozenset()
    """Whole names, lower case. Where a source puts the page's title before a form's name ("Title: Name"), the name
    after it counts as well."""
    phrases: Phrases = field(default_factory=lambda: Phrases(()))

    def __bool__(self) -> bool:
        return bool(self.ids or self.whole or self.phrases)

    def are_of(self, name: str) -> bool:
        """Whether this is one of the whole names."""
        text = name.strip().lower()
        return text in self.whole or any(text.endswith(f": {each}") for each in self.whole)


def class_of(classes: Mapping[str, Names], name: str, ref: str = "") -> str | None:
    """The class of what has this name and this id; None: of none.

    An id beats a whole name, and a whole name a phrase, whatever the order of the classes; among those that say
    it in the same way, the first wins.
    """
    if ref and (by_id := next((key for key, names in classes.items() if ref.lower() in names.ids), None)):
        return by_id
    if not name:
        return None
    by_name = next((key for key, names in classes.items() if names.are_of(name)), None)
    return by_name or next((key for key, names in classes.items() if names.phrases.stand_in(name)), None)
