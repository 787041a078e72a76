"""What feeds tell of a portal, for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from config import EngagementSource, Rulebook
from sync.hubspot import Connection, HubSpotPortal, feeds_of
from sync.ports import Addressed, Feed
from sync.traces import Trace
from tests.builders import the_packaged_rulebook


def rulebook_reading(*acts: tuple[str, str]) -> Rulebook:
    """The default rulebook, but that its rules for forms read these acts, each as (feed, act), and no others."""
    rulebook = the_packaged_rulebook()
    sources = tuple(EngagementSource(feed=feed, act=act, tier="free") for feed, act in acts)  # type: ignore[arg-type]
    return replace(rulebook, sources=replace(rulebook.sources, engagements={"form": sources}))


def the_feed(connection: Connection, *acts: tuple[str, str], without: str = "", **known: Any) -> Feed:
    """The feed of the portal that tells these acts, each as (feed, act); a portal `without` a property of contacts.
    `known`: facts that runs before have left."""
    rulebook = rulebook_reading(*acts)
    facts = HubSpotPortal(connection, rulebook).facts()
    (found,) = feeds_of(connection, rulebook, replace(facts, properties=facts.properties - {without}, **known))
    assert found.name == acts[0][0]
    return found


def told(feed: Feed, since: datetime | None = None) -> Sequence[Addressed]:
    """Every act that a feed tells, each trace once, oldest first."""
    found = {each.trace.key: each for page in feed.read(since) for each in page if each.trace.feed == feed.name}
    return sorted(found.values(), key=lambda each: (each.trace.at, each.trace.key))


def traces(feed: Feed, since: datetime | None = None) -> Sequence[Trace]:
    """The same, without addresses."""
    return [each.trace for each in told(feed, since)]
