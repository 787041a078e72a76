"""What scoreline is compared with, installed in environments of its own that stay in a cache folder."""

import os
import subprocess
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import ROOT


class NotInstalledError(Exception):
    """What cannot be had here, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One environment, in versions that stay."""

    name: str
    packages: Sequence[str]

    def python(self, cache: Path) -> Path:
        """The interpreter with the packages, which are installed if they are not there yet. NotInstalledError."""
        folder = cache / self.name
        python = folder / "bin" / "python"
        if not (folder / "ready").exists():
            venv.create(folder, clear=True, with_pip=True)
            _done([str(python), "-m", "pip", "install", "--quiet", *self.packages], folder, os.environ)
            (folder / "ready").touch()
        return python

    def environment(self, folder: Path) -> Mapping[str, str]:
        """What it runs with: at home in a folder, where it finds our launchers; it sends word of its use to nobody."""
        more = {"HOME": str(folder), "PYTHONPATH": str(ROOT)}
        more |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder)}
        return {"PATH": os.environ.get("PATH", ""), **more}


TAP = Peer(name="tap-hubspot-4.5.0", packages=["tap-hubspot==4.5.0"])
DLT = Peer(name="dlt-1.31.0", packages=["dlt[duckdb]==1.31.0", "duckdb==2.0.0"])
SCRIPT = Peer(name="requests-2.34.2", packages=["requests==2.34.2"])


def add_dlt_source(cache: Path, folder: Path, sources: str) -> None:
    """Let dlt put its HubSpot source into a folder, from its own repository or the one given. NotInstalledError."""
    dlt = DLT.python(cache).parent / "dlt"
    place = ["--location", sources] if sources else []
    if not (folder / "hubspot").exists():
        command = [str(dlt), "--non-interactive", "init", "hubspot", "duckdb", *place]
        _done(command, folder, DLT.environment(folder))
        if not (folder / "hubspot").exists():
            raise NotInstalledError("dlt cannot reach the repository of its sources; --dlt-sources names another")


def _done(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotInstalledError(f"`{Path(command[0]).name} {' '.join(command[1:])}` failed: {said[-1] if said else ''}")
