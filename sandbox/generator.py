"""A realistic funnel from a seed: the same seed and time give the same portal."""

import gc
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random

from sandbox import journeys
from sandbox.account import Form
from sandbox.clock import Clock
from sandbox.journeys import Past, Span
from sandbox.limits import TierName
from sandbox.pasts import Teller
from sandbox.portal import PORTAL_ID, Portal
from sandbox.records import DEAL_SYNC, IMPORTED, Source, a_person, a_workflow, an_integration
from sandbox.standard_properties import COMPANY_OPTIONS
from sandbox.times import DAY_MS, to_iso, to_ms
from sandbox.writing import change


def _words(text: str) -> list[str]:
    return text.split()


OWN_DOMAIN = "lumen-analytics.example"
_FREE_DOMAINS = ("gmail.com", "outlook.com", "yahoo.com", "gmx.net", "icloud.com")
_FIRST = _words("""
    Ada Amir Anna Bea Bruno Carla Chen Dana Diego Elif Emil Eva Farah Finn Grace Hugo Ines Ivan Jana
    Joao Kai Lena Liam Lucia Maja Marco Mina Nils Noor Olga Omar Pia Priya Rosa Samir Sofia Tara Theo
    Uma Victor Wanda Yara Yuki Zoe
""")
_LAST = _words("""
    Abbott Almeida Bauer Becker Castillo Chandra Costa Dietrich Dubois Eriksen Fischer Fontaine Garcia
    Haddad Hansen Ito Jensen Kaplan Kowalski Larsen Lindholm Mehta Moreau Nakamura Novak Okafor Olsen
    Petrov Quinn Rahman Rossi Santos Schmidt Silva Tanaka Ueda Vargas Weber Yilmaz Zhang
""")
_COMPANY = _words("""
    Alder Amber Apex Beacon Birch Bright Cedar Clear Copper Delta Eastern Falcon Granite Harbor Iron
    Juniper Keystone Lark Maple Meridian North Oak Orchid Pioneer Quartz River Sable Silver Summit Tidal
    Union Vertex Willow Zephyr
""")
_TRADE = _words("""
    Analytics Builders Clinics Foods Freight Hotels Insurance Labs Logistics Machines Media Retail
    Software Systems
""")
_JOBS = (
    "Chief Executive Officer", "CFO", "VP Sales", "Head of Marketing", "Director of Operations", "IT Director", "Owner",
    "Marketing Manager", "Sales Manager", "Product Manager", "Business Analyst", "Team Lead", "Software Engineer",
    "Account Executive", "Office Assistant", "Consultant", "Student", "Intern", "Job seeker",
)  # fmt: skip
_COUNTRIES = (
    "United States",
    "Germany",
    "United Kingdom",
    "France",
    "Canada",
    "India",
    "Brazil",
    "Spain",
    "Japan",
    "Netherlands",
)
_EMPLOYEE_BANDS = ((5, "1-5"), (25, "5-25"), (50, "25-50"), (100, "50-100"), (500, "100-500"), (1000, "500-1000"))
# How many of a hundred contacts end at each stage, and how interested such people are on average.
_STAGES = {
    "": (6, 0.05),
    "subscriber": (22, 0.15),
    "lead": (34, 0.35),
    "marketingqualifiedlead": (13, 0.6),
    "salesqualifiedlead": (8, 0.8),
    "opportunity": (5, 0.9),
    "customer": (9, 0.85),
    "evangelist": (1, 0.9),
    "other": (2, 0.2),
}
_PATH = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist")
_ABSURD = (
    {"hs_analytics_num_visits": "-3"},
    {"hs_email_open": "-1"},
    {"annualrevenue": "N/A"},
    {"jobtitle": "asdf", "phone": "000"},
    {"numemployees": "50-100", "annualrevenue": "1,200"},
)


AS_TOLD_MAX = 5_000
"""Of how many contacts at most every event is listed unasked."""


