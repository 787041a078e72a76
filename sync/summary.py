"""What a run did, or a plan would do, in one document."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync.accounts import Accounts
from sync.planning import Tally
from sync.pulling import FeedReport
from sync.records import Mode, RequestCount


@dataclass(slots=True)
class Summary:
    """What a run did, or what a plan would do: the document behind `--json`."""

    run_id: int
    mode: Mode
    selection: Mode
    """How the contacts were chosen: the mode, but for a plan, and for one that is applied."""
    portal_id: str
    rulebook_version: str
    requests: RequestCount
    read_up_to: datetime | None = None
    """Every change up to it was there to be read; None where no contact with a change date was."""
    tally: Tally = field(default_factory=Tally)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    sources: Sequence[FeedReport] = ()
    """How the feeds stand that the rulebook reads."""
    accounts: Accounts | None = None
    """What became of the companies' numbers, where the rulebook gives them any."""
    asked: Sequence[str] = ()
    """The contacts that it was asked for by name: all of them are the next run's, should this one be cut off."""
    moves_accepted: int = 0
    """How many moves a person has let through, in a plan that may be too large: so many need not be asked for again."""
    plan_refused: str | None = None
    interrupted: bool = False
    duration_s: float = 0.0

    def as_json(self) -> dict[str, object]:
        """The keys that the contract names; more may come, none goes."""
        tally, requests = self.tally, self.requests
        return {
            "run_id": self.run_id,
            "mode": self.mode,
            "selection": self.selection,
            "portal_id": self.portal_id,
            "rulebook_version": self.rulebook_version,
            "contacts_read": tally.read,
            "contacts_scored": tally.scored,
            "contacts_excluded": dict(sorted(tally.excluded.items())),
            "contacts_held": dict(sorted(tally.held.items())),
            "contacts_changed": tally.changed,
            "stage_changes": dict(sorted(tally.stage_changes.items())),
            "contacts_failed": [{"id": i, "reason": reason} for i, reason in dict(tally.failed).items()],
            "contacts_contested": [{"id": i, "reason": reason} for i, reason in tally.contested],
            "contacts_missed": dict(sorted(tally.missed.items())),
            "contacts_dropped": [{"id": i, "reason": reason} for i, reason in self.dropped],
            "sources": [report.as_json() for report in self.sources],
            "accounts": self.accounts and self.accounts.as_json(),
            "requests": {
                "read": requests.read,
                "write": requests.write,
                "total": requests.total,
                "retried": requests.retried,
                "rate_limited": requests.rate_limited,
            },
            "duration_s": round(self.duration_s, 3),
            "contacts_asked": [{"id": contact_id} for contact_id in self.asked],
            "moves_accepted": self.moves_accepted,
            "plan_refused": self.plan_refused,
            "interrupted": self.interrupted,
            "read_up_to": self.read_up_to and self.read_up_to.isoformat(),
        }

    @property
    def needs_a_person(self) -> bool:
        accounts = self.accounts and (self.accounts.failed or self.accounts.problem)
        contacts = self.tally.failed or self.tally.contested
        return bool(contacts or self.is_stale or accounts or self.interrupted or self.plan_refused)

    @property
    def is_stale(self) -> bool:
        """Whether a feed that has told before did not answer, so that scores rest on what it told then."""
        return any(report.state == "stale" for report in self.sources)
