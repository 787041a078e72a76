"""What whoever runs the worker decides: the rulebook."""

from config.errors import ConfigError
from config.rulebook import EngagementSource, FactSource, Rulebook, Sources, load_rulebook, rulebook_schema
from config.rulebook_mistakes import Mistake, RulebookError

__all__ = [
    "ConfigError",
    "EngagementSource",
    "FactSource",
    "Mistake",
    "Rulebook",
    "RulebookError",
    "Sources",
    "load_rulebook",
    "rulebook_schema",
]
