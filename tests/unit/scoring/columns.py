"""Leads as columns, in the plainest way: every value is one of its own."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from scoring import Contact, Engagement, together


def columns_of(contacts: Sequence[Contact]) -> together.Leads:
    """The same leads, for all to be scored together."""
    each = np.arange(len(contacts))
    names = sorted({name for contact in contacts for name in contact.facts})
    return together.Leads(
        count=len(contacts),
        facts={n: together.Column(codes=each, values=[c.facts.get(n) for c in contacts]) for n in names},
        seen_kinds=together.Column(codes=each, values=[contact.seen_kinds for contact in contacts]),
        ignored=together.Column(codes=each, values=[contact.ignored for contact in contacts]),
        acts=_acts([(lead, act) for lead, contact in enumerate(contacts) for act in contact.engagements]),
    )


def _acts(told: Sequence[tuple[int, Engagement]]) -> together.Acts:
    kinds = sorted({act.kind for _, act in told})
    which = sorted({act.ref or act.name for _, act in told})
    return together.Acts(
        lead=np.array([lead for lead, _ in told], dtype=np.int64),
        kind=np.array([kinds.index(act.kind) for _, act in told], dtype=np.int64),
        kinds=kinds,
        at=np.array([_seconds(act.at) for _, act in told], dtype=np.int64),
        until=np.array([_seconds(act.lasts_until) for _, act in told], dtype=np.int64),
        count=np.array([act.count for _, act in told], dtype=np.int64),
        name=np.arange(len(told)),
        names=[(act.name, act.ref) for _, act in told],
        same=np.array([which.index(act.ref or act.name) for _, act in told], dtype=np.int64),
    )


def _seconds(at: datetime | None) -> int:
    return together.NO_TIME if at is None else int(at.timestamp() // 1)
