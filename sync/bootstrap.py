"""Builds the real thing from settings: database, connection, portal, rulebook; checked against each other."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

from config import (
    ConfigError,
    Rulebook,
    Settings,
    as_far_as_provisioned,
    load_rulebook,
    property_problems,
    stage_problems,
)
from sync.clock import SYSTEM, Clock
from sync.engaged import EngagedReader
from sync.hubspot import (
    Connection,
    HubSpotCompanies,
    HubSpotPortal,
    HubSpotReader,
    HubSpotWriter,
    RecordBuilder,
    account,
    connect,
    feeds_of,
)
from sync.last_told import with_last_told
from sync.store import FileScratch, PortalStore, Store, open_store
from sync.world import Knobs, Progress, World


def rulebook_of(settings: Settings) -> Rulebook:
    """The rulebook in force. RulebookError with all its mistakes."""
    return load_rulebook(settings.rulebook)


def connection_of(settings: Settings) -> Connection:
    """A connection to the portal behind the token; nothing is sent yet, unless SCORELINE_PORTAL_ID is to be compared.

    ConfigError without a token, or with one of another portal.
    """
    connection = connect(
        token=settings.token,
        base_url=settings.base_url,
        daily_reserve=settings.daily_reserve,
        attempts=settings.tries,
        connect_timeout_s=settings.connect_timeout_s,
        read_timeout_s=settings.read_timeout_s,
        at_once=settings.requests_at_once,
    )
    if settings.portal_id and (found := account(connection).portal_id) != settings.portal_id:
        raise ConfigError(
            f"The token belongs to portal {found}, and SCORELINE_PORTAL_ID is {settings.portal_id}. Nothing was read "
            "or written. Set HUBSPOT_ACCESS_TOKEN to a token of that portal, or correct SCORELINE_PORTAL_ID."
        )
    return connection


def knobs_of(settings: Settings) -> Knobs:
    return Knobs(
        lease_wait_s=settings.lease_wait_s,
        lookback_s=settings.lookback_s,
        share=settings.move_limit,
        first_share=settings.first_move_limit,
        floor=settings.move_floor,
        keep_runs_days=settings.keep_runs_days,
        daily_writes_max=settings.daily_writes_max,
    )


def is_still_to_be_made(database_url: str) -> bool:
    """Whether the database is a file of the working directory, not there yet: to look is no reason to make it."""
    name = database_url.removeprefix("sqlite:///")
    return re.fullmatch(r"\w[\w.-]*", name) is not None and not Path(name).exists()


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """The worker's own state; closed afterwards."""
    store = open_store(settings.database_url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_portal(database_url: str, portal_id: str) -> Iterator[PortalStore]:
    """What is kept of one portal; closed afterwards."""
    store = open_store(database_url)
    try:
        yield store.portal(portal_id)
    finally:
        store.close()


@contextmanager
def opened_world(
    settings: Settings,
    *,
    writes: bool,
    progress: Progress = lambda _what, _more: None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[World]:
    """Everything a run meets, ready and checked.

    `writes`: the run will write, so our properties must be there. ConfigError where rulebook and portal do not fit.
    """
    rulebook = rulebook_of(settings)
    connection = connection_of(settings)
    with opened_store(settings) as store:
        yield replace(world_of(rulebook, connection, store, writes=writes), progress=progress, stop=stop)


def world_of(rulebook: Rulebook, connection: Connection, store: Store, *, writes: bool, clock: Clock = SYSTEM) -> World:
    """Everything a run meets on the portal behind a connection, checked; asks for what it must know of that portal.

    ConfigError as `opened_world`.
    """
    portal = HubSpotPortal(connection, rulebook)
    facts = portal.facts()
    problems = list(stage_problems(rulebook, facts.stages))
    advice = ""
    if writes and (lacks := list(property_problems(rulebook, facts.properties, facts.options))):
        problems += lacks
        advice = ' Run "scoreline provision" once.'
    if problems:
        raise ConfigError(
            f"Rulebook {rulebook.version} and portal {facts.portal_id} do not fit; nothing was read "
            "or written.\n  " + "\n  ".join(problems) + advice
        )
    rulebook = as_far_as_provisioned(rulebook, facts.properties)
    rulebook = replace(rulebook, policy=replace(rulebook.policy, portal_order=tuple(facts.stages)))
    kept = store.portal(facts.portal_id)
    facts = with_last_told(facts, kept.traces, at=clock.now())
    builder = RecordBuilder(rulebook, facts, now=clock.now())
    reader = HubSpotReader(connection, rulebook, builder, FileScratch())
    number = rulebook.account
    return World(
        portal=portal,
        facts=facts,
        at_once=connection.at_once,
        reader=EngagedReader(reader, traces=kept.traces, sources=rulebook.sources, portal_id=facts.portal_id),
        writer=HubSpotWriter(connection, builder, allowed=kept.lease.check, steady=clock.steady),
        journal=kept.journal,
        memory=kept.memory,
        traces=kept.traces,
        sheets=kept.sheets,
        companies=HubSpotCompanies(connection, number.property, allowed=kept.lease.check, steady=clock.steady)
        if number
        else None,
        feeds=feeds_of(connection, rulebook, facts),
        lease=kept.lease,
        rulebook=rulebook,
        now=lambda: clock.now(facts.time_zone),
        steady=clock.steady,
        sleep=clock.sleep,
    )


def portal_zone(settings: Settings) -> tzinfo:
    """The portal's time zone, asked for with one request."""
    return account(connection_of(settings)).time_zone
