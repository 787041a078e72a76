"""A change that HubSpot refused is not sent again until it is another one, or somebody asks."""

from dataclasses import replace

from scoring import Contact
from sync.records import State
from tests.builders import LEAD, SQL, a_contact, days_after
from tests.unit.sync.world import Setting


def refused() -> Setting:
    """Two leads, one of which HubSpot takes no update of; a full pass has found that out."""
    setting = Setting()
    setting.store.journal.now = lambda: setting.now
    setting.lead("1", 70, stage=LEAD)
    setting.lead("2", 70, stage=LEAD)
    setting.portal.refuses("1")
    summary = setting.resync()
    assert [i for i, _ in summary.tally.failed] == ["1"]
    assert setting.portal.stage("2") == SQL
    return setting


def asked(setting: Setting) -> list[str]:
    """The contacts that updates were sent of, from now on."""
    return [update.contact_id for sent in setting.portal.sent for update in sent]


def test_a_second_resync_sends_no_write_and_names_it_again() -> None:
    setting = refused()
    setting.portal.sent.clear()
    summary = setting.resync()
    assert setting.portal.sent == []
    ((contact_id, reason),) = summary.tally.failed
    assert contact_id == "1"
    assert "in run 1" in reason
    assert "--contact 1" in reason
    assert summary.needs_a_person


def test_it_is_sent_again_when_it_has_changed() -> None:
    setting = refused()
    setting.portal.does_more(a_contact("1", 50))
    setting.portal.sent.clear()
    setting.resync("incremental")
    assert "1" in asked(setting)


def test_it_is_sent_again_when_somebody_asks() -> None:
    for selection in ({"mode": "contacts", "contact_ids": ["1"]}, {"mode": "list", "list_id": "7"}):
        setting = refused()
        setting.portal.lists["7"] = ["1"]
        setting.portal.refuses("1", lambda _: False)
        setting.resync(**selection)
        assert setting.portal.stage("1") == SQL
        assert not setting.resync().needs_a_person


def test_a_full_pass_a_week_later_tries_again_since_the_rule_may_have_been_lifted() -> None:
    setting = refused()
    setting.portal.refuses("1", lambda _: False)
    setting.now = days_after(5.9)
    setting.portal.does_more(a_contact("1", 70, days_ago=-5.9))
    assert setting.resync().needs_a_person
    setting.now = days_after(6.1)
    setting.portal.does_more(a_contact("1", 70, days_ago=-6.1))
    assert setting.resync("incremental").needs_a_person
    assert not setting.resync().needs_a_person
    assert setting.portal.stage("1") == SQL


def test_one_whose_old_stage_was_put_back_is_not_cleared_again() -> None:
    setting = Setting()
    setting.lead("1", 50, stage=SQL)
    setting.portal.refuses("1", lambda properties: properties.get("lifecyclestage") not in ("", SQL))
    setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", SQL]
    setting.resync()
    assert setting.portal.stages_of("1") == [SQL, "", SQL]


def test_one_that_we_could_not_score_for_a_moment_is_tried_again() -> None:
    setting = Setting()
    setting.lead("1", 70, stage=LEAD)
    unreadable: Contact = replace(a_contact("1", 70), engagements=None)  # type: ignore[arg-type]
    setting.portal.meanwhile("before histories", lambda: setting.portal.becomes(unreadable))
    summary = setting.resync()
    assert [i for i, _ in summary.tally.failed] == ["1"]
    ((entry,),) = setting.store.journal.entries(summary.run_id)
    assert entry.state is State.CANCELLED

    setting.portal.becomes(a_contact("1", 70))
    setting.resync()
    assert setting.portal.stage("1") == SQL
