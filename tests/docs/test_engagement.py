"""The page on engagement is held to the rulebook and to the feeds: which rule is fed by what, on which subscription."""

from pathlib import Path

import pytest

from config import TIERS, Fed, Tier, fed_by, feeding_at, load_rulebook
from config.rulebook_sources import ACTS
from sync.hubspot.feeds.events import EventsFeed
from sync.hubspot.feeds.mail import MailFeed
from sync.hubspot.feeds.objects import LISTED
from sync.hubspot.feeds.submissions import SubmissionsFeed
from tests.docs.test_docs import blocks
from tests.tables import DOCS, code_in, lines_of

PAGE = "engagement.md"
FITNESS = "| Rule | Earns points for | Free | Starter | Professional | Enterprise |"
FEEDS = "| feed | acts | how it is read | acts a request | requests at rest | subscription | scope |"


def cell(fed: Fed) -> str:
    if fed.fitness == "missing":
        return "–"
    feeds = {source.feed for source in fed.by if hasattr(source, "feed")}
    words = [f"`{word}`" if word in feeds else word for word in fed_by(fed).split(", ")]
    return ("to fill: " if fed.fitness == "to fill" else "") + ", ".join(words)


def fitness_table(name: str = "default") -> list[list[str]]:
    """The table as it must stand on the page: rule by rule, what feeds it on each subscription."""
    columns = [list(feeding_at(load_rulebook(name), tier)) for tier in TIERS]
    return [[row[0].rule.key, row[0].rule.label, *map(cell, row)] for row in zip(*columns, strict=True)]


def test_the_fitness_table_is_that_of_the_default_rulebook() -> None:
    shown = [list(cells) for cells in lines_of(PAGE, FITNESS)]
    right = "\n".join(f"| {' | '.join(row)} |" for row in fitness_table())
    assert shown == fitness_table(), f"the table should be:\n{right}"


def test_the_classic_rulebook_is_fed_as_the_default_one_is() -> None:
    assert fitness_table("classic") == fitness_table()


def test_every_feed_is_on_the_page_with_its_acts() -> None:
    told = {code_in(feed)[0]: code_in(acts) for feed, acts, *_ in lines_of(PAGE, FEEDS)}
    assert told == {feed: list(acts) for feed, acts in ACTS.items()} | {"events": ["e_visited_page"]}


def test_the_pages_of_the_feeds_are_as_large_as_is_said() -> None:
    told = {code_in(feed)[0]: int(size.replace(",", "")) for feed, _, _, size, *_ in lines_of(PAGE, FEEDS)}
    known = {feed.name: feed.page for feed in (SubmissionsFeed, MailFeed, EventsFeed)}
    assert told == dict.fromkeys(ACTS, LISTED) | known


def test_the_subscriptions_of_the_feeds_are_those_of_the_default_rulebook() -> None:
    told = {code_in(feed)[0]: tier.lower() for feed, *_, tier, _ in lines_of(PAGE, FEEDS)}
    sources = [s for some in load_rulebook().sources.engagements.values() for s in some if s.feed]
    tiers: dict[str | None, Tier] = {source.feed: source.tier for source in sources}
    assert {feed: told[feed] for feed in told if feed in tiers} == tiers


@pytest.mark.parametrize("place", range(len(blocks(DOCS / PAGE, "yaml"))))
def test_every_rulebook_on_the_page_is_one(tmp_path: Path, place: int) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(blocks(DOCS / PAGE, "yaml")[place])
    load_rulebook(file)
