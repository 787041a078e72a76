"""Every feed that the rulebook reads, asked for what is new since it was last read; one that fails stops nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sync.grouping import regrouped
from sync.ports import Addressed, FatalError, Feed, LeaseLost, RetryableError, Traces, words_of
from sync.side_by_side import side_by_side
from sync.traces import FeedNote, FeedState

OVERLAP = timedelta(hours=1)
"""How far before the moment up to which a feed was read it is read again: HubSpot lists what was done in the last
minutes late (its pages on email events and on search)."""

KEPT_TOGETHER = 2_000
"""Acts that are put into the database in one go: each is a commit, and a commit costs more than many acts."""

WALKED_WHOLE = frozenset({"meetings", "calls", "emails", "messages", "deals"})
"""Feeds of records, which may be deleted or taken from a contact: only a walk through all of them shows that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """What became of one feed in a run."""

    feed: str
    state: FeedState
    since: datetime | None
    """Up to when it has told everything: of one that is stale, since when it does not."""
    traces_new: int = 0
    """Acts that are new, or of somebody of whom another one is."""
    requests: int = 0
    problem: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What it could not take, in words, and how often."""

    def as_json(self) -> dict[str, object]:
        return {
            "feed": self.feed,
            "state": self.state,
            "since": self.since and self.since.isoformat(),
            "traces_new": self.traces_new,
            "requests": self.requests,
            "problem": self.problem or None,
            "left_out": dict(self.left_out),
        }


@dataclass(slots=True)
class Pulled:
    """What the feeds told a run, and of whom."""

    reports: list[FeedReport] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    """The contacts of whom something is new; left empty where every contact is read in any case."""
    addresses: set[str] = field(default_factory=set)
    """The addresses under which something is new, likewise."""
    notes: list[FeedNote] = field(default_factory=list)
    """How the feeds stand once the run has dealt with all of it."""
    interrupted: bool = False

    def take_in(self, other: "Pulled") -> None:
        """Add what further feeds told."""
        self.reports += other.reports
        self.ids |= other.ids
        self.addresses |= other.addresses
        self.notes += other.notes
        self.interrupted = self.interrupted or other.interrupted

    def conclude(self, traces: Traces) -> None:
        """The run has dealt with all that is new: the next one asks for what came after."""
        for note in self.notes:
            traces.note(note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Puller:
    """Reads feeds for one run into the traces that are kept."""

    traces: Traces
    at: datetime
    """When the run began, by the clock that is further behind, ours or HubSpot's."""
    stop: Callable[[], bool]
    at_once: int = 1
    """How many feeds are read at the same time: a short list, as most are, is read page by page."""
    walk: int = 0
    """The run's id where it reads every contact: records are then listed whole. 0: only what is new."""
    drops: bool = True
    """Whether what a walk did not list is dropped: only the run that holds the lease knows that it is not just new."""
    all_is_read_later: bool = False
    """Whether a run to come reads every contact in any case: what is kept need not be listed again for it."""

    def pull(self, feeds: Iterable[Feed]) -> Pulled:
        """Keep what the feeds tell. Until `conclude`, whatever is new will be told again to the next run."""
        pulled = Pulled()
        notes = self.traces.notes()

        def told(feed: Feed) -> Pulled:
            return self._pulled(feed, notes.get(feed.name))

        for each in side_by_side(told, feeds, threads=self.at_once):
            pulled.take_in(each)
        return pulled

    def _pulled(self, feed: Feed, before: FeedNote | None) -> Pulled:
        """What one feed tells."""
        pulled = Pulled()
        if self.stop():
            pulled.interrupted = True
        elif before is not None and not before.has_told and not self.walk and feed.acts <= before.acts:
            # Asked for again in every pass, its refusals would soon be most of what HubSpot notes of us.
            pulled.reports.append(_report(before))
        else:
            self._pull(feed, before, pulled)
        return pulled

    def _pull(self, feed: Feed, before: FeedNote | None, pulled: Pulled) -> None:
        sent = feed.requests
        whole = self.walk if feed.name in WALKED_WHOLE else 0
        since = before.read_up_to if before and feed.acts <= before.acts and not whole else None
        reading = _Reading(feed, since - OVERLAP if since else None)
        again = before is not None and before.ahead
        new, begun = 0, False
        for acts in regrouped(reading, KEPT_TOGETHER):
            if not begun:
                self.traces.note(self._note(feed, before, "current" if _is_current(before) else "stale", ""))
            begun = True
            new += self._keep(feed, acts, before, pulled, whole)
            if self.stop():
                pulled.interrupted = True
                return
        if whole and self.drops and not reading.problem:
            self.traces.drop_unlisted(feed.name, whole)
        note = self._note(feed, before, reading.state(before), reading.problem)
        kept = note if note.state == "stale" else replace(note, acts=feed.acts)
        kept = kept if reading.problem else replace(kept, read_up_to=self.at)
        if not reading.problem or reading.is_refused or reading.pages or before is not None:
            # Of a feed that has only ever failed to answer, nobody knows whether it is there.
            self.traces.note(kept if self.all_is_read_later else replace(kept, read_up_to=note.read_up_to))
            pulled.notes.append(replace(kept, ahead=bool(reading.problem) and again))
        report = _report(kept)
        pulled.reports.append(
            replace(report, traces_new=new, requests=feed.requests - sent, left_out=dict(feed.left_out))
        )

    def _note(self, feed: Feed, before: FeedNote | None, state: FeedState, problem: str) -> FeedNote:
        """How a feed stands while a run deals with what it told."""
        return FeedNote(
            feed=feed.name,
            state=state,
            acts=before.acts if before else feed.acts,
            read_up_to=before.read_up_to if before else None,
            checked_at=self.at,
            problem=problem,
            ahead=True,
        )

    def _keep(self, feed: Feed, page: Sequence[Addressed], before: FeedNote | None, pulled: Pulled, walk: int) -> int:
        """Keep a page's traces; returns how many of them are of somebody of whom something is new."""
        changed = self.traces.keep([each.trace for each in page], walk=walk)
        acts = [each for each in page if each.trace.feed == feed.name]
        if not self.walk:  # a pass that reads every contact need not know of whom something is new: there may be many
            again = before is not None and before.ahead
            news = [each for each in acts if again or each.trace.who in changed]
            loud = [each for each in news if each.trace.act not in feed.quiet]
            loud += self._judging(feed, news, before.read_up_to if before else None)
            pulled.ids |= {each.trace.who for each in loud if not each.address}
            pulled.addresses |= {each.address for each in loud if each.address}
        return sum(each.trace.who in changed for each in acts)

    def _judging(self, feed: Feed, news: Sequence[Addressed], read_up_to: datetime | None) -> Iterator[Addressed]:
        """The quiet acts that are listed late, after others of the same mail or the like: how those are judged, as
        people's or machines', may be another matter now."""
        quiet = [each for each in news if each.trace.act in feed.quiet]
        late = [each for each in quiet if read_up_to and each.trace.at and each.trace.at < read_up_to]
        kept = self.traces.of([each.trace.who for each in late]) if late else {}
        for each in late:
            theirs = (trace for trace in kept.get(each.trace.who, ()) if trace.feed == feed.name)
            if any(trace.ref == each.trace.ref and trace.act not in feed.quiet for trace in theirs):
                yield each


