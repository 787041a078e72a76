"""The past of made-up contacts, event by event: it agrees with what their rollups sum up."""

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from sandbox.activity import PAGE_SEEN, MailEvent, Occurrence, Submission, button_event
from sandbox.engagements import DEAL_WON
from sandbox.journeys import FORM_PAGES, MINUTE_MS, PAGES, Past, Span
from sandbox.log import Log, Packed
from sandbox.mailing import FIRST_CAMPAIGN, LINKS, PEOPLE, PROXIES, SCANNER, Mail
from sandbox.portal import Portal
from sandbox.records import ANALYTICS, Record
from sandbox.times import DAY_MS, read_ms, to_iso

SITE = "https://www.lumen-analytics.example"
_BUTTON_PAGES = {f"{SITE}/pricing", f"{SITE}/demo"}
_LOGGED = (
    ("calls", {"hs_call_title": "Follow-up", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}),
    ("calls", {"hs_call_title": "Callback", "hs_call_direction": "INBOUND", "hs_call_status": "COMPLETED"}),
    ("emails", {"hs_email_direction": "EMAIL", "hs_email_status": "SENT", "hs_email_subject": "Our offer"}),
    ("communications", {"hs_communication_channel_type": "WHATS_APP", "hs_communication_logged_from": "CRM"}),
)
_OUTCOMES = {"COMPLETED": 70, "CANCELED": 18, "NO_SHOW": 12}
_DEALS = {"opportunity": "presentationscheduled", "customer": DEAL_WON, "evangelist": DEAL_WON}
"""The stage of the deal of a contact at some stages."""

Told = tuple[Log[Submission] | Log[MailEvent] | Log[Occurrence], Packed]


