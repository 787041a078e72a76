"""Which contacts a run reads, page by page."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from sync.evaluation import Evaluation
from sync.grouping import regrouped
from sync.ports import Memory
from sync.pulling import Pulled
from sync.records import ContactRecord, Found, Mode, RunRecord, Seen
from sync.settling import LeftOver
from sync.world import Knobs, World

READ_TOGETHER = 100
"""Ids of one batch read (HubSpot objects guide)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which contacts a run reads."""

    mode: Mode
    contact_ids: Sequence[str] = ()
    unknown: Sequence[str] = ()
    """What was asked for by id or address and is not in HubSpot, in words that name nobody."""
    list_id: str = ""
    since: datetime | None = None


def widened(selection: Selection, owed: LeftOver, world: World) -> Selection:
    """An incremental or decay pass becomes a full one where it would leave scores that are no longer true.

    That is so without a watermark, since there is nothing to be incremental to; after a full pass that was cut off;
    and with another rulebook than that of the last full pass, unless that one's plan waits for a person already.
    """
    if selection.mode not in ("incremental", "decay"):
        return selection
    full = world.journal.last_finished("full")
    other = full is not None and full.rulebook_version != world.rulebook.version and not waiting_plan(world)
    if owed.everything or world.memory.watermark() is None or other:
        return replace(selection, mode="full")
    return selection


PASSES: tuple[Mode, ...] = ("incremental", "decay", "full")
"""What the worker does on its schedules."""


def waiting_plan(world: World) -> RunRecord | None:
    """A pass whose plan was refused, with the rulebook in force, and none has come to its end since.

    It waits for a person, and need not be made again; nor may smaller passes carry it out piece by piece.
    """
    ended = (run for run in world.journal.runs(200) if run.mode in PASSES and run.state in ("finished", "refused"))
    newest = next(ended, None)
    waits = newest and newest.state == "refused" and newest.rulebook_version == world.rulebook.version
    return newest if waits else None


OVERDUE: Mapping[Mode, timedelta] = {"full": timedelta(days=7, hours=2), "decay": timedelta(days=1, hours=2)}
"""How old the last pass of a mode gets only when its time went by unused: the worker was down then."""


def overdue(world: World) -> Mode | None:
    """The pass whose time went by while no worker ran, the larger one first; None when none did."""
    full, decay = (world.journal.last_finished(mode) for mode in ("full", "decay"))
    now = world.now()
    if full is not None and now - full.started_at > OVERDUE["full"]:
        return "full"
    newest = max((run.started_at for run in (full, decay) if run is not None), default=None)
    return "decay" if newest is not None and now - newest > OVERDUE["decay"] else None


def forget(world: World, ids: Sequence[str]) -> Collection[str]:
    """Drop what is kept of contacts that are no longer in HubSpot; returns the companies that this changes."""
    if not ids:
        return ()
    companies = world.memory.note_points((each, None, None) for each in ids) if world.companies else ()
    world.memory.forget(ids)
    world.journal.forget(ids)
    world.traces.forget(ids)
    world.sheets.forget(ids)
    return companies


def selected(
    world: World, selection: Selection, owed: LeftOver, knobs: Knobs, pulled: Pulled, bereft: set[str]
) -> Iterator[Sequence[ContactRecord]]:
    """The records of a selection, page by page; contacts that an interrupted run left come first.

    Where what changed is selected, so are the contacts of whom a feed has told something new. `bereft` receives the
    companies of contacts that are gone.
    """
    if selection.mode == "full":
        yield from world.reader.every()
        return
    incremental = selection.mode == "incremental"
    fading = world.memory.fading() if owed.fading and incremental else ()
    news = _of_whom(world, pulled) if incremental else ()
    done: set[str] = set()
    survivors: list[str] = []
    pages = chain([owed.contact_ids], fading, news, _ids(world, selection, knobs))
    for asked in regrouped(_each_once(pages, done), READ_TOGETHER):
        records = world.reader.read(asked)
        read = {record.id for record in records}
        again = read.difference(asked) & done  # after a merge, two ids may lead to one contact
        done |= read
        missing = sorted(set(asked) - read)
        gone, instead = who_is_gone(world, missing)
        bereft.update(forget(world, gone))
        done.difference_update(set(missing).intersection(instead))
        survivors += instead
        yield [record for record in records if record.id not in again]
    for asked in regrouped(_each_once([survivors], done), READ_TOGETHER):
        yield world.reader.read(asked)


def _of_whom(world: World, pulled: Pulled) -> Iterator[Sequence[str]]:
    """The contacts of whom the feeds have told something new. An address that is nobody's yet waits until it is."""
    yield sorted(pulled.ids)
    if pulled.addresses:
        yield sorted(world.reader.find_all(sorted(pulled.addresses)).values())


