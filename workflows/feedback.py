"""What sales' three answers change."""

from datetime import datetime, timedelta

from scoring import Line, Score
from workflows.policy import Policy
from workflows.standing import Answer, Standing


def is_disqualified(standing: Standing) -> bool:
    """Unqualified by sales, or a competitor: the same treatment, for as long as it is so."""
    return standing.answer is Answer.UNQUALIFIED or standing.competitor


def answer_in_force(standing: Standing) -> Answer | None:
    """Sales' answer, unless a person or a deal set the stage after it: the newer act wins, for good.

    An answer whose time is not on record is older than anything that is.
    """
    if standing.answer is None or standing.person_at is None:
        return standing.answer
    if standing.answered_at is None:
        return None
    return standing.answer if standing.answered_at >= standing.person_at else None


def locked_until(standing: Standing, policy: Policy) -> datetime | None:
    """The moment until which a True SQL answer keeps the stage; None when its time is not on record."""
    if standing.answered_at is None:
        return None
    return standing.answered_at + timedelta(days=policy.feedback.true_sql_days)


def is_new_not_ready(standing: Standing, policy: Policy) -> bool:
    """A Not ready answer that has not taken its points yet: the first one, or one given to an SQL."""
    return standing.points_taken is None or standing.stage == policy.sql.stage


def points_to_take(score: Score, standing: Standing, policy: Policy) -> int:
    """All points taken once this Not ready answer is counted: what the total has above 50 goes, once.

    Source: the rulebook's V02, a higher total lands at `not_ready_lands_at` and a lower one stays; never at SQL.
    """
    total = after_deduction(score, standing.points_taken).total
    lands_at = min(policy.feedback.not_ready_lands_at, policy.sql.enter - 1)
    return (standing.points_taken or 0) + max(0, total - lands_at)


def after_deduction(score: Score, points_taken: int | None) -> Score:
    """The score less the points that Not ready answers took; the deduction alone never takes it below 1."""
    points = min(points_taken or 0, max(0, score.total - 1))
    if points <= 0:
        return score
    return score.plus(
        Line(key="V02", label="Not ready, said sales", group="feedback", part="adjustment", points=-points)
    )


def after_disqualification(score: Score, standing: Standing, policy: Policy) -> Score:
    """The score less what Unqualified, or being a competitor, takes; once, also when both are true."""
    key, label = ("V03", "Unqualified, said sales")
    if standing.answer is not Answer.UNQUALIFIED:
        key, label = ("N02", "Competitor or vendor")
    points = policy.feedback.disqualified_points
    return score.plus(Line(key=key, label=label, group="feedback", part="adjustment", points=points))


def after_opt_out(score: Score, policy: Policy) -> Score:
    """The score of somebody who opted out, for `explain` alone: they are excluded, and it is written nowhere (N01)."""
    points = policy.feedback.disqualified_points
    return score.plus(Line(key="N01", label="Opted out of email", group="feedback", part="adjustment", points=points))
