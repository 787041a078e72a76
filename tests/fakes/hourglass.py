"""A clock for what waits."""


class Hourglass:
    """A clock that only sleeping moves; in seconds."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def run(self) -> float:
        """How long was slept in all."""
        return sum(self.slept)
