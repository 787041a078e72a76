"""A portal that people live in: one event after another, drawn as they happen in a real one."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sandbox import happenings, interventions, mailing
from sandbox.portal import FEEDBACK, Portal

RATE_MAX = 1_000.0
"""Events a second: far more than any portal sees, and still little beside what it answers."""

_BEHIND_MAX_S = 1.0
_AFTER_A_BOOKING = {"meeting_held", "meeting_cancelled", "meeting_missed"}
_GONE = {"deleted", "deleted_for_privacy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of event: how it is done, and how often it happens compared with the others; 0 for a variant."""

    act: Callable[[Portal, Random, str], str]
    weight: float = 0.0
    possible: Callable[[Portal], bool] = lambda _: True


KINDS: Mapping[str, Kind] = {
    "visit": Kind(act=happenings.visit, weight=300),
    "form_sent": Kind(act=happenings.form_sent, weight=70),
    "mail_delivered": Kind(act=mailing.mail_delivered, weight=180),
    "mail_opened": Kind(act=mailing.mail_opened, weight=120),
    "mail_clicked": Kind(act=mailing.mail_clicked, weight=50),
    "mail_scanned": Kind(act=mailing.mail_scanned, weight=40),
    "unsubscribed": Kind(act=mailing.unsubscribed, weight=5),
    "subscribed_again": Kind(act=mailing.subscribed_again, weight=1),
    "mail_bounced": Kind(act=mailing.mail_bounced, weight=6),
    "mail_proxied": Kind(act=mailing.mail_proxied),
    "left_a_list": Kind(act=mailing.left_a_list),
    "button_clicked": Kind(act=happenings.button_clicked),
    "social_clicked": Kind(act=happenings.social_clicked),
    "meeting_missed": Kind(act=happenings.meeting_missed),
    "email_answered": Kind(act=happenings.email_answered),
    "deal_lost": Kind(act=happenings.deal_lost),
    "meeting_booked": Kind(act=happenings.meeting_booked, weight=20),
    "meeting_held": Kind(act=happenings.meeting_held, weight=14),
    "meeting_cancelled": Kind(act=happenings.meeting_cancelled, weight=5),
    "chat": Kind(act=happenings.chat, weight=20),
    "call_logged": Kind(act=happenings.call_logged, weight=25),
    "deal_created": Kind(act=happenings.deal_created, weight=8),
    "deal_won": Kind(act=happenings.deal_won, weight=4),
    "sales_answered": Kind(
        act=happenings.sales_answered,
        weight=12,
        possible=lambda portal: portal.contacts.definitions.get(FEEDBACK) is not None,
    ),
    "person_set_stage": Kind(act=interventions.person_set_stage, weight=12),
    "workflow_set_stage": Kind(act=interventions.workflow_set_stage, weight=10),
    "integration_interfered": Kind(act=interventions.integration_interfered, weight=10),
    "box_ticked": Kind(act=interventions.box_ticked, weight=8, possible=interventions.has_boxes),
    "profile_imported": Kind(act=interventions.profile_imported, weight=12),
    "contact_imported": Kind(act=interventions.contact_imported, weight=16),
    "merged": Kind(act=interventions.merged, weight=5, possible=lambda portal: len(portal.contacts) > 1),
    "deleted": Kind(act=interventions.deleted, weight=4),
    "deleted_for_privacy": Kind(act=interventions.deleted_for_privacy, weight=1),
}


_VARIANTS: Mapping[str, tuple[str, float]] = {
    "mail_opened": ("mail_proxied", 0.3),
    "unsubscribed": ("left_a_list", 0.5),
    "visit": ("button_clicked", 0.05),
    "chat": ("social_clicked", 0.15),
    "meeting_cancelled": ("meeting_missed", 0.4),
    "call_logged": ("email_answered", 0.4),
    "deal_created": ("deal_lost", 0.3),
}
"""What happens in place of another kind, and how often: chosen apart, so that all else happens as it would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, to which contact (the id it has afterwards), and when by the portal's clock."""

    kind: str
    contact: str
    at: datetime


class Life:
    """What happens to the contacts of one portal.

    The same seed on the same portal gives the same events. They happen at the time of the portal's clock, which this
    never moves. Safe to use while the portal is served.
    """

    def __init__(self, portal: Portal, seed: int = 1) -> None:
        self.portal = portal
        self.counts: Counter[str] = Counter()
        self._random = Random(seed)
        self._variants = Random(f"{seed}/variants")
        self._booked: list[str] = []

    def step(self) -> Event:
        """One event: its kind and its contact as chance will have it."""
        with self.portal.lock:
            possible = {name: kind.weight for name, kind in KINDS.items() if kind.possible(self.portal)}
            kind = self._random.choices(list(possible), list(possible.values()))[0]
            variant, share = _VARIANTS.get(kind, (kind, 1.0))
            kind = variant if self._variants.random() < share else kind
            booked = [each for each in self._booked if self._is_there(each)]
            if kind in _AFTER_A_BOOKING and booked:
                return self.happens(kind, self._random.choice(booked))
            if kind in _AFTER_A_BOOKING:
                kind = "meeting_booked"
            if not self.portal.contacts:
                return self.happens("contact_imported")
            return self.happens(kind, str(self.portal.contacts.anybody(self._random)))

    def happens(self, kind: str, contact: str = "") -> Event:
        """This event to this contact, given by id or email. KeyError for a kind or a contact that there is none of."""
        with self.portal.lock:
            known = KINDS[kind]
            given = str(self.portal.contact(contact).id) if contact else ""
            if not known.possible(self.portal):
                raise ValueError(f"the portal lacks what {kind} needs")
            met = known.act(self.portal, self._random, given)
            self.counts[kind] += 1
            if given in self._booked and kind in _AFTER_A_BOOKING | _GONE:
                self._booked.remove(given)
            if kind == "meeting_booked":
                self._booked.append(met)
            return Event(kind=kind, contact=met, at=self.portal.clock.now())

    def _is_there(self, contact: str) -> bool:
        return int(contact) in self.portal.contacts.live


@contextmanager
def living(life: Life, rate: float) -> Iterator[Life]:
    """Let life go on beside the block: `rate` events a second in real time, until the block ends.

    What could not happen in time is left out rather than made up for. ValueError for a rate that is not above 0 and
    at most `RATE_MAX`.
    """
    if not 0 < rate <= RATE_MAX:
        raise ValueError(f"{rate:g} events a second: it must be above 0 and at most {RATE_MAX:g}")
    over = threading.Event()

    def go_on() -> None:
        due = time.monotonic()
        while not over.wait(max(0.0, due - time.monotonic())):
            life.step()
            due = max(due + 1 / rate, time.monotonic() - _BEHIND_MAX_S)

    thread = threading.Thread(target=go_on, name="sandbox-life", daemon=True)
    thread.start()
    try:
        yield life
    finally:
        over.set()
        thread.join()
