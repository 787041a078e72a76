"""How requests travel: urllib3, and an answer that must be whole within its time."""

import gzip
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import urllib3
from urllib3.exceptions import DecodeError, TimeoutError

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Pool:
    """urllib3's pool, but for the time that a whole answer may take.

    urllib3's own read timeout begins anew with every byte that arrives, so that a server which sends one now and then
    holds a request for ever. `answer_s` is both: the longest silence, and the longest that an answer's body may
    take counted from the sending of the request. `kept`: how many connections stay open for the next request.
    """

    def __init__(
        self, *, connect_s: float, answer_s: float, kept: int = 1, steady: Callable[[], float] = time.monotonic
    ) -> None:
        timeout = urllib3.Timeout(connect=connect_s, read=answer_s)
        self._pool = urllib3.PoolManager(maxsize=kept, timeout=timeout, retries=False)
        self._answer_s = answer_s
        self._steady = steady

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, body: str | None, redirect: bool
    ) -> Reply:
        """Send and wait for the whole answer; urllib3's HTTPError where there is none in time."""
        until = self._steady() + self._answer_s
        response = self._pool.request(
            method, url, headers=headers, body=body, redirect=redirect, preload_content=False, decode_content=False
        )
        try:
            data = self._whole(response, until)
        except BaseException:
            response.close()  # what is still to come must not be taken for the next answer
            raise
        response.release_conn()
        return Reply(response.status, response.headers, _decoded(data, response.headers.get("Content-Encoding", "")))

    def _whole(self, response: urllib3.BaseHTTPResponse, until: float) -> bytes:
        pieces = []
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            if self._steady() > until:
                raise TimeoutError(f"the answer was not whole within {self._answer_s:g} seconds")
        return b"".join(pieces)


def _decoded(data: bytes, encoding: str) -> bytes:
    # Decoded when it is whole: piece by piece, urllib3 would read on, past any deadline, until a piece yields text.
    if encoding.strip().lower() not in ("gzip", "x-gzip") or not data:
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as failure:
        raise DecodeError("the answer says that it is gzip, and is not") from failure
