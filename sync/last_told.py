"""What the portal last told of its forms, lists and mails, kept for the runs to which it does not tell it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sync.ports import Traces
from sync.pulling import FeedReport
from sync.records import PortalFacts
from sync.traces import MAILS, PORTAL, FeedNote, list_feed, told_by_portal

_FORMS = "forms"
_MEMBERS = "members"
_NAMES_OF: Mapping[str, str] = {"submissions": _FORMS, "mail": MAILS}
"""What is kept beside the acts of a feed."""


def with_last_told(facts: PortalFacts, traces: Traces, *, at: datetime) -> PortalFacts:
    """The facts, with what forms and mails were called and who was on lists where the portal does not tell it now.

    Else a refusal, or a form that was deleted, would take the points that leads have by it, and their stage with those.
    """
    told = [told_by_portal(_FORMS, form.id, form.name) for form in facts.forms or ()]
    told += [
        told_by_portal(list_feed(each), _MEMBERS, ";".join(sorted(ids))) for each, ids in facts.list_members.items()
    ]
    traces.keep(told)
    _note_lists(facts, traces, at)
    kept = {(trace.feed, trace.key): trace.name for trace in traces.of([PORTAL]).get(PORTAL, ())}
    before = {each: kept.get((list_feed(each), _MEMBERS)) for each in facts.lists_untold}
    members = {each: frozenset(filter(None, ids.split(";"))) for each, ids in before.items() if ids is not None}
    return replace(
        facts,
        form_names={key: name for (feed, key), name in kept.items() if feed == _FORMS},
        mail_names={key: name for (feed, key), name in kept.items() if feed == MAILS},
        list_members={**members, **facts.list_members},
    )


def drop_unread(traces: Traces, feeds: Iterable[str], facts: PortalFacts) -> None:
    """Drop what was told by feeds and lists that the rulebook does not read any more."""
    lists = {list_feed(each) for each in (*facts.list_members, *facts.lists_untold)}
    for name in traces.notes().keys() - {*feeds} - lists:
        traces.drop(name)
        if names := _NAMES_OF.get(name):
            traces.drop(names)


def untold_lists(facts: PortalFacts, traces: Traces) -> Sequence[FeedReport]:
    """How the lists stand that the portal did not tell this run."""
    notes = traces.notes() if facts.lists_untold else {}
    found = [notes[name] for name in map(list_feed, facts.lists_untold) if name in notes]
    return [FeedReport(feed=n.feed, state=n.state, since=n.read_up_to, problem=n.problem) for n in found]


def _note_lists(facts: PortalFacts, traces: Traces, at: datetime) -> None:
    wanted = (*facts.list_members, *facts.lists_untold)
    notes = traces.notes() if wanted else {}
    for each in wanted:
        before, untold = notes.get(list_feed(each)), facts.lists_untold.get(each)
        read_up_to = at if untold is None else before.read_up_to if before else None
        never_had = untold is not None and untold.is_refused and read_up_to is None
        traces.note(
            FeedNote(
                feed=list_feed(each),
                state="current" if untold is None else "absent" if never_had else "stale",
                acts=frozenset(),
                read_up_to=read_up_to,
                checked_at=at,
                problem=untold.problem if untold else "",
            )
        )
