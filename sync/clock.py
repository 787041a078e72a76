"""Time as a run meets it: what it is, how it passes, how to wait. One object, so that a test may live by another."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

_LET_GO_S = 20.0
"""How long to wait for something done now and then, if it is under way, when it is to end: not for ever."""


class Clock:
    """The machine's own time. Safe to use from several threads."""

    def now(self, zone: tzinfo = UTC) -> datetime:
        """The present moment, aware, in a zone. The machine's clock may be set by anyone, and may jump."""
        return datetime.now(zone)

    def steady(self) -> float:
        """Seconds on a clock that nobody sets, and that goes on while the machine sleeps."""
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        time.sleep(seconds)

    def every(self, seconds: float, do: Callable[[], bool], *, name: str) -> Callable[[], None]:
        """Do something every so many seconds, beside everything else, until it answers False.

        Returns what ends it: after that call it is not done any more.
        """
        ended = threading.Event()

        def go_on() -> None:
            while not ended.wait(seconds) and do():
                pass

        thread = threading.Thread(target=go_on, name=name, daemon=True)
        thread.start()

        def end() -> None:
            ended.set()
            thread.join(timeout=_LET_GO_S)

        return end


SYSTEM = Clock()
"""The machine's own time."""
