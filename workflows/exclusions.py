"""The first reason, if any, to leave a contact alone."""

from collections import Counter
from collections.abc import Iterable, Set
from enum import Enum

from workflows.policy import Policy
from workflows.stages import is_managed
from workflows.standing import Standing


class Exclusion(Enum):
    """Why a contact is left alone. The values are what reports and the portal show."""

    CUSTOMER = "customer"
    OPPORTUNITY = "opportunity"
    EVANGELIST = "evangelist"
    OTHER_STAGE = "other_stage"
    OPTED_OUT = "opted_out"
    EMPLOYEE = "employee"
    PARTNER = "partner"


_BY_STAGE = {e.value: e for e in (Exclusion.CUSTOMER, Exclusion.OPPORTUNITY, Exclusion.EVANGELIST)}


def exclusion_for(standing: Standing, policy: Policy) -> Exclusion | None:
    """The first that applies of: a stage beyond the managed ones, opted out, employee, partner."""
    if not is_managed(standing.stage, policy):
        return _BY_STAGE.get(standing.stage or "", Exclusion.OTHER_STAGE)
    if standing.opted_out:
        return Exclusion.OPTED_OUT
    if standing.employee:
        return Exclusion.EMPLOYEE
    if standing.partner:
        return Exclusion.PARTNER
    return None


def domain_of(email: str) -> str:
    """The part of an address after the last `@`, lower case; empty where there is none."""
    return email.rpartition("@")[2].strip().lower() if "@" in email else ""


def shared_domains(emails: Iterable[str], free_mail_domains: Set[str]) -> frozenset[str]:
    """Domains that at least two of these people share and that are not free mail: their company's own."""
    people = {email.strip().lower() for email in emails}
    counts = Counter(domain_of(email) for email in people)
    return frozenset(d for d, n in counts.items() if d and n >= 2 and d not in free_mail_domains)
