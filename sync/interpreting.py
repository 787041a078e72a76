"""Traces become engagements: which kind each act is of, what was a machine's, and what counts once. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from config import EngagementSource, Sources
from scoring import Contact, Engagement, Ignored, MailAct, Phrases, judged
from sync.records import ContactRecord
from sync.traces import FeedNote, Trace

_ONCE_A_MAIL = ("open", "click")
"""Acts of the mail feed of which a person's count once a mail, however often they open it or click in it."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind that an act may be of, and the phrases that its name must then hold."""

    name: str
    named: Phrases | None

    def is_of(self, trace: Trace) -> bool:
        return self.named is not None and self.named.stand_in(trace.name)


class Interpreter:
    """Knows which kinds of engagement a rulebook makes of a feed's acts."""

    def __init__(self, sources: Sources) -> None:
        self._kinds: dict[tuple[str, str], list[_Kind]] = {}
        for kind, given in sources.engagements.items():
            for source in given:
                if source.feed is not None:
                    self._kinds.setdefault((source.feed, source.act), []).append(_kind_of(kind, source))

    def known_kinds(self, notes: Mapping[str, FeedNote]) -> frozenset[str]:
        """The kinds that the feeds tell of, as they stand."""
        return frozenset(
            kind.name
            for (feed, act), kinds in self._kinds.items()
            if (note := notes.get(feed)) is not None and note.has_told and not note.is_partial and act in note.acts
            for kind in kinds
        )

    def with_traces(self, record: ContactRecord, traces: Sequence[Trace], known: frozenset[str]) -> ContactRecord:
        """The record with what the feeds tell of it, and of other feeds what its properties sum up.

        Each act counts once: a form that its properties told of, and a feed that tells of it at all, over its sums.
        """
        contact = record.contact
        if not (traces or record.summed_up or known):
            return record
        told = {(done.kind, done.ref, done.at) for done in contact.engagements if done.ref}
        found, ignored = self.engagements_of(traces)
        found = [done for done in found if not done.ref or (done.kind, done.ref, done.at) not in told]
        feeds = {trace.feed for trace in traces if (trace.feed, trace.act) in self._kinds}
        summed_up = [done for feed, sums in record.summed_up.items() if feed not in feeds for done in sums]
        return replace(record, contact=_more(contact, [*summed_up, *found], ignored, known))

    def engagements_of(self, traces: Iterable[Trace]) -> tuple[list[Engagement], list[Ignored]]:
        """What a lead did, by these traces of theirs; and what machines did in their name."""
        people, machines = _apart(list(traces))
        found: list[Engagement] = []
        mails: dict[tuple[str, str], Engagement] = {}
        for trace in people:
            for kind in self._kinds_of(trace):
                done = _engagement(kind, trace)
                if trace.feed == "mail" and trace.act in _ONCE_A_MAIL and trace.ref:
                    mails[kind, trace.ref] = _newer(done, mails.get((kind, trace.ref)))
                else:
                    found.append(done)
        ignored = Counter((kind, trace.by_machine) for trace in machines for kind in self._kinds_of(trace))
        return (
            [*found, *mails.values()],
            [Ignored(kind=kind, count=count, why=why) for (kind, why), count in sorted(ignored.items())],
        )

    def _kinds_of(self, trace: Trace) -> Iterator[str]:
        """Each kind whose phrases stand in the act's name; where there is none, those that ask for no name."""
        kinds = self._kinds.get((trace.feed, trace.act), ())
        named = [kind.name for kind in kinds if kind.is_of(trace)]
        yield from dict.fromkeys(named or [kind.name for kind in kinds if kind.named is None])


def _kind_of(kind: str, source: EngagementSource) -> _Kind:
    return _Kind(kind, Phrases(source.named) if source.named else None)


def _apart(traces: Sequence[Trace]) -> tuple[list[Trace], list[Trace]]:
    """People's acts, and those of machines with the reason put to each."""
    mails = [act for trace in traces if (act := _mail_act(trace)) is not None]
    verdicts = judged(mails) if mails else {}
    why = [verdicts.get(trace.key, "") if trace.feed == "mail" else trace.by_machine for trace in traces]
    people = [trace for trace, reason in zip(traces, why, strict=True) if not reason]
    return people, [replace(t, by_machine=reason) for t, reason in zip(traces, why, strict=True) if reason]


def _mail_act(trace: Trace) -> MailAct | None:
    """What the judge of machines looks at; None: not for it to judge."""
    if trace.feed != "mail" or trace.at is None:
        return None
    match trace.act:
        case "delivered" | "open" | "click" as kind:
            return MailAct(
                key=trace.key, kind=kind, mail=trace.ref, at=trace.at, link=trace.link, machine=trace.by_machine
            )
        case _:
            return None


def _engagement(kind: str, trace: Trace) -> Engagement:
    return Engagement(kind=kind, at=trace.at, name=trace.name, ref=trace.ref, lasts_until=trace.until)


def _newer(one: Engagement, other: Engagement | None) -> Engagement:
    if other is None or other.at is None:
        return one
    return one if one.at is not None and one.at > other.at else other


def _more(contact: Contact, found: Sequence[Engagement], ignored: Sequence[Ignored], known: frozenset[str]) -> Contact:
    return replace(
        contact,
        engagements=(*contact.engagements, *found),
        seen_kinds=contact.seen_kinds | known,
        ignored=(*contact.ignored, *ignored),
    )
