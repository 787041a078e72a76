"""Faults as somebody writes them down: in a YAML file, or for the control endpoint.

Each is a mapping. `fault` names one of the known faults (`burst_limit`, `gateway_page` …) and may be followed by what
that one can be told (`status`, `applied` …); without it the fields of `Fault` say what goes wrong. `method`, `path`,
`times` and `skip` say which requests are hit.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml

from sandbox.faults import PRESETS, Fault, Spoil

Check = tuple[Callable[[Any], bool], str]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (TypeError, re.error):
        return False
    return isinstance(value, str)


_WHOLE: Check = (_whole, "a whole number, 0 or more")
_PATTERN: Check = (_pattern, "a regular expression")
_FLAG: Check = (lambda value: isinstance(value, bool), "true or false")
_TEXT: Check = (lambda value: isinstance(value, str), "text")
_SECONDS: Check = (lambda value: _whole(value) or (isinstance(value, float) and value >= 0), "seconds, 0 or more")

_REQUESTS: Mapping[str, Check] = {
    "method": _PATTERN,
    "path": _PATTERN,
    "times": (lambda value: value is None or _whole(value), "a whole number, 0 or more, or null for always"),
    "skip": _WHOLE,
}
_TOLD: Mapping[str, Check] = {
    "status": (lambda value: _whole(value) and 200 <= value <= 599, "a status from 200 to 599"),
    "applied": _FLAG,
    "retry_after_s": _WHOLE,
    "seconds": _SECONDS,
    "rows": _WHOLE,
    "scope": _TEXT,
}
_OWN: Mapping[str, Check] = {
    **{name: _TOLD[name] for name in ("status", "applied", "rows")},
    "body": (lambda value: value is None or isinstance(value, str | dict), "text, or a mapping sent as JSON"),
    "headers": (
        lambda value: isinstance(value, dict) and all(isinstance(each, str) for pair in value.items() for each in pair),
        "a mapping of text to text",
    ),
    "drop": (lambda value: value in (None, "before", "after"), "before or after"),
    "delay_s": _SECONDS,
    "spoil": (lambda value: value is None or value in get_args(Spoil), " or ".join(get_args(Spoil))),
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
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultMistakesError([f"it is no YAML in UTF-8 ({error})"]) from error
    said = document.get("faults") if isinstance(document, dict) else None
    if not isinstance(said, list):
        raise FaultMistakesError(["it holds no list under `faults`"])
    mistakes = [f"{name}: there is no such key" for name in document if name != "faults"]
    mistakes += [mistake for place, each in enumerate(said) for mistake in _mistakes(each, f"faults[{place}]")]
    if mistakes:
        raise FaultMistakesError(mistakes)
    return [_built(each) for each in said]


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
    if name is not None and (not isinstance(name, str) or name not in PRESETS):
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


def _checks_for(name: str | None) -> Mapping[str, Check]:
    if name is None:
        return {**_REQUESTS, **_OWN}
    return {**_REQUESTS, **{each: _TOLD[each] for each in inspect.signature(PRESETS[name]).parameters}}


def _built(said: Mapping[str, Any]) -> Fault:
    requests = {name: said[name] for name in _REQUESTS if name in said}
    told = {name: value for name, value in said.items() if name not in _REQUESTS and name != "fault"}
    return PRESETS[said["fault"]](**told).on(**requests) if "fault" in said else Fault(**told).on(**requests)
