"""What told runs something and does not answer any more is said wherever somebody looks, with what stays."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from config import load_settings
from sandbox import Fault, Portal
from sync.bootstrap import knobs_of, opened_world
from sync.worker import one_pass
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import a_contact, a_rulebook, score
from tests.acceptance.test_engagement import source
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
        assert "lists what is needed" not in shown, "whoever reads this has asked doctor"
        assert "Nothing of it was done" not in shown, "it was to read"
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


NO_MAIL = (
    "sources: {engagements: {email_open: [{count: hs_email_open, tier: free}], "
    "email_click: [{count: hs_email_click, tier: free}], email_delivered: [{count: hs_email_delivered, tier: free}]}}"
)


class TestARulebookThatDoesWithoutIt:
    def test_a_feed_that_is_not_read_any_more_troubles_nobody_before_and_after_the_next_pass(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        lead = a_contact(portal)
        scoreline("resync", "--full")
        portal.faults.add(REFUSED)
        assert scoreline("resync", "--full").status == 1
        without = {"SCORELINE_RULEBOOK": a_rulebook(tmp_path / "without.yaml", NO_MAIL)}

        for _ in ("before", "after"):
            for command in (["status"], ["explain", lead]):
                told = scoreline(*command, "--json", **without).document["sources"]
                assert told
                assert "mail" not in [each["feed"] for each in told]
            assert doctor(scoreline, **without).status == 0
            assert scoreline("resync", **without).status == 0
        assert source(scoreline("plan", "--full", "--json"), "mail")["state"] == "absent", "it begins anew"


class TestStatus:
    def test_a_stale_feed_is_named_and_passes_that_end_in_time_are_what_counts(
        self, portal: Portal, scoreline: Scoreline
    ) -> None:
        scoreline("resync", "--full")
        portal.faults.add(REFUSED)
        assert scoreline("resync", "--full").status == 1
        told = scoreline("status")
        assert (told.status, "stale: mail since" in told.out) == (0, True)

    def test_a_command_says_it_once_and_the_worker_in_its_log(
        self, portal: Portal, scoreline: Scoreline, environment: Mapping[str, str]
    ) -> None:
        scoreline("resync", "--full")
        portal.faults.add(REFUSED)
        ended = scoreline("resync")
        assert (ended.out + ended.err).count("403") == 1
        settings = load_settings()
        with capture_logs() as logs:
            one_pass("incremental", knobs_of(settings), lambda: opened_world(settings, writes=True))
        assert [line["feed"] for line in logs if line["action"] == "feed.failed"] == ["mail"]

    def test_what_the_database_knows_is_shown_where_hubspot_refuses_the_token(
        self, portal: Portal, scoreline: Scoreline
    ) -> None:
        a_contact(portal)
        scoreline("resync", "--full")
        portal.faults.add(REFUSED)
        scoreline("resync", "--full")
        portal.token = "pat-other"

        told = scoreline("status")
        document = scoreline("status", "--json")

        assert (told.status, document.status) == (3, 3)
        assert f"Portal {portal.portal_id}: no pass is late" in told.out
        assert "stale: mail since" in told.out
        assert "open intents  0" in told.out
        assert "does not know this token" in told.err
        assert "does not know this token" in document.document["hubspot_problem"]
        assert document.document["watermark"]

    @pytest.mark.parametrize("names_one", [False, True])
    def test_of_many_portals_in_a_database_the_one_that_is_meant_must_be_named(
        self, portal: Portal, scoreline: Scoreline, names_one: bool
    ) -> None:
        for portal_id in (51, 52):
            portal.portal_id = portal_id
            scoreline("resync", "--full")
        portal.token = "pat-other"
        told = scoreline("status", **({"SCORELINE_PORTAL_ID": "51"} if names_one else {}))
        assert told.status == 3
        assert ("Portal 51" in told.out) is names_one
        assert ("portals 51, 52" in told.err) is not names_one
        assert "does not know this token" in told.err
