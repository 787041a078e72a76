"""Each fault that HubSpot is known for, at each kind of request of a run."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pytest

from sandbox import Fault, Portal
from tests.acceptance.checker import broken_promises
from tests.acceptance.conftest import READS_LAG, Ended, Scoreline, until
from tests.acceptance.leads import SQL, a_demo_request, a_subscription, stage, writes

pytestmark = pytest.mark.usefixtures("provisioned", "impatience")

UPDATE = ("POST", "contacts/batch/update$")
# What is asked, which pass asks it, and how many such requests pass before the one that counts.
POINTS = {
    "list": (("GET", "objects/contacts$"), ["--full"], 0),
    "search": (("POST", "contacts/search$"), [], 0),
    "read": (("POST", "contacts/batch/read$"), ["--full"], 0),
    "clear": (UPDATE, ["--full"], 0),
    "set": (UPDATE, ["--full"], 1),
}
GATEWAYS = (502, 504, 522)
"""Some of those that one request and the next meet alike: each is in tests/integration/hubspot/test_connection.py."""

RIDDEN_OUT: Mapping[str, Callable[[], Fault]] = {
    "burst": Fault.burst_limit,
    "search limit": Fault.search_limit,
    "lock": Fault.locked,
    "migration": partial(Fault.migration, retry_after_s=1),
    "500": Fault.server_error,
    "500 applied": partial(Fault.server_error, applied=True),
    **{f"{status}": partial(Fault.gateway_page, status=status) for status in GATEWAYS},
    "504 applied": partial(Fault.gateway_page, status=504, applied=True),
    "reset before": Fault.reset_before,
    "reset after": Fault.reset_after,
    "slow": partial(Fault.slow, seconds=0.2),
    "json cut": Fault.json_cut,
    "body cut": Fault.body_cut,
    "length short": Fault.length_short,
    "gzip broken": Fault.gzip_broken,
    **{f"{status}": partial(Fault.unexpected_success, status=status) for status in (201, 202, 204)},
}
"""Faults after which the run itself still comes to its right end."""

READS, WRITES = ("list", "search", "read"), ("clear", "set")
LEFT_TO_THE_NEXT_RUN: Mapping[str, tuple[Callable[[], Fault], Sequence[str], int]] = {
    "daily limit": (Fault.daily_limit, (*READS, *WRITES), 3),
    "long migration": (partial(Fault.migration, retry_after_s=3_600), (*READS, *WRITES), 3),
    "url too long": (Fault.url_too_long, (*READS, *WRITES), 2),
    "525": (partial(Fault.gateway_page, status=525), READS, 2),
    "526": (partial(Fault.gateway_page, status=526), READS, 2),
    "token revoked": (Fault.token_revoked, (*READS, *WRITES), 3),
    "scope of reading removed": (partial(Fault.scope_removed, scope="crm.objects.contacts.read"), (*READS, "clear"), 3),
    "scope of writing removed": (Fault.scope_removed, WRITES, 3),
    "day used up": (Fault.day_used_up, (*READS, *WRITES), 3),
}
"""Faults that end the run: at which requests, and with what status."""

INDISTINGUISHABLE: Mapping[str, Callable[[], Fault]] = {
    "rows failed": Fault.rows_failed,
    "empty success": Fault.empty_success,
}
"""Answers that may be true: an empty page, a contact that is gone. The run may believe them; the next one knows."""


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for an answer that does not come, nor for one that is shown late."""
    if not READS_LAG:
        monkeypatch.setattr("sync.moving.PAUSE_FIRST_S", 0.01)
    monkeypatch.setenv("SCORELINE_READ_TIMEOUT_S", "1")


def played(portal: Portal, scoreline: Scoreline, fault: Fault, point: str) -> tuple[Ended, str]:
    """One lead more, and the run that meets the fault on its way to it."""
    request, selection, skip = POINTS[point]
    lead = a_demo_request(portal)
    portal.faults.add(fault.on(*request, skip=skip))
    ended = scoreline("resync", *selection)
    assert portal.faults.pending() == [], "the fault was never met, so this proves nothing"
    assert "Traceback" not in ended.err
    return ended, lead


def is_whole(portal: Portal, scoreline: Scoreline, lead: str) -> None:
    """The next run comes to its end, the lead is where it belongs, and the one after that has nothing to do."""
    assert scoreline("resync", "--full").status == 0
    assert stage(portal, lead) == SQL
    assert broken_promises(portal) == []
    portal.requests.clear()
    assert scoreline("resync", "--full").status == 0
    assert writes(portal) == 0


@pytest.mark.parametrize("fault", RIDDEN_OUT)
def test_a_run_rides_out_what_passes(portal: Portal, scoreline: Scoreline, fault: str) -> None:
    a_subscription(portal)
    assert scoreline("resync", "--full").status == 0
    for point in POINTS:
        ended, lead = played(portal, scoreline, RIDDEN_OUT[fault](), point)
        assert (point, ended.status, stage(portal, lead)) == (point, 0, SQL), ended.err
        assert broken_promises(portal) == []
    is_whole(portal, scoreline, lead)


@pytest.mark.parametrize("fault", LEFT_TO_THE_NEXT_RUN)
def test_what_does_not_pass_ends_the_run_with_a_clear_status_and_the_next_one_makes_it_whole(
    portal: Portal, scoreline: Scoreline, fault: str
) -> None:
    a_subscription(portal)
    assert scoreline("resync", "--full").status == 0
    make, points, status = LEFT_TO_THE_NEXT_RUN[fault]
    token, scopes, tier = portal.token, set(portal.scopes), portal.limits.tier
    for point in points:
        ended, lead = played(portal, scoreline, make(), point)
        assert (point, ended.status) == (point, status), ended.err
        assert ended.err.strip()
        portal.token, portal.scopes, portal.limits.tier = token, scopes.copy(), tier
        portal.limits.enabled, portal.limits.used_today = False, 0
        is_whole(portal, scoreline, lead)


@pytest.mark.parametrize("fault", INDISTINGUISHABLE)
@pytest.mark.parametrize("point", POINTS)
def test_what_may_be_true_is_made_good_by_the_next_run(
    portal: Portal, scoreline: Scoreline, fault: str, point: str
) -> None:
    a_subscription(portal)
    assert scoreline("resync", "--full").status == 0
    ended, lead = played(portal, scoreline, INDISTINGUISHABLE[fault](), point)
    assert ended.status == 0 or stage(portal, lead) != ""
    is_whole(portal, scoreline, lead)


@pytest.mark.parametrize("point", WRITES)
def test_a_write_that_is_done_after_we_stopped_waiting_is_made_good_by_the_next_run(
    portal: Portal, scoreline: Scoreline, point: str
) -> None:
    """Asked anew in the meantime, HubSpot may do the late request last: a clear after the set."""
    a_subscription(portal)
    assert scoreline("resync", "--full").status == 0
    portal.requests.clear()
    _, lead = played(portal, scoreline, Fault.slow(seconds=1.5), point)
    # Until the late one is there, too: where reads lag, a look waits for so long that it shows, and none is sent again.
    until(lambda: len(portal.requests.matching(*UPDATE)) >= (2 if READS_LAG else 3))
    assert scoreline("resync").status == 0
    is_whole(portal, scoreline, lead)
