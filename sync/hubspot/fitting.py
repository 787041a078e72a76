"""How a portal feeds a rulebook: rule by rule, feed by feed, and what the rulebook names that is not there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config import (
    TIERS,
    EngagementSource,
    FactSource,
    Fed,
    Mistake,
    Rulebook,
    Tier,
    feeding,
    forms_without_class,
    unknown_forms,
    unknown_stages,
)
from sync.clock import SYSTEM
from sync.hubspot.building import COMPANY, source_in_portal
from sync.hubspot.connection import Connection
from sync.hubspot.errors import for_doctor
from sync.hubspot.feeds import feeds_of
from sync.hubspot.feeds.events import event_types
from sync.hubspot.forms import with_submissions
from sync.hubspot.paging import list_members
from sync.hubspot.portal import property_definitions
from sync.hubspot.submitted import SUBMISSIONS
from sync.ports import FatalError, Feed, RetryableError
from sync.records import Form, PortalFacts
from sync.traces import FeedNote, list_feed

DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFound:
    """A feed that the rules read, and how it answered one request."""

    feed: str
    acts: frozenset[str]
    answers: bool | None
    """None: HubSpot did not answer now."""
    problem: str
    tier: Tier
    """The cheapest subscription that has it."""
    acts_a_request: int
    requests_at_rest: int
    """Of an incremental pass while nothing new was done."""
    note: FeedNote | None = None
    """How it stood when a run last asked it."""

    @property
    def is_stale(self) -> bool:
        """Whether it has told a run something and does not answer now."""
        return self.answers is not True and self.note is not None and self.note.has_told

    def requests_a_day(self, every_s: float) -> int:
        """What it costs at rest, with an incremental pass every so many seconds; none where it is not there."""
        return 0 if self.answers is False else round(self.requests_at_rest * DAY_S / every_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """How a portal feeds a rulebook."""

    rules: Sequence[Fed]
    lacking: Mapping[str, Sequence[str]]
    """By rule, the properties that the rulebook names for it and the portal does not have."""
    feeds: Sequence[FeedFound]
    forms_without_class: Sequence[Form]
    """The forms that no class of the rulebook names: sending one earns nothing."""


def fitting(
    connection: Connection,
    rulebook: Rulebook,
    facts: PortalFacts,
    known: Collection[str],
    notes: Mapping[str, FeedNote],
) -> Fitting:
    """Asks each feed once. `known` are the portal's properties, those of companies as `company.x`; `notes` say how
    feeds and lists stood when runs last asked them: what those told still counts."""
    feeds = [_found(feed, rulebook, notes.get(feed.name)) for feed in feeds_of(connection, rulebook, facts, at_once=1)]
    telling = {feed.feed for feed in feeds if feed.answers is not False or _still_counts(feed.note)}
    if SUBMISSIONS in facts.properties:
        telling.add("submissions")  # the contacts themselves tell what they sent

    def has(source: FactSource | EngagementSource) -> bool:
        if isinstance(source, FactSource):
            if source.list_id:
                return source.list_id in facts.list_members or _still_counts(notes.get(list_feed(source.list_id)))
            return bool(there_of(source, known))
        if source.feed is not None:
            return source.feed in telling
        return source_in_portal(source, lambda name: name in known) is not None

    rules = list(feeding(rulebook, has))
    return Fitting(
        rules=rules,
        lacking={fed.rule.key: _lacking(fed, known) for fed in rules},
        feeds=feeds,
        forms_without_class=unnamed_forms(rulebook, facts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyLacking:
    """A property that the rulebook reads and the portal does not have."""

    name: str
    """One of companies begins with `company.`."""
    rules: Sequence[str]
    """The rules that it would feed, by key."""
    tier: Tier
    """The cheapest subscription that has it, as the rulebook says; those of the portal's own are `free`."""


def properties_lacking(connection: Connection, rulebook: Rulebook, facts: PortalFacts) -> Sequence[PropertyLacking]:
    """The properties that rules need and that are not there, by name; those of companies where one may ask."""
    fed = [(rule.rule.key, source) for rule in feeding(rulebook, lambda _source: False) for source in rule.lacking]
    needed: dict[str, list[tuple[str, Tier]]] = {}
    for key, source in fed:
        for name in _named_by(source):
            needed.setdefault(name, []).append((key, source.tier))
    known = set(facts.properties)
    if any(name.startswith(COMPANY) for name in needed):
        try:
            known |= {COMPANY + name for name in property_definitions(connection, "companies")}
        except FatalError:
            known |= {name for name in needed if name.startswith(COMPANY)}
    return [
        PropertyLacking(
            name=name,
            rules=list(dict.fromkeys(key for key, _ in by)),
            tier=min((tier for _, tier in by), key=TIERS.index),
        )
        for name, by in sorted(needed.items())
        if not _is_known(name, known)
    ]


