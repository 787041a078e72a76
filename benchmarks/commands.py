"""A command that is run to its end, and what it used."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.portal_process import RSS_UNIT

ROOT = Path(__file__).parents[1]
SCORELINE: Sequence[str] = (sys.executable, "-m", "sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command printed, and what it used. The files stay until another command is run in their folder."""

    out: Path
    err: Path
    took_s: float
    cpu_s: float
    peak_bytes: int

    def document(self) -> Mapping[str, Any]:
        """What it printed as JSON; RuntimeError with the end of its complaints where it printed none."""
        try:
            document: Mapping[str, Any] = json.loads(self.out.read_text())
        except ValueError:
            raise RuntimeError(f"no document: {self.err.read_text()[-2_000:]}") from None
        return document


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], may_end_with: Sequence[int] = (0,)
) -> Ran:
    """Run a command in a folder; RuntimeError with the end of its complaints where it ends with any other status."""
    printed, complained = folder / "out", folder / "err"
    began = time.perf_counter()
    with printed.open("w") as out, complained.open("w") as err:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in may_end_with:
        said = complained.read_text()[-2_000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return Ran(
        out=printed,
        err=complained,
        took_s=took_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * RSS_UNIT,
    )


def worker_environment(url: str, folder: Path, **more: str) -> Mapping[str, str]:
    """What the worker needs to know for a sandbox portal at this address and a database in this folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCORELINE_")}
    return inherited | {
        "HUBSPOT_ACCESS_TOKEN": "pat-sandbox",
        "HUBSPOT_BASE_URL": url,
        "DATABASE_URL": f"sqlite:///{folder}/scoreline.db",
        "PYTHONPATH": str(ROOT),
        **more,
    }
