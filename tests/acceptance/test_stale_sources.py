"""What told runs something and does not answer any more is said wherever somebody looks, with what stays."""

from pathlib import Path

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import a_contact, a_rulebook, score
from tests.acceptance.test_feeding_the_rules import feeds, rules
from tests.acceptance.test_fitting_a_portal import checks
from tests.acceptance.test_last_told import points_for

pytestmark = pytest.mark.usefixtures("provisioned")

FIT = 3
"""What a company mailbox is worth."""
REFUSED = Fault(path="/email/public/", status=403, times=None)
AWAY = Fault(path="/email/public/", status=503, times=None)


def doctor(scoreline: Scoreline, **env: str) -> Ended:
    return scoreline("doctor", "--json", SCORELINE_TRIES="1", **env)


class TestDoctor:
    @pytest.mark.parametrize("fault", [REFUSED, AWAY])
    def test_a_feed_that_told_before_and_does_not_now_is_to_be_mended(
        self, portal: Portal, scoreline: Scoreline, fault: Fault
    ) -> None:
        scoreline("resync", "--full")
        portal.faults.add(fault)

        ended = doctor(scoreline)

        assert (ended.status, ended.document["ok"], feeds(ended)["mail"]["stale"]) == (1, False, True)
        told = checks(ended)["feed mail"]
        assert told["ok"] is False
        assert "what it told before still counts" in str(told["detail"])
        assert str(fault.status) in str(told["detail"])
        assert told["advice"]
        assert rules(ended)["E03"]["fed_by"] == "mail"
        shown = scoreline("doctor", SCORELINE_TRIES="1").out
        assert "!!  feed mail" in shown
        assert "!!  mail" in shown

    def test_it_is_well_again_once_the_feed_answers(self, portal: Portal, scoreline: Scoreline) -> None:
        scoreline("resync", "--full")
        portal.faults.add(REFUSED)
        assert scoreline("resync").status == 1
        portal.faults.clear()
        ended = doctor(scoreline)
        assert (ended.status, feeds(ended)["mail"]["stale"]) == (0, False)

    def test_a_feed_that_no_run_ever_read_is_no_trouble(self, portal: Portal, scoreline: Scoreline) -> None:
        portal.faults.add(REFUSED)
        assert doctor(scoreline).status == 0
        scoreline("resync", "--full")
        ended = doctor(scoreline)
        assert (ended.status, feeds(ended)["mail"]["stale"]) == (0, False)
        assert rules(ended)["E03"]["fed_by"] == "roll-ups"

    def test_a_list_that_told_before_and_cannot_be_read_now_is_to_be_mended(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        fan = a_contact(portal)
        fans = portal.add_list("Fans", [fan])
        rulebook = a_rulebook(tmp_path / "lists.yaml", points_for(fans))
        scoreline("resync", "--full", SCORELINE_RULEBOOK=rulebook)
        portal.scopes.discard("crm.lists.read")

        ended = doctor(scoreline, SCORELINE_RULEBOOK=rulebook)

        assert (ended.status, score(portal, fan)) == (1, FIT + 20)
        assert "crm.lists.read" in str(checks(ended)[f"list {fans}"]["detail"])
        assert rules(ended)["A07"]["fed_by"] == f"list {fans}"

    def test_doctor_makes_no_database_and_looks_at_hubspot_where_there_is_none(
        self, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        assert doctor(scoreline).status == 0
        assert not list(tmp_path.glob("*.db*"))
        ended = doctor(scoreline, DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/scoreline.db")
        assert (ended.status, checks(ended)["database"]["ok"]) == (1, False)
        assert checks(ended)["our properties"]["ok"] is True