def _still_counts(note: FeedNote | None) -> bool:
    return note is not None and note.has_told and not note.is_partial


def _lacking(fed: Fed, known: Collection[str]) -> Sequence[str]:
    named: list[str] = []
    for source in (*fed.by, *fed.lacking):
        named += [name for name in _named_by(source) if not _is_known(name, known)]
    return list(dict.fromkeys(named))


def _named_by(source: FactSource | EngagementSource) -> Sequence[str]:
    """The properties that a source is made of."""
    if isinstance(source, FactSource):
        return source.from_
    return [name for name in (source.count, *source.at, source.name, source.lasts_until) if name]


def _is_known(name: str, known: Collection[str]) -> bool:
    """Whether a property is there; `x_*` stands for all that begin so."""
    return any(each.startswith(name[:-1]) for each in known) if name.endswith("*") else name in known


def there_of(source: FactSource, known: Collection[str]) -> Sequence[str]:
    """Of the properties that a fact is taken from, those that the portal has."""
    return [name for name in source.from_ if _is_known(name, known)]


def unnamed_forms(rulebook: Rulebook, facts: PortalFacts) -> Sequence[Form]:
    """The forms that no class of the rulebook names, by name. Blog comments are no forms that HubSpot would list."""
    forms = {form.id: form for form in with_submissions(facts.forms or ())}
    found = forms_without_class(rulebook, {form.id: form.name for form in forms.values()})
    return sorted((forms[form_id] for form_id in found), key=lambda form: (form.name.lower(), form.id))


def mistakes_against(connection: Connection, rulebook: Rulebook, facts: PortalFacts) -> Iterator[Mistake]:
    """What the rulebook names and the portal does not have: stages, forms, lists, types of events.

    RetryableError where HubSpot does not tell now whether a list is there.
    """
    yield from unknown_stages(rulebook, facts.stages)
    if facts.forms is not None:
        yield from unknown_forms(rulebook, {form.id: form.name for form in facts.forms})
    for name, fact in rulebook.sources.facts.items():
        untold = facts.lists_untold.get(fact.list_id) if fact.list_id else None
        if untold and not untold.is_refused:
            raise RetryableError(untold.problem)
        if fact.list_id and untold:
            yield _no_list(f"sources.facts.{name}.list", fact.list_id)
    for place, list_id in enumerate(rulebook.partner_lists):
        if not _is_there(connection, list_id):
            yield _no_list(f"policy.exclusions.partner_lists.{place}", list_id)
    yield from _unknown_events(connection, rulebook)


def _no_list(path: str, list_id: str) -> Mistake:
    return Mistake(path=path, found=repr(list_id), expected="the id of a list of contacts of the portal")


def _is_there(connection: Connection, list_id: str) -> bool:
    try:
        next(list_members(connection, list_id, urgent=True), None)
    except FatalError:
        return False
    return True


def _unknown_events(connection: Connection, rulebook: Rulebook) -> Iterator[Mistake]:
    """Only where the portal lists its types of events: without Enterprise there is nothing to compare."""
    named: Mapping[tuple[str, int], str] = {
        (kind, place): source.act
        for kind, sources in rulebook.sources.engagements.items()
        for place, source in enumerate(sources)
        if source.feed == "events"
    }
    if not named:
        return
    try:
        known = event_types(connection)
    except FatalError:
        return
    for (kind, place), act in named.items():
        if act not in known:
            path = f"sources.engagements.{kind}.{place}.act"
            yield Mistake(path=path, found=repr(act), expected="a type of events that the portal has")


def _found(feed: Feed, rulebook: Rulebook, note: FeedNote | None) -> FeedFound:
    answers, problem = _asked(feed)
    return FeedFound(
        feed=feed.name,
        acts=feed.acts,
        answers=answers,
        problem=problem,
        tier=next(s.tier for some in rulebook.sources.engagements.values() for s in some if s.feed == feed.name),
        acts_a_request=feed.page,
        requests_at_rest=feed.requests_at_rest,
        note=note,
    )


def _asked(feed: Feed) -> tuple[bool | None, str]:
    """Whether a feed answers, by its first page of what is new: there is hardly anything on it."""
    try:
        next(feed.read(SYSTEM.now()), None)
    except FatalError as problem:
        return False, for_doctor(str(problem))
    except RetryableError as problem:
        return None, str(problem)
    return True, ""
