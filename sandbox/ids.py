"""Ids, places and sizes as they are written in requests."""

_DIGITS_MAX = 18


def read_whole(text: str) -> int | None:
    """The number that digits spell; None for anything else, and for more digits than HubSpot's numbers have."""
    return int(text) if len(text) <= _DIGITS_MAX and text.isascii() and text.isdecimal() else None
