"""What can be wrong with a rulebook, in words for whoever wrote it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from config.errors import EXPECTED, ConfigError
from config.rulebook_names import nearest
from config.rulebook_shape import SHAPE_TAGS, keys_at

_FOUND_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing to mend."""

    path: str
    """Where it stands, as `rules.G01.points`; `line 3, column 7` where the file is not YAML."""
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}; expected {self.expected}"


class RulebookError(ConfigError):
    """A rulebook that cannot be used, with everything that is wrong with it."""

    def __init__(self, name: str, mistakes: Iterable[Mistake]) -> None:
        self.name = name
        self.mistakes: Sequence[Mistake] = tuple(mistakes)
        count = len(self.mistakes)
        noun = "mistake" if count == 1 else "mistakes"
        lines = "".join(f"\n  {mistake}" for mistake in self.mistakes)
        super().__init__(f"The rulebook {name} has {count} {noun}; nothing was changed.{lines}")


def mistake_of(error: ErrorDetails) -> Mistake:
    """One error of the shape, reworded."""
    loc = error["loc"]
    path = ".".join(str(step) for step in loc if step not in SHAPE_TAGS)
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return Mistake(path=path, found="an unknown key", expected=nearest(str(loc[-1]), keys_at(loc[:-1])))
        case "missing":
            return Mistake(path=path, found="nothing", expected="a value: this key is needed")
    return Mistake(path=path, found=in_yaml(value), expected=_EXPECTED.get(kind, error["msg"]).format(**context))


_EXPECTED = EXPECTED | {
    "string_type": "text (in quotes, if it looks like a number)",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "string_pattern_mismatch": "a property's name, in lower case ({pattern})",
    "string_too_short": "text that is not empty",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
}


def in_yaml(value: Any) -> str:
    """A value as whoever wrote the file would know it again."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return repr(value if len(value) <= _FOUND_MAX else value[:_FOUND_MAX] + "…")
    return str(value)
