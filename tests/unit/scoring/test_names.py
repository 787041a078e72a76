"""What makes a form one of a class: its id, its name, or a phrase in its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Engagement, Names, Phrases, score_contact
from scoring import rubric as rubric_module
from scoring.names import class_of
from tests.unit.scoring.builders import NOW, a_form_rule, a_lead, a_rubric, days_ago, line_of

CLASSES = {
    "demo": Names(phrases=Phrases(("demo",))),
    "trial": Names(whole=frozenset({"demo of the trial"})),
    "price": Names(ids=frozenset({"4f2c-aa"}), whole=frozenset({"contact us (de)"})),
}


@pytest.mark.parametrize(
    ("name", "ref", "expected"),
    [
        ("Ask for a demo", "", "demo"),
        ("Demo of the trial", "", "trial"),
        (" DEMO of the Trial ", "", "trial"),
        ("Landing page: Demo of the trial", "", "trial"),
        ("Demo of the trial, again", "", "demo"),
        ("Not a demo of the trial", "", "demo"),
        ("Demo of the trial", "4F2C-AA", "price"),
        ("", "4f2c-aa", "price"),
        ("Demo", "another", "demo"),
        ("Contact us (DE)", "", "price"),
        ("Contact us", "", None),
        ("", "", None),
    ],
)
def test_an_id_beats_a_whole_name_and_that_a_phrase(name: str, ref: str, expected: str | None) -> None:
    assert class_of(CLASSES, name, ref) == expected


def test_of_two_classes_whose_phrases_stand_in_a_name_the_first_wins() -> None:
    classes = {"b": Names(phrases=Phrases(("guide",))), "a": Names(phrases=Phrases(("video",)))}
    assert class_of(classes, "Video guide") == "b"


def test_a_class_is_empty_only_without_ids_names_and_phrases() -> None:
    assert not Names()
    assert all((Names(ids=frozenset("1")), Names(whole=frozenset("a")), Names(phrases=Phrases(("a",)))))


@given(
    st.permutations(sorted(CLASSES)), st.sampled_from(["Demo of the trial", "Demo"]), st.sampled_from(["4f2c-aa", ""])
)
def test_the_order_of_classes_never_puts_a_phrase_before_a_name_or_a_name_before_an_id(
    order: list[str], name: str, ref: str
) -> None:
    assert class_of({key: CLASSES[key] for key in order}, name, ref) == class_of(CLASSES, name, ref)


def a_submission(name: str, ref: str, age: int = 0) -> Engagement:
    return Engagement(kind="form", at=days_ago(age), name=name, ref=ref)


def test_a_form_that_is_named_by_its_id_earns_the_points_of_its_class_whatever_it_is_called() -> None:
    rubric = a_rubric(a_form_rule("G05", "hand_raise", 70), names={"hand_raise": Names(ids=frozenset({"f1"}))})
    assert score_contact(a_lead(a_submission("Formular 7", "f1")), rubric, NOW).total == 70
    assert score_contact(a_lead(a_submission("Formular 7", "f2")), rubric, NOW).total == 0


def test_two_forms_of_one_name_count_each_and_one_form_under_two_names_once() -> None:
    rubric = a_rubric(a_form_rule("G03", "webinar", 20), forms={"webinar": ["webinar"]})
    two = a_lead(a_submission("Webinar", "f1"), a_submission("Webinar", "f2"))
    one = a_lead(a_submission("Webinar", "f1", age=9), a_submission("Webinar of May", "f1", age=3))
    assert score_contact(two, rubric, NOW).total == 40
    score = score_contact(one, rubric, NOW)
    assert (score.total, line_of(score, "G03").at) == (20, days_ago(3))


def test_a_page_is_of_a_class_by_its_path() -> None:
    rubric = a_rubric(pages={"pricing": ["pricing*"]})
    assert rubric.class_of("page", "https://a.example/pricing?from=mail") == "pricing"
    assert rubric.class_of("page", "https://pricing.example/") is None


def test_what_has_no_classes_is_of_none() -> None:
    assert a_rubric(forms={"demo": ["demo"]}).class_of("chat", "demo") is None


def test_a_rubric_that_has_met_more_names_than_it_remembers_still_tells_their_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rubric_module, "CLASSES_KEPT", 2)
    rubric = a_rubric(forms={"demo": ["demo"]})
    names = ["Book a demo", "Newsletter", "Demo", "Webinar", "Price sheet"]
    for _ in range(2):
        assert [rubric.class_of("form", name) for name in names] == ["demo", None, "demo", None, None]
