"""`doctor` and `provision`: whether a portal fits, and making it fit."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Fault, Portal
from sandbox.stages import DEFAULT_STAGES
from tests.acceptance.conftest import Ended, Scoreline
from tests.acceptance.leads import OURS, SQL, a_demo_request, a_rulebook, score, stage, writes

WRITE, SCHEMA = "crm.objects.contacts.write", "crm.schemas.contacts.write"


def checks(ended: Ended) -> dict[str, dict[str, object]]:
    return {check["name"]: check for check in ended.document["checks"]}


def test_doctor_says_what_to_do_before_and_that_all_is_well_after(portal: Portal, scoreline: Scoreline) -> None:
    before = scoreline("doctor", "--json")
    assert (before.status, before.document["ok"]) == (1, False)
    lacking = checks(before)["our properties"]
    assert (lacking["ok"], lacking["advice"]) == (False, "Run `scoreline provision`.")
    assert "Mend what is marked !!" in scoreline("doctor").out
    assert not any(request.inputs for request in portal.requests.writes())  # asks whether it may, and names nothing

    assert scoreline("provision").status == 0

    after = scoreline("doctor", "--json")
    assert (after.status, after.document["ok"]) == (0, True)
    assert not [name for name, check in checks(after).items() if check["ok"] is False]
    assert "Nothing is broken." in scoreline("doctor").out


@pytest.mark.usefixtures("provisioned")
def test_doctor_tells_the_portal_its_limits_and_its_stages(
    portal: Portal, scoreline: Scoreline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.limits.WINDOW_S", 10.0)
    found = checks(scoreline("doctor", "--json"))
    assert str(portal.portal_id) in str(found["token"]["detail"])
    assert found["burst limit"]["detail"] == "190 requests in 10 seconds"
    assert f"of {portal.limits.daily:,} requests are left today" in str(found["daily limit"]["detail"])
    assert "subscriber, lead, marketingqualifiedlead" in str(found["lifecycle stages"]["detail"])


@pytest.mark.usefixtures("provisioned")
@pytest.mark.parametrize(
    ("scope", "check"),
    [
        ("crm.objects.contacts.read", "read contacts"),
        ("crm.objects.companies.read", "read companies"),
        ("crm.objects.owners.read", "read owners"),
        (WRITE, "write scores and stages"),
    ],
)
def test_doctor_names_a_scope_that_is_missing(portal: Portal, scoreline: Scoreline, scope: str, check: str) -> None:
    portal.scopes.discard(scope)
    ended = scoreline("doctor", "--json")
    assert ended.status == 1
    assert checks(ended)[check]["ok"] is False
    assert scope in str(checks(ended)[check]["detail"])
    assert checks(ended)[check]["advice"]
    assert "Traceback" not in ended.err


def test_doctor_names_the_scope_of_defining_properties_while_there_are_some_to_define(
    portal: Portal, scoreline: Scoreline
) -> None:
    portal.scopes.discard(SCHEMA)
    ended = scoreline("doctor", "--json")
    assert checks(ended)["create our properties"]["ok"] is False
    assert SCHEMA in str(checks(ended)["create our properties"]["advice"])
    portal.scopes.add(SCHEMA)
    assert scoreline("provision").status == 0
    portal.scopes.discard(SCHEMA)
    assert scoreline("doctor").status == 0


@pytest.mark.usefixtures("provisioned")
def test_doctor_does_not_guess_whether_a_portal_that_refuses_an_empty_batch_would_take_a_full_one(
    portal: Portal, scoreline: Scoreline
) -> None:
    refusal = {"status": "error", "category": "VALIDATION_ERROR", "message": "inputs must not be empty"}
    portal.faults.add(Fault(path="contacts/batch/update", status=400, body=refusal))
    ended = scoreline("doctor", "--json")
    assert ended.status == 0
    assert checks(ended)["write scores and stages"]["ok"] is None
    assert WRITE in str(checks(ended)["write scores and stages"]["detail"])


@pytest.mark.usefixtures("provisioned")
def test_doctor_names_a_stage_that_the_portal_lacks(portal: Portal, scoreline: Scoreline) -> None:
    portal.set_stages([stage for stage in DEFAULT_STAGES if stage.id != "subscriber"])
    found = checks(scoreline("doctor", "--json"))["lifecycle stages"]
    assert found["ok"] is False
    assert "'subscriber'" in str(found["detail"])


def test_provision_creates_what_is_missing_with_group_types_and_options(portal: Portal, scoreline: Scoreline) -> None:
    ended = scoreline("provision", "--json")
    assert {line["name"]: line["done"] for line in ended.document["properties"]} == dict.fromkeys(
        ("lead_scoring", *OURS), "created"
    )
    made = {name: portal.contacts.definitions.get(name) for name in OURS}
    assert {definition.group for definition in made.values() if definition} == {"lead_scoring"}
    types = {name: definition.type for name, definition in made.items() if definition}
    assert types == {
        "lead_score": "number",
        "lead_score_fit": "number",
        "lead_score_engagement": "number",
        "lead_grade": "enumeration",
        "lead_score_reasons": "string",
        "lead_scoring_surge": "bool",
        "lead_scoring_exclusion": "string",
        "lead_scoring_sales_feedback": "enumeration",
        "lead_scoring_feedback_points": "number",
        "lead_scoring_resync": "bool",
        "lead_scoring_hold": "bool",
    }
    answers = made["lead_scoring_sales_feedback"]
    assert answers is not None
    assert [(option.value, option.label) for option in answers.options] == [
        ("true_sql", "True SQL: Ready for sales"),
        ("mql_not_ready", "MQL: Not ready for sales"),
        ("unqualified", "Unqualified: Do not nurture"),
    ]


@pytest.mark.usefixtures("provisioned")
def test_a_second_provision_sends_no_write(portal: Portal, scoreline: Scoreline) -> None:
    portal.requests.clear()
    ended = scoreline("provision", "--json")
    assert ended.status == 0
    assert {line["done"] for line in ended.document["properties"]} == {"was there"}
    assert writes(portal) == 0


@pytest.mark.usefixtures("provisioned")
def test_provision_completes_options_and_keeps_those_that_people_added(portal: Portal, scoreline: Scoreline) -> None:
    grade = portal.contacts.definitions.get("lead_grade")
    assert grade is not None
    others = replace(grade.options[0], value="VIP", label="VIP")
    portal.contacts.definitions.put(replace(grade, options=(*grade.options[2:], others)))
    assert scoreline("resync").status == 2

    ended = scoreline("provision", "--json")

    assert {"name": "lead_grade", "done": "completed: A1, A2"} in ended.document["properties"]
    again = portal.contacts.definitions.get("lead_grade")
    assert again is not None
    values = [option.value for option in again.options]
    assert len(values) == 17
    assert {"A1", "A2", "VIP"} <= set(values)
    assert scoreline("resync").status == 0


def test_provision_leaves_a_property_of_somebody_elses_alone_and_creates_nothing(
    portal: Portal, scoreline: Scoreline
) -> None:
    portal.define("lead_score", "string", "text")
    ended = scoreline("provision")
    assert ended.status == 2
    assert "lead_score is of type string; ours must be number" in ended.err
    assert "`properties` in the rulebook" in ended.err
    assert writes(portal) == 0


def test_a_rulebook_may_name_our_properties_otherwise(portal: Portal, scoreline: Scoreline, tmp_path: Path) -> None:
    portal.define("lead_score", "string", "text")
    other = a_rulebook(tmp_path / "other.yaml", "properties: {score: our_lead_score}")
    assert scoreline("provision", SCORELINE_RULEBOOK=other).status == 0
    contact = portal.add_contact(email="ann@prospect.example")
    assert scoreline("resync", "--full", SCORELINE_RULEBOOK=other).status == 0
    assert portal.contact(contact).properties["our_lead_score"] == "3"
    assert "lead_score" not in portal.contact(contact).properties


@pytest.mark.usefixtures("provisioned")
def test_a_portal_that_was_provisioned_before_there_was_a_mark_of_surges_is_scored_without_it(
    portal: Portal, scoreline: Scoreline
) -> None:
    portal.contacts.definitions.archive("lead_scoring_surge", at_ms=1)
    lead = a_demo_request(portal)
    assert scoreline("resync", "--full").status == 0
    assert (stage(portal, lead), score(portal, lead)) == (SQL, 73)
    doctor = scoreline("doctor", "--json")
    assert (doctor.status, checks(doctor)["newer properties"]["ok"]) == (0, None)
    assert scoreline("provision").status == 0
    assert portal.contacts.definitions.get("lead_scoring_surge")
    assert "newer properties" not in checks(scoreline("doctor", "--json"))
