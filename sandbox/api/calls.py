"""What an endpoint is: a request read, an answer to give, and the rules around both."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.errors import Json, invalid

if TYPE_CHECKING:
    from sandbox.portal import Portal


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
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise invalid(f"{name} must be a number between 1 and {most}, not '{text}'")
        return int(text)

    def cursor(self) -> int:
        """Where to go on, as `after` says: an id or an offset, in digits."""
        after = self.one("after", "0")
        if not after.isdecimal():
            raise invalid(f"'{after}' is not a valid paging cursor")
        return int(after)

    def body(self) -> Json:
        """The JSON object sent; a 400 for anything else."""
        read = self.json()
        if not isinstance(read, dict):
            raise invalid("Invalid input JSON: an object was expected")
        return read

    def json(self) -> Any:
        try:
            return json.loads(self.raw_body or b"null")
        except ValueError as error:
            raise invalid(f"Invalid input JSON: {error}") from error


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
