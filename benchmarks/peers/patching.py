"""Contacts written one by one, as scripts and no-code flows do: `patching URL THREADS`, ids in `ids.json`.

A 429 is tried again after a second, for as long as it takes.
"""

import importlib
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any

_PATH = "/crm/v3/objects/contacts"
_TOKEN = "pat-sandbox"


class Writer:
    """Writes one contact after the other, in each thread on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._mine = local()

    def write(self, contact_id: str) -> None:
        """Give a contact a score; raises for any refusal but a 429."""
        values = {"lead_score": 57, "lead_score_fit": 23, "lead_score_engagement": 34}
        while True:
            answer = self._session().patch(f"{self._url}{_PATH}/{contact_id}", json={"properties": values})
            if answer.status_code != 429:
                answer.raise_for_status()
                return
            time.sleep(1)

    def _session(self) -> Any:
        if not hasattr(self._mine, "session"):
            self._mine.session = importlib.import_module("requests").Session()
            self._mine.session.headers["Authorization"] = f"Bearer {_TOKEN}"
        return self._mine.session


def main() -> None:
    url, threads = sys.argv[1], int(sys.argv[2])
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(Writer(url).write, json.loads(Path("ids.json").read_text())))


if __name__ == "__main__":
    main()
