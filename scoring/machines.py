"""Which opens and clicks of a lead's mails were a machine's. Pure.

Gateways open a mail and follow its links to see whether it is safe; mail programs and mail services load its images
through a proxy, some whether anybody reads it or not. The portal lists both like acts of a person.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scoring.contact import MAIL_SCANNER

SCANNED_WITHIN = timedelta(seconds=10)
"""So soon after its delivery a mail is opened and clicked by no person, and so close together nobody clicks all its
links. Source: the rubric's E03. Scanners that wait for minutes are known too (published measurements of mail senders),
but so long a span would take the clicks of people away."""

SCANNED_LINKS = 3
"""So many different links of one mail at once are a scan: people follow one, seldom two."""

_PROXIES = ("googleimageproxy", "yahoomailproxy")
"""Gmail's and Yahoo's image proxies name themselves in the user agent."""

_APPLES = "mozilla/5.0"
"""Apple's Mail Privacy Protection sends this and nothing more, where browsers go on to name themselves (help pages of
mail senders, since 2021)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAct:
    """One thing that happened to one mail to one lead."""

    key: str
    """Unique among the lead's: the verdict comes back under it."""
    kind: Literal["delivered", "open", "click"]
    mail: str
    """Which mail; empty: the portal does not say, and the act is judged alone."""
    at: datetime
    link: str = ""
    """Which link was clicked; only whether two are the same matters. Empty: unknown."""
    machine: str = ""
    """Why it is known for a machine's already, in words; empty where it is not."""


def is_proxy(user_agent: str) -> bool:
    """Whether the program that opened a mail is one of those that hide who did, and when."""
    text = user_agent.strip().lower()
    return text == _APPLES or any(proxy in text for proxy in _PROXIES)


def judged(acts: Iterable[MailAct]) -> Mapping[str, str]:
    """The keys of the opens and clicks that were a machine's, and why, in words; the others were a person's.

    The order of the acts does not matter, and another act never makes a person's of what was a machine's.
    """
    verdicts: dict[str, str] = {}
    for mail, of_mail in _by_mail(acts).items():
        if mail:
            verdicts |= {act.key: MAIL_SCANNER for act in _scans(of_mail)}
        # What is known already says more: a proxy that opens a mail at its delivery may do so for a person, too.
        verdicts |= {act.key: act.machine for act in of_mail if act.machine and act.kind != "delivered"}
    return verdicts


def _by_mail(acts: Iterable[MailAct]) -> Mapping[str, Sequence[MailAct]]:
    found: dict[str, list[MailAct]] = defaultdict(list)
    for act in acts:
        found[act.mail].append(act)
    return found


def _scans(of_mail: Sequence[MailAct]) -> Iterator[MailAct]:
    """What a scanner did to one mail: at its delivery, or with many of its links at once."""
    delivered = sorted(act.at for act in of_mail if act.kind == "delivered")
    for act in of_mail:
        # A gateway scans while it takes the mail in: its clicks may be noted before the delivery is.
        first = bisect_left(delivered, act.at - SCANNED_WITHIN)
        if act.kind != "delivered" and first < bisect_right(delivered, act.at + SCANNED_WITHIN):
            yield act
    clicks = sorted((act for act in of_mail if act.kind == "click"), key=lambda act: act.at)
    start = 0
    for end, last in enumerate(clicks):
        while last.at - clicks[start].at > SCANNED_WITHIN:
            start += 1
        burst = clicks[start : end + 1]
        if len({act.link for act in burst if act.link}) >= SCANNED_LINKS:
            yield from burst
