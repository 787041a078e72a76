"""How each switch of the sandbox is turned the other way, and which of them together."""

from collections.abc import Mapping, Sequence

from sandbox.switches import Setting

Turned = Mapping[str, Setting]

OTHERWISE: Sequence[Turned] = (
    {"backward_stage_writes": True},
    {"clear_empties_entered_date": False},
    {"clear_empties_stage_dates": True},
    {"became_dates_in_ms": False},
    {"update_tells_stage": False},
    {"calculated_moves_date": True},
    {"rollups_move_date": False},
    {"equations_move_date": True},
    {"memberships_move_date": True},
    {"associations_move_date": False},
    {"trace_ids_on_update": True},
    {"bad_values_fail_alone": True},
    {"unwritable_properties_ignored": True},
    {"null_clears": False},
    {"batches_follow_merges": True},
    {"cleared_is_null": True},
    {"history_entries_max": 1},
    {"history_entries_max": 2},
    {"merge_gives_new_id": False},
    {"unassociated_answer_207": False},
    {"reads_lag_s": 1.0},
    {"list_in_text_order": True},
    {"sources_named_otherwise": True},
    {"processes_tell_user": True},
    {"events_need_object": True},
    {"index_lag_s": 1.0},
    {"search_shows_new_values": True, "index_lag_s": 1.0},
    {"ids_sort_as_text": True},
    {"empty_matches_not_equal": True},
    {"filter_groups_max": 6},
    {"filters_max": 25},
    {"search_limit_tells_policy": True},
    {"burst_limit_tells_wait": True},
    {"professional_daily_max": 650_000},
    {"list_change_ids_max": 100},
    {"token_can_be_introspected": False},
    {"mail_events_below_professional": True},
    {"emails_need_both_scopes": True},
    {"taken_group_named": False},
    {"property_readable_after_s": 0.7},
    {"list_begins_anywhere": False},
)
"""Every switch the other way, with what else it needs to mean anything."""

APART: Sequence[frozenset[str]] = (
    frozenset({"history_entries_max", "reads_lag_s", "index_lag_s"}),
    frozenset({"sources_named_otherwise", "processes_tell_user"}),
)
"""Switches of which one is turned at a time: each changes much of what the others' tests can expect, or undoes it."""


def in_words(turned: Turned) -> str:
    return ",".join(f"{name}={to}" for name, to in turned.items())


def clash(one: Turned, other: Turned) -> bool:
    """Whether two settings cannot be in one group: they turn the same switch, or switches that are kept apart."""
    return bool(one.keys() & other.keys()) or any(one.keys() & few and other.keys() & few for few in APART)


def groups() -> Sequence[Sequence[Turned]]:
    """Every setting once, in as few groups as may be, of about the same size."""
    made: list[list[Turned]] = []
    for each in sorted(OTHERWISE, key=lambda turned: not any(turned.keys() & few for few in APART)):
        free = [group for group in made if not any(clash(each, other) for other in group)]
        if free:
            min(free, key=len).append(each)
        else:
            made.append([each])
    return made
