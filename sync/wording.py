"""Reasons in words, for people: worded here and nowhere else. No names, no addresses, no values of a contact."""

from collections.abc import Iterable
from datetime import datetime

from scoring import Score
from workflows import (
    Answer,
    Contested,
    Decision,
    Disqualified,
    Entered,
    Hold,
    HoldAsked,
    LeaveAlone,
    Left,
    Move,
    MovesOff,
    PersonsStage,
    Placed,
    SaysNotReady,
    SaysTrueSql,
    TrueSqlKept,
)

PUTS_BACK = "puts back the stage that an interrupted move had cleared"
"""Why a stage is set that was there before."""

ANSWER_LABELS = {
    Answer.TRUE_SQL: "True SQL: Ready for sales",
    Answer.NOT_READY: "MQL: Not ready for sales",
    Answer.UNQUALIFIED: "Unqualified: Do not nurture",
}
"""Sales' answers as HubSpot shows them."""

_GATES = {
    "fit": "the fit is negative",
    "signals": "there is no engagement, or neither enough fit nor a signal of middle-funnel level",
    "intent": "there is no recent sign of intent",
}

_EXCLUSIONS = {
    "customer": "is a customer",
    "opportunity": "is an opportunity",
    "evangelist": "is an evangelist",
    "other_stage": "is in a stage that scoreline does not manage",
    "opted_out": "opted out of email",
    "employee": "is an employee",
    "partner": "is a partner",
}


_SHORT = {
    "contested": "another program's stage",
    "lead_scoring_hold": "hold box",
    "moves": "moves not allowed",
    "person_stage": "a person's stage",
    "true_sql": "true SQL",
}


def short(key: str) -> str:
    """In two or three words, what a summary counts under this key: who is left alone, and what is held."""
    return _SHORT.get(key, key.replace("_", " "))


def reason_for(decision: Decision, *, puts_back: bool = False) -> str:
    """Why a lead is moved, held, kept or left alone, as one clause that starts in lower case."""
    if puts_back:
        return PUTS_BACK
    outcome = decision.outcome
    match outcome:
        case Move(because=because):
            return _move(because)
        case Hold(because=because):
            return _hold(because)
        case LeaveAlone(because=because):
            return f"left alone: {_EXCLUSIONS[because.value]}"
        case _:
            return _stay(outcome.because)


def contested(contact_id: str, names: Iterable[str]) -> str:
    """Why properties of a contact are left to somebody else who writes them too."""
    return (
        f"another program has twice put back {', '.join(sorted(names))}; scoreline leaves that alone now. "
        f'Stop the other program, or let it have its way; "scoreline resync --contact {contact_id}" writes once more, '
        "and so does the weekly full pass"
    )


def refused_before(contact_id: str, run_id: int, why: str) -> str:
    """Why a change is not sent again that HubSpot has refused."""
    return (
        f"refused by HubSpot in run {run_id}, and unchanged since: {why}. It is sent again when it changes, by "
        f'the weekly full pass, or by "scoreline resync --contact {contact_id}"'
    )


def contacts_in_words(count: int) -> str:
    """So many contacts."""
    return "1 contact" if count == 1 else f"{count:,} contacts"


def plan_waits(run_id: int) -> str:
    """What a plan waits for that was refused, and what lets it out."""
    return (
        f'The plan of run {run_id} was refused, and waits for a person: read it with "scoreline plan show {run_id}"; '
        f'if it is right, write it with "scoreline plan apply {run_id}", or else change the rulebook.'
    )


def stale_in_words(feed: str, since: datetime | None, problem: str) -> str:
    """That a feed has told before and does not now: which, since when, why, and what counts."""
    if since is None:
        return f"{feed}: it was never read to its end, and nothing of it counts until it is. {problem}"
    return f"{feed} since {since:%Y-%m-%d %H:%M}; what it told before still counts. {problem}"


def _move(because: Entered | Left | SaysTrueSql | SaysNotReady | Disqualified) -> str:
    match because:
        case Entered(total=total, line=line, by_surge=by_surge):
            why = ", and the lead surges" if by_surge else ""
            return f"{_points(total, 'reaches', 'reach')} the entry line of {line}{why}"
        case Left(total=total, line=line):
            return f"{_points(total, 'is', 'are')} below the exit line of {line}"
        case SaysTrueSql():
            return "sales say true SQL"
        case SaysNotReady(points=points):
            return f"sales say not ready; {_points(points, 'is', 'are')} taken"
        case _:
            return _disqualified(because)


def _hold(because: HoldAsked | PersonsStage | TrueSqlKept | Disqualified | MovesOff | Contested) -> str:
    match because:
        case HoldAsked():
            return "held: somebody ticked the hold box"
        case PersonsStage(until=until):
            return f"held: a person set this stage; {_until(until, 'points never lower it')}"
        case TrueSqlKept(until=until):
            return f"held: sales say true SQL; {_until(until, 'the answer has no date on record')}"
        case MovesOff(moves=moves, to=to):
            return f"would go to {to}, but the rulebook says moves: {moves}"
        case Contested(to=to):
            return f"held: it would go to {to}, but another program has twice put the stage back"
        case _:
            return f"held: {_disqualified(because)}"


def _disqualified(because: Disqualified) -> str:
    return "sales say unqualified" if because.key == "unqualified" else "is a competitor's or a vendor's"


def _until(until: datetime | None, otherwise: str) -> str:
    return f"kept until {until:%Y-%m-%d}" if until else otherwise


def _stay(placed: Placed) -> str:
    if placed.gate == "engagement":
        return f"{_points(placed.total, 'would', 'would')} make it a lead, but none of them is engagement"
    if placed.gate:
        return f"{_points(placed.total, 'would', 'would')} reach further, but {_GATES[placed.gate]}"
    if placed.stage is None:
        return f"{_points(placed.total, 'is', 'are')} too few for a stage"
    return f"{_points(placed.total, 'keeps', 'keep')} it where it is"


def _points(count: int, one: str, many: str) -> str:
    """So many points and their verb."""
    return f"{count} point {one}" if count == 1 else f"{count} points {many}"


def reasons_text(score: Score, most: int) -> str:
    """The rules that count most, one a line, with their points; no dates, so it changes only with its meaning."""
    counting = [line for line in score.lines if line.points and not line.is_limit]
    counting.sort(key=lambda line: -abs(line.points))
    return "\n".join(f"{line.points:+d} {line.label}" for line in counting[:most])
