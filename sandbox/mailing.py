"""Marketing email: what is sent, and what people and machines do with it.

Counts and dates are those of HubSpot's rollups: a mail counts once however often it is opened, and also where a machine
opened it, unless HubSpot itself took it for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.activity import MailEvent, Reader
from sandbox.errors import Json
from sandbox.happenings import count, held, missing, tell
from sandbox.portal import Portal
from sandbox.times import to_ms
from sandbox.values import Value

SUBSCRIPTION_ID = 20_010_001
"""The one type of subscription that a portal here has; `hs_email_optout_<id>` tells who has left it."""
FIRST_CAMPAIGN = 1_001
_SUBJECTS = (
    "Forecasting made easy",
    "Three customers, three ways",
    "What is new",
    "Prices and plans",
    "See you there?",
)
LINKS = tuple(
    f"https://www.lumen-analytics.example{path}"
    for path in ("/blog/forecasting", "/customers/case-studies", "/pricing", "/demo")
)
"""Those of every mail."""

PEOPLE = (
    Reader(user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0", browser="Chrome"),
    Reader(
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        browser="Mobile Safari",
        device="MOBILE",
    ),
    Reader(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", browser="Firefox"),
)
SCANNER = Reader(user_agent="Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 Chrome/79.0", browser="Chrome")
"""A mail scanner calls itself a browser: only its haste gives it away."""
PROXIES = (
    Reader(user_agent="Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)", browser="Firefox"),
    Reader(user_agent="YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", browser="unknown"),
    Reader(user_agent="Mozilla/5.0", browser="unknown"),
    Reader(user_agent="Mozilla/5.0 (compatible; LinkChecker/2.1)", browser="unknown", device="UNKNOWN", filtered=True),
)
"""What opens mails for their readers, or for nobody; the last of them HubSpot filters out."""

_HASTE = timedelta(seconds=60)
"""Nobody reads a mail sooner after its delivery."""
_EARLIER = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one address: which campaign it belongs to, and when it was sent."""

    campaign_id: int
    sent_ms: int


def campaign(campaign_id: int) -> Json | None:
    """A marketing email as the campaigns endpoint tells it (email analytics v1 pages); None for an unknown number."""
    place = campaign_id - FIRST_CAMPAIGN
    if place < 0:
        return None
    subject = _SUBJECTS[place % len(_SUBJECTS)]
    return {
        "id": campaign_id,
        "appId": 113,
        "appName": "Batch",
        "contentId": 10_000_000 + campaign_id,
        "name": f"Newsletter {place + 1}: {subject}",
        "subject": subject,
        "type": "BATCH_EMAIL",
        "counters": {},
    }


def mail_delivered(portal: Portal, _: Random, contact: str) -> str:
    _delivered(portal, contact, portal.clock.now())
    return contact


def mail_opened(portal: Portal, _: Random, contact: str) -> str:
    """Counted unless all that were delivered are open already; the date moves with every look."""
    _read(portal, contact, _mail_to_read(portal, contact), _somebody(portal, contact))
    return contact


def mail_clicked(portal: Portal, _: Random, contact: str) -> str:
    """Somebody opens a mail and follows one of its links, minutes after it came."""
    mail, reader = _mail_to_read(portal, contact), _somebody(portal, contact)
    _read(portal, contact, mail, reader)
    _follow(portal, contact, mail, reader, [_own_chance(portal, contact, "link").choice(LINKS)])
    return contact


def mail_scanned(portal: Portal, random: Random, contact: str) -> str:
    """A mail scanner opens a new mail and follows all its links within seconds of its delivery; nobody has read it."""
    mail = _delivered(portal, contact, portal.clock.now() - timedelta(seconds=random.randint(1, 5)))
    _read(portal, contact, mail, SCANNER)
    _follow(portal, contact, mail, SCANNER, LINKS)
    return contact


def mail_proxied(portal: Portal, _: Random, contact: str) -> str:
    """A privacy proxy fetches a new mail, half an hour after its delivery, whether somebody reads it or not."""
    mail = _delivered(portal, contact, portal.clock.now() - timedelta(minutes=30))
    _read(portal, contact, mail, _own_chance(portal, contact, "proxy").choice(PROXIES))
    return contact


def unsubscribed(portal: Portal, _: Random, contact: str) -> str:
    """From everything."""
    tell(portal, contact, hs_email_optout="true", **{f"hs_email_optout_{SUBSCRIPTION_ID}": "true"})
    _mailed(portal, contact, _newest(portal, contact), "STATUSCHANGE", told=(("source", "SOURCE_RECIPIENT"),))
    return contact


def left_a_list(portal: Portal, _: Random, contact: str) -> str:
    """From one type of mail only."""
    tell(portal, contact, **{f"hs_email_optout_{SUBSCRIPTION_ID}": "true"})
    told = (("source", "SOURCE_RECIPIENT"),)
    _mailed(portal, contact, _newest(portal, contact), "STATUSCHANGE", left=(SUBSCRIPTION_ID,), told=told)
    return contact


