"""Phrases in names of forms, pages and jobs."""

import pytest

from scoring import Phrases
from scoring.phrases import path_of


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("demo", "Request a DEMO: Landing page"),
        ("demo", "demo_request"),
        ("pricing", "pricing-sheet"),
        ("webinar", "Webinars: Webinar registration"),
        ("price", "Prices 2026"),
        ("coach", "Coaches"),
        ("white paper", "White-Paper download"),
        ("e-book", "Free e book"),
        ("case stud*", "Case_studies"),
        ("pricing*", "/pricing2"),
        ("größe", "GRÖßE"),
    ],
)
def test_a_phrase_stands_as_whole_words_in_any_case(phrase: str, text: str) -> None:
    assert Phrases((phrase,)).stand_in(text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("roi", "Android app"),
        ("intern", "International sales"),
        ("trial", "Industrial guide"),
        ("price", "Enterprise"),
        ("price", "pricing"),
        ("ebook", "e-book"),
        ("white paper", "whitepaper"),
        ("case stud*", "a stud case"),
        ("demo", ""),
    ],
)
def test_a_phrase_inside_a_longer_word_is_none(phrase: str, text: str) -> None:
    assert not Phrases((phrase,)).stand_in(text)


def test_no_phrases_stand_nowhere() -> None:
    assert not Phrases(()).stand_in("anything")
    assert not Phrases(())


def test_a_phrase_without_a_letter_or_digit_is_refused() -> None:
    with pytest.raises(ValueError, match="no letter or digit"):
        Phrases(("*",))


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://www.a.example/pricing?ref=demo#contact", "/pricing"),
        ("//pricing.example/about", "/about"),
        ("pricing.example/about", "/about"),
        ("/case-studies/one", "/case-studies/one"),
        ("https://demo.example", ""),
        ("https://a.example/request%20a%20demo", "/request a demo"),
        ("", ""),
    ],
)
def test_of_an_address_only_the_path_is_looked_at(address: str, path: str) -> None:
    assert path_of(address) == path
