"""What a run remembers for itself."""

import json
import sqlite3
from typing import NoReturn

import pytest

from sync.store import FileScratch


def test_what_was_remembered_is_found_under_its_ids() -> None:
    scratch = FileScratch()
    assert scratch.of(["1"]) == {}
    scratch.add({"1": {"industry": "Café"}, "2": {}})
    scratch.add({"1": {"industry": None}})
    assert scratch.of(["1", "2", "3"]) == {"1": {"industry": None}, "2": {}}
    assert scratch.of([]) == {}


def test_runs_do_not_share_what_they_remember() -> None:
    one, other = FileScratch(), FileScratch()
    one.add({"1": {}})
    other.add({"2": {}})
    assert one.of(["1", "2"]) == {"1": {}}


def test_a_scratch_that_cannot_be_read_has_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = FileScratch()
    scratch.add({"1": {}})

    def lost(_: str) -> NoReturn:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(json, "loads", lost)
    assert scratch.of(["1"]) == {}
