"""What a run remembers of what it has read, in a file of its own that ends with it."""

import json
import sqlite3
import threading
import weakref
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any


class FileScratch:
    """Fulfils the port `Scratch`: in memory until it has outgrown a cache of some megabytes, then on disk.

    It has nothing to do with the worker's database, which may be on another machine: nobody needs it later. Where the
    file cannot be written or read, as on a full disk, nothing is remembered.
    """

    def __init__(self) -> None:
        self._file: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def of(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        if self._file is None or not ids:
            return {}
        names = ", ".join("?" * len(ids))
        with self._lock, suppress(sqlite3.OperationalError):
            rows = self._file.execute(f"SELECT id, document FROM documents WHERE id IN ({names})", list(ids))
            return {each: json.loads(document) for each, document in rows}
        return {}

    def add(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        with self._lock, suppress(sqlite3.OperationalError):
            self._opened().executemany(
                "INSERT OR REPLACE INTO documents VALUES (?, ?)",
                [(each, json.dumps(document)) for each, document in documents.items()],
            )

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            # A database without a name is temporary, and its file has none that anybody could open it by
            # (sqlite.org/inmemorydb.html).
            self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            weakref.finalize(self, self._file.close)
            self._file.execute("CREATE TABLE documents (id TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID")
        return self._file
