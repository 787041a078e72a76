"""One contact, decided but not written."""

from dataclasses import dataclass
from datetime import datetime

from scoring import Score, score_contact
from sync.evaluation import Evaluation
from sync.ports import ContactError
from sync.world import World, evaluator_of
from workflows import Exclusion, LeaveAlone, after_opt_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One contact, decided but not written."""

    evaluation: Evaluation
    score: Score
    """By the rubric alone, also for a contact that is left alone; without what sales' answers take."""
    at: datetime


def explain(world: World, who: str) -> Explained:
    """Score and decide one contact, by id or email. ContactError when it is not there or cannot be scored."""
    contact_id = world.reader.find(who)
    records = world.reader.read([contact_id]) if contact_id else []
    at = world.now()
    evaluations, failures = evaluator_of(world, at, "plan").evaluate(records)
    if failures:
        raise ContactError(f"Contact {failures[0].contact_id} {failures[0].reason}.")
    if not evaluations:
        raise ContactError("HubSpot has no contact with this id or email address.")
    score = score_contact(records[0].contact, world.rulebook.rubric, at)
    if evaluations[0].decision.outcome == LeaveAlone(Exclusion.OPTED_OUT):
        score = after_opt_out(score, world.rulebook.policy)
    return Explained(evaluation=evaluations[0], score=score, at=at)
