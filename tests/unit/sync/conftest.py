"""What tests share that play the same day over and over again."""

from datetime import datetime

import pytest

from scoring import Contact, Rubric, Score, score_contact


@pytest.fixture
def scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact that is the same, at the same moment, is scored once: to score is pure, and most of what a run does."""
    known: dict[tuple[str, datetime], list[tuple[Contact, Rubric, Score]]] = {}

    def once(contact: Contact, rubric: Rubric, at: datetime) -> Score:
        scores = known.setdefault((contact.id, at), [])
        for same, by, score in scores:
            if same == contact and by is rubric:
                return score
        scores.append((contact, rubric, score_contact(contact, rubric, at)))
        return scores[-1][-1]

    monkeypatch.setattr("sync.evaluation.score_contact", once)
