"""Faults as somebody writes them down: in a YAML file, or for the control endpoint.

Each is a mapping. `fault` names one of the known faults (`burst_limit`, `gateway_page` …) and may be followed by what
that one can be told (`status`, `applied` …); without it the fields of `Fault` say what goes wrong. `method`, `path`,
`times` and `skip` say which requests are hit. What would do nothing, or meet no request, is a mistake.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import orjson
import yaml

from sandbox.faults import PRESETS, Fault, Spoil
from sandbox.scopes import ALL_SCOPES

Check = tuple[Callable[[Any], bool], str]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WITHOUT_BODY = (204, 304)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"([!-~\x80-\xff]([ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?")  # what h11 can send
_FRAMING = {"content-length", "transfer-encoding", "connection"}


def _whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _status(least: int, most: int) -> Check:
    return lambda value: _whole(value, least) and value <= most, f"a status from {least} to {most}"


def _pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (TypeError, re.error):
        return False
    return isinstance(value, str)


def _method(value: Any) -> bool:
    return _pattern(value) and any(re.search(value, method) for method in METHODS)


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _headers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str)
        and isinstance(text, str)
        and _HEADER_NAME.fullmatch(name)
        and name.lower() not in _FRAMING
        and _HEADER_VALUE.fullmatch(text)
        for name, text in value.items()
    )


def _body(value: Any) -> bool:
    try:
        orjson.dumps(value)  # what answers are written with
    except TypeError:
        return False
    return isinstance(value, str | dict)


_SECONDS: Check = (_seconds, "a number of seconds above 0")
_FLAG: Check = (lambda value: isinstance(value, bool), "true or false")

REQUEST_FIELDS: Mapping[str, Check] = {
    "method": (_method, f"a regular expression that finds one of {', '.join(METHODS)}"),
    "path": (_pattern, "a regular expression"),
    "times": (lambda value: value is None or _whole(value, 1), "a whole number, 1 or more, or null for always"),
    "skip": (_whole, "a whole number, 0 or more"),
}
"""What says which requests a fault hits, and what each may be."""

OWN_FIELDS: Mapping[str, Check] = {
    "status": _status(200, 599),
    "body": (_body, "text, or a mapping that can be sent as JSON"),
    "headers": (_headers, "a mapping of names to printable text, without those that say where an answer ends"),
    "applied": _FLAG,
    "drop": (lambda value: value in ("before", "after"), "before or after"),
    "delay_s": _SECONDS,
    "spoil": (lambda value: value in get_args(Spoil), " or ".join(get_args(Spoil))),
    "rows": (lambda value: _whole(value, 1), "a whole number, 1 or more"),
}
"""What says what goes wrong, of a fault without a name, and what each may be."""

_DOES_SOMETHING = ("status", "drop", "delay_s", "spoil", "rows")
_NEEDS_STATUS = ("body", "headers", "applied")

_TOLD: Mapping[str, Check] = {
    "applied": _FLAG,
    "retry_after_s": (_whole, "a whole number of seconds, 0 or more"),
    "seconds": _SECONDS,
    "rows": OWN_FIELDS["rows"],
    "scope": (
        lambda value: isinstance(value, str) and value in ALL_SCOPES,
        f"one of the token's scopes: {', '.join(sorted(ALL_SCOPES))}",
    ),
}
_STATUS_OF: Mapping[str, Check] = {
    "server_error": _status(500, 599),
    "gateway_page": _status(500, 599),
    "unexpected_success": _status(200, 299),
}


class FaultMistakesError(ValueError):
    """Everything that is wrong with faults as they were written, each mistake with its path."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


def read_faults(file: Path) -> list[Fault]:
    """The faults of a YAML file, which holds them in a list under `faults`. FaultMistakesError where it does not."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise FaultMistakesError([f"it is no text in UTF-8: byte {error.start:,} is part of no letter"]) from error
    except yaml.MarkedYAMLError as error:
        raise FaultMistakesError([f"{_place(error)}: it is no YAML: {error.problem or error.context}"]) from error
    except yaml.YAMLError as error:
        raise FaultMistakesError(["it is no YAML: it holds characters that YAML does not allow"]) from error
    said = document.get("faults") if isinstance(document, dict) else None
    if not isinstance(said, list) or not said:
        raise FaultMistakesError(["it holds no list of faults under `faults`"])
    mistakes = [f"{name}: there is no such key" for name in document if name != "faults"]
    mistakes += [mistake for place, each in enumerate(said) for mistake in _mistakes(each, f"faults[{place}]")]
    if mistakes:
        raise FaultMistakesError(mistakes)
    return [_built(each) for each in said]


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"


def fault_from(said: object) -> Fault:
    """One fault. FaultMistakesError for what is none."""
    if mistakes := list(_mistakes(said, "")):
        raise FaultMistakesError(mistakes)
    assert isinstance(said, dict)
    return _built(said)


def _mistakes(said: object, where: str) -> Iterator[str]:
    if not isinstance(said, dict):
        yield f"{where or 'the fault'}: it must be a mapping"
        return
    dotted = f"{where}." if where else ""
    name = said.get("fault")
    if "fault" in said and (not isinstance(name, str) or name not in PRESETS):
        yield f"{dotted}fault: {name!r} is none of {', '.join(PRESETS)}"
        return
    checks = _checks_for(name)
    for key, value in said.items():
        if key == "fault":
            continue
        if key not in checks:
            yield f"{dotted}{key}: {f'{name} has' if name else 'a fault has'} no such field; it may have " + ", ".join(
                sorted(checks)
            )
        elif not checks[key][0](value):
            yield f"{dotted}{key}: {value!r} is not {checks[key][1]}"
    if name is None:
        yield from (f"{where or 'the fault'}: {mistake}" for mistake in _emptiness(said))


def _emptiness(said: Mapping[Any, Any]) -> Iterator[str]:
    """What of a fault without a name would do nothing."""
    if not any(key in said for key in _DOES_SOMETHING):
        yield f"it does nothing; give it a `fault`, or one of {', '.join(_DOES_SOMETHING)}"
    elif "status" not in said and (idle := [key for key in _NEEDS_STATUS if key in said]):
        yield f"{', '.join(idle)} does nothing without a status"
    if "status" in said and "drop" in said:
        yield "an answer on a connection that is cut arrives nowhere; give it a status, or drop it"
    if said.get("status") in _WITHOUT_BODY and "body" in said:
        yield f"an answer with status {said['status']} has no body"


def _checks_for(name: str | None) -> Mapping[str, Check]:
    if name is None:
        return {**REQUEST_FIELDS, **OWN_FIELDS}
    told = inspect.signature(PRESETS[name]).parameters
    return {**REQUEST_FIELDS, **{each: _STATUS_OF[name] if each == "status" else _TOLD[each] for each in told}}


def _built(said: Mapping[str, Any]) -> Fault:
    requests = {name: said[name] for name in REQUEST_FIELDS if name in said}
    told = {name: value for name, value in said.items() if name not in REQUEST_FIELDS and name != "fault"}
    return PRESETS[said["fault"]](**told).on(**requests) if "fault" in said else Fault(**told).on(**requests)
