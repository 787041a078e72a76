"""What a score means for a lead's stage. Pure: no input or output, no clock."""

from workflows.bands import Entered, Gate, Left, Placed, place
from workflows.decision import (
    Decision,
    Disqualified,
    Hold,
    HoldAsked,
    LeaveAlone,
    Move,
    MovesOff,
    PersonsStage,
    SaysNotReady,
    SaysTrueSql,
    Stay,
    TrueSqlKept,
    decide,
)
from workflows.exclusions import Exclusion, domain_of, exclusion_for, shared_domains
from workflows.policy import Band, Exclusions, Feedback, Gates, Policy
from workflows.stages import exists, is_backward, is_managed, must_clear
from workflows.standing import (
    Answer,
    HistoryEntry,
    Setter,
    Standing,
    with_answer_history,
    with_stage_history,
)

__all__ = [
    "Answer",
    "Band",
    "Decision",
    "Disqualified",
    "Entered",
    "Exclusion",
    "Exclusions",
    "Feedback",
    "Gate",
    "Gates",
    "HistoryEntry",
    "Hold",
    "HoldAsked",
    "LeaveAlone",
    "Left",
    "Move",
    "MovesOff",
    "PersonsStage",
    "Placed",
    "Policy",
    "SaysNotReady",
    "SaysTrueSql",
    "Setter",
    "Standing",
    "Stay",
    "TrueSqlKept",
    "decide",
    "domain_of",
    "exclusion_for",
    "exists",
    "is_backward",
    "is_managed",
    "must_clear",
    "place",
    "shared_domains",
    "with_answer_history",
    "with_stage_history",
]