class Teller:
    """Lists what contacts did. `per_contact` is how many events each has on average, None for what the rollups say.

    It has chances of its own: what it chooses moves nothing else in the portal.
    """

    def __init__(self, portal: Portal, seed: int, per_contact: float | None) -> None:
        self._portal = portal
        self._activity = portal.activity
        self._random, self._amounts = Random(f"{seed}/events"), Random(f"{seed}/amounts")
        self._per_contact = per_contact
        self._owed = 0.0

    def deal_values(self, stage: str) -> dict[str, str]:
        """What the rollups of a contact at this stage tell of its deal; nothing where it has none."""
        if stage not in _DEALS:
            return {}
        values = {"num_associated_deals": "1"}
        if _DEALS[stage] == DEAL_WON:
            values["recent_deal_amount"] = values["total_revenue"] = str(self._amounts.randint(1, 80) * 500)
        return values

    def tell(self, contact: Record, past: Past, span: Span, stage: str) -> None:
        """Note everything that this contact did."""
        if self._per_contact == 0:
            return
        made = self._conversations(contact, past) + self._deal(contact, span, stage)
        told = [*self._web(contact, past), *self._forms(contact, past), *self._mails(contact, past, span)]
        if self._per_contact is not None:
            told = self._so_many(told, contact, span, made)
        for log, packed in told:
            log.put(packed)

    def _so_many(self, told: list[Told], contact: Record, span: Span, made: int) -> list[Told]:
        """As many events as there are to be, together with the records that were made."""
        assert self._per_contact is not None
        self._owed += self._per_contact
        room = max(0, int(self._owed) - made)
        self._owed -= room + made
        if room < len(told):
            return sorted(told, key=lambda each: each[1].at_ms)[len(told) - room :]
        more = span.moments(self._random, room - len(told))
        return told + [self._seen(contact, at_ms, f"{SITE}{self._random.choice(PAGES)}") for at_ms in more]

    def _web(self, contact: Record, past: Past) -> Iterator[Told]:
        if not past.sessions:
            return
        random, held = self._random, contact.properties
        first, last = held.get("hs_analytics_first_url", SITE), held.get("hs_analytics_last_url", SITE)
        # Nobody has been further than at the end, where the most telling pages are.
        reached = PAGES[: 1 + max(PAGES.index(each.removeprefix(SITE)) for each in (first, last))]
        views = [*past.sessions[:-1], past.last_view]
        while len(views) < past.views:
            start = random.choice(past.sessions)
            views.append(min(start + random.randint(0, 20) * MINUTE_MS, past.last_view))
        views.sort()
        for place, at_ms in enumerate(views):
            url = f"{SITE}{random.choice(reached)}"
            url = last if place == len(views) - 1 else first if place == 0 else url
            yield self._seen(contact, at_ms, url)
            if url in _BUTTON_PAGES and random.random() < 0.25:
                detail = (("hs_url", url), ("button", "Book a demo"))
                yield self._activity.occurrences, Packed(at_ms, self._button, contact.id, detail)

    @property
    def _button(self) -> str:
        return button_event(self._portal.portal_id)

    def _seen(self, contact: Record, at_ms: int, url: str) -> Told:
        return self._activity.occurrences, Packed(at_ms, PAGE_SEEN, contact.id, (("hs_url", url),))

    def _forms(self, contact: Record, past: Past) -> Iterator[Told]:
        who = contact.properties.get("email", "")
        for place, at_ms in past.forms:
            page = FORM_PAGES[place][0].partition(":")[0].lower().replace(" ", "-")
            sent = Submission(
                form_id=self._portal.forms[place].id, at_ms=at_ms, values={"email": who}, page_url=f"{SITE}/{page}"
            )
            yield self._activity.submissions, sent.packed()

    def _mails(self, contact: Record, past: Past, span: Span) -> Iterator[Told]:
        """Each mail with what it met; in between some were opened by proxies, and some scanned."""
        random, reader = self._random, PEOPLE[contact.id % len(PEOPLE)]
        # The first and the last of each are dated by the rollups.
        ends = {each for by in (past.opened, past.clicked) for each in (*list(by)[:1], *list(by)[-1:])}
        for place, sent_ms in enumerate(past.mails):
            tell = partial(self._mail_event, contact, Mail(campaign_id=FIRST_CAMPAIGN + place, sent_ms=sent_ms))
            yield tell("SENT", sent_ms)
            yield tell("DELIVERED", sent_ms)
            opened_ms, clicked_ms = past.opened.get(sent_ms), past.clicked.get(sent_ms)
            by_machine = opened_ms is not None and sent_ms not in ends and random.random() < 0.3
            if opened_ms is None:
                if random.random() < 0.05:
                    yield tell("OPEN", min(span.end_ms, sent_ms + 30 * MINUTE_MS), read_with=PROXIES[-1])
            elif by_machine and clicked_ms is not None:
                yield tell("OPEN", sent_ms + 4_000, read_with=SCANNER)
                for link, url in enumerate(LINKS):
                    yield tell("CLICK", sent_ms + 4_000 + 300 * link, url=url, read_with=SCANNER)
            else:
                yield tell("OPEN", opened_ms, read_with=random.choice(PROXIES[:-1]) if by_machine else reader)
                if clicked_ms is not None:
                    yield tell("CLICK", clicked_ms, url=random.choice(LINKS), read_with=reader)
        last = Mail(campaign_id=FIRST_CAMPAIGN, sent_ms=span.start_ms)
        if contact.properties.get("hs_email_bounce"):
            yield self._mail_event(contact, last, "BOUNCE", span.start_ms, told=(("category", "UNKNOWN_USER"),))
        if contact.properties.get("hs_email_optout") == "true":
            yield self._mail_event(contact, last, "STATUSCHANGE", span.end_ms, told=(("source", "SOURCE_RECIPIENT"),))

    def _mail_event(self, contact: Record, mail: Mail, type_: str, at_ms: int, **met: Any) -> Told:
        event = MailEvent(
            type=type_,
            recipient=contact.properties["email"],
            campaign_id=mail.campaign_id,
            at_ms=at_ms,
            sent_ms=mail.sent_ms,
            **met,
        )
        return self._activity.mail_events, event.packed()

    def _conversations(self, contact: Record, past: Past) -> int:
        """Calls, emails, messages and the meeting behind `num_contacted_notes`; how many records that are."""
        random, times = self._random, list(past.contacted)
        made = 0
        if past.has_booked:
            self._meeting(contact, times.pop(), past.meeting_ahead)
            made += 1
        for at_ms in times:
            name, told = random.choice(_LOGGED)
            self._record(name, contact, at_ms, {"hs_timestamp": to_iso(at_ms), **told})
            made += 1
        if answered := contact.properties.get("hs_email_last_reply_date"):
            told = {"hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "Re: What is new"}
            self._record("emails", contact, read_ms(answered) or 0, {"hs_timestamp": answered, **told})
            made += 1
        return made

    def _meeting(self, contact: Record, booked_ms: int, ahead_ms: int) -> None:
        starts_ms = ahead_ms or booked_ms + self._random.randint(1, 9) * DAY_MS
        outcome = self._random.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0]
        values = {
            "hs_timestamp": to_iso(starts_ms),
            "hs_meeting_start_time": to_iso(starts_ms),
            "hs_meeting_end_time": to_iso(starts_ms + 30 * MINUTE_MS),
            "hs_meeting_title": self._random.choice(("Product demo", "First call", "Consultation")),
            "hs_meeting_outcome": "SCHEDULED" if ahead_ms else outcome,
        }
        self._record("meetings", contact, booked_ms, values, changed_ms=booked_ms if ahead_ms else starts_ms)

    def _deal(self, contact: Record, span: Span, stage: str) -> int:
        if stage not in _DEALS:
            return 0
        values = {"dealname": "Yearly plan", "pipeline": "default", "dealstage": _DEALS[stage]}
        if amount := contact.properties.get("recent_deal_amount"):
            values |= {"amount": amount, "closedate": to_iso(span.end_ms)}
        opened_ms = self._random.randint(span.start_ms, span.end_ms)
        self._record("deals", contact, opened_ms, values, changed_ms=span.end_ms if amount else opened_ms)
        return 1

    def _record(
        self, name: str, contact: Record, made_ms: int, values: dict[str, str], *, changed_ms: int | None = None
    ) -> None:
        collection = self._portal.collections[name]
        values[collection.kind.modified] = to_iso(made_ms if changed_ms is None else changed_ms)
        made = self._portal.insert(collection, values, ANALYTICS, default_time=to_iso(made_ms))
        self._portal.ties[name].add(made.id, contact.id)
