"""The worked cases of the default rulebook, each with the stage it leads to."""

import pytest

from scoring import Line, Score
from scoring.rubric import Level
from tests.builders import LEAD, MQL, NOW, SQL, SUBSCRIBER, a_policy, a_standing
from workflows import Disqualified, Hold, Move, decide

NO_LEVEL: tuple[Level | None, bool] = (None, False)
TOFU: tuple[Level | None, bool] = ("tofu", False)
MOFU: tuple[Level | None, bool] = ("mofu", False)
INTENT: tuple[Level | None, bool] = ("bofu", True)


def worked_case(fit: int, *acts: tuple[int, tuple[Level | None, bool]]) -> Score:
    lines = [Line(key="fit", label="", group="fit", part="fit", points=fit)]
    for number, (points, (level, intent)) in enumerate(acts):
        lines.append(
            Line(
                key=f"act{number}",
                label="",
                group="forms",
                part="engagement",
                points=points,
                level=level,
                intent=intent,
                at=NOW,
            )
        )
    engagement = sum(points for points, _ in acts)
    return Score(total=fit + engagement, fit=fit, engagement=engagement, grade="", lines=lines)


@pytest.mark.parametrize(
    ("score", "total", "expected"),
    [
        pytest.param(worked_case(30), 30, LEAD, id="perfect profile, never engaged"),
        pytest.param(
            worked_case(30, (5, NO_LEVEL), (2, NO_LEVEL), (5, NO_LEVEL), (5, NO_LEVEL), (3, NO_LEVEL)),
            50,
            MQL,
            id="perfect profile, list, 2 opens, 1 click, 3 visits",
        ),
        pytest.param(worked_case(0, (70, INTENT)), 70, SQL, id="unknown profile, demo request"),
        pytest.param(worked_case(0, (50, INTENT)), 50, MQL, id="unknown profile, one bottom-of-funnel form"),
        pytest.param(
            worked_case(0, (50, INTENT), (6, NO_LEVEL), (10, INTENT)), 66, SQL, id="BOFU form, 6 visits, pricing page"
        ),
        pytest.param(
            worked_case(0, (15, TOFU), (5, NO_LEVEL), (18, NO_LEVEL)), 38, LEAD, id="three checklists, heavy opener"
        ),
        pytest.param(
            worked_case(-25, (15, TOFU), (20, MOFU), (31, NO_LEVEL)),
            41,
            LEAD,
            id="student, webinar, clicks",
        ),
        pytest.param(
            worked_case(28, (20, MOFU), (10, MOFU), (10, INTENT), (13, NO_LEVEL)),
            81,
            SQL,
            id="good profile, webinar, white paper, pricing",
        ),
        pytest.param(
            worked_case(18, (25, INTENT), (25, INTENT), (8, NO_LEVEL)),
            76,
            SQL,
            id="trial, appointment, middling profile",
        ),
        pytest.param(worked_case(0, (5, NO_LEVEL), (15, NO_LEVEL), (5, NO_LEVEL)), 25, LEAD, id="mail scanner"),
    ],
)
def test_a_worked_case_lands_in_its_stage(score: Score, total: int, expected: str) -> None:
    assert score.total == total
    # The one lead in the table without engagement is a Lead because it is one already.
    stage = LEAD if score.engagement == 0 else SUBSCRIBER
    outcome = decide(score, a_standing(stage), a_policy(), at=NOW).outcome
    assert (outcome.to if isinstance(outcome, Move) else stage) == expected


def test_a_competitor_who_asks_for_a_demo_is_a_subscriber_at_minus_thirty_and_held_there() -> None:
    demo = worked_case(0, (70, INTENT))
    moved = decide(demo, a_standing(SQL, competitor=True), a_policy(), at=NOW)
    assert moved.outcome == Move(SUBSCRIBER, Disqualified("competitor"))
    assert moved.score is not None
    assert moved.score.total == -30
    kept = decide(demo, a_standing(SUBSCRIBER, competitor=True), a_policy(), at=NOW)
    assert kept.outcome == Hold(Disqualified("competitor"))
