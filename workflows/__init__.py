"""What a score means for a lead's stage. Pure: no input or output, no clock."""

from workflows.policy import Band, Exclusions, Feedback, Gates, Policy
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
    "Exclusions",
    "Feedback",
    "Gates",
    "HistoryEntry",
    "Policy",
    "Setter",
    "Standing",
    "with_answer_history",
    "with_stage_history",
]
