"""Decisions become a plan of real differences, and the plan passes a safety check. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from config import Rulebook
from scoring import Score
from sync.records import Change, ContactRecord, Role
from sync.wording import reason_for, reasons_text
from workflows import Decision, Hold, LeaveAlone, Move, must_clear

_SCORE_ROLES: tuple[Role, ...] = ("score", "fit", "engagement", "grade", "reasons", "surge")
_OURS_ALONE: tuple[Role, ...] = (*_SCORE_ROLES, "exclusion")
_SHARED_ROLES: tuple[Role, ...] = ("feedback", "feedback_points", "resync")


def contestable(rulebook: Rulebook) -> frozenset[str]:
    """What nobody but us has reason to write: another value there than ours is a rival's. The rest is people's too."""
    further = (score.property for score in rulebook.rubric.scores.values())
    return frozenset((*(name for role, name in rulebook.properties.items() if role in _OURS_ALONE), *further))


def change_for(record: ContactRecord, decision: Decision, rulebook: Rulebook) -> Change | None:
    """What must be written so that HubSpot holds what was decided; None when it does already."""
    differing = {name: (there, text) for name, there, text in _texts(record, decision, rulebook) if text != there}
    stage_from, stage_to = record.standing.stage, _stage_to(record, decision)
    moves = stage_to is not None
    if not differing and not moves:
        return None
    cleared = record.standing.cleared_by_us
    return Change(
        contact_id=record.id,
        before={name: there for name, (there, _) in differing.items()},
        after={name: text for name, (_, text) in differing.items()},
        moves=moves,
        stage_from=stage_from if moves else None,
        stage_to=stage_to,
        clears_first=stage_to is not None and not cleared and must_clear(stage_from, stage_to, rulebook.policy),
        reason=reason_for(decision, puts_back=cleared and stage_to == stage_from),
        shared=any(rulebook.properties[role] in differing for role in _SHARED_ROLES),
    )


def _stage_to(record: ContactRecord, decision: Decision) -> str | None:
    """The stage to set, if one is to be set. A stage that we cleared is set again whatever was decided."""
    if isinstance(decision.outcome, Move):
        return decision.outcome.to
    return record.standing.stage if record.standing.cleared_by_us else None


def _texts(record: ContactRecord, decision: Decision, rulebook: Rulebook) -> Iterator[tuple[str, str, str]]:
    """The properties that this decision has a word on: name, text as it is, and text as it should be."""
    for role, text in _wanted(record, decision, rulebook).items():
        if role not in rulebook.properties:
            continue  # the portal was provisioned before there was such a property
        yield rulebook.properties[role], record.ours.get(role, ""), text
    for key, further in decision.further.items():
        text = "" if further is None else str(further.points)
        yield rulebook.rubric.scores[key].property, record.further.get(key, ""), text


def _wanted(record: ContactRecord, decision: Decision, rulebook: Rulebook) -> Mapping[Role, str]:
    """Our properties as they should be, for the roles that this decision has a word on."""
    standing = record.standing
    if isinstance(decision.outcome, LeaveAlone):
        if not standing.was_scored:
            return {}
        blank: dict[Role, str] = dict.fromkeys(_SCORE_ROLES, "")
        return blank | {"exclusion": decision.outcome.because.value, "resync": ""}
    wanted: dict[Role, str] = {"exclusion": "", "resync": "", "surge": "true" if decision.surges else ""}
    if decision.score is not None and not _is_too_small(record, decision, decision.score, rulebook):
        wanted |= _score_texts(decision.score, rulebook.reasons_max)
    if decision.points_taken is not None:
        wanted["feedback_points"] = str(decision.points_taken)
    if decision.clears_answer:
        wanted["feedback"] = ""
    return wanted


def _score_texts(score: Score, reasons_max: int) -> Mapping[Role, str]:
    return {
        "score": str(score.total),
        "fit": str(score.fit),
        "engagement": str(score.engagement),
        "grade": score.grade,
        "reasons": reasons_text(score, reasons_max),
    }


def _is_too_small(record: ContactRecord, decision: Decision, score: Score, rulebook: Rulebook) -> bool:
    """A total that moved less than `min_delta`, without any consequence, is left as it is in HubSpot."""
    if rulebook.policy.min_delta <= 1 or isinstance(decision.outcome, Move):
        return False
    if decision.points_taken != record.standing.points_taken:
        return False
    try:
        old = int(record.ours.get("score", ""))
    except ValueError:
        return False
    return abs(score.total - old) < rulebook.policy.min_delta


@dataclass(slots=True)
class Tally:
    """What a run has seen and would write, counted as it goes."""

    read: int = 0
    scored: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    stage_changes: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)
    contested: list[tuple[str, str]] = field(default_factory=list)
    """Contacts of which something is left to another program: id, and what."""
    missed: Counter[str] = field(default_factory=Counter)
    """Changes that a full pass found and earlier passes should have, by why they did not."""

    def saw(self, decision: Decision) -> None:
        """Count a contact that was read and decided."""
        self.read += 1
        if isinstance(decision.outcome, LeaveAlone):
            self.excluded[decision.outcome.because.value] += 1
            return
        self.scored += 1
        if isinstance(decision.outcome, Hold):
            self.held[decision.outcome.because.key] += 1

    def counts(self, change: Change) -> None:
        """Count a change: planned, or written."""
        self.changed += 1
        if change.moves and change.stage_from != change.stage_to:
            self.stage_changes[f"{change.stage_from or 'none'}->{change.stage_to}"] += 1

    @property
    def moved(self) -> int:
        return self.stage_changes.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLimit:
    """How many leads one plan may move."""

    share: float
    """Of all leads, 0 to 1."""
    floor: int
    """A plan that moves no more leads than this is never refused."""


def refusal(run_id: int, *, moved: int, leads: int, limit: SafetyLimit) -> str | None:
    """Why a plan is too large to be written without being asked for; None when it is not."""
    if moved <= limit.floor or moved <= limit.share * leads:
        return None
    return (
        f"Plan {run_id} moves {moved:,} of {leads:,} leads ({moved / max(leads, 1):.1%}); "
        f"the limit is {limit.share:.0%}. "
        f'Nothing was written. Read it with "scoreline plan show {run_id}"; if it is right, write it with '
        f'"scoreline plan apply {run_id}", or run the resync again with --accept-large-plan.'
    )
