"""Records of every kind one by one: list, get, create, update, archive, merge, privacy deletion, search."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.api.calls import Answer, Call, Endpoint, Handler
from sandbox.associations import LABELS, tied_to
from sandbox.bodies import Merge, New, PrivacyDeletion, Search, Written
from sandbox.collection import COMPANIES, CONTACTS, Collection
from sandbox.engagements import ENGAGEMENTS
from sandbox.errors import Json, invalid, not_found, refused, values_not_valid
from sandbox.ids import read_whole
from sandbox.records import Record, an_integration
from sandbox.scopes import EMAIL_SCOPE
from sandbox.search import BODY_MAX, search
from sandbox.stages import became, entered
from sandbox.times import read_ms, to_iso, to_ms
from sandbox.writing import change, check, keeps_history

if TYPE_CHECKING:
    from sandbox.portal import Portal

PAGE_MAX = 100
PAGE_MAX_WITH_HISTORY = 50
APP_LABEL = "Private app"
SINGULAR = {"contacts": "contact", "companies": "company"} | {name: each.singular for name, each in ENGAGEMENTS.items()}

Teller = Callable[[Record], Json]
KINDS = {kind.name: kind for kind in (CONTACTS, COMPANIES, *(each.kind for each in ENGAGEMENTS.values()))}
NAMES = {spelled: kind.name for kind in KINDS.values() for spelled in (kind.name, kind.type_id)}
"""The name of a kind by what may stand for it in the path of a record: its name, or HubSpot's number for it."""
SPELLED = NAMES | {singular: name for name, singular in SINGULAR.items()}
"""Elsewhere also by its name in the singular."""
CollectionHandler = Callable[["Portal", Collection, Call], Answer]

# What every result of a write holds besides the changed properties, as recorded.
ALWAYS_TOLD = (
    "createdate",
    "hs_object_id",
    "lifecyclestage",
    "hs_pipeline",
    "hs_object_source",
    "hs_object_source_id",
    "hs_object_source_label",
    "hs_is_unworked",
)


def on(name: str, handle: CollectionHandler) -> Handler:
    """The handler for one kind of record."""
    return lambda portal, call: handle(portal, portal.collections[name], call)


def endpoints(spelled: str) -> list[Endpoint]:
    """The single-record endpoints of a kind, under one of its `NAMES`."""
    name, base = NAMES[spelled], f"/crm/v3/objects/{spelled}"
    read, write = KINDS[name].read_scopes, (KINDS[name].write_scope,)
    shared = [
        Endpoint(method="GET", path=base, handler=on(name, list_page), scopes=read),
        Endpoint(method="POST", path=f"{base}/search", handler=on(name, find), scopes=read, search=True),
        Endpoint(method="GET", path=f"{base}/{{id}}", handler=on(name, get_one), scopes=read),
        Endpoint(method="POST", path=base, handler=on(name, create), scopes=write, writes=True),
        Endpoint(method="PATCH", path=f"{base}/{{id}}", handler=on(name, update_one), scopes=write, writes=True),
        Endpoint(method="DELETE", path=f"{base}/{{id}}", handler=on(name, archive), scopes=write, writes=True),
    ]
    if name != "contacts":
        return shared
    return [
        *shared,
        Endpoint(method="POST", path=f"{base}/merge", handler=merge, scopes=write, writes=True),
        Endpoint(method="POST", path=f"{base}/gdpr-delete", handler=privacy_delete, scopes=write, writes=True),
    ]


def _unknown_type(_: "Portal", call: Call) -> Answer:
    raise invalid(f"Unable to infer object type from: {call.params['type']}")


# After the endpoints of every known kind.
UNKNOWN = [
    Endpoint(method=method, path=path, handler=_unknown_type)
    for method in ("GET", "POST")
    for path in ("/crm/v3/objects/{type}", "/crm/v3/objects/{type}/{rest:path}")
]


def known_names(collection: Collection, asked: Sequence[str]) -> list[str]:
    """The properties to send: those asked for and the record's id and dates, or a default set if none were asked for.

    Unknown names are silently left out.
    """
    names = (
        [*asked, "createdate", "hs_object_id", collection.kind.modified]
        if asked
        else collection.kind.default_properties
    )
    return [name for name in dict.fromkeys(names) if collection.definitions.get(name)]


def teller(portal: "Portal", collection: Collection, names: Sequence[str], with_history: Sequence[str] = ()) -> Teller:
    """What tells a record to whoever asked for these properties, and for every version of some, newest first."""
    stage_dates = {became(stage.id): entered(stage.id) for stage in portal.stages if became(stage.id) in names}
    hidden = () if EMAIL_SCOPE in portal.scopes else set(collection.kind.content).intersection(names)
    switches = portal.switches
    most = switches.history_entries_max or None
    sources = {"named_otherwise": switches.sources_named_otherwise, "tells_user": switches.processes_tell_user}

    def tell(record: Record) -> Json:
        told = collection.as_json(record, names)
        if stage_dates:
            told["properties"] |= _became_dates(portal, record, stage_dates)
        if hidden:
            told["properties"] |= dict.fromkeys(hidden)
        if switches.cleared_is_null:
            told["properties"] = {name: value or None for name, value in told["properties"].items()}
        if with_history:
            told["propertiesWithHistory"] = {
                name: [version.as_json(**sources) for version in record.versions(name)[:most]]
                if keeps_history(collection, name)
                else []
                for name in with_history
            }
        return told

    return tell


