"""What whoever runs the worker decides: settings and the rulebook."""

from config.errors import ConfigError
from config.rulebook import EngagementSource, FactSource, Rulebook, Sources, load_rulebook, rulebook_schema
from config.rulebook_mistakes import Mistake, RulebookError
from config.settings import SettingLine, Settings, describe_settings, load_settings, unknown_settings

__all__ = [
    "ConfigError",
    "EngagementSource",
    "FactSource",
    "Mistake",
    "Rulebook",
    "RulebookError",
    "SettingLine",
    "Settings",
    "Sources",
    "describe_settings",
    "load_rulebook",
    "load_settings",
    "rulebook_schema",
    "unknown_settings",
]
