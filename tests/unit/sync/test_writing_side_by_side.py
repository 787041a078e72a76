"""Several batches written at once: each contact once, and what ends one ends all."""

import threading
import time
from collections import Counter
from collections.abc import Sequence

import pytest

from sync.outcomes import SILENT_MAX
from sync.ports import RetryableError
from sync.records import STAGE, Outcome, Unknown, Update
from tests.builders import LEAD, MQL, SQL
from tests.fakes.portal import FakePortal
from tests.unit.sync.world import Setting
from workflows import Setter

AT_ONCE = 8


class SlowWriter:
    """Takes its time, so that batches are under way together."""

    def __init__(self, portal: FakePortal) -> None:
        self.batches = 0
        self._portal = portal
        self._lock = threading.Lock()

    def write(self, updates: Sequence[Update], *, read_at: float | None = None) -> Sequence[Outcome]:
        time.sleep(0.03)
        with self._lock:
            self.batches += 1
            return self.answers(updates, read_at)

    def answers(self, updates: Sequence[Update], read_at: float | None) -> Sequence[Outcome]:
        return self._portal.write(updates, read_at=read_at)


class SilentWriter(SlowWriter):
    """Never says whether it wrote anything, and does not."""

    def answers(self, updates: Sequence[Update], read_at: float | None) -> Sequence[Outcome]:
        return [Unknown(reason="no answer") for _ in updates]


def leads(setting: Setting, first: int, count: int, *, stage: str) -> list[str]:
    ids = [str(first + n) for n in range(count)]
    for each in ids:
        setting.lead(each, 50, stage=stage)
    return ids


def test_a_move_that_must_clear_by_now_is_written_once_though_others_look_for_such() -> None:
    setting = Setting()
    falling = leads(setting, 1_000, 350, stage=SQL)
    rising = leads(setting, 2_000, 600, stage=LEAD)

    def raised_by_a_workflow() -> None:
        for each in rising:
            setting.portal.edited(each, by=Setter.OTHER, stage=SQL)

    setting.portal.meanwhile("before write", raised_by_a_workflow)
    summary = setting.resync(at_once=AT_ONCE, writer=SlowWriter(setting.portal))
    assert all(setting.portal.stages_of(each) == [SQL, "", MQL] for each in falling)
    assert all(setting.portal.stages_of(each) == [LEAD, SQL, "", MQL] for each in rising)
    cleared = Counter(u.contact_id for batch in setting.portal.sent for u in batch if u.properties.get(STAGE) == "")
    assert set(cleared.values()) == {1}
    assert summary.tally.changed == 950


def test_as_many_batches_in_a_row_may_come_to_nothing_as_by_one_alone() -> None:
    setting = Setting()
    for n in range(4_000):
        setting.lead(str(10_000 + n), 5, stage="customer" if n % 2 else None)
    leads(setting, 20_000, 2_000, stage=LEAD)
    writer = SilentWriter(setting.portal)
    with pytest.raises(RetryableError, match=f"{SILENT_MAX} batches in a row"):
        setting.resync(at_once=AT_ONCE, writer=writer)
    tries = 3
    assert writer.batches <= tries * (SILENT_MAX + AT_ONCE)


def test_of_many_batches_none_is_written_after_the_journal_has_failed() -> None:
    setting = Setting()
    leads(setting, 1_000, 3_000, stage=LEAD)
    writer, journal = SlowWriter(setting.portal), setting.store.journal
    mark, failed_after = journal.mark, []

    def failing(*args: object, **more: object) -> None:
        if writer.batches >= AT_ONCE:
            failed_after.append(writer.batches)
            raise RetryableError("The database is away.")
        mark(*args, **more)  # type: ignore[arg-type]

    journal.mark = failing  # type: ignore[method-assign]
    with pytest.raises(RetryableError, match="database is away"):
        setting.resync(at_once=AT_ONCE, writer=writer)
    assert writer.batches <= failed_after[0] + AT_ONCE
