"""`explain`: one contact's score rule by rule, and what would be written and why."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from config import Rulebook
from scoring import Line
from sync.bootstrap import opened_world
from sync.cli.options import AsJson, ready
from sync.cli.output import print_json, say, sources_of, table
from sync.explaining import Explained, explain
from sync.wording import ANSWER_LABELS, contested, reason_for, short, stale_in_words
from workflows import Answer, Decision, Hold, LeaveAlone, Move


def add_to(app: typer.Typer) -> None:
    app.command("explain")(explain_command)


def explain_command(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="A contact's id or email address.")],
    as_json: AsJson = False,
) -> None:
    """A contact's score rule by rule, what excludes or holds it, and what would be written and why."""
    settings = ready()
    with opened_world(settings, writes=False) as world:
        document = _explanation(explain(world, contact), world.rulebook)
        asked = world.traces.notes()
        document["sources"] = sources_of(world.traces, world.rulebook)
        document["feeds_unread"] = [feed.name for feed in world.feeds if feed.name not in asked]
    if as_json:
        print_json(document)
    else:
        _print_explanation(document)


def _explanation(explained: Explained, rulebook: Rulebook) -> dict[str, Any]:
    evaluation, decision = explained.evaluation, explained.evaluation.decision
    standing = evaluation.record.standing
    score = decision.score or explained.score
    change = evaluation.change
    return {
        "contact": evaluation.record.id,
        "at": explained.at,
        "rulebook_version": rulebook.version,
        "score": score.total,
        "fit": score.fit,
        "engagement": score.engagement,
        "grade": score.grade,
        "surges": decision.surges,
        "further": {key: has and has.points for key, has in decision.further.items()},
        "lines": [_line(line) for line in score.lines],
        "lines_apart": [_line(line) for line in score.apart],
        "bad_values": [{"property": bad.where, "problem": bad.problem} for bad in evaluation.record.contact.bad_values],
        "ignored": [
            {"kind": each.kind, "count": each.count, "why": each.why} for each in evaluation.record.contact.ignored
        ],
        "exclusion": decision.outcome.because.value if isinstance(decision.outcome, LeaveAlone) else None,
        "feedback": {
            "answer": standing.answer.value if standing.answer else None,
            "answered_at": standing.answered_at,
            "points_taken": decision.points_taken,
        },
        "stage": standing.stage,
        "stage_cleared_by_us": standing.cleared_by_us,
        "stage_set_by": standing.set_by.value if standing.set_by else None,
        "stage_set_at": standing.set_at,
        "contested": sorted(evaluation.contested),
        "refused": evaluation.refused or None,
        "decision": _outcome(decision),
        "reason": reason_for(decision),
        "would_write": None
        if change is None
        else dict(change.after) | ({"lifecyclestage": change.stage_to} if change.moves else {}),
        "in_hubspot": dict(evaluation.record.ours),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "label": line.label,
        "group": line.group,
        "points": line.points,
        "known": line.known,
        "met": line.met or (line.known and line.points != 0),
        "fact": line.fact,
        "at": line.at,
    }


def _outcome(decision: Decision) -> str:
    match decision.outcome:
        case Move(to=to):
            return f"move to {to}"
        case Hold():
            return "hold"
        case LeaveAlone():
            return "leave alone"
        case _:
            return "stay"


def _print_lines(lines: Sequence[Mapping[str, Any]]) -> None:
    """The lines that are worth something."""
    table(
        ("rule", "points", "what", "fact"),
        [(line["key"], f"{line['points']:+d}", line["label"], line["fact"]) for line in lines if line["points"]],
        right=("points",),
    )


def _print_explanation(document: Mapping[str, Any]) -> None:
    title = f"Contact {document['contact']}: {document['score']} points, grade {document['grade']}"
    adjusted = document["score"] - document["fit"] - document["engagement"]
    adjustments = f", adjustments {adjusted:+d}" if adjusted else ""
    say(f"{title} (fit {document['fit']}, engagement {document['engagement']}{adjustments})")
    if document["exclusion"]:
        but = ", but for its further scores" if any(document["further"].values()) else ""
        say(f"  These points are for information: the contact is excluded, and none of them is written{but}.")
    say(f"  Stage: {_stage(document)}. Decision: {_decided(document['decision'], document['reason'])}.")
    say()
    _print_lines(document["lines"])
    faded = [line["key"] for line in document["lines"] if line["met"] and not line["points"]]
    zero = [line["key"] for line in document["lines"] if not line["met"] and line["known"] and not line["points"]]
    unknown = [f"{line['key']} {line['label']}" for line in document["lines"] if not line["known"]]
    say()
    if faded:
        say(f"Met, and worth nothing now: {', '.join(faded)}")
    say(f"Not met: {', '.join(zero) or 'none'}")
    say(f"Unknown, counted as 0: {'; '.join(unknown) or 'none'}")
    for key, points in document["further"].items():
        say(f"Further score {key}: {'none' if points is None else points}")
    if any(line["points"] for line in document["lines_apart"]):
        say("Counted in further scores alone:")
        _print_lines(document["lines_apart"])
    if document["surges"]:
        say("Surging: quiet for long, and now a burst of activity with intent in it.")
    for ignored in document["ignored"]:
        say(f"Not counted: {ignored['count']:,} {short(ignored['kind'])} by a {ignored['why']}.")
    _print_feeds(document)
    feedback = document["feedback"]
    if feedback["answer"] or feedback["points_taken"] is not None:
        answered = feedback["answered_at"]
        when = f", given {answered:%Y-%m-%d %H:%M}" if answered else ""
        answer = ANSWER_LABELS[Answer(feedback["answer"])] if feedback["answer"] else "none now"
        say(f"Sales' answer: {answer}{when}; points taken: {feedback['points_taken'] or 0}")
    for bad in document["bad_values"]:
        say(f"Unreadable, counted as unknown: {bad['property']} ({bad['problem']})")
    if document["contested"]:
        say(f"Contested: {contested(document['contact'], document['contested'])}.")
    if document["refused"]:
        say(f"Not sent again: {document['refused']}.")
    if document["would_write"]:
        say("A resync would write: " + ", ".join(document["would_write"]))
    else:
        say("A resync would write nothing.")


def _print_feeds(document: Mapping[str, Any]) -> None:
    """What the points may lack."""
    for source in document["sources"]:
        if source["state"] == "stale":
            say(f"Stale: {stale_in_words(source['feed'], source['since'], source['problem'])}")
    if document["feeds_unread"]:
        say(f"Not read yet, so that what they tell is missing here: {', '.join(document['feeds_unread'])}.")


def _stage(document: Mapping[str, Any]) -> str:
    """The stage that the contact is in; where our clear has emptied it, what it was and what comes in its place."""
    if not document["stage_cleared_by_us"]:
        return document["stage"] or "none"
    comes = (document["would_write"] or {}).get("lifecyclestage", document["stage"])
    return (
        f"empty now, since a run has cleared it and not come to its end; before that it was {document['stage']}, and "
        f"the next run that writes sets {comes}"
    )


def _decided(decision: str, reason: str) -> str:
    """Decision and reason as one clause: some reasons begin with the decision."""
    return reason if reason.startswith(("held:", "left alone:")) else f"{decision}; {reason}"