def _became_dates(portal: "Portal", record: Record, stage_dates: Mapping[str, str]) -> dict[str, str | None]:
    """The older stage dates, by default spelled as they came beside ISO times in one answer (amp-labs/connectors)."""
    told: dict[str, str | None] = {}
    for name, entered_name in stage_dates.items():
        value = record.properties.get(name, record.properties.get(entered_name))
        in_ms = read_ms(value) if value and portal.switches.became_dates_in_ms else None
        told[name] = value if in_ms is None else str(in_ms)
    return told


def list_page(portal: "Portal", collection: Collection, call: Call) -> Answer:
    history = [name for name in call.many("propertiesWithHistory") if collection.definitions.get(name)]
    limit = call.number("limit", 10, PAGE_MAX_WITH_HISTORY if history else PAGE_MAX)
    tell = teller(portal, collection, known_names(collection, call.many("properties")), history)
    place = call.cursor()
    if place and not portal.switches.list_begins_anywhere and place not in collection.places:
        raise invalid(f"'{place}' is not a valid paging cursor")
    records, next_id = collection.page(
        after=place,
        limit=limit,
        archived=call.flag("archived"),
        in_text_order=portal.switches.list_in_text_order,
    )
    if not call.flag("archived"):
        records = [shown for record in records if (shown := portal.as_read(collection, record))]
    body: Json = {"results": [tell(record) for record in records]}
    _associate(portal, collection, body["results"], call.many("associations"))
    if next_id is not None:
        collection.places.add(next_id)
        body["paging"] = {"next": {"after": str(next_id), "link": _link(collection, call, after=next_id)}}
    return Answer(body=body)


def _link(collection: Collection, call: Call, *, after: int) -> str:
    """The address of the next page: the same question from a later place on, as recorded (amp-labs/connectors)."""
    asked = urlencode({**call.query, "after": [str(after)]}, doseq=True)
    return f"https://api.hubapi.com/crm/v3/objects/{collection.kind.name}?{asked}"


def _associate(portal: "Portal", collection: Collection, told: Sequence[Json], asked: Sequence[str]) -> None:
    """Add what the records are tied to, in the words of v3: no labels, and nothing for one without ties."""
    for given in asked:
        pair = (collection.kind.name, other := NAMES.get(given, given))
        found = tied_to(portal, pair, [each["id"] for each in told]) if pair in LABELS else {}
        kind = f"{SINGULAR[pair[0]]}_to_{SINGULAR[other]}" if found else ""
        for each in told:
            if ids := found.get(each["id"]):
                results = [{"id": str(tied), "type": kind} for tied in ids]
                each.setdefault("associations", {})[other] = {"results": results}


def _one(collection: Collection, call: Call) -> Record:
    given, by = call.params["id"], call.one("idProperty") or None
    if by is None and read_whole(given) is None:
        raise not_found("Object not found.  objectId are usually numeric.", context={"id": [given]})
    found = collection.find(given, by=by, through_merges=True)
    if found is None:
        raise not_found()
    return found


def _as_read(portal: "Portal", collection: Collection, record: Record) -> Record:
    shown = portal.as_read(collection, record)
    if shown is None:
        raise not_found()
    return shown


def get_one(portal: "Portal", collection: Collection, call: Call) -> Answer:
    whole = read_whole(call.params["id"])
    if call.flag("archived") and whole is not None:
        found = collection.archived.get(whole)
        if found is None:
            raise not_found()
    else:
        found = _as_read(portal, collection, _one(collection, call))
    history = [name for name in call.many("propertiesWithHistory") if collection.definitions.get(name)]
    names = known_names(collection, call.many("properties"))
    told = teller(portal, collection, names, history)(found)
    _associate(portal, collection, [told], call.many("associations"))
    return Answer(body=told)


def create(portal: "Portal", collection: Collection, call: Call) -> Answer:
    asked = call.read(New)
    values, bad = check(portal, collection, None, asked.properties)
    if bad:
        raise values_not_valid(bad)
    refuse_taken(collection, [(None, values)])
    if collection.kind.name not in ENGAGEMENTS:
        return Answer(status=201, body=store_new(portal, collection, values))
    return Answer(status=201, body=_engaged(portal, collection, values, asked))


