"""What HubSpot does where nobody could verify it, or where its own pages disagree: each such fact is a switch."""

from dataclasses import dataclass, fields
from typing import get_type_hints

Setting = bool | int | float | str


@dataclass(slots=True, kw_only=True)
class Switches:
    """The portal's choices; a default is the likelier behaviour, lags apart, which are 0 so that nobody has to wait.

    The portal may be switched while it is served. `docs/sandbox.md` tells for each which fact it stands for.
    """

    # Lifecycle stages.
    backward_stage_writes: bool = False
    """Whether an API write of an earlier stage is accepted; otherwise it is answered 200 and changes nothing."""
    clear_empties_entered_date: bool = True
    """Whether clearing a stage empties `hs_v2_date_entered_current_stage`; if not, it tells when that was."""
    clear_empties_stage_dates: bool = False
    """Whether clearing a stage empties the dates that tell when that stage was entered."""
    became_dates_in_ms: bool = True
    """Whether `hs_lifecyclestage_<stage>_date` is told in milliseconds; otherwise in ISO, like other times."""
    update_tells_stage: bool = True
    """Whether the result of an update always shows the stored stage; otherwise it lacks it."""

    # What moves the date of the last change.
    calculated_moves_date: bool = False
    """Whether a change of a `calculated` property does."""
    rollups_move_date: bool = True
    """Whether a change of another read-only property does: visits, mails, notes."""
    equations_move_date: bool = False
    """Whether one does whose field type is a calculation, though it is not called `calculated`."""
    memberships_move_date: bool = False
    """Whether being put on a list or taken off it does."""
    associations_move_date: bool = True
    """Whether another primary company, or a meeting, call or other record that is tied to a contact, does."""

    # Writing.
    trace_ids_on_update: bool = False
    """Whether a bad value in a batch update fails alone (207) where every input has an `objectWriteTraceId`."""
    bad_values_fail_alone: bool = False
    """Whether a bad value in a batch update fails alone (207) in any case; a property that is unknown never does."""
    unwritable_properties_ignored: bool = False
    """Whether a write passes over properties that are unknown or read-only; otherwise it is refused."""
    null_clears: bool = True
    """Whether `null` clears a property as `""` does; otherwise it is passed over."""
    batches_follow_merges: bool = False
    """Whether batch read and batch update reach the survivor by an id that was merged away."""

    # Reading.
    cleared_is_null: bool = False
    """Whether a cleared value is told as `null`, like one never set; otherwise as `""`."""
    history_entries_max: int = 0
    """How many versions of a property a history shows, the newest ones; 0: all."""
    merge_gives_new_id: bool = True
    """Whether the contact that survives a merge gets a new id."""
    unassociated_answer_207: bool = True
    """Whether an association read that names records without associations is a 207; otherwise a 200."""
    reads_lag_s: float = 0.0
    """How many seconds lists and reads by id stay behind new contacts and changed values; not behind the rest."""
    list_in_text_order: bool = False
    """Whether lists are in order of ids as text, 1000 before 751; otherwise as numbers."""
    list_begins_anywhere: bool = True
    """Whether a list goes on from any id that is named as its place; otherwise only from where a page of it ended."""
    sources_named_otherwise: bool = False
    """Whether histories name integrations, workflows, imports and deals by other words of HubSpot's than is likely."""
    processes_tell_user: bool = False
    """Whether a history names the user who stands behind a workflow, an import, an integration or a deal."""
    events_need_object: bool = False
    """Whether the events endpoint refuses to list events of all contacts."""

    # Search.
    index_lag_s: float = 0.0
    """How many seconds search stays behind writes."""
    search_shows_new_values: bool = False
    """Whether a record that search finds by its old values, since its index lags, arrives with its new ones."""
    ids_sort_as_text: bool = False
    """Whether a search sorted by `hs_object_id` compares ids as text: 1000 before 751."""
    empty_matches_not_equal: bool = False
    """Whether a search for NEQ or NOT_IN finds records without a value."""
    filter_groups_max: int = 5
    """How many filter groups a search may have."""
    filters_max: int = 18
    """How many filters a search may have in all its groups."""

    # Limits.
    search_limit_tells_policy: bool = False
    """Whether the 429 of a search has the body of other 429s; otherwise that recorded in 2022."""
    burst_limit_tells_wait: bool = False
    """Whether the 429 of a burst has `Retry-After`."""
    professional_daily_max: int = 625_000
    """How many requests a day a Professional account may send."""
    list_change_ids_max: int = 100_000
    """How many ids one change of a list's members may name."""

    # The account.
    token_can_be_introspected: bool = True
    """Whether the token's scopes can be asked for; otherwise 404, as a service key may answer."""
    mail_events_below_professional: bool = False
    """Whether a token on Free and Starter can have the scope that lists marketing mail."""
    emails_need_both_scopes: bool = False
    """Whether 1:1 emails need the scope of contacts and `sales-email-read`; otherwise either lets a token read them."""
    taken_group_named: bool = True
    """Whether the 409 for an existing property group has the body known of properties; otherwise a bare one."""
    property_readable_after_s: float = 0.0
    """How many seconds it takes until a new property can be read: 0.25 to 0.7 in HubSpot."""

    def as_json(self) -> dict[str, Setting]:
        """Every switch and how it stands."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def turn(self, /, **to: object) -> None:
        """Set switches by name; text is read as what a switch takes. ValueError where one cannot be: then none is."""
        takes = get_type_hints(Switches)
        if unknown := to.keys() - takes.keys():
            raise ValueError(f"there is no switch {', '.join(sorted(unknown))}; there are: {', '.join(takes)}")
        for name, value in {name: _read(name, takes[name], value) for name, value in to.items()}.items():
            setattr(self, name, value)


_MOST = 10**12
_WORDS = {"true": True, "on": True, "false": False, "off": False}


def _read(name: str, takes: type, to: object) -> Setting:
    if takes is bool:
        known = to if isinstance(to, bool) else _WORDS.get(str(to).lower())
        if known is None:
            raise ValueError(f"{name} is true or false, not {to!r}")
        return known
    try:
        number = float(str(to)) if takes is float else int(str(to))
    except ValueError:
        number = -1
    if not 0 <= number <= _MOST:
        raise ValueError(f"{name} is a number from 0 on, at most {_MOST}, not {to!r}")
    return number