def who_is_gone(world: World, ids: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Of contacts that were not there, those that are gone, and whom to read instead: the contacts into which others
    were merged, and which have their traces from now on; and those that are there after all.

    To ask for one takes a request, so only who has traces is asked for, and no one of whom another contact has said
    already that it is the survivor.
    """
    found = {i: world.reader.find(i) for i in (world.traces.of_whom(ids) if ids else ())}
    instead = {i: there for i, there in found.items() if there is not None}
    world.traces.link((survivor, i) for i, survivor in instead.items() if survivor != i)
    there = set(instead.values())
    return [i for i in ids if i not in there], list(instead.values())


def _each_once(pages: Iterable[Sequence[str]], done: set[str]) -> Iterator[Sequence[str]]:
    """The ids that were not done before; they then are."""
    for ids in pages:
        yield [i for i in dict.fromkeys(ids) if i not in done]
        done.update(ids)


def _ids(world: World, selection: Selection, knobs: Knobs) -> Iterator[Sequence[str]]:
    match selection.mode:
        case "contacts":
            yield selection.contact_ids
        case "list":
            yield from world.reader.members(selection.list_id)
        case "decay":
            yield from world.memory.fading()
        case _:
            watermark = world.memory.watermark()
            since = selection.since or (watermark and watermark - timedelta(seconds=knobs.lookback_s))
            assert since is not None, "an incremental pass without a watermark is widened to a full one"
            for page in world.reader.changed_since(since):
                seen = {} if selection.since else world.memory.seen([found.id for found in page])
                yield [found.id for found in page if not _is_known(found, seen.get(found.id))]


def _is_known(found: Found, seen: Seen | None) -> bool:
    """Whether it was dealt with since it changed."""
    if found.modified_at is None or seen is None or seen.modified_at is None:
        return False
    return found.modified_at <= seen.modified_at


def seen_up_to(world: World, selection: Selection, knobs: Knobs) -> datetime | None:
    """The moment before which smaller passes must have seen every change that a full pass finds.

    None where nothing can be said: in any other pass, the first full one, or one with another rulebook.
    """
    watermark, full = world.memory.watermark(), world.journal.last_finished("full")
    comparable = full is not None and full.rulebook_version == world.rulebook.version
    if selection.mode != "full" or watermark is None or not comparable:
        return None
    return watermark - timedelta(seconds=knobs.lookback_s)


NOT_FOUND, WITHOUT_DATE = "not_found_by_search", "changed_without_date"
"""Why smaller passes miss a change: search did not show it in time, or the contact's change date did not move."""


def missed(memory: Memory, evaluations: Sequence[Evaluation], up_to: datetime) -> Counter[str]:
    """How many of these changes smaller passes should have found, by why they did not."""
    changing = [e.record for e in evaluations if e.change is not None]
    seen = memory.seen([record.id for record in changing]) if changing else {}
    return Counter(why for record in changing if (why := _why_missed(record, seen.get(record.id), up_to)))


def _why_missed(record: ContactRecord, seen: Seen | None, up_to: datetime) -> str | None:
    """Why smaller passes did not find a contact that must be changed; None where they need not have.

    One that was to be changed when it was last seen was found; one that fades is found by the next decay pass.
    """
    if record.modified_at is None or (seen is not None and seen.modified_at is None):
        return None
    if seen is None or seen.modified_at != record.modified_at:
        return NOT_FOUND if record.modified_at < up_to else None
    return None if seen.fades else WITHOUT_DATE