def _engaged(portal: "Portal", collection: Collection, values: Mapping[str, str], asked: New) -> Json:
    """Create what has to do with contacts, tied to them as asked."""
    engagement = ENGAGEMENTS[collection.kind.name]
    if lacking := [name for name in engagement.needs if not values.get(name)]:
        raise invalid(f"Error creating {engagement.singular.upper()}. Some required properties were not set: {lacking}")
    tied: list[Record] = []
    for each in asked.associations:
        contact = portal.contacts.find(each.to.id, through_merges=True)
        if contact is None or {kind.association_type_id for kind in each.types} != {engagement.to_contact}:
            raise invalid(f"No contact {each.to.id} can be tied to a {engagement.singular} in that way")
        tied.append(contact)
    told = store_new(portal, collection, values)
    portal.tie(collection.kind.name, told["id"], tied)
    return told


def store_new(portal: "Portal", collection: Collection, values: Mapping[str, str]) -> Json:
    """Create a record with checked values; returns the result that HubSpot answers."""
    stored = {name: value for name, value in values.items() if value}
    if collection is portal.contacts:
        stored.setdefault("lifecyclestage", portal.default_stage)
    now = to_iso(to_ms(portal.clock.now()))
    record = portal.insert(collection, stored, an_integration(portal.app_id, APP_LABEL), default_time=now)
    return _after_write(portal, collection, record, values)


def _after_write(portal: "Portal", collection: Collection, record: Record, values: Mapping[str, str]) -> Json:
    names = dict.fromkeys([*values, collection.kind.modified, *filter(collection.definitions.get, ALWAYS_TOLD)])
    if not portal.switches.update_tells_stage:
        names.pop("lifecyclestage", None)
    return teller(portal, collection, list(names))(record)


def update_one(portal: "Portal", collection: Collection, call: Call) -> Answer:
    record = _one(collection, call)
    written = call.read(Written).properties
    if not written:
        raise invalid("No properties found to update, please provide at least one.")
    values, bad = check(portal, collection, record, written)
    if bad:
        raise values_not_valid(bad)
    refuse_taken(collection, [(record, values)])
    return Answer(body=store(portal, collection, record, values))


def store(portal: "Portal", collection: Collection, record: Record, values: dict[str, str]) -> Json:
    """Apply a checked API write; returns the result that HubSpot answers: what is stored now, as it turned out."""
    now = to_ms(portal.clock.now())
    change(portal, collection, record, values, an_integration(portal.app_id, APP_LABEL), at_ms=now)
    return _after_write(portal, collection, record, values)


def refuse_taken(collection: Collection, writes: Iterable[tuple[Record | None, Mapping[str, str]]]) -> None:
    """409 for the first email that is to be written but is another's, or was taken by a write before it.

    The answer names the contact that has it, unless that is still to be created.
    """
    unique = collection.kind.unique
    taken: dict[str, Record | None] = {}
    for record, values in writes:
        address = values.get(unique or "", "").lower()
        if not address:
            continue
        holder = collection.find(address, by=unique)
        if address in taken or holder not in (None, record):
            holder = taken.get(address) or holder
            named = f" Existing ID: {holder.id}" if holder else ""
            raise refused(409, "CONFLICT", f"Contact already exists.{named}")
        taken[address] = record


def archive(portal: "Portal", collection: Collection, call: Call) -> Answer:
    if found := collection.find(call.params["id"]):
        portal.remove(collection, found)
    return Answer(status=204)


def merge(portal: "Portal", call: Call) -> Answer:
    asked = call.read(Merge)
    ids = [asked.primary_object_id, asked.object_id_to_merge]
    records = [portal.contacts.find(given, through_merges=True) for given in ids]
    if records[0] is None or records[1] is None:
        raise not_found()
    if records[0] is records[1]:
        raise invalid("Cannot merge a contact with itself")
    survivor = portal.contact(portal.merge(*ids))
    return Answer(body=teller(portal, portal.contacts, known_names(portal.contacts, ()))(survivor))


def privacy_delete(portal: "Portal", call: Call) -> Answer:
    asked = call.read(PrivacyDeletion)
    if found := portal.contacts.find(asked.object_id, by=asked.id_property):
        portal.remove(portal.contacts, found, keep=False)
    elif (whole := read_whole(asked.object_id)) is not None and (gone := portal.contacts.forget(whole)):
        portal.forget(gone)
    return Answer(status=204)


def find(portal: "Portal", collection: Collection, call: Call) -> Answer:
    if len(call.raw_body.decode(errors="replace")) > BODY_MAX:
        raise invalid(f"The body of a search may hold at most {BODY_MAX} characters")
    asked = call.read(Search)
    found = search(portal, collection, asked)
    tell = teller(portal, collection, known_names(collection, asked.properties))
    told: Json = {"total": found.total, "results": [tell(record) for record in found.page]}
    if found.next_offset is not None:
        told["paging"] = {"next": {"after": str(found.next_offset)}}
    return Answer(body=told)
