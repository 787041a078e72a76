"""Phrases that are looked for in names: of forms, of pages, of jobs."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

# A word is a run of letters and digits, so `demo_request` and `pricing-sheet` are two words each.
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?[^/?#]*([^?#]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of one meaning, found in a text in any case, as whole words, with an optional plural (s or es).

    Words may be parted by anything that is not a letter or digit. A trailing `*` leaves the last word's end
    open: `case stud*` finds "Case-studies". Raises ValueError for a phrase without a letter or digit.
    """

    texts: tuple[str, ...]
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        alternatives = "|".join(_pattern_of(text) for text in self.texts)
        pattern = re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])", re.IGNORECASE)
        object.__setattr__(self, "_pattern", pattern)

    def __bool__(self) -> bool:
        return bool(self.texts)

    def stand_in(self, text: str) -> bool:
        """Whether one of the phrases stands in the text."""
        return bool(self.texts) and self._pattern.search(text) is not None


def path_of(address: str) -> str:
    """The path of a page's address, without host, query and anchor: `/pricing` of `https://a.example/pricing?b=c`.

    A path alone, with its leading slash, is returned as it is.
    """
    match = _ADDRESS.match(address)
    return unquote(match.group(1)) if match else ""


def _pattern_of(phrase: str) -> str:
    words = _WORD.findall(phrase)
    if not words:
        raise ValueError(f"the phrase {phrase!r} has no letter or digit")
    ending = r"[^\W_]*" if phrase.rstrip().endswith("*") else "(?:e?s)?"
    return r"[\W_]+".join(re.escape(word) for word in words) + ending
