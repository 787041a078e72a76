"""What the connection makes of every kind of answer, over real HTTP."""

import gzip
import json
import logging
import socket
import time

import pytest

from sync.hubspot import connect
from sync.hubspot.connection import Connection
from sync.hubspot.errors import AnswerLost
from sync.ports import FatalError, RetryableError, TokenRefused
from tests.fakes.hourglass import Hourglass
from tests.integration.hubspot.answering import TOKEN, Recorded, a_connection, answering

CONTACTS = Recorded(document={"results": []})
BATCH = {"inputs": [{"id": "1", "properties": {"lead_score": "1"}}]}
BURST = Recorded(
    status=429,
    document={
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c-1",
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": "publicapi:private-apps:api-calls",
    },
)
SEARCH_LIMIT = Recorded(
    status=429,
    document={
        "status": "error",
        "message": "You have reached your secondly limit.",
        "correlationId": "c-2",
        "category": "RATE_LIMITS",
    },
)
MISSING_SCOPES = {
    "status": "error",
    "message": "One or more of the following scopes are required.",
    "correlationId": "c-3",
    "category": "MISSING_SCOPES",
}
GATEWAYS = (502, 503, 504, 520, 521, 522, 523, 524)
"""What servers in between answer, each a page of HTML."""


def list_contacts(connection: Connection) -> object:
    return connection.read(connection.api.contacts.get_page, limit=1).document


def send_batch(connection: Connection) -> int:
    return connection.write(connection.api.contacts_batch.update, BATCH, allowed=lambda: None).status


def test_what_a_part_of_a_connection_sends_counts_in_both_and_keeps_to_the_same_limits() -> None:
    with answering(*[CONTACTS] * 4) as server:
        whole = a_connection(server.url)
        part, other = whole.apart(), whole.apart()
        for connection in (whole, part, part, other):
            list_contacts(connection)
        assert (whole.requests.total, part.requests.total, other.requests.total) == (4, 2, 1)
        assert part.budget is whole.budget


def test_a_request_carries_the_token_and_the_clients_path() -> None:
    with answering(CONTACTS) as server:
        list_contacts(a_connection(server.url))
    asked = server.heard[0]
    assert (asked.method, asked.path) == ("GET", "/crm/v3/objects/contacts?limit=1")
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "gzip" in asked.headers["Accept-Encoding"]


@pytest.mark.parametrize(
    "failure",
    [
        Recorded(status=500, text="<html>oops</html>"),
        Recorded(status=503, document={}),
        Recorded(status=520, text="error code: 520"),
        Recorded(status=524, text="\u2028"),
        *(Recorded(status=status, text="<html>cloudflare</html>") for status in GATEWAYS),
        Recorded(status=423, document={"category": "LOCKED"}),
        Recorded(status=477, headers={"Retry-After": "3"}, text="moving"),
        Recorded(status=200, text="<html>maintenance</html>"),
        Recorded(status=200, document={"results": [{"id": "1"}]}, cut=True),
        Recorded(status=200, document={"unexpected": True}),
        Recorded(status=200, document={"results": ["no record"]}),
        Recorded(status=204),
        Recorded(dropped=True),
        BURST,
    ],
)
def test_a_read_that_fails_in_passing_is_asked_again(failure: Recorded) -> None:
    with answering(failure, failure, CONTACTS) as server:
        connection = a_connection(server.url)
        assert list_contacts(connection) == {"results": []}
    assert (connection.requests.read, connection.requests.retried) == (3, 2)


def test_a_read_gives_up_after_its_attempts_and_says_what_the_last_answer_was() -> None:
    with answering(Recorded(status=503, document={"correlationId": "c-9", "message": "jane@example.com"})) as server:
        connection = a_connection(server.url, attempts=3)
        with pytest.raises(RetryableError, match=r"no usable answer in 3 attempts.*503.*c-9") as raised:
            list_contacts(connection)
    assert len(server.heard) == 3
    assert "jane" not in str(raised.value)


def test_a_burst_limit_is_waited_for_until_its_ten_seconds_are_over() -> None:
    time = Hourglass()
    with answering(BURST, CONTACTS) as server:
        connection = a_connection(server.url, time=time)
        list_contacts(connection)
    assert time.run >= 10
    assert connection.requests.rate_limited == 1


