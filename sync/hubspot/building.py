"""A contact as HubSpot shows it becomes a record: facts, engagements, standing, and what our properties hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast

from config import EngagementSource, FactSource, Rulebook
from scoring import BadValue, Contact, Engagement, Value
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
from sync.records import STAGE, ContactRecord, PortalFacts, Role
from workflows import Answer, Standing, domain_of

MODIFIED = "lastmodifieddate"
"""When a contact was last changed: contacts alone keep it under this name (amp-labs/connectors#45)."""
COMPANY_LINK = "associatedcompanyid"
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
        self._now = facts.server_time or now
        self._partner_values = _lowered(rulebook.partner_property)
        self._competitor_values = _lowered(rulebook.competitor_property)
        self._facts = {name: self._fact_names(source) for name, source in rulebook.sources.facts.items()}
        self._types = {name: source.type for name, source in rulebook.sources.facts.items()}
        self._engagements = [
            (kind, there)
            for kind, sources in rulebook.sources.engagements.items()
            for source in sources
            if (there := source_in_portal(source, self._may_exist)) is not None
        ]
        self._seen_kinds = frozenset(kind for kind, _ in self._engagements)
        # Whether a clear empties these too is not documented: any of them that is left tells of an earlier stage.
        dates = (_STAGE_SINCE, *(f"{_STAGE_ENTERED}{stage}" for stage in rulebook.policy.managed))
        self._stage_dates = tuple(name for name in dates if self._exists(name))
        wanted = dict.fromkeys(self._wanted())
        companies = [name.removeprefix(COMPANY) for name in wanted if name.startswith(COMPANY)]
        if self._partner_types or self._competitor_types:
            companies.append("type")
        self.company_properties = tuple(dict.fromkeys(companies))
        """What must be read of a contact's primary company; nothing where empty."""
        links = (COMPANY_LINK,) if companies else ()
        known = [name for name in dict.fromkeys((*wanted, *links)) if self._exists(name)]
        self.contact_properties = tuple(dict.fromkeys((*_FIXED, *links, *known)))
        """What must be read of a contact: of the portal's properties, those that the rulebook needs; and in any case
        those that tell whom to leave alone, since HubSpot leaves out names that it does not know."""

    def build(self, row: Mapping[str, Any], company: Mapping[str, Any]) -> ContactRecord:
        """The record of a contact, as HubSpot answers it, with its primary company's properties."""
        properties = row["properties"]
        values = _Values(properties, company)
        contact_id = str(row["id"])
        engagements, seen = self._all_engagements(values)
        standing = self._standing(contact_id, values)
        facts = {name: value for name in self._facts if (value := self._fact(name, values)) is not None}
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
            modified_at=modified_at(properties),
        )

    def as_ours(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """Properties as texts in the form in which we write them; names that are not ours as HubSpot has them."""
        roles = {name: role for role, name in self._roles.items()}
        texts = {name: text_of(value) for name, value in properties.items()}
        return {n: ours_of(roles[n], text) if n in roles else text for n, text in texts.items()}

    def _wanted(self) -> Iterator[str]:
        yield from _FIXED
        yield from self._stage_dates
        yield from self._roles.values()
        yield from (*self._partner_values, *self._competitor_values)
        for names in self._facts.values():
            yield from names
        for _, source in self._engagements:
            yield from (name for name in (source.count, *source.at, source.name, source.lasts_until) if name)

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

    def _fact(self, name: str, values: "_Values") -> Value | None:
        names, kind = self._facts[name], self._types[name]
        if kind == "count_true":
            return sum(values.text(each).lower() == "true" for each in names) if names else None
        for each in names:
            value = values.read(each, lambda text: fact_of(text, kind, self._now))
            if value is not None:
                return value
        return None

    def _all_engagements(self, values: "_Values") -> tuple[list[Engagement], frozenset[str]]:
        """What the contact did, and the kinds that can be told of: not those whose only values are unreadable."""
        found: list[Engagement] = []
        unreadable: set[str] = set()
        for kind, source in self._engagements:
            try:
                engagement = self._engagement(kind, source, values)
            except UnreadableError:
                unreadable.add(kind)
            else:
                found += [engagement] if engagement else []
        return found, self._seen_kinds - (unreadable - {engagement.kind for engagement in found})

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
