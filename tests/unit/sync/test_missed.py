"""The weekly full pass is the net under the smaller ones, and tells what they had missed."""

from dataclasses import replace
from datetime import timedelta

from sync.world import Knobs
from tests.builders import MQL, NOW, a_contact, days_after, days_before
from tests.unit.sync.world import Setting


def a_portal_at_rest() -> Setting:
    """Two contacts who did nothing so far; a full pass has dealt with them, and an incremental one with an edit."""
    setting = Setting()
    for contact_id in ("1", "2"):
        setting.lead(contact_id)
    setting.resync()
    setting.resync("incremental")
    setting.now = setting.portal.time = days_after(6)
    setting.portal.does_more(a_contact("2"))
    setting.resync("incremental")
    setting.now = setting.portal.time = days_after(7)
    return setting


def missed(setting: Setting) -> object:
    return setting.resync().as_json()["contacts_missed"]


def test_where_nothing_was_missed_nothing_is_told() -> None:
    setting = a_portal_at_rest()
    setting.portal.does_more(a_contact("1", 50))
    assert missed(setting) == {}


def test_a_change_that_moved_no_date_is_told() -> None:
    setting = a_portal_at_rest()
    setting.portal.becomes(a_contact("1", 50))
    assert missed(setting) == {"changed_without_date": 1}
    assert setting.portal.stage("1") == MQL
    assert missed(setting) == {}


def test_a_change_that_search_did_not_show_is_told() -> None:
    setting = a_portal_at_rest()
    setting.portal.becomes(a_contact("1", 50), dated=days_after(5))
    assert missed(setting) == {"not_found_by_search": 1}


def test_a_new_contact_that_search_did_not_show_is_told() -> None:
    setting = a_portal_at_rest()
    setting.lead("3", 50, days_ago=-5)
    assert missed(setting) == {"not_found_by_search": 1}


def test_what_an_incremental_pass_would_still_find_was_not_missed() -> None:
    setting = a_portal_at_rest()
    setting.portal.becomes(a_contact("1", 50), dated=days_after(6) - timedelta(minutes=30))
    assert missed(setting) == {}


def test_a_score_that_fades_is_the_decay_passes_matter() -> None:
    setting = Setting()
    setting.lead("1", 50)
    setting.resync()
    setting.resync("incremental")
    setting.now = setting.portal.time = days_after(60)
    summary = setting.resync()
    assert (summary.tally.changed, summary.as_json()["contacts_missed"]) == (1, {})


def test_what_a_refused_pass_found_is_not_told_again_as_missed() -> None:
    setting = a_portal_at_rest()
    setting.portal.becomes(a_contact("1", 50), dated=days_after(5))
    setting.portal.becomes(a_contact("2", 50))
    refused = setting.resync(knobs=Knobs(floor=0, share=0.0)).as_json()
    assert (bool(refused["plan_refused"]), bool(refused["contacts_missed"])) == (True, True)
    assert missed(setting) == {}


def test_the_first_full_pass_and_one_with_another_rulebook_tell_nothing() -> None:
    setting = Setting()
    setting.lead("1", 50, days_ago=3)
    assert missed(setting) == {}
    setting = a_portal_at_rest()
    setting.portal.becomes(a_contact("1", 50))
    setting.rulebook = replace(setting.rulebook, version="another")
    assert missed(setting) == {}


def test_smaller_passes_tell_nothing() -> None:
    setting = a_portal_at_rest()
    setting.portal.becomes(a_contact("1", 50), dated=days_before(-6))
    assert setting.resync("since", since=NOW).as_json()["contacts_missed"] == {}
