"""What a token may do: its scopes, and what they let in."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.portal import Portal

MAIL_SCOPE = "content"
"""What lists the events of marketing mails."""
EMAIL_SCOPE = "sales-email-read"
"""What shows what one-to-one emails say."""
ALL_SCOPES = frozenset(
    {
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.objects.owners.read",
        "crm.lists.read",
        "crm.lists.write",
        "settings.users.read",
        "forms",
        MAIL_SCOPE,
        EMAIL_SCOPE,
    }
)


def granted(portal: "Portal") -> AbstractSet[str]:
    """The token's scopes, without the one that no token can have on Free and Starter."""
    lists_mail = portal.tier in ("professional", "enterprise") or portal.switches.mail_events_below_professional
    return portal.scopes if lists_mail else portal.scopes - {MAIL_SCOPE}


def lacking(portal: "Portal", scopes: Iterable[str]) -> Sequence[str]:
    """What the token would need to be let in where any one of these scopes does that; nothing if it is let in."""
    has = granted(portal)
    together = portal.switches.emails_need_both_scopes and EMAIL_SCOPE in scopes
    return [each for each in scopes if each not in has] if together or has.isdisjoint(scopes) else []
