"""Batches written to a portal: every row an outcome, and one bad row costs the others nothing."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import Fault, Portal, SandboxServer
from sync.hubspot import Connection, HubSpotWriter, RecordBuilder
from sync.ports import FRESH_S, FatalError, LeaseLost, RetryableError, TokenRefused
from sync.records import STAGE, Outcome, Refused, Stale, Unknown, Update, Written
from tests.fakes.hourglass import Hourglass
from tests.integration.hubspot.answering import Recorded, a_connection, answering

BATCH_UPDATE = "contacts/batch/update"


def updates(ids: list[str], **properties: str) -> list[Update]:
    return [Update(contact_id=contact_id, properties=properties) for contact_id in ids]


def people(portal: Portal, count: int, **properties: Any) -> list[str]:
    return [portal.add_contact(email=f"lead{n}@example.com", **properties) for n in range(count)]


def requests_for(connection: Connection, write: Callable[[], object]) -> int:
    before = connection.requests.write
    write()
    return connection.requests.write - before


def test_a_hundred_contacts_are_written_in_one_request_and_answered_in_order(
    portal: Portal, connection: Connection, writer: HubSpotWriter
) -> None:
    ids = people(portal, 100)
    outcomes: list[Outcome] = []
    sent = requests_for(connection, lambda: outcomes.extend(writer.write(updates(ids, lead_score="41"))))
    assert sent == 1
    assert all(isinstance(outcome, Written) and outcome.values["lead_score"] == "41" for outcome in outcomes)
    assert {portal.contact(i).properties["lead_score"] for i in ids} == {"41"}


def test_nothing_to_write_is_no_request(connection: Connection, writer: HubSpotWriter) -> None:
    assert requests_for(connection, lambda: writer.write([])) == 0


def test_a_contact_that_is_gone_is_refused_and_the_others_are_written(portal: Portal, writer: HubSpotWriter) -> None:
    first, gone, last = people(portal, 3)
    portal.delete(gone)
    outcomes = writer.write(updates([first, gone, last], lead_score="1"))
    assert [type(outcome) for outcome in outcomes] == [Written, Refused, Written]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].gone


@pytest.mark.parametrize("places", [{0}, {37}, {49}, {50}, {99}, {0, 99}, {12, 13}, {3, 30, 60, 90}])
def test_bad_values_in_a_hundred_are_found_by_halving_and_the_others_are_written(
    portal: Portal, connection: Connection, writer: HubSpotWriter, places: set[int]
) -> None:
    ids = people(portal, 100)
    batch = updates(ids, lead_grade="A1")
    for place in places:
        batch[place] = Update(contact_id=ids[place], properties={"lead_grade": "Z9"})
    outcomes: list[Outcome] = []
    sent = requests_for(connection, lambda: outcomes.extend(writer.write(batch)))
    assert {n for n, outcome in enumerate(outcomes) if isinstance(outcome, Refused)} == places
    assert sum(isinstance(outcome, Written) for outcome in outcomes) == 100 - len(places)
    assert sent - 1 <= 2 * math.ceil(math.log2(100)) * len(places)


def test_a_refusal_names_code_and_property_but_no_value(portal: Portal, writer: HubSpotWriter) -> None:
    (contact,) = people(portal, 1)
    (outcome,) = writer.write(updates([contact], lead_grade="jane@example.com"))
    assert isinstance(outcome, Refused)
    assert "INVALID_OPTION" in outcome.reason
    assert "lead_grade" in outcome.reason
    assert "jane" not in outcome.reason
    assert not outcome.gone


def test_a_stage_that_the_portal_lacks_is_refused_for_that_contact(portal: Portal, writer: HubSpotWriter) -> None:
    (contact,) = people(portal, 1, lifecyclestage="lead")
    (outcome,) = writer.write(updates([contact], lifecyclestage="no_such_stage"))
    assert isinstance(outcome, Refused)
    assert portal.contact(contact).properties[STAGE] == "lead"


def test_a_property_that_the_portal_lacks_is_for_a_person_to_mend(portal: Portal, writer: HubSpotWriter) -> None:
    ids = people(portal, 3)
    with pytest.raises(FatalError, match=r"lead_scoer.*scoreline provision"):
        writer.write(updates(ids, lead_scoer="1"))


def test_a_backward_stage_that_hubspot_keeps_silently_shows_in_the_answer(
    portal: Portal, writer: HubSpotWriter
) -> None:
    (contact,) = people(portal, 1, lifecyclestage="salesqualifiedlead")
    (outcome,) = writer.write(updates([contact], lifecyclestage="lead"))
    assert isinstance(outcome, Written)
    assert outcome.values[STAGE] == "salesqualifiedlead"


def test_a_cleared_value_is_empty_in_the_answer(portal: Portal, writer: HubSpotWriter) -> None:
    (contact,) = people(portal, 1, lifecyclestage="lead")
    (outcome,) = writer.write(updates([contact], lifecyclestage=""))
    assert isinstance(outcome, Written)
    assert outcome.values[STAGE] == ""


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=BATCH_UPDATE, drop="before"),
        Fault(path=BATCH_UPDATE, drop="after"),
        Fault(path=BATCH_UPDATE, status=502, body="<html>Bad Gateway</html>"),
        Fault(path=BATCH_UPDATE, status=500, body={}),
        Fault(path=BATCH_UPDATE, status=200, body={"status": "COMPLETE", "results": []}),
        Fault(path=BATCH_UPDATE, status=204),
        Fault(path=BATCH_UPDATE, status=200, body="<html>maintenance</html>"),
    ],
)
def test_whatever_leaves_it_open_whether_a_write_happened_is_unknown_and_not_sent_again(
    portal: Portal, connection: Connection, writer: HubSpotWriter, fault: Fault
) -> None:
    ids = people(portal, 3)
    portal.faults.add(fault)
    outcomes: list[Outcome] = []
    sent = requests_for(connection, lambda: outcomes.extend(writer.write(updates(ids, lead_score="1"))))
    assert sent == 1
    assert [type(outcome) for outcome in outcomes] == [Unknown] * 3


def test_a_lost_answer_to_one_half_says_nothing_of_the_other(portal: Portal, writer: HubSpotWriter) -> None:
    ids = people(portal, 4)
    batch = updates(ids, lead_grade="A1")
    batch[3] = Update(contact_id=ids[3], properties={"lead_grade": "Z9"})
    portal.faults.add(Fault(path=BATCH_UPDATE, skip=1, drop="after"))
    assert [type(outcome) for outcome in writer.write(batch)] == [Unknown, Unknown, Written, Refused]


class TestAnswersThatContradictThemselves:
    """Every row is judged by its id; what the answer does not say, or says twice, is only known by reading."""

    def outcomes(self, portal: Portal, writer: HubSpotWriter, ids: list[str], **answer: Any) -> list[Outcome]:
        portal.faults.add(Fault(path=BATCH_UPDATE, status=answer.pop("code", 200), body=answer))
        return list(writer.write(updates(ids, lead_score="1")))

    def row(self, contact_id: str, score: str = "1") -> dict[str, Any]:
        return {"id": contact_id, "properties": {"lead_score": score}, "updatedAt": "2026-11-21T12:00:00.000Z"}

    def test_rows_in_another_order_are_told_apart_by_their_ids(self, portal: Portal, writer: HubSpotWriter) -> None:
        ids = people(portal, 3)
        rows = [self.row(contact_id, str(n)) for n, contact_id in enumerate(ids)]
        outcomes = self.outcomes(portal, writer, ids, status="COMPLETE", results=rows[::-1])
        assert [o.values["lead_score"] for o in outcomes if isinstance(o, Written)] == ["0", "1", "2"]

    def test_a_row_of_a_contact_that_was_not_sent_stands_for_none(self, portal: Portal, writer: HubSpotWriter) -> None:
        first, second = people(portal, 2)
        outcomes = self.outcomes(portal, writer, [first, second], results=[self.row("999"), self.row(second)])
        assert [type(outcome) for outcome in outcomes] == [Unknown, Written]

    def test_two_rows_of_one_contact_count_only_if_they_agree(self, portal: Portal, writer: HubSpotWriter) -> None:
        first, second = people(portal, 2)
        rows = [self.row(first), self.row(second), self.row(first, "2"), self.row(second)]
        outcomes = self.outcomes(portal, writer, [first, second], results=rows)
        assert [type(outcome) for outcome in outcomes] == [Unknown, Written]

    def test_a_contact_that_is_both_written_and_refused_is_unknown(self, portal: Portal, writer: HubSpotWriter) -> None:
        first, second = people(portal, 2)
        refused = {"category": "VALIDATION_ERROR", "context": {"ids": [first]}}
        rows = [self.row(first), self.row(second)]
        outcomes = self.outcomes(portal, writer, [first, second], code=207, results=rows, errors=[refused])
        assert [type(outcome) for outcome in outcomes] == [Unknown, Written]

    def test_an_error_without_ids_says_nothing_of_any_contact(self, portal: Portal, writer: HubSpotWriter) -> None:
        first, second = people(portal, 2)
        errors = [{"category": "VALIDATION_ERROR", "message": "no"}, "no"]
        outcomes = self.outcomes(portal, writer, [first, second], code=207, results=[self.row(second)], errors=errors)
        assert [type(outcome) for outcome in outcomes] == [Unknown, Written]

    @pytest.mark.parametrize("status", ["PENDING", "PROCESSING", "CANCELED"])
    def test_the_rows_of_a_batch_that_is_not_complete_prove_nothing(
        self, portal: Portal, writer: HubSpotWriter, status: str
    ) -> None:
        ids = people(portal, 2)
        outcomes = self.outcomes(portal, writer, ids, status=status, results=[self.row(i) for i in ids])
        assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]


class TestRefusalsThatAreNoWordOnTheContent:
    """What may be otherwise the next time is not known to be refused: it is read back and tried again."""

    @pytest.mark.parametrize("category", ["INTERNAL_ERROR", "CONFLICT", "RATE_LIMITS", "OBJECT_ALREADY_EXISTS", ""])
    def test_a_row_of_another_category_is_unknown(self, portal: Portal, writer: HubSpotWriter, category: str) -> None:
        (contact,) = people(portal, 1)
        error = {"category": category, "id": contact}
        portal.faults.add(Fault(path=BATCH_UPDATE, status=207, body={"results": [], "errors": [error]}))
        (outcome,) = writer.write(updates([contact], lead_score="1"))
        assert isinstance(outcome, Unknown)

    @pytest.mark.parametrize(("category", "expected"), [("VALIDATION_ERROR", False), ("OBJECT_NOT_FOUND", True)])
    def test_a_row_is_known_by_the_id_beside_its_error(
        self, portal: Portal, writer: HubSpotWriter, category: str, expected: bool
    ) -> None:
        (contact,) = people(portal, 1)
        error = {"category": category, "id": contact}
        portal.faults.add(Fault(path=BATCH_UPDATE, status=207, body={"results": [], "errors": [error]}))
        (outcome,) = writer.write(updates([contact], lead_score="1"))
        assert isinstance(outcome, Refused)
        assert outcome.gone is expected

    @pytest.mark.parametrize("status", [409, 423])
    def test_a_contact_in_use_costs_the_others_nothing_and_is_unknown(
        self, builder: RecordBuilder, status: int
    ) -> None:
        in_use = Recorded(status=status, document={"category": "CONFLICT"})
        taken = Recorded(document={"results": [{"id": "2", "properties": {"lead_score": "1"}}]})
        with answering(*[in_use] * 6, taken) as server:
            writer = HubSpotWriter(a_connection(server.url), builder, allowed=lambda: None)
            outcomes = writer.write(updates(["1", "2"], lead_score="1"))
        assert [type(outcome) for outcome in outcomes] == [Unknown, Written]

    def test_a_conflict_that_passes_is_not_even_seen(
        self, portal: Portal, connection: Connection, writer: HubSpotWriter
    ) -> None:
        ids = people(portal, 4)
        portal.faults.add(Fault(path=BATCH_UPDATE, status=409, body={"category": "CONFLICT"}, times=2))
        outcomes: list[Outcome] = []
        sent = requests_for(connection, lambda: outcomes.extend(writer.write(updates(ids, lead_score="1"))))
        assert (sent, {type(outcome) for outcome in outcomes}) == (3, {Written})

    def test_a_batch_that_is_not_found_is_halved_until_the_contact_that_is_gone_is_alone(
        self, builder: RecordBuilder
    ) -> None:
        missing = Recorded(status=404, document={"category": "OBJECT_NOT_FOUND", "message": "resource not found"})
        taken = Recorded(document={"results": [{"id": "2", "properties": {"lead_score": "1"}}]})
        with answering(missing, missing, taken) as server:
            writer = HubSpotWriter(a_connection(server.url), builder, allowed=lambda: None)
            first, second = writer.write(updates(["1", "2"], lead_score="1"))
        assert isinstance(first, Refused)
        assert first.gone
        assert isinstance(second, Written)

    def test_a_page_that_is_not_found_is_for_a_person(self, portal: Portal, writer: HubSpotWriter) -> None:
        portal.faults.add(Fault(path=BATCH_UPDATE, status=404, body="<html>Not Found</html>"))
        with pytest.raises(FatalError, match="404"):
            writer.write(updates(people(portal, 2), lead_score="1"))


class TestABatchThatCannotBeFinished:
    """What was written of a halved batch stays known, whatever becomes of the rest."""

    def a_batch(self, portal: Portal) -> list[Update]:
        ids = people(portal, 8)
        return [*updates(ids[:7], lead_grade="A1"), Update(contact_id=ids[7], properties={"lead_grade": "Z9"})]

    def test_a_token_that_is_taken_away_in_between(
        self, portal: Portal, connection: Connection, writer: HubSpotWriter
    ) -> None:
        batch = self.a_batch(portal)
        portal.faults.add(Fault(path=BATCH_UPDATE, skip=2, status=403, body={}, times=None))
        outcomes: list[Outcome] = []
        sent = requests_for(connection, lambda: outcomes.extend(writer.write(batch)))
        assert [type(outcome) for outcome in outcomes] == [Written] * 4 + [Unknown] * 4
        assert sent == 3, "the whole, the half that was written, and one that was refused: no more after that"

    def test_the_portal_lost_in_between(self, portal: Portal, connection: Connection, builder: RecordBuilder) -> None:
        asked = iter([True, True])

        def allowed() -> None:
            if not next(asked, False):
                raise LeaseLost("another run has taken the portal over")

        writer = HubSpotWriter(connection, builder, allowed=allowed)
        outcomes = writer.write(self.a_batch(portal))
        assert [type(outcome) for outcome in outcomes] == [Written] * 4 + [Unknown] * 4
        with pytest.raises(LeaseLost):
            writer.write(self.a_batch(portal)[:1])

    def test_a_failure_before_anything_was_written_is_raised(self, portal: Portal, writer: HubSpotWriter) -> None:
        portal.faults.add(Fault(path=BATCH_UPDATE, skip=1, status=403, body={}, times=None))
        with pytest.raises(TokenRefused):
            writer.write(self.a_batch(portal))

    def test_the_days_reserve_does_not_stop_a_batch_that_was_begun(self, portal: Portal, writer: HubSpotWriter) -> None:
        batch = self.a_batch(portal)

        def used_up() -> None:
            portal.limits.used_today = 600_000

        portal.faults.add(Fault(path=BATCH_UPDATE, act=used_up))
        assert [type(outcome) for outcome in writer.write(batch)] == [Written] * 7 + [Refused]


class TestWaiting:
    """What rests on a reading goes out in time, or not at all."""

    @pytest.fixture
    def hourglass(self) -> Hourglass:
        return Hourglass()

    @pytest.fixture
    def waiting(
        self, portal: Portal, builder: RecordBuilder, server: SandboxServer, hourglass: Hourglass
    ) -> HubSpotWriter:
        connection = a_connection(server.url, time=hourglass, token=portal.token)
        return HubSpotWriter(connection, builder, allowed=lambda: None, steady=hourglass.clock)

    def test_a_write_that_is_told_to_wait_too_long_is_not_sent_again(
        self, portal: Portal, waiting: HubSpotWriter, hourglass: Hourglass
    ) -> None:
        (contact,) = people(portal, 1)
        portal.faults.add(Fault.burst_limit().on("POST", BATCH_UPDATE))
        (outcome,) = waiting.write(updates([contact], lead_score="1"), read_at=hourglass.now)
        assert outcome == Stale()
        assert not portal.contact(contact).properties.get("lead_score")

    def test_one_that_rests_on_no_reading_is(self, portal: Portal, waiting: HubSpotWriter) -> None:
        (contact,) = people(portal, 1)
        portal.faults.add(Fault.burst_limit().on("POST", BATCH_UPDATE))
        (outcome,) = waiting.write(updates([contact], lead_score="1"))
        assert isinstance(outcome, Written)

    def test_the_half_that_came_too_late_is_told_apart_from_the_one_that_was_written(
        self, portal: Portal, waiting: HubSpotWriter, hourglass: Hourglass
    ) -> None:
        ids = people(portal, 4)
        batch = updates(ids, lead_grade="A1")
        batch[3] = Update(contact_id=ids[3], properties={"lead_grade": "Z9"})
        portal.faults.add(Fault.burst_limit().on("POST", BATCH_UPDATE, skip=2))
        outcomes = waiting.write(batch, read_at=hourglass.now)
        assert [type(outcome) for outcome in outcomes] == [Written, Written, Stale, Stale]

    def test_what_is_too_old_already_does_not_even_wait_for_its_turn(
        self, portal: Portal, waiting: HubSpotWriter, hourglass: Hourglass
    ) -> None:
        (contact,) = people(portal, 1)
        (outcome,) = waiting.write(updates([contact], lead_score="1"), read_at=hourglass.now - FRESH_S - 0.1)
        assert outcome == Stale()
        assert hourglass.slept == []


def test_a_batch_that_names_a_contact_twice_is_never_sent(
    portal: Portal, connection: Connection, writer: HubSpotWriter
) -> None:
    (contact,) = people(portal, 1)
    with pytest.raises(ValueError, match="each of another contact"):
        writer.write(updates([contact, contact], lead_score="1"))


def test_the_days_reserve_holds_scores_and_clears_back_but_never_the_stage_of_a_cleared_contact(
    portal: Portal, connection: Connection, writer: HubSpotWriter
) -> None:
    (contact,) = people(portal, 1, lifecyclestage="")
    portal.limits.used_today = 600_000
    writer.write(updates([contact], lifecyclestage="lead"))
    for properties in ({"lead_score": "1"}, {STAGE: ""}):
        with pytest.raises(RetryableError, match="other integrations"):
            writer.write(updates([contact], **properties))
    (outcome,) = writer.write(updates([contact], lifecyclestage="marketingqualifiedlead", lead_score="40"))
    assert isinstance(outcome, Written)
