"""How many points a lead has, and why. Pure: no input or output, no clock."""

from scoring.conditions import AllOf, AnyOf, Between, Condition, Given, Is, Mentions
from scoring.contact import BadValue, Contact, Engagement, Value
from scoring.decay import Decay, HalfLife, Linear
from scoring.phrases import Phrases
from scoring.rubric import (
    FORM,
    PAGE,
    Cap,
    Case,
    CountRange,
    CountRule,
    EngagementRule,
    FactRule,
    Grading,
    Group,
    Level,
    Part,
    RecencyBand,
    RecencyRule,
    Rubric,
    Rule,
    SilenceRule,
)
from scoring.score import Line, Score, score_contact

__all__ = [
    "FORM",
    "PAGE",
    "AllOf",
    "AnyOf",
    "BadValue",
    "Between",
    "Cap",
    "Case",
    "Condition",
    "Contact",
    "CountRange",
    "CountRule",
    "Decay",
    "Engagement",
    "EngagementRule",
    "FactRule",
    "Given",
    "Grading",
    "Group",
    "HalfLife",
    "Is",
    "Level",
    "Line",
    "Linear",
    "Mentions",
    "Part",
    "Phrases",
    "RecencyBand",
    "RecencyRule",
    "Rubric",
    "Rule",
    "Score",
    "SilenceRule",
    "Value",
    "score_contact",
]
