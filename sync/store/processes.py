"""Which process this is, and whether another one has ended."""

import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process, told apart from any other on any machine."""

    host: str
    """The machine's name, for people."""
    space: str
    """Where `pid` means this process and no other: one start of one machine, or one container on it."""
    pid: int
    started: str
    """When it started, in the system's own count; `""` where the system does not tell."""


class Machine:
    """The machine this runs on, as far as it knows of processes."""

    def this_process(self) -> Process:
        """The process that asks."""
        return this_process()

    def has_ended(self, process: Process) -> bool:
        """True only if that is certain."""
        return has_ended(process)


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(host=socket.gethostname(), space=_pid_space(), pid=pid, started=_state_and_start(pid)[1])


def has_ended(process: Process) -> bool:
    """True only if that is certain: it ran here, and nothing runs under its number, or something else does."""
    if process.space != _pid_space():
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it runs, as somebody else
    state, started = _state_and_start(process.pid)
    return state in ("Z", "X") or bool(started and process.started and started != process.started)


def _pid_space() -> str:
    # The host's name will not do: containers that share a volume may share a name, and each has a process 7 of its own.
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return f"{socket.gethostname()} {uuid.getnode():x}"


def _state_and_start(pid: int) -> tuple[str, str]:
    """Fields 3 and 22 of proc(5)'s stat: `Z` has ended unmourned; the start is in ticks since the machine's."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "", ""
    fields = stat.rpartition(")")[2].split()  # field 2, the command, may hold blanks and brackets itself
    return fields[0], fields[19]
