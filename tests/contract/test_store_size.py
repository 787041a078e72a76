"""What millions of acts take: room on disk for each, and no more memory however many there are."""

import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.trace_keeping import a_page, measure
from sync.store import open_store


def test_an_act_takes_a_quarter_of_a_kilobyte_on_disk_with_all_its_indexes(tmp_path: Path) -> None:
    measured = measure(5_000, f"sqlite:///{tmp_path}/store.db")
    assert measured.bytes_each is not None
    assert measured.bytes_each < 300


def test_what_keeping_a_page_of_acts_takes_in_memory_does_not_grow_with_those_that_are_kept(tmp_path: Path) -> None:
    def peaks() -> Iterator[int]:
        for start in range(0, 12_000, 2_000):
            page = a_page(start, 2_000, leads=600)
            tracemalloc.start()
            traces.keep(page)
            yield tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()

    with closing(open_store(f"sqlite:///{tmp_path}/store.db")) as store:
        traces = store.portal("1").traces
        first, *later = peaks()
    assert max(later) < 1.2 * first
