"""What the store's tests let other processes do: run by name with `spawned`, and told apart by what they print."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sync.ports import LeaseLost
from sync.records import Change, State
from sync.store import open_store

ROOT = Path(__file__).parents[2]


@contextmanager
def spawned(action: str, *args: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that does one of the actions below; killed at the end of the block if it still runs."""
    command = [sys.executable, "-m", "tests.contract.store_processes", action, *args]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: "subprocess.Popen[str]") -> None:
    """Let it go on from where it waits."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def open_when_told(url: str) -> None:
    _say("ready")
    sys.stdin.readline()
    store = open_store(url)
    store.portal("1").memory.set_watermark(datetime(2026, 1, 1, tzinfo=UTC))
    store.close()
    _say("opened")


def begin_a_write(url: str) -> None:
    """Plan three changes, mark two of them as about to be sent, and then hang."""
    journal = open_store(url).portal("1").journal
    run_id = journal.start_run("full", rulebook_version="v1", at=datetime(2026, 1, 1, tzinfo=UTC))
    journal.plan(run_id, [Change(contact_id=str(n), before={}, after={"lead_score": "5"}) for n in range(3)])
    for page in journal.entries(run_id):
        journal.mark(page[:2], State.WRITING)
    _say(run_id)
    time.sleep(60)


def hold(url: str) -> None:
    """Take the lease, and say at each nudge whether it is still held."""
    lease = open_store(url).portal("1").lease
    lease.acquire("hold", wait_s=0)
    _say("held")
    while sys.stdin.readline():
        try:
            lease.check()
            _say("held")
        except LeaseLost:
            _say("lost")


def count_alone(url: str, file: str) -> None:
    """Add one to the number in a file, ten times, reading and writing it with the lease in hand."""
    store = open_store(url)
    lease = store.portal("1").lease
    for _ in range(10):
        lease.acquire("count", wait_s=60)
        number = int(Path(file).read_text())
        time.sleep(0.005)
        lease.check()
        Path(file).write_text(str(number + 1))
        lease.release()
    store.close()
    _say("counted")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
