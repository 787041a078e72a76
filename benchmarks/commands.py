"""A command that is run to its end, and what it used."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.portal_process import RSS_UNIT

_ROOT = Path(__file__).parents[1]
SCORELINE: Sequence[str] = (sys.executable, "-m", "sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command printed on its output, and what it used."""

    out: str
    took_s: float
    cpu_s: float
    peak_bytes: int


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], may_end_with: Sequence[int] = (0,)
) -> Ran:
    """Run a command in a folder; RuntimeError with the end of its complaints where it ends with any other status."""
    began = time.perf_counter()
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        took_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (out, err):
            file.seek(0)
        if process.returncode not in may_end_with:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {err.read()[-2_000:]}")
        return Ran(
            out=out.read(), took_s=took_s, cpu_s=used.ru_utime + used.ru_stime, peak_bytes=used.ru_maxrss * RSS_UNIT
        )


def worker_environment(url: str, folder: Path, **more: str) -> Mapping[str, str]:
    """What the worker needs to know for a sandbox portal at this address and a database in this folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCORELINE_")}
    return inherited | {
        "HUBSPOT_ACCESS_TOKEN": "pat-sandbox",
        "HUBSPOT_BASE_URL": url,
        "DATABASE_URL": f"sqlite:///{folder}/scoreline.db",
        "PYTHONPATH": str(_ROOT),
        **more,
    }