def subscribed_again(portal: Portal, _: Random, contact: str) -> str:
    tell(portal, contact, hs_email_optout="false", **{f"hs_email_optout_{SUBSCRIPTION_ID}": "false"})
    return contact


def mail_bounced(portal: Portal, random: Random, contact: str) -> str:
    bounces = count(portal, contact, "hs_email_bounce") + 1
    reason = random.choice(("UNKNOWN_USER", "MAILBOX_FULL", "SPAM"))
    is_hard = random.random() < 0.5
    tell(portal, contact, hs_email_bounce=bounces, **({"hs_email_hard_bounce_reason_enum": reason} if is_hard else {}))
    told = (("category", reason), ("status", "5.1.1" if is_hard else "4.2.2"), ("response", "refused"))
    _mailed(portal, contact, _newest(portal, contact), "BOUNCE", told=told)
    return contact


def _delivered(portal: Portal, contact: str, at: datetime) -> Mail:
    """The next mail is sent to this contact."""
    number = count(portal, contact, "hs_email_delivered") + 1
    mail = Mail(campaign_id=FIRST_CAMPAIGN + number - 1, sent_ms=to_ms(at))
    tell(
        portal,
        contact,
        hs_email_delivered=number,
        hs_email_last_send_date=at,
        hs_email_sends_since_last_engagement=count(portal, contact, "hs_email_sends_since_last_engagement") + 1,
        **missing(portal, contact, {"hs_email_first_send_date": at}),
    )
    _mailed(portal, contact, mail, "SENT", at_ms=mail.sent_ms)
    _mailed(portal, contact, mail, "DELIVERED", at_ms=mail.sent_ms)
    return mail


def _read(portal: Portal, contact: str, mail: Mail, reader: Reader) -> None:
    _mailed(portal, contact, mail, "OPEN", read_with=reader)
    if not reader.filtered:
        _engaged(portal, contact, "open")


def _follow(portal: Portal, contact: str, mail: Mail, reader: Reader, urls: Sequence[str]) -> None:
    for url in urls:
        _mailed(portal, contact, mail, "CLICK", url=url, read_with=reader)
    _engaged(portal, contact, "click")


def _engaged(portal: Portal, contact: str, how: str) -> None:
    now = portal.clock.now()
    times = min(count(portal, contact, f"hs_email_{how}") + 1, count(portal, contact, "hs_email_delivered"))
    told: dict[str, Value] = {
        f"hs_email_{how}": times,
        f"hs_email_last_{how}_date": now,
        "hs_email_sends_since_last_engagement": 0,
    }
    tell(portal, contact, **told, **missing(portal, contact, {f"hs_email_first_{how}_date": now}))


def _mail_to_read(portal: Portal, contact: str) -> Mail:
    """The newest mail that is still unread, else the newest; a new one where none has come yet, or only just now."""
    latest_ms = to_ms(portal.clock.now() - _HASTE)
    mails, read = _mails(portal, contact)
    ready = [mail for mail in mails if mail.sent_ms <= latest_ms]
    unread = [mail for mail in ready if mail.campaign_id not in read]
    if unread or ready:
        return (unread or ready)[-1]
    return _delivered(portal, contact, portal.clock.now() - _EARLIER)


def _newest(portal: Portal, contact: str) -> Mail:
    mails, _ = _mails(portal, contact)
    return mails[-1] if mails else Mail(campaign_id=FIRST_CAMPAIGN, sent_ms=to_ms(portal.clock.now()))


def _mails(portal: Portal, contact: str) -> tuple[list[Mail], set[int]]:
    """The mails that were delivered to a contact, oldest first, and which campaigns of them were opened."""
    listed = portal.activity.mail_events.of(held(portal, contact, "email").lower())
    delivered = [
        Mail(campaign_id=each.campaign_id, sent_ms=each.sent_ms) for each in listed if each.type == "DELIVERED"
    ]
    return delivered, {each.campaign_id for each in listed if each.type == "OPEN"}


def _mailed(portal: Portal, contact: str, mail: Mail, type_: str, *, at_ms: int | None = None, **met: Any) -> None:
    """Note what a mail to this contact met, now unless told; one without an address is sent none.

    `met` is what else is known of it, by the names of `MailEvent`.
    """
    if recipient := held(portal, contact, "email"):
        event = MailEvent(
            type=type_,
            recipient=recipient,
            campaign_id=mail.campaign_id,
            at_ms=to_ms(portal.clock.now()) if at_ms is None else at_ms,
            sent_ms=mail.sent_ms,
            **met,
        )
        portal.activity.mail_events.append(event)


def _somebody(portal: Portal, contact: str) -> Reader:
    """What a contact reads mails with: always the same."""
    return PEOPLE[portal.contact(contact).id % len(PEOPLE)]


def _own_chance(portal: Portal, contact: str, what: str) -> Random:
    """A source of chance for this choice alone: what is chosen here moves nothing else."""
    return Random(f"{what}/{contact}/{to_ms(portal.clock.now())}")
