"""What works on this portal and what does not: the questions behind `scoreline doctor`. Changes nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from config import Rulebook, later_properties, property_problems, stage_problems
from sync.clock import SYSTEM
from sync.hubspot.apis import Call
from sync.hubspot.building import COMPANY, RecordBuilder
from sync.hubspot.connection import Connection
from sync.hubspot.errors import for_doctor
from sync.hubspot.fitting import Fitting, fitting
from sync.hubspot.paging import list_members
from sync.hubspot.portal import HubSpotPortal, account_details, property_definitions
from sync.ports import FatalError, RetryableError, TokenRefused
from sync.records import PortalFacts
from sync.traces import FeedNote, list_feed
from sync.wording import stale_in_words

_WRITE, _DEFINE = "crm.objects.contacts.write", "crm.schemas.contacts.write"
_WRITE_COMPANIES = "crm.objects.companies.write"
_NO_EMPTY_BATCH = (400, 422)
"""Answers to a batch without records that say no more than that it has none."""

Noted = Callable[[str], Mapping[str, FeedNote]]
"""How the feeds of a portal, by its id, stood when runs last asked them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question and its answer."""

    name: str
    ok: bool | None
    """None: nothing is broken, but less is known than could be."""
    detail: str
    advice: str = ""
    """What to do; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Every answer."""

    checks: Sequence[Check]
    """In the order in which problems are best mended."""
    fitting: Fitting | None
    """What feeds the rules; None where the portal cannot be read so far."""


def diagnose(connection: Connection, rulebook: Rulebook, noted: Noted = lambda _portal_id: {}) -> Diagnosis:
    """Ask every question; of a feed that does not answer, `noted` says whether it did before.

    RetryableError when HubSpot cannot be reached, TokenRefused when it does not know the token at all.
    """
    details = account_details(connection).document or {}
    where = f"portal {details['portalId']}, {details.get('accountType', 'account')}, {details.get('timeZone', '')}"
    checks = [Check(name="token", ok=True, detail=f"accepted by {connection.base_url}: {where}")]
    try:
        notes = noted(str(details["portalId"]))
    except RetryableError as problem:  # the database's: HubSpot is looked at all the same
        notes = {}
        checks.append(Check(name="database", ok=False, detail=str(problem)))
    refused = list(_refused_reads(connection, rulebook))
    checks += refused
    update = connection.api.contacts_batch.update
    checks.append(_may_write(connection, update, scope=_WRITE, what="write scores and stages"))
    if rulebook.account:
        update = connection.api.companies_batch.update
        checks.append(_may_write(connection, update, scope=_WRITE_COMPANIES, what="write companies' scores"))
    checks += _limits(connection)
    if any(check.ok is False for check in refused):
        return Diagnosis(checks=checks, fitting=None)
    try:
        facts = HubSpotPortal(connection, rulebook).facts()
    except FatalError as problem:
        checks.append(Check(name="portal", ok=False, detail=for_doctor(str(problem))))
        return Diagnosis(checks=checks, fitting=None)
    checks += _ours(connection, rulebook, facts)
    has_companies = rulebook.account or _reads_companies(rulebook, facts)
    companies = property_definitions(connection, "companies") if has_companies else {}
    checks += _companies_property(rulebook, companies)
    known = facts.properties | {COMPANY + name for name in companies}
    found = fitting(connection, rulebook, facts, known, notes)
    return Diagnosis(checks=[*checks, *_stale(found, facts, notes)], fitting=found)


def _refused_reads(connection: Connection, rulebook: Rulebook) -> Iterator[Check]:
    """Each kind of read tried once, as cheaply as it can be."""
    api = connection.api
    ask = partial(connection.read, urgent=True)
    one_company = {"inputs": [{"id": "1"}], "properties": ["type"], "propertiesWithHistory": []}
    probes: dict[str, Callable[[], object]] = {
        "read contacts": partial(ask, api.contacts.get_page, limit=1),
        "read companies": partial(ask, api.companies_batch.read, one_company),
        "read owners": partial(ask, api.owners.get_page, limit=1),
        "read properties": partial(ask, api.property_groups.get_all, "contacts"),
    }
    for list_id in rulebook.partner_lists:
        probes[f"read list {list_id}"] = partial(next, list_members(connection, list_id, urgent=True))
    for name, probe in probes.items():
        try:
            probe()
        except TokenRefused as problem:
            yield Check(name=name, ok=False, detail=for_doctor(str(problem)), advice=f"Let the token {name}.")
        except FatalError as problem:
            yield Check(name=name, ok=False, detail=str(problem))
        else:
            yield Check(name=name, ok=True, detail="allowed")


def _may_write(connection: Connection, call: Call, *args: object, scope: str, what: str) -> Check:
    """Whether the token may write, by a batch without a single record in it: there is nothing that could change.

    HubSpot could be asked for the token's scopes, but only with the token in the body of the request, which is one
    place too many; and of service keys it is not known to tell. A missing scope is refused as such (error handling
    page), and an empty batch is done (hubspot-api-nodejs#26); of any other answer we do not know what it means, so
    that only the first write will tell.
    """
    unsure = Check(name=what, ok=None, detail=f"could not be told; only the first write will tell. It needs {scope}")
    try:
        told = connection.define(
            call, *args, {"inputs": []}, holds="results", expects=(200, 201, 207, *_NO_EMPTY_BATCH)
        )
    except TokenRefused as problem:
        advice = f"Add the scope {scope} to the private app or service key."
        return Check(name=what, ok=False, detail=for_doctor(str(problem)), advice=advice)
    except (FatalError, RetryableError):
        return unsure
    if told.status in _NO_EMPTY_BATCH:
        return unsure
    return Check(name=what, ok=True, detail="allowed")


def _limits(connection: Connection) -> Iterator[Check]:
    budget = connection.budget
    if budget.burst_limit:
        window_s = budget.burst_window_s or 10
        yield Check(name="burst limit", ok=True, detail=f"{budget.burst_limit} requests in {window_s:g} seconds")
    if budget.daily_limit is None or budget.daily_remaining is None:
        yield Check(name="daily limit", ok=None, detail="HubSpot does not say how much of the day is left")
        return
    detail = f"{budget.daily_remaining:,} of {budget.daily_limit:,} requests are left today"
    enough = budget.daily_remaining >= connection.daily_reserve * budget.daily_limit
    advice = "" if enough else "Passes wait for midnight in the portal's time zone; see SCORELINE_DAILY_RESERVE."
    yield Check(name="daily limit", ok=enough, detail=detail, advice=advice)


def _ours(connection: Connection, rulebook: Rulebook, facts: PortalFacts) -> Iterator[Check]:
    missing = list(property_problems(rulebook, facts.properties, facts.options))
    later = later_properties(rulebook, facts.properties)
    detail = " ".join(missing) or f"all {len(rulebook.written) - len(later)} are there"
    advice = "Run `scoreline provision`." if missing else ""
    yield Check(name="our properties", ok=not missing, detail=detail, advice=advice)
    if later:
        detail = f"newer than the others, and not there: {', '.join(later)}; nothing is written to it"
        yield Check(name="newer properties", ok=None, detail=detail, advice="Run `scoreline provision` once more.")
    if missing:  # once they are there, the token can do without this scope
        create = connection.api.properties_batch.create
        yield _may_write(connection, create, "contacts", scope=_DEFINE, what="create our properties")
    unknown = list(stage_problems(rulebook, facts.stages))
    detail = " ".join(unknown) or f"in this order: {', '.join(facts.stages)}"
    yield Check(name="lifecycle stages", ok=not unknown, detail=detail)


def _companies_property(rulebook: Rulebook, there: Collection[str]) -> Iterator[Check]:
    if rulebook.account is None:
        return
    name = rulebook.account.property
    if name in there:
        yield Check(name="companies' property", ok=True, detail=f"{name} is there")
    else:
        detail = f"companies lack the property {name}"
        yield Check(name="companies' property", ok=False, detail=detail, advice="Run `scoreline provision`.")


def _stale(found: Fitting, facts: PortalFacts, notes: Mapping[str, FeedNote]) -> Iterator[Check]:
    """The feeds and lists that have told before and do not now: scores rest on what they told then."""
    silent = {f"feed {feed.feed}": (feed.feed, feed.problem) for feed in found.feeds if feed.is_stale}
    for list_id, untold in facts.lists_untold.items():
        name = list_feed(list_id)
        silent[name] = name, for_doctor(untold.problem)
        if name not in notes and not untold.is_refused:
            yield Check(name=name, ok=None, detail=untold.problem)
    for name, (feed, problem) in silent.items():
        note = notes.get(feed)
        if note is not None and note.has_told:
            yield Check(
                name=name,
                ok=False,
                detail=f"stale: {stale_in_words(feed, note.read_up_to, problem)}",
                advice="Give the token back what it lost, or wait until HubSpot answers again; the next run then reads "
                "what was missed. If the portal will not have it any more, let the rulebook do without it.",
            )


def _reads_companies(rulebook: Rulebook, facts: PortalFacts) -> bool:
    return bool(RecordBuilder(rulebook, facts, now=SYSTEM.now()).company_properties)