def test_a_search_limit_is_waited_for_one_second() -> None:
    time = Hourglass()
    with answering(SEARCH_LIMIT, CONTACTS) as server:
        connection = a_connection(server.url, time=time)
        connection.read(connection.api.contacts_search.do_search, {"limit": 1}, search=True)
    assert 1 <= time.run < 3


def test_retry_after_is_obeyed_where_it_is_given() -> None:
    time = Hourglass()
    with answering(Recorded(status=429, document={}, headers={"Retry-After": "25"}), CONTACTS) as server:
        list_contacts(a_connection(server.url, time=time))
    assert time.run >= 25


def test_a_record_lock_is_waited_for_two_seconds() -> None:
    time = Hourglass()
    with answering(Recorded(status=423, document={}), CONTACTS) as server:
        list_contacts(a_connection(server.url, time=time))
    assert time.run >= 2


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_an_answer_that_only_drips_is_given_up_when_its_time_is_over(headers: dict[str, str]) -> None:
    dripping = Recorded(text="x" * 400, headers=headers, drips_s=0.05)
    with answering(dripping) as server:
        began = time.monotonic()
        with pytest.raises(RetryableError, match="before the answer was whole"):
            list_contacts(a_connection(server.url, attempts=1, answer_s=0.3))
        assert time.monotonic() - began < 5


def test_an_answer_that_is_packed_is_unpacked() -> None:
    class Packed(Recorded):
        @property
        def body(self) -> bytes:
            return gzip.compress(json.dumps(self.document).encode())

    packed = Packed(document={"results": [{"id": "1"}]}, headers={"Content-Encoding": "gzip"})
    with answering(packed) as server:
        assert list_contacts(a_connection(server.url)) == {"results": [{"id": "1"}]}


def test_an_answer_that_is_not_packed_as_it_says_is_asked_for_again() -> None:
    with answering(Recorded(text="{}", headers={"Content-Encoding": "gzip"}), CONTACTS) as server:
        assert list_contacts(a_connection(server.url)) == {"results": []}


def test_who_is_told_to_wait_for_hours_leaves_it_to_the_next_run() -> None:
    with (
        answering(Recorded(status=477, headers={"Retry-After": "7200"}, text="moving")) as server,
        pytest.raises(RetryableError, match="7,200 seconds"),
    ):
        list_contacts(a_connection(server.url))
    assert len(server.heard) == 1


DAY = {"errorType": "RATE_LIMIT", "policyName": "DAILY", "requestId": "r"}


def test_a_day_that_is_used_up_ends_the_run_at_once() -> None:
    with answering(Recorded(status=429, document=DAY)) as server, pytest.raises(RetryableError, match="midnight"):
        list_contacts(a_connection(server.url))
    assert len(server.heard) == 1


def test_what_is_left_of_the_day_for_others_is_not_touched() -> None:
    time = Hourglass()
    headers = {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "199"}
    with answering(Recorded(document={"results": []}, headers=headers)) as server:
        connection = a_connection(server.url, time=time)
        list_contacts(connection)
        with pytest.raises(RetryableError, match=r"199 of the account's 1,000.*20%"):
            list_contacts(connection)
        connection.read(connection.api.contacts.get_page, urgent=True)
        time.sleep(90)
        list_contacts(connection)
    assert len(server.heard) == 3, "after a while one request asks again: a new day may have come"


def test_a_token_that_hubspot_does_not_know_is_named_and_not_repeated() -> None:
    refused = Recorded(
        status=401,
        document={"status": "error", "category": "INVALID_AUTHENTICATION", "message": TOKEN, "correlationId": "c"},
    )
    with answering(refused) as server, pytest.raises(TokenRefused, match="HUBSPOT_ACCESS_TOKEN") as raised:
        list_contacts(a_connection(server.url))
    assert TOKEN not in str(raised.value)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}},
        {"errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]},
    ],
)
def test_a_missing_scope_is_named_in_whichever_place_hubspot_puts_it(more: dict[str, object]) -> None:
    with (
        answering(Recorded(status=403, document=MISSING_SCOPES | more)) as server,
        pytest.raises(TokenRefused, match=r"crm\.objects\.contacts\.read"),
    ):
        list_contacts(a_connection(server.url))


