"""Commands as processes of their own, forked from one that has the program loaded: to load it takes a second each."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from signal import SIGTERM
from subprocess import TimeoutExpired
from threading import Lock
from typing import TextIO

import pytest

ROOT = Path(__file__).parents[2]
_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["sync.cli"])
_LOOKS_EVERY_S = 0.01


def _load() -> None:
    """Start the process that has the program of this tree loaded, unless it is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        ensure_running()


class Running:
    """A command under way. As `subprocess.Popen`, which would start Python anew; safe to use from several threads."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        """`stdout` and `stderr` are where the command is to write; without them the test may read what it says."""
        self.stdout, out = _pipe(stdout)
        self.stderr, err = _pipe(stderr)
        _load()
        self._process = _FORKING.Process(target=_run, args=(arguments, cwd, dict(env), out, err))
        self._process.start()
        out.close()
        err.close()
        self._looking = Lock()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """The status with which it ended, negative for a signal; None while it runs."""
        with self._looking:
            return self._process.exitcode

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def wait(self, timeout: float) -> int:
        """Wait for its end and return its status."""
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise TimeoutExpired("scoreline", timeout)
            time.sleep(_LOOKS_EVERY_S)
        return status

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for its end and return what it has written to stdout and stderr since they were read."""
        self.wait(timeout)
        return self.stdout.read(), self.stderr.read()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        if self.poll() is None:
            self._process.kill()

    def close(self) -> None:
        """End it, if it still runs, and let go of what it wrote."""
        self.kill()
        self._process.join()
        self.stdout.close()
        self.stderr.close()
        self._process.close()


def _pipe(to: int | None) -> tuple[TextIO, Connection]:
    """Where a test reads and where a command writes; a command that writes elsewhere leaves nothing to read."""
    if to is not None:
        return open(os.devnull, encoding="utf-8"), Connection(os.dup(to), readable=False)
    reading, writing = _FORKING.Pipe(duplex=False)
    with reading:
        return open(os.dup(reading.fileno()), encoding="utf-8"), writing


def _run(arguments: Sequence[str], cwd: Path, env: Mapping[str, str], out: Connection, err: Connection) -> None:
    for there, number in ((out, 1), (err, 2)):
        os.dup2(there.fileno(), number)
        there.close()
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    from sync.cli import status_of

    sys.exit(status_of(list(arguments)))