class _Reading:
    """One reading of a feed: its pages, up to where it fails."""

    def __init__(self, feed: Feed, since: datetime | None) -> None:
        self._feed = feed
        self._since = since
        self.is_refused = False
        """Whether a person must act for it to come to its end."""
        self.pages = 0
        self.problem = ""
        """Why it ended before its end."""

    def __iter__(self) -> Iterator[Sequence[Addressed]]:
        pages = iter(self._feed.read(self._since))
        while (page := self._next(pages)) is not None:
            self.pages += 1
            yield page

    def state(self, before: FeedNote | None) -> FeedState:
        """How the feed stands after it: one that was refused, and has never answered, is not there."""
        if not self.problem:
            return "current"
        if self.pages or (before is not None and before.has_told):
            return "stale"
        return "absent" if self.is_refused or before is not None else "stale"

    def _next(self, pages: Iterator[Sequence[Addressed]]) -> Sequence[Addressed] | None:
        try:
            return next(pages, None)
        except LeaseLost:
            raise
        except (FatalError, RetryableError) as error:
            self.is_refused = isinstance(error, FatalError)
            self.problem = words_of(error)
            return None


def _is_current(note: FeedNote | None) -> bool:
    return note is not None and note.state == "current"


def _report(note: FeedNote) -> FeedReport:
    return FeedReport(feed=note.feed, state=note.state, since=note.read_up_to, problem=note.problem)
