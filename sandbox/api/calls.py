"""What an endpoint is: a request read, an answer to give, and the rules around both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox import bodies
from sandbox.errors import Json, invalid
from sandbox.ids import read_whole

if TYPE_CHECKING:
    from sandbox.portal import Portal

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, as far as an endpoint may look at it."""

    method: str
    params: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    raw_body: bytes
    token: str = ""

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query[name][-1] if self.query.get(name) else default

    def many(self, name: str) -> list[str]:
        """All values of a query parameter, whether it is repeated or separated by commas."""
        return [part for value in self.query.get(name, ()) for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        return self.one(name).lower() == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query within 1 … `most`; a 400 otherwise."""
        text = self.one(name, str(default))
        number = read_whole(text)
        if number is None or not 1 <= number <= most:
            raise invalid(f"{name} must be a number between 1 and {most}, not '{text}'")
        return number

    def cursor(self) -> int:
        """Where to go on, as `after` says: an id or an offset, in digits."""
        after = self.one("after", "0")
        place = read_whole(after)
        if place is None:
            raise invalid(f"'{after}' is not a valid paging cursor")
        return place

    def read(self, shape: type[T]) -> T:
        """What was sent, as one of the types of `sandbox.bodies`; a 400 for anything else."""
        return bodies.read(self.raw_body, shape)

    def json(self) -> Any:
        """What was sent, whatever it is, None for nothing; a 400 for what is no JSON."""
        return bodies.parsed(self.raw_body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back: a JSON body, HTML text, or nothing."""

    status: int = 200
    body: Json | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[["Portal", Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method and path with what it takes to be let in: any one of `scopes`; none means any token."""

    method: str
    path: str
    handler: Handler
    scopes: Sequence[str] = ()
    writes: bool = False
    search: bool = False
    control: bool = False
