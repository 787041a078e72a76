"""The number that the rulebook gives a company: read from HubSpot, and written there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sync.clock import SYSTEM
from sync.hubspot.connection import Connection
from sync.hubspot.lookup import Lookup
from sync.hubspot.values import ours_of, text_of
from sync.hubspot.writing import HubSpotWriter
from sync.records import Outcome, Update


class HubSpotCompanies:
    """Fulfils the port `Companies`."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        *,
        allowed: Callable[[], None],
        steady: Callable[[], float] = SYSTEM.steady,
    ) -> None:
        """`name`: what the number's property is called; `allowed` as `HubSpotWriter` has it."""
        companies = connection.api.companies_batch
        self._name = name
        self._by_id = Lookup(connection, batch=companies.read, alone=connection.api.companies.get_by_id)
        self._writer = HubSpotWriter(connection, self, allowed=allowed, steady=steady, batch=companies.update)

    def numbers(self, ids: Sequence[str]) -> Mapping[str, str]:
        rows = self._by_id.rows(ids, [self._name])
        return {str(row["id"]): self.as_ours(row.get("properties") or {})[self._name] for row in rows}

    def write(self, numbers: Mapping[str, str], *, read_at: float) -> Mapping[str, Outcome]:
        updates = [Update(contact_id=each, properties={self._name: text}) for each, text in numbers.items()]
        return dict(zip(numbers, self._writer.write(updates, read_at=read_at), strict=True))

    def as_ours(self, properties: Mapping[str, Any]) -> dict[str, str]:
        return {self._name: ours_of("score", text_of(properties.get(self._name)))}
