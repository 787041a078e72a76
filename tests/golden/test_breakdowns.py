"""The breakdowns in this folder are those that the packaged rulebooks give."""

import pytest

from tests.golden.breakdowns import FOLDER, breakdown, file_of
from tests.golden.leads import LEADS


@pytest.mark.parametrize("lead", LEADS)
def test_a_typical_lead_has_the_breakdown_that_was_reviewed(lead: str) -> None:
    assert breakdown(lead) == file_of(lead).read_text(encoding="utf-8")


def test_every_breakdown_belongs_to_a_lead() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == set(LEADS)