def test_a_request_that_cannot_be_right_is_for_a_person() -> None:
    with (
        answering(Recorded(status=414, text="<html>URI Too Long</html>")) as server,
        pytest.raises(FatalError, match="414"),
    ):
        list_contacts(a_connection(server.url))


def test_an_unreachable_host_is_named_with_the_setting_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RetryableError, match=rf"127\.0\.0\.1:{port} in 2 attempts.*HUBSPOT_BASE_URL"):
        list_contacts(a_connection(f"http://127.0.0.1:{port}", attempts=2))


@pytest.mark.parametrize(
    "lost",
    [
        Recorded(dropped=True),
        Recorded(status=500, document={}),
        *(Recorded(status=status, text="<html>") for status in (*GATEWAYS, 530)),
        Recorded(status=201, document={"results": []}),
        Recorded(status=204),
        Recorded(status=302, headers={"Location": "/elsewhere"}),
        Recorded(status=200, text="<html>"),
        Recorded(status=200, document={"results": []}, cut=True),
    ],
)
def test_a_write_whose_outcome_is_unknown_is_never_sent_again(lost: Recorded) -> None:
    with answering(lost, CONTACTS) as server, pytest.raises(AnswerLost):
        send_batch(a_connection(server.url))
    assert len(server.heard) == 1


@pytest.mark.parametrize("refused", [BURST, Recorded(status=423, document={}), SEARCH_LIMIT])
def test_a_write_that_hubspot_did_not_begin_is_sent_again(refused: Recorded) -> None:
    with answering(refused, CONTACTS) as server:
        connection = a_connection(server.url)
        assert send_batch(connection) == 200
    assert (connection.requests.write, connection.requests.retried, connection.requests.read) == (2, 1, 0)


def test_a_write_that_was_never_sent_is_retryable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RetryableError, match="nothing more was sent"):
        send_batch(a_connection(f"http://127.0.0.1:{port}", attempts=2))


def test_the_limits_are_taken_from_the_headers() -> None:
    headers = {
        "X-HubSpot-RateLimit-Daily": "625000",
        "X-HubSpot-RateLimit-Daily-Remaining": "624999",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Max": "190",
        "X-HubSpot-RateLimit-Remaining": "189",
    }
    with answering(Recorded(document={"results": []}, headers=headers)) as server:
        connection = a_connection(server.url)
        list_contacts(connection)
    assert (connection.budget.daily_limit, connection.budget.daily_remaining) == (625_000, 624_999)
    assert (connection.budget.burst_limit, connection.budget.burst_window_s) == (190, 10.0)


def test_every_api_object_shares_one_connection_to_hubspot() -> None:
    with answering(Recorded(document={"results": [], "portalId": 1})) as server:
        connection = a_connection(server.url)
        for _ in range(3):
            list_contacts(connection)
            connection.read(connection.api.owners.get_page)
            connection.read(connection.api.get, "/account-info/v3/details", holds="portalId")
    assert connection.requests.read == len(server.heard) == 9


@pytest.mark.parametrize("token", ["", "  ", "pat na1", "pat-na1\nX: y", "pät"])
def test_a_token_that_cannot_be_one_is_refused_without_a_word_of_it(token: str) -> None:
    with pytest.raises(TokenRefused, match="HUBSPOT_ACCESS_TOKEN") as raised:
        connect(token=token)
    assert not token.strip() or token not in str(raised.value)


@pytest.mark.parametrize("base_url", ["", "api.hubapi.com", "ftp://api.hubapi.com", "https://"])
def test_an_address_that_cannot_be_one_is_refused_by_the_name_of_its_setting(base_url: str) -> None:
    with pytest.raises(FatalError, match="HUBSPOT_BASE_URL"):
        connect(token=TOKEN, base_url=base_url)


def test_the_token_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(CONTACTS) as server:
        connection = connect(token=TOKEN, base_url=server.url)
        list_contacts(connection)
    assert TOKEN not in caplog.text + repr(connection) + repr(connection.api) + repr(vars(connection))


def test_a_day_that_is_used_up_holds_nobody_up_however_long_it_asks_for() -> None:
    time = Hourglass()
    with answering(Recorded(status=429, document=DAY, headers={"Retry-After": "3600"}), CONTACTS) as server:
        connection = a_connection(server.url, time=time)
        with pytest.raises(RetryableError, match="midnight"):
            list_contacts(connection)
        list_contacts(connection)
    assert time.run < 1
