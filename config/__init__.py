"""What whoever runs the worker decides: settings and the rulebook."""

from config.checks import (
    GRADES,
    as_far_as_provisioned,
    forms_without_class,
    later_properties,
    property_problems,
    stage_problems,
    unknown_forms,
    unknown_stages,
)
from config.errors import ConfigError
from config.fitness import TIERS, Fed, Fitness, fed_by, feeding, feeding_at
from config.logs import configure_logging
from config.rulebook import (
    AccountScore,
    EngagementSource,
    FactSource,
    Rulebook,
    Sources,
    load_rulebook,
    rulebook_schema,
)
from config.rulebook_mistakes import Mistake, RulebookError
from config.rulebook_sources import Tier
from config.settings import (
    SettingLine,
    Settings,
    describe_settings,
    load_settings,
    unknown_settings,
    without_password,
)

__all__ = [
    "GRADES",
    "TIERS",
    "AccountScore",
    "ConfigError",
    "EngagementSource",
    "FactSource",
    "Fed",
    "Fitness",
    "Mistake",
    "Rulebook",
    "RulebookError",
    "SettingLine",
    "Settings",
    "Sources",
    "Tier",
    "as_far_as_provisioned",
    "configure_logging",
    "describe_settings",
    "fed_by",
    "feeding",
    "feeding_at",
    "forms_without_class",
    "later_properties",
    "load_rulebook",
    "load_settings",
    "property_problems",
    "rulebook_schema",
    "stage_problems",
    "unknown_forms",
    "unknown_settings",
    "unknown_stages",
    "without_password",
]
