"""HubSpot's lists of single acts: who did what, and when, one by one."""

from collections.abc import Sequence

from config import Rulebook
from sync.hubspot.connection import Connection
from sync.hubspot.feeds.events import EventsFeed
from sync.hubspot.feeds.kinds import KINDS
from sync.hubspot.feeds.mail import MailFeed
from sync.hubspot.feeds.objects import ObjectsFeed
from sync.hubspot.feeds.submissions import SubmissionsFeed
from sync.hubspot.submitted import SUBMISSIONS
from sync.hubspot.wanted import acts_read, quiet_acts
from sync.ports import Feed
from sync.records import PortalFacts

__all__ = ["acts_read", "feeds_of"]


def feeds_of(
    connection: Connection, rulebook: Rulebook, facts: PortalFacts, *, at_once: int | None = None
) -> Sequence[Feed]:
    """The feeds that the rules read, each for the acts that they read; nothing is asked of HubSpot yet.

    `at_once`: from how many places each is read, as far as the connection allows; None: from as many as that.
    """
    quiet, places = quiet_acts(rulebook, "mail"), connection.at_once if at_once is None else at_once
    return [_feed(name, acts, quiet, connection.apart(), facts, places) for name, acts in acts_read(rulebook).items()]


def _feed(
    name: str, acts: frozenset[str], quiet: frozenset[str], connection: Connection, facts: PortalFacts, at_once: int
) -> Feed:
    """`quiet`: acts of mail, of which nearly every lead has new ones every day."""
    match name:
        case "submissions":
            return SubmissionsFeed(
                connection,
                acts=acts,
                portal_id=facts.portal_id,
                forms=facts.forms,
                told_by_contacts=SUBMISSIONS in facts.properties,
                at_once=at_once,
            )
        case "mail":
            return MailFeed(
                connection, acts=acts, quiet=quiet, portal_id=facts.portal_id, names=facts.mail_names, at_once=at_once
            )
        case "events":
            return EventsFeed(connection, acts=acts, now=facts.server_time, at_once=at_once)
        case _:
            return ObjectsFeed(name, connection, KINDS[name], acts=acts, at_once=at_once)
