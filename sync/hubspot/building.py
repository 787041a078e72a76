"""A contact as HubSpot shows it becomes a record: facts, engagements, standing, and what our properties hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast

from config import EngagementSource, FactSource, Rulebook
from scoring import BadValue, Contact, Engagement, Value
from sync.hubspot.submitted import CONVERSIONS, SUBMISSIONS, submissions_of
from sync.hubspot.values import (
    UnreadableError,
    coming_of,
    count_of,
    fact_of,
    flag_of,
    moment_of,
    ours_of,
    past_of,
    text_of,
)
from sync.hubspot.wanted import acts_read
from sync.interpreting import Interpreter
from sync.records import STAGE, ContactRecord, PortalFacts, Role
from workflows import Answer, Standing, domain_of

MODIFIED = "lastmodifieddate"
"""When a contact was last changed: contacts alone keep it under this name (amp-labs/connectors#45)."""
COMPANY_LINK = "associatedcompanyid"
ADDITIONAL_EMAILS = "hs_additional_emails"
MERGED_IDS = "hs_merged_object_ids"
_BY_ADDRESS = frozenset({"submissions", "mail"})
"""Feeds that know a contact by its addresses alone."""
_STAGE_SINCE = "hs_v2_date_entered_current_stage"
_STAGE_ENTERED = "hs_v2_date_entered_"
_OPTED_OUT = "hs_email_optout"
_FIXED = (STAGE, _STAGE_SINCE, MODIFIED, _OPTED_OUT, "email")
COMPANY = "company."
"""What the name of a property of the primary company begins with in a rulebook."""
_SCORED_ROLES: tuple[Role, ...] = ("score", "fit", "engagement", "grade", "reasons", "exclusion")

T = TypeVar("T")


class RecordBuilder:
    """Knows which properties of a portal a rulebook needs, and builds records from them."""

    def __init__(self, rulebook: Rulebook, facts: PortalFacts, *, now: datetime) -> None:
        """`now` is believed where HubSpot does not tell its own time."""
        self._portal = facts
        self._exclusions = rulebook.policy.exclusions
        self._partner_types = _upper(self._exclusions.partner_company_types)
        self._competitor_types = _upper(self._exclusions.competitor_company_types)
        self._roles = cast(Mapping[Role, str], rulebook.properties)
        self._further = {key: score.property for key, score in rulebook.rubric.scores.items()}
        self._now = facts.server_time or now
        self._partner_values = _lowered(rulebook.partner_property)
        self._competitor_values = _lowered(rulebook.competitor_property)
        self._facts = {name: self._fact_names(source) for name, source in rulebook.sources.facts.items()}
        self._types = {name: source.type for name, source in rulebook.sources.facts.items()}
        self._lists = {name: source.list_id for name, source in rulebook.sources.facts.items() if source.list_id}
        self._engagements = [
            (kind, there)
            for kind, sources in rulebook.sources.engagements.items()
            for source in sources
            if not source.feed and (there := source_in_portal(source, self._may_exist)) is not None
        ]
        feeds = acts_read(rulebook).keys()
        self._tells_submissions = "submissions" in feeds and self._exists(SUBMISSIONS)
        self._form_names = {**facts.form_names, **{form.id: form.name for form in facts.forms or ()}}
        self._interpreter = Interpreter(rulebook.sources)
        self._has_accounts = rulebook.account is not None
        self._is_addressed = bool(feeds & _BY_ADDRESS)
        self._identity = (*((ADDITIONAL_EMAILS,) if self._is_addressed else ()), *((MERGED_IDS,) if feeds else ()))
        self._of_submissions = frozenset(
            kind
            for kind, sources in rulebook.sources.engagements.items()
            if self._tells_submissions and any(source.feed == "submissions" for source in sources)
        )
        self._seen_kinds = self._of_submissions | {kind for kind, _ in self._engagements}
        # Whether a clear empties these too is not documented: any of them that is left tells of an earlier stage.
        dates = (_STAGE_SINCE, *(f"{_STAGE_ENTERED}{stage}" for stage in rulebook.policy.managed))
        self._stage_dates = tuple(name for name in dates if self._exists(name))
        wanted = dict.fromkeys(self._wanted())
        companies = [name.removeprefix(COMPANY) for name in wanted if name.startswith(COMPANY)]
        if self._partner_types or self._competitor_types:
            companies.append("type")
        self.company_properties = tuple(dict.fromkeys(companies))
        """What must be read of a contact's primary company; nothing where empty."""
        links = (COMPANY_LINK,) if companies or rulebook.account else ()
        known = [name for name in dict.fromkeys((*wanted, *links)) if self._exists(name)]
        self.contact_properties = tuple(dict.fromkeys((*_FIXED, *links, *known)))
        """What must be read of a contact: of the portal's properties, those that the rulebook needs; and in any case
        those that tell whom to leave alone, since HubSpot leaves out names that it does not know."""

    def build(self, row: Mapping[str, Any], company: Mapping[str, Any]) -> ContactRecord:
        """The record of a contact, as HubSpot answers it, with its primary company's properties."""
        properties = row["properties"]
        values = _Values(properties, company)
        contact_id = str(row["id"])
        engagements, summed_up, seen = self._all_engagements(contact_id, values)
        standing = self._standing(contact_id, values)
        facts = {n: value for n in self._facts if (value := self._fact(n, contact_id, values)) is not None}
        return ContactRecord(
            id=contact_id,
            contact=Contact(
                id=contact_id,
                facts=facts,
                engagements=engagements,
                seen_kinds=seen,
                bad_values=tuple(values.bad.values()),
            ),
            standing=standing,
            ours={role: ours_of(role, values.text(name)) for role, name in self._roles.items()},
            further={key: ours_of("score", values.text(name)) for key, name in self._further.items()},
            modified_at=modified_at(properties),
            addresses=frozenset(addresses_of(properties)) if self._is_addressed else frozenset(),
            former_ids=_joined(properties.get(MERGED_IDS)) if self._identity else (),
            summed_up=summed_up,
            company_id=text_of(properties.get(COMPANY_LINK)) if self._has_accounts else "",
        )

    def as_ours(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """Properties as texts in the form in which we write them; names that are not ours as HubSpot has them."""
        roles: dict[str, Role] = dict.fromkeys(self._further.values(), "score")
        roles |= {name: role for role, name in self._roles.items()}
        texts = {name: text_of(value) for name, value in properties.items()}
        return {n: ours_of(roles[n], text) if n in roles else text for n, text in texts.items()}

    def _wanted(self) -> Iterator[str]:
        yield from _FIXED
        yield from self._stage_dates
        yield from self._identity
        yield from (*self._roles.values(), *self._further.values())
        yield from (*self._partner_values, *self._competitor_values)
        for names in self._facts.values():
            yield from names
        for _, source in self._engagements:
            yield from (name for name in (source.count, *source.at, source.name, source.lasts_until) if name)
        if self._tells_submissions:
            yield from (SUBMISSIONS, *(name for names in CONVERSIONS for name in names))

    def _exists(self, name: str) -> bool:
        return name in self._portal.properties

    def _may_exist(self, name: str) -> bool:
        """Whether to ask for a property; which ones companies have is not known here."""
        return name.startswith(COMPANY) or self._exists(name)

    def _fact_names(self, source: FactSource) -> tuple[str, ...]:
        """The properties that feed a fact, in order of preference; a name that ends in `*` stands for many."""
        names: list[str] = []
        for name in source.from_:
            if name.endswith("*"):
                names += sorted(n for n in self._portal.properties if n.startswith(name[:-1]))
            elif self._may_exist(name):
                names.append(name)
        return tuple(names)

    def _fact(self, name: str, contact_id: str, values: "_Values") -> Value | None:
        if name in self._lists:
            members = self._portal.list_members.get(self._lists[name])
            return None if members is None else contact_id in members
        names, kind = self._facts[name], self._types[name]
        if kind == "count_true":
            return sum(values.text(each).lower() == "true" for each in names) if names else None
        for each in names:
            value = values.read(each, lambda text: fact_of(text, kind, self._now))
            if value is not None:
                return value
        return None

    def _all_engagements(
        self, contact_id: str, values: "_Values"
    ) -> tuple[list[Engagement], Mapping[str, Sequence[Engagement]], frozenset[str]]:
        """What the contact did, what is summed up of it by feed, and the kinds that can be told of: not those whose
        only values are unreadable."""
        found = self._submitted(contact_id, values) if self._tells_submissions else []
        has_sent = bool(found)
        summed_up: dict[str, list[Engagement]] = {}
        unreadable = set(self._of_submissions) if SUBMISSIONS in values.bad else set()
        for kind, source in self._engagements:
            try:
                engagement = self._engagement(kind, source, values)
            except UnreadableError:
                unreadable.add(kind)
            else:
                if engagement and source.without is None:
                    found.append(engagement)
                elif engagement and source.without and not (source.without == "submissions" and has_sent):
                    summed_up.setdefault(source.without, []).append(engagement)
        told = {engagement.kind for engagements in (found, *summed_up.values()) for engagement in engagements}
        return found, summed_up, self._seen_kinds - (unreadable - told)

    def _submitted(self, contact_id: str, values: "_Values") -> list[Engagement]:
        """The forms that the contact itself says it has sent."""
        conversions = {
            at: values.text(name) for date, name in CONVERSIONS if (at := values.read(date, self._past)) is not None
        }
        traces, bad = submissions_of(
            values.text(SUBMISSIONS),
            contact_id=contact_id,
            names=self._form_names,
            conversions=conversions,
            now=self._now,
        )
        if bad:
            values.bad[SUBMISSIONS] = bad
        return self._interpreter.engagements_of(traces)[0]

    def _engagement(self, kind: str, source: EngagementSource, values: "_Values") -> Engagement | None:
        """What one source tells; None for nothing, UnreadableError where its count or all its dates are bad."""
        count = values.read(source.count, count_of) if source.count else None
        moments = [at for n in source.at if (at := values.read(n, self._past)) is not None]
        name = values.text(source.name) if source.name else ""
        bad_dates = not moments and any(each in values.bad for each in source.at)
        if bad_dates or source.count in values.bad:
            raise UnreadableError
        if count == 0 or not (count or moments or name):
            return None
        return Engagement(
            kind=kind,
            at=max(moments, default=None),
            name=name,
            count=1 if count is None else count,
            lasts_until=values.read(source.lasts_until, self._coming) if source.lasts_until else None,
        )

    def _standing(self, contact_id: str, values: "_Values") -> Standing:
        email = values.text("email").lower()
        domain = domain_of(email)
        company_type = values.text(f"{COMPANY}type").upper()
        rules, roles = self._exclusions, self._roles
        return Standing(
            stage=values.text(STAGE) or None,
            stage_since=values.read(_STAGE_SINCE, moment_of),
            had_stage=values.was_emptied(STAGE)
            or (not values.text(STAGE) and any(values.text(name) for name in self._stage_dates)),
            answer=values.read(roles["feedback"], _answer_of),
            points_taken=values.read(roles["feedback_points"], count_of),
            held=values.read(roles["hold"], flag_of) or False,
            opted_out=values.read(_OPTED_OUT, flag_of) or False,
            employee=email in self._portal.employee_emails or domain in self._portal.employee_domains,
            partner=contact_id in self._portal.partner_ids
            or company_type in self._partner_types
            or domain in rules.partner_domains
            or _named(values, self._partner_values),
            competitor=company_type in self._competitor_types
            or domain in rules.competitor_domains
            or _named(values, self._competitor_values),
            was_scored=any(values.text(roles[role]) for role in _SCORED_ROLES),
        )

    def _past(self, text: str) -> datetime:
        return past_of(text, self._now)

    def _coming(self, text: str) -> datetime:
        return coming_of(text, self._now)


class _Values:
    """One contact's texts, and which of them were asked for in vain."""

    def __init__(self, contact: Mapping[str, Any], company: Mapping[str, Any]) -> None:
        self.bad: dict[str, BadValue] = {}
        self._contact = contact
        self._company = company

    def text(self, name: str) -> str:
        if name.startswith(COMPANY):
            return text_of(self._company.get(name.removeprefix(COMPANY)))
        return text_of(self._contact.get(name))

    def was_emptied(self, name: str) -> bool:
        """Whether HubSpot shows an emptied value; it may also show one as never set (grouparoo, recorded answers)."""
        return self._contact.get(name) == ""

    def read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """The value; None where there is none, or one that cannot be read."""
        text = self.text(name)
        if not text:
            return None
        try:
            return reader(text)
        except UnreadableError as problem:
            self.bad[name] = BadValue(where=name, problem=str(problem))
            return None


def source_in_portal(source: EngagementSource, exists: Callable[[str], bool]) -> EngagementSource | None:
    """The source without what the portal lacks; None if it cannot tell of anything.

    Without its count, or its name, a source would take the date of something else for an engagement: it tells nothing.
    """
    if not all(exists(name) for name in (source.count, source.name) if name):
        return None
    lasts_until = source.lasts_until if source.lasts_until and exists(source.lasts_until) else None
    left = replace(source, at=tuple(name for name in source.at if exists(name)), lasts_until=lasts_until)
    return left if left.count or left.at or left.name else None


def addresses_of(properties: Mapping[str, Any]) -> list[str]:
    """The addresses of a contact, in lower case, the one that it is written to first."""
    found = [text_of(properties.get("email")), *_joined(properties.get(ADDITIONAL_EMAILS))]
    return list(dict.fromkeys(address.lower() for address in found if address))


def _joined(value: object) -> list[str]:
    """The texts that HubSpot joins with `;`."""
    return [text.strip() for text in text_of(value).split(";") if text.strip()]


def modified_at(properties: Mapping[str, Any]) -> datetime | None:
    """When a contact was last changed; None where HubSpot does not say."""
    try:
        return moment_of(text_of(properties.get(MODIFIED)))
    except UnreadableError:
        return None


def _answer_of(text: str) -> Answer:
    try:
        return Answer(text)
    except ValueError:
        raise UnreadableError("none of the answers that sales can give") from None


def _named(values: _Values, wanted: Mapping[str, frozenset[str]]) -> bool:
    return any(values.text(name).lower() in texts for name, texts in wanted.items())


def _upper(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.upper() for text in texts)


def _lowered(wanted: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(text.lower() for text in texts) for name, texts in wanted.items()}
