"""What HubSpot told of forms and lists, and does not tell any more, takes no points from leads."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import SQL, a_contact, a_rulebook, score, stage, writes
from tests.acceptance.test_engagement import FIT, a_form, sends, source

pytestmark = pytest.mark.usefixtures("provisioned")

NO_SCOPE = Fault(path="/marketing/v3/forms", status=403, times=None)
NO_ANSWER = Fault(path="/marketing/v3/forms", status=503, times=None)


def everything(scoreline: Scoreline, **env: str) -> Ended:
    return scoreline("resync", "--full", "--json", "--accept-large-plan", SCORELINE_TRIES="2", **env)


def points_for(list_id: str) -> str:
    """Rules that give 20 points to who is on a list."""
    rules = "{A07: {label: Fan, group: web, fact: fan, cases: [{is: true, points: 20}]}}"
    return f'sources: {{facts: {{fan: {{list: "{list_id}", type: bool, tier: free}}}}}}\nrules: {rules}'


class TestForms:
    @pytest.mark.parametrize("fault", [NO_SCOPE, NO_ANSWER])
    def test_forms_keep_their_names_where_they_are_not_told_any_more(
        self, portal: Portal, scoreline: Scoreline, fault: Fault
    ) -> None:
        demo, lead = a_form(portal, "Demo request"), a_contact(portal)
        sends(portal, lead, demo, days=10)
        everything(scoreline)
        portal.faults.add(fault)
        ended = everything(scoreline)
        assert (score(portal, lead), stage(portal, lead)) == (FIT + 70, SQL)
        assert (ended.status, source(ended, "submissions")["state"]) == (1, "stale")

    def test_who_sent_a_form_that_is_deleted_since_has_sent_it_also_where_the_database_is_lost(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        demo, lead = a_form(portal, "Demo request"), a_contact(portal)
        sends(portal, lead, demo, days=10)
        everything(scoreline)
        portal.forms[:] = [replace(form, archived=form.id == demo) for form in portal.forms]
        anew = everything(scoreline, DATABASE_URL=f"sqlite:///{tmp_path / 'anew.db'}")
        assert (anew.status, anew.document["contacts_changed"]) == (0, 0)
        assert score(portal, lead) == FIT + 70


NO_MEMBERS, NO_LISTS = (Fault(path="/crm/v3/lists/", status=status, times=None) for status in (503, 403))


class TestLists:
    @pytest.mark.parametrize("fault", [NO_LISTS, NO_MEMBERS])
    def test_members_of_a_list_stay_members_where_it_cannot_be_read_any_more(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path, fault: Fault
    ) -> None:
        fan, nobody = a_contact(portal), a_contact(portal)
        fans = portal.add_list("Fans", [fan])
        rulebook = a_rulebook(tmp_path / "lists.yaml", points_for(fans))
        everything(scoreline, SCORELINE_RULEBOOK=rulebook)
        portal.faults.add(fault)
        ended = everything(scoreline, SCORELINE_RULEBOOK=rulebook)
        assert (score(portal, fan), score(portal, nobody)) == (FIT + 20, FIT)
        assert (ended.status, source(ended, f"list {fans}")["state"]) == (1, "stale")
        portal.faults.clear()
        assert everything(scoreline, SCORELINE_RULEBOOK=rulebook).status == 0

    def test_a_list_that_never_could_be_read_alarms_nobody(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        ended = everything(scoreline, SCORELINE_RULEBOOK=a_rulebook(tmp_path / "lists.yaml", points_for("99")))
        assert (ended.status, source(ended, "list 99")["state"]) == (0, "absent")

    def test_of_a_list_that_does_not_answer_at_first_nobody_knows_whether_it_is_there(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        rulebook = a_rulebook(tmp_path / "lists.yaml", points_for("99"))
        portal.faults.add(NO_MEMBERS)
        first = everything(scoreline, SCORELINE_RULEBOOK=rulebook)
        assert (first.status, source(first, "list 99")["state"], source(first, "list 99")["since"]) == (
            1,
            "stale",
            None,
        )
        assert scoreline("rulebook", "check", rulebook, "--portal", SCORELINE_TRIES="1").status == 3
        portal.faults.clear()
        then = everything(scoreline, SCORELINE_RULEBOOK=rulebook)
        assert (then.status, source(then, "list 99")["state"]) == (0, "absent")

    @pytest.mark.parametrize("fault", [NO_LISTS, NO_MEMBERS])
    def test_while_nobody_knows_who_is_a_partner_nobody_is_scored_and_the_error_says_why(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path, fault: Fault
    ) -> None:
        partner = a_contact(portal)
        partners = portal.add_list("Partners", [partner])
        policy = f'policy: {{exclusions: {{partner_lists: ["{partners}"]}}}}'
        sent = writes(portal)
        portal.faults.add(fault)
        ended = scoreline(
            "resync", "--full", SCORELINE_TRIES="1", SCORELINE_RULEBOOK=a_rulebook(tmp_path / "partners.yaml", policy)
        )
        assert (ended.status, writes(portal)) == (3, sent)
        assert f"who is on partner list {partners}" in ended.err
