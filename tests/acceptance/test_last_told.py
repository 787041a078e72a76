"""What HubSpot told of forms and lists, and does not tell any more, takes no points from leads."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import SQL, a_contact, a_rulebook, score, stage
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


class TestLists:
    def test_members_of_a_list_stay_members_where_it_cannot_be_read_any_more(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        fan, nobody = a_contact(portal), a_contact(portal)
        fans = portal.add_list("Fans", [fan])
        rulebook = a_rulebook(tmp_path / "lists.yaml", points_for(fans))
        everything(scoreline, SCORELINE_RULEBOOK=rulebook)
        portal.scopes.discard("crm.lists.read")
        ended = everything(scoreline, SCORELINE_RULEBOOK=rulebook)
        assert (score(portal, fan), score(portal, nobody)) == (FIT + 20, FIT)
        assert (ended.status, source(ended, f"list {fans}")["state"]) == (1, "stale")
        portal.scopes.add("crm.lists.read")
        assert everything(scoreline, SCORELINE_RULEBOOK=rulebook).status == 0

    def test_a_list_that_never_could_be_read_alarms_nobody(
        self, portal: Portal, scoreline: Scoreline, tmp_path: Path
    ) -> None:
        ended = everything(scoreline, SCORELINE_RULEBOOK=a_rulebook(tmp_path / "lists.yaml", points_for("99")))
        assert (ended.status, source(ended, "list 99")["state"]) == (0, "absent")
