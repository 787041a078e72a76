"""The scheduler: incremental, decay and full passes, one at a time, until it is asked to stop."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from config import Settings
from sync.bootstrap import knobs_of, opened_world, portal_zone
from sync.ports import FatalError, LeaseHeld, RetryableError
from sync.records import Mode
from sync.run import PlanWaits, resync
from sync.selecting import Selection, overdue
from sync.summary import Summary
from sync.world import Knobs, World

_LOOKS_EVERY_S = 1.0
"""A signal may reach another thread than the one that waits, which then learns of it only when it wakes."""

log = structlog.get_logger(__name__)


def work(settings: Settings, stop: threading.Event) -> None:
    """Run passes on their schedules until `stop` is set; a pass under way then ends after its present batch.

    A pass that could not reach HubSpot, or that found the portal held, is left to the next one. What only a
    person can mend (a revoked token, a missing property, a broken rulebook) is raised.
    """
    zone = portal_zone(settings)  # also the first proof that token and address are right
    failure: list[Exception] = []

    def one_pass(mode: Mode) -> None:
        try:
            _pass(settings, mode, stop)
        except Exception as error:  # noqa: BLE001 - handed to the main thread, which raises it
            failure.append(error)
            stop.set()

    scheduler = BackgroundScheduler(
        timezone=zone,
        executors={"default": ThreadPoolExecutor(1)},  # one pass at a time
        job_defaults={"coalesce": True, "misfire_grace_time": None},  # late by hours, or missed: caught up once
    )
    full = _clock(settings.full_at, day_of_week=settings.full_on, timezone=zone)
    scheduler.add_job(one_pass, full, args=["full"], id="full")
    scheduler.add_job(one_pass, _clock(settings.decay_at, timezone=zone), args=["decay"], id="decay")
    every = IntervalTrigger(seconds=settings.incremental_every_s, timezone=zone)
    scheduler.add_job(one_pass, every, args=["incremental"], id="incremental", next_run_time=datetime.now(zone))
    scheduler.start()
    log.info("Worker begins.", action="worker.begin", incremental_every_s=settings.incremental_every_s)
    try:
        while not stop.wait(_LOOKS_EVERY_S):
            pass
    finally:
        scheduler.shutdown(wait=True)
        log.info("Worker ends.", action="worker.end")
    if failure:
        raise failure[0]


def _pass(settings: Settings, mode: Mode, stop: threading.Event) -> None:
    if not stop.is_set():
        one_pass(mode, knobs_of(settings), lambda: opened_world(settings, writes=True, stop=stop.is_set))


def one_pass(mode: Mode, knobs: Knobs, opened: Callable[[], AbstractContextManager[World]]) -> Summary | None:
    """The pass whose time has come, in a world that is opened for it; None where it is left to the next one.

    FatalError and ConfigError, which only a person can mend, are raised.
    """
    try:
        with opened() as world:
            chosen = (overdue(world) or mode) if mode == "incremental" else mode
            summary = resync(world, Selection(mode=chosen), knobs, command="worker", unless_a_plan_waits=mode != "full")
    except PlanWaits as waits:
        log.error(str(waits), action="worker.plan_waits", run_id=waits.run_id)  # noqa: TRY400 - no failure
        return None
    except LeaseHeld as held:
        log.warning("Another run holds the portal; this pass is left out.", action="worker.held", pid=held.holder.pid)
        return None
    except FatalError:
        raise
    except RetryableError as error:
        log.warning("The pass failed; the next one tries again.", action="worker.retry", mode=mode, error=str(error))
        return None
    _tell(summary)
    return summary


def _tell(summary: Summary) -> None:
    if summary.plan_refused:
        log.error(summary.plan_refused, action="worker.plan_refused", run_id=summary.run_id)
    for contact_id, reason in summary.tally.failed:
        log.warning("A contact failed.", action="contact.failed", contact_id=contact_id, reason=reason)
    for contact_id, reason in summary.tally.contested:
        log.warning("A contact is contested.", action="contact.contested", contact_id=contact_id, reason=reason)
    for report in summary.sources:
        if report.state == "stale":
            log.warning("A feed could not be read.", action="feed.failed", feed=report.feed, problem=report.problem)


def _clock(time_of_day: str, **more: object) -> CronTrigger:
    hour, minute = time_of_day.split(":")
    return CronTrigger(hour=int(hour), minute=int(minute), **more)
