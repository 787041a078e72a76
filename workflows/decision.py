"""Where a lead belongs, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from scoring import Further, Score
from workflows.bands import Entered, Left, Placed, place
from workflows.exclusions import Exclusion, exclusion_for
from workflows.feedback import (
    after_deduction,
    after_disqualification,
    answer_in_force,
    is_disqualified,
    is_new_not_ready,
    locked_until,
    points_to_take,
)
from workflows.further import further_for
from workflows.policy import Policy
from workflows.standing import PEOPLE, Answer, Standing


@dataclass(frozen=True, slots=True)
class SaysTrueSql:
    """Sales confirmed the lead."""


@dataclass(frozen=True, slots=True)
class SaysNotReady:
    """Sales sent the lead back; `points` have been taken in all."""

    points: int


@dataclass(frozen=True, slots=True)
class Disqualified:
    """Sales said Unqualified, or the lead is a competitor's or vendor's."""

    key: Literal["unqualified", "competitor"]


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """Somebody ticked the box that keeps the stage."""

    key: ClassVar[str] = "lead_scoring_hold"


@dataclass(frozen=True, slots=True)
class PersonsStage:
    """A person, or a deal, put the lead here; `until` None: their stage is never lowered by points."""

    until: datetime | None
    key: ClassVar[str] = "person_stage"


@dataclass(frozen=True, slots=True)
class TrueSqlKept:
    """Sales confirmed the lead; it stays SQL until then (None: the answer's time is not on record)."""

    until: datetime | None
    key: ClassVar[str] = "true_sql"


@dataclass(frozen=True, slots=True)
class MovesOff:
    """The rulebook says `moves: up` or `moves: none`, and the lead would go to this stage."""

    moves: str
    to: str
    key: ClassVar[str] = "moves"


@dataclass(frozen=True, slots=True)
class Contested:
    """Another program keeps putting back what we set, and the lead would go to this stage."""

    to: str
    key: ClassVar[str] = "contested"


@dataclass(frozen=True, slots=True)
class Move:
    """Put the lead into another stage."""

    to: str
    because: Entered | Left | SaysTrueSql | SaysNotReady | Disqualified


@dataclass(frozen=True, slots=True)
class Hold:
    """Leave the stage as it is, whatever the points say."""

    because: HoldAsked | PersonsStage | TrueSqlKept | Disqualified | MovesOff | Contested


@dataclass(frozen=True, slots=True)
class Stay:
    """The lead is where it belongs."""

    because: Placed


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """Not a lead of ours: neither scored nor moved."""

    because: Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to become of a lead."""

    outcome: Move | Hold | Stay | LeaveAlone
    score: Score | None
    """The score with what sales' answers take in it; None for a contact that is left alone."""
    points_taken: int | None
    """What all Not ready answers have taken, as it should stand afterwards."""
    surges: bool = False
    """A lead that sales may want was quiet, and bursts into activity now: something for the senior owner."""
    further: Mapping[str, Further | None] = field(default_factory=dict)
    """Further scores by key, which an excluded contact may have too; None: it is to have none."""
    clears_answer: bool = False
    """The lead is at SQL again, by points or by a person's newer act: sales judge anew."""
    needs_history: bool = False
    """Who set the stage, or when the answer was given, matters here and is not known: ask, and decide again."""

    @property
    def changes_with_time(self) -> bool:
        """Whether time alone may change this."""
        waits = isinstance(self.outcome, Hold) and isinstance(self.outcome.because, PersonsStage | TrueSqlKept)
        fades = (self.score is not None and self.score.fades) or any(f.fades for f in self.further.values() if f)
        return waits or fades


def decide(score: Score, standing: Standing, policy: Policy, *, at: datetime) -> Decision:
    """Say where this lead belongs at the given moment, and why.

    The order is the rulebook's: exclusion, disqualified, hold, a person's stage against an older answer,
    answers, bands.
    """
    decision = _decide(score, standing, policy, at)
    excluded = decision.outcome.because if isinstance(decision.outcome, LeaveAlone) else None
    decision = replace(
        decision,
        surges=score.surges and excluded is None and not is_disqualified(standing),
        further=further_for(score, standing, excluded),
    )
    if standing.history_known or not _hangs_on_history(decision, standing):
        return decision
    return replace(decision, needs_history=True)


def _hangs_on_history(decision: Decision, standing: Standing) -> bool:
    """An empty stage on a contact that once had one may be the trace of a move that was cut off."""
    once_had_a_stage = standing.stage is None and (standing.was_scored or standing.had_stage)
    if isinstance(decision.outcome, LeaveAlone):
        return once_had_a_stage
    would_move = isinstance(decision.outcome, Move) or (
        isinstance(decision.outcome, Hold) and isinstance(decision.outcome.because, MovesOff)
    )
    return would_move or standing.answer is not None or once_had_a_stage


def _decide(score: Score, standing: Standing, policy: Policy, at: datetime) -> Decision:
    if excluded := exclusion_for(standing, policy):
        return Decision(outcome=LeaveAlone(excluded), score=None, points_taken=standing.points_taken)
    scored = after_deduction(score, standing.points_taken)
    taken = standing.points_taken

    if is_disqualified(standing):
        scored = after_disqualification(scored, standing, policy)
        reason = Disqualified("unqualified" if standing.answer is Answer.UNQUALIFIED else "competitor")
        if standing.stage == policy.subscriber:
            return Decision(outcome=Hold(reason), score=scored, points_taken=taken)
        move = _allowed(Move(policy.subscriber, reason), standing, policy)
        return Decision(outcome=move, score=scored, points_taken=taken)

    if standing.held:
        return Decision(outcome=Hold(HoldAsked()), score=scored, points_taken=taken)

    answer = answer_in_force(standing)
    if answer is Answer.TRUE_SQL:
        until = locked_until(standing, policy)
        if until is None or at < until:
            kept: Move | Hold = Hold(TrueSqlKept(until))
            if standing.stage != policy.sql.stage:
                kept = _allowed(Move(policy.sql.stage, SaysTrueSql()), standing, policy)
            return Decision(outcome=kept, score=scored, points_taken=taken)

    if answer is Answer.NOT_READY and is_new_not_ready(standing, policy):
        return _not_ready(score, scored, standing, policy, at)

    outcome = _by_points(scored, standing, policy, at)
    stage = outcome.to if isinstance(outcome, Move) else standing.stage
    return Decision(
        outcome=outcome,
        score=scored,
        points_taken=taken,
        clears_answer=standing.answer is Answer.NOT_READY and stage == policy.sql.stage,
    )


def _by_points(scored: Score, standing: Standing, policy: Policy, at: datetime) -> Move | Hold | Stay:
    """What the bands say, unless a person's stage stands against it."""
    target = _placed(scored, standing, policy, at)
    if isinstance(target, Placed):
        return Stay(target)
    if held := _persons_hold(target, standing, policy, at):
        return Hold(held)
    return _allowed(Move(target.stage, target), standing, policy)


def _placed(scored: Score, standing: Standing, policy: Policy, at: datetime) -> Entered | Left | Placed:
    """What the bands say. Where the rulebook lets a surge skip MQL, SQL begins and ends at MQL's lines while it holds;
    but whom sales once sent back has to earn SQL with points."""
    if not (policy.surge_skips_mql and scored.surges and standing.points_taken is None):
        return place(scored, standing.stage, policy, at=at)
    skips = scored.total < policy.sql.enter
    sql = replace(policy.sql, enter=policy.mql.enter if skips else policy.sql.enter, exit=policy.mql.exit)
    target = place(scored, standing.stage, replace(policy, sql=sql), at=at)
    if isinstance(target, Entered) and target.stage == sql.stage:
        return replace(target, by_surge=skips)
    return target


def _not_ready(score: Score, before: Score, standing: Standing, policy: Policy, at: datetime) -> Decision:
    """A new Not ready answer: its points go, which leaves MQL at most, and the bands decide below that.

    Points and stage go together: where the stage may not be lowered, the answer waits, and so do the points.
    """
    taken = points_to_take(score, standing, policy)
    scored = after_deduction(score, taken)
    because = SaysNotReady(taken)
    if standing.stage == policy.sql.stage:
        to = policy.mql.stage if scored.total >= policy.mql.exit else policy.lead
        outcome = _allowed(Move(to, because), standing, policy)
        if isinstance(outcome, Hold):
            return Decision(outcome=outcome, score=before, points_taken=standing.points_taken)
        return Decision(outcome=outcome, score=scored, points_taken=taken)
    target = place(scored, standing.stage, policy, at=at)
    if isinstance(target, Placed):
        return Decision(outcome=Stay(target), score=scored, points_taken=taken)
    outcome = _allowed(Move(target.stage, target), standing, policy)
    return Decision(outcome=outcome, score=scored, points_taken=taken)


def _persons_hold(target: Entered | Left, standing: Standing, policy: Policy, at: datetime) -> PersonsStage | None:
    """Whether a person's own stage stands against this move: any for a while, a lowering one always."""
    if standing.set_by not in PEOPLE:
        return None
    until = standing.set_at + timedelta(days=policy.human_hold_days) if standing.set_at else None
    if until is None or at < until:
        return PersonsStage(until)
    return PersonsStage(None) if isinstance(target, Left) else None


def _allowed(move: Move, standing: Standing, policy: Policy) -> Move | Hold:
    """The move, or what the rulebook's `moves`, or a rival, makes of it."""
    if policy.moves != "all":
        managed = policy.managed
        rises = standing.stage is None or managed.index(move.to) > managed.index(standing.stage)
        if policy.moves == "none" or not rises:
            return Hold(MovesOff(policy.moves, move.to))
    return Hold(Contested(move.to)) if standing.contested else move
