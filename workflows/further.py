"""Who has which further score. The lifecycle leaves customers alone; a score that is made for them does not."""

from collections.abc import Mapping

from scoring import Further, Of, Score
from workflows.exclusions import Exclusion
from workflows.standing import Standing

_CUSTOMERS = (Exclusion.CUSTOMER, Exclusion.EVANGELIST)


def further_for(score: Score, standing: Standing, exclusion: Exclusion | None) -> Mapping[str, Further | None]:
    """Every further score by key; None: this contact has none, and what it once had goes.

    Who opted out, works here, or is a partner, has none, customer or not.
    """
    suits = _of(standing, exclusion)
    return {key: further if further.of in suits else None for key, further in score.further.items()}


def _of(standing: Standing, exclusion: Exclusion | None) -> tuple[Of, ...]:
    if standing.opted_out or standing.employee or standing.partner:
        return ()
    if exclusion is None:
        return ("leads", "everybody")
    return ("customers", "everybody") if exclusion in _CUSTOMERS else ("everybody",)
