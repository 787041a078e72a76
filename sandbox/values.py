"""What a property accepts, and how it stores it."""

import re
from datetime import datetime
from typing import Any

from sandbox.definitions import Definition
from sandbox.errors import BadValue
from sandbox.times import read_date, read_ms, to_iso, to_ms

TEXT_MAX = 65_536
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")

Value = str | int | float | bool | datetime | None


def text_of(value: Value) -> str:
    """A Python value as the text that HubSpot keeps."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return to_iso(to_ms(value))
    return str(value)


def accept(definition: Definition, value: Any, old: str) -> str | BadValue:
    """The text to store for a written value, or why it is refused; `""` clears and is always accepted.

    `old` is what the property holds now: a leading `;` on a multi-select adds to it.
    """
    text = text_of(value)
    if text == "":
        return text
    match definition.type:
        case "number":
            return (
                text if _NUMBER.fullmatch(text) else _bad(definition, "INVALID_LONG", f"{text} was not a valid number.")
            )
        case "bool":
            return text.lower() if text.lower() in {"true", "false"} else _not_an_option(definition, text)
        case "date":
            day = read_date(text)
            return day if day is not None else _bad(definition, "INVALID_DATE", f"{text} was not a valid date.")
        case "datetime":
            ms = read_ms(text)
            return to_iso(ms) if ms is not None else _bad(definition, "INVALID_LONG", f"{text} was not a valid long.")
        case "enumeration":
            return _accept_option(definition, text, old)
    return _accept_text(definition, text)


def _accept_option(definition: Definition, text: str, old: str) -> str | BadValue:
    if definition.field_type != "checkbox":
        return text if _is_allowed(definition, text) else _not_an_option(definition, text)
    chosen = [*old.split(";"), *text.split(";")] if text.startswith(";") else text.split(";")
    options = list(dict.fromkeys(filter(None, chosen)))
    for option in options:
        if not _is_allowed(definition, option):
            return _not_an_option(definition, option)
    return ";".join(options)


def _is_allowed(definition: Definition, option: str) -> bool:
    # HubSpot's longest lists (time zones, languages) are not modelled: such a property takes anything.
    return not definition.options or option in definition.allowed


def _accept_text(definition: Definition, text: str) -> str | BadValue:
    if len(text) > TEXT_MAX:
        return _bad(definition, "PROPERTY_VALUE_TOO_LONG", f"{len(text)} characters are more than {TEXT_MAX}.")
    if definition.name == "email":
        text = text.lower()
        if not _EMAIL.fullmatch(text):
            return _bad(definition, "INVALID_EMAIL", f"Email address {text} is invalid")
    return text


def _not_an_option(definition: Definition, text: str) -> BadValue:
    allowed = ", ".join(option.value for option in definition.options)
    return _bad(definition, "INVALID_OPTION", f"{text} was not one of the allowed options: [{allowed}]")


def _bad(definition: Definition, code: str, message: str) -> BadValue:
    return BadValue(name=definition.name, code=code, message=message)