def generate(
    contacts: int = 500,
    seed: int = 1,
    now: datetime | None = None,
    *,
    clock: Clock | None = None,
    tier: TierName = "professional",
    portal_id: int = PORTAL_ID,
    events_per_contact: float | None = None,
) -> Portal:
    """A portal with owners, companies, forms and that many contacts at every stage of a funnel.

    What they did is listed event by event as their rollups tell it, if they are no more than `AS_TOLD_MAX`; with
    `events_per_contact` so many for each on average, however many they are: the newest of those, or further page views.
    The portal's clock is the one given, set to `now` if that is given too. About one contact in a hundred works for the
    portal's own company, and about one in fifty holds values that make no sense.
    """
    clock = clock or Clock()
    if now is not None:
        clock.move_to(now)
    random = Random(seed)
    portal = Portal(clock=clock, tier=tier, portal_id=portal_id)
    if events_per_contact is None and contacts > AS_TOLD_MAX:
        events_per_contact = 0
    teller = Teller(portal, seed, events_per_contact)
    builder = _Builder(portal, random, to_ms(now if now is not None else clock.now()), teller)
    with _without_collector():
        builder.add_people()
        builder.add_forms()
        builder.add_companies(max(8, contacts // 4))
        for number in range(contacts):
            builder.add_contact(number)
    return portal


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing made here is garbage: looking for some among millions of new objects would take most of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Builder:
    """Fills one portal; every choice comes from one source of chance."""

    def __init__(self, portal: Portal, random: Random, now_ms: int, teller: Teller) -> None:
        self._portal = portal
        self._teller = teller
        self._random = random
        self._now_ms = now_ms
        self._companies: list[tuple[str, str, str, int, int]] = []
        self._forms: dict[str, Source] = {}

    def add_people(self) -> None:
        for place in range(6):
            first, last = _FIRST[place * 3], _LAST[place * 5]
            self._portal.add_owner(f"{first}.{last}@{OWN_DOMAIN}".lower(), first, last, archived=place == 5)

    def add_forms(self) -> None:
        for page, _ in journeys.FORM_PAGES:
            guid = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
            form = Form(id=guid, name=page.partition(": ")[2], created_ms=self._now_ms - 900 * DAY_MS)
            self._portal.forms.append(form)
            self._forms[form.name] = Source(type="FORM", id=form.id, label=form.name)

    def add_companies(self, count: int) -> None:
        random = self._random
        kinds = random.choices(
            ["PROSPECT", "OTHER", None, "PARTNER", "VENDOR", "RESELLER"], [60, 10, 23, 3, 2, 2], k=count
        )
        # Small portals need one of each that matters, too.
        kinds[:2] = ["PARTNER", "VENDOR"]
        for number, kind in enumerate(kinds):
            name = f"{_COMPANY[number % len(_COMPANY)]} {random.choice(_TRADE)}"
            name = name if number < len(_COMPANY) else f"{name} {number // len(_COMPANY) + 1}"
            domain = f"{name.lower().replace(' ', '-')}.example"
            employees = max(1, int(random.lognormvariate(4.2, 1.6)))
            revenue = int(employees * random.lognormvariate(11, 0.6)) // 1000 * 1000
            company = self._portal.add_company(
                name=name,
                domain=domain,
                type=kind,
                industry=random.choice(COMPANY_OPTIONS["industry"].split()),
                numberofemployees=employees,
                annualrevenue=revenue,
                country=random.choice(_COUNTRIES),
                createdate=to_iso(self._now_ms - random.randint(300, 1000) * DAY_MS),
            )
            self._companies.append((company, name, domain, employees, revenue))

    def add_contact(self, number: int) -> None:
        random = self._random
        stage = random.choices(list(_STAGES), [weight for weight, _ in _STAGES.values()])[0]
        interest = min(1.0, max(0.0, random.gauss(_STAGES[stage][1], 0.15)))
        created_ms = self._now_ms - int(min(720.0, 1 + random.expovariate(1 / 120)) * DAY_MS)
        # The colder the contact, the longer ago its last act.
        silent_ms = int(random.random() * (1 - 0.7 * interest) * (self._now_ms - created_ms))
        span = Span(start_ms=created_ms, end_ms=self._now_ms - silent_ms)
        values, past = self._profile(number, to_iso(created_ms)), Past()
        values |= journeys.web(random, interest, span, past)
        values |= journeys.forms(random, interest, span, self._portal.forms, past)
        values |= journeys.emails(random, interest, span, past)
        values |= journeys.conversations(random, interest, span, past)
        if random.random() < 0.02:
            values |= self._absurd()
        steps = self._steps(stage)
        if steps:
            values["lifecyclestage"] = steps[0]
        values |= self._teller.deal_values(stage)
        values["lastmodifieddate"] = to_iso(span.end_ms)
        source = self._origin(values)
        record = self._portal.insert(self._portal.contacts, values, source, default_time=values["createdate"])
        self._teller.tell(record, past, span, stage)
        for step, at_ms in zip(steps[1:], span.moments(random, len(steps) - 1), strict=True):
            change(
                self._portal, self._portal.contacts, record, {"lifecyclestage": step}, self._mover(step), at_ms=at_ms
            )

    def _profile(self, number: int, created: str) -> dict[str, str]:
        random = self._random
        first, last = random.choice(_FIRST), random.choice(_LAST)
        values = {"createdate": created, "firstname": first, "lastname": last, "country": random.choice(_COUNTRIES)}
        mailbox = f"{first}.{last}{number}".lower()
        chance = random.random()
        if chance < 0.01:
            return {**values, "email": f"{mailbox}@{OWN_DOMAIN}", "company": "Lumen Analytics"}
        if chance < 0.25:
            values["email"] = f"{mailbox}@{random.choice(_FREE_DOMAINS)}"
        else:
            values |= self._employment()
            values["email"] = f"{mailbox}@{values.pop('domain')}"
        if random.random() < 0.7:
            values["jobtitle"] = random.choice(_JOBS)
        if random.random() < 0.55:
            values["phone"] = f"+1 555 {random.randint(0, 9_999_999):07d}"
        if random.random() < 0.4:
            owner = random.choice(self._portal.owners)
            values["hubspot_owner_id"] = owner.id
            values["hubspot_owner_assigneddate"] = created
        return values

    def _employment(self) -> dict[str, str]:
        random = self._random
        company, name, domain, employees, revenue = random.choice(self._companies)
        values = {"associatedcompanyid": company, "company": name, "domain": domain}
        if random.random() < 0.35:
            values["numemployees"] = next((band for most, band in _EMPLOYEE_BANDS if employees <= most), "1000+")
        if random.random() < 0.25:
            values["annualrevenue"] = f"{revenue:,}" if random.random() < 0.3 else str(revenue)
        return values

    def _absurd(self) -> dict[str, str]:
        if self._random.random() < 0.3:
            return {"hs_email_last_open_date": to_iso(self._now_ms + 400 * DAY_MS)}
        return dict(self._random.choice(_ABSURD))

    def _steps(self, stage: str) -> list[str]:
        """The stages that a contact went through to reach its own, first to last; some were passed over."""
        if stage not in _PATH:
            return [stage] if stage else []
        before = [step for step in _PATH[: _PATH.index(stage)] if self._random.random() < 0.6]
        return [*before, stage]

    def _origin(self, values: dict[str, str]) -> Source:
        if name := values.get("first_conversion_event_name"):
            return self._forms[name.partition(": ")[2]]
        return self._random.choice(
            (IMPORTED, a_person(self._portal.owners[0].user_id), an_integration(9_000_777, "Webshop"))
        )

    def _mover(self, stage: str) -> Source:
        if stage in {"opportunity", "customer"}:
            return DEAL_SYNC
        if self._random.random() < 0.25:
            return a_person(self._random.choice(self._portal.owners[:5]).user_id)
        return a_workflow("7001")
