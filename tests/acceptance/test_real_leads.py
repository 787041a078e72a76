"""The main job on real leads, where the file is at hand."""

import os
from pathlib import Path

import pytest

from tests.real_leads import run

FILE = os.environ.get("REAL_LEADS_CSV", "")
NO_LEADS = "the real leads are not part of the project; REAL_LEADS_CSV names them"


@pytest.mark.skipif(not Path(FILE).is_file(), reason=NO_LEADS)
def test_9240_real_leads_are_scored_and_a_second_resync_writes_nothing() -> None:
    real = run(Path(FILE))
    first, second = real.first.tally, real.second
    assert dict(first.excluded) == {"customer": 465, "opted_out": 680}
    assert (first.read, first.scored, first.changed, first.failed) == (9_240, 8_095, 8_095, [])
    assert first.moved == sum(first.stage_changes.values()) > 0
    assert (second.requests.write, second.tally.changed, second.tally.failed) == (0, 0, [])
    for record in real.portal.contacts.live.values():
        left_alone = (
            record.properties.get("lifecyclestage") == "customer" or record.properties.get("hs_email_optout") == "true"
        )
        assert ("lead_score" in record.properties) != left_alone
        assert record.properties["lifecyclestage"]
        if record.properties["lifecyclestage"] != "lead" and not left_alone:
            written = [v.value for v in record.versions("lifecyclestage") if v.source.type == "INTEGRATION"]
            assert written[-1] == "", "cleared first, then set"
