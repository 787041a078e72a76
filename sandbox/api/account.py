"""The account itself: who is asking, its people, stages, forms and use of the API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.account import Owner
from sandbox.api.calls import Answer, Call, Endpoint
from sandbox.api.hidden import paged, read_cursor
from sandbox.api.objects import NAMES
from sandbox.bodies import TokenQuestion
from sandbox.engagements import deal_pipeline
from sandbox.errors import Json, not_found
from sandbox.scopes import granted
from sandbox.stages import pipeline
from sandbox.times import to_iso, to_ms

if TYPE_CHECKING:
    from sandbox.portal import Portal

OWNERS_PAGE_MAX = 500
FORMS_PAGE_MAX = 500


def details(portal: "Portal", _: Call) -> Answer:
    local = portal.clock.now().astimezone(portal.limits.zone)
    offset = local.strftime("%z")
    shift = local.utcoffset()
    return Answer(
        body={
            "portalId": portal.portal_id,
            "accountType": "STANDARD",
            "timeZone": portal.time_zone,
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": f"{offset[:3]}:{offset[3:]}",
            "utcOffsetMilliseconds": int(shift.total_seconds() * 1000) if shift is not None else 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


def daily_usage(portal: "Portal", _: Call) -> Answer:
    usage = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": portal.limits.daily,
        "currentUsage": portal.limits.used_today,
        "collectedAt": to_iso(to_ms(portal.clock.now())),
        "fetchStatus": "SUCCESS",
        "resetsAt": to_iso(to_ms(portal.limits.resets_at())),
    }
    return Answer(body={"results": [usage]})


def token_info(portal: "Portal", call: Call) -> Answer:
    if call.read(TokenQuestion).token_key != call.token or not portal.switches.token_can_be_introspected:
        raise not_found()
    return Answer(
        body={
            "userId": portal.owners[0].user_id if portal.owners else 1,
            "hubId": portal.portal_id,
            "appId": portal.app_id,
            "scopes": sorted(granted(portal)),
        }
    )


def list_owners(portal: "Portal", call: Call) -> Answer:
    owners = [owner for owner in portal.owners if owner.archived == call.flag("archived")]
    if email := call.one("email"):
        owners = [owner for owner in owners if owner.email == email]
    return _page(call, [owner.as_json() for owner in owners], default=100, most=OWNERS_PAGE_MAX)


def get_owner(portal: "Portal", call: Call) -> Answer:
    by_user = call.one("idProperty", "id") == "userId"

    def is_asked(owner: Owner) -> bool:
        return call.params["id"] == (str(owner.user_id) if by_user else owner.id)

    for owner in portal.owners:
        if is_asked(owner) and owner.archived == call.flag("archived"):
            return Answer(body=owner.as_json())
    raise not_found()


def list_users(portal: "Portal", call: Call) -> Answer:
    users = [owner.as_user_json() for owner in portal.owners if not owner.archived]
    return _page(call, users, default=100, most=100)


def list_forms(portal: "Portal", call: Call) -> Answer:
    wanted = set(call.many("formTypes")) or {"hubspot"}
    listed = [form for form in portal.forms if form.archived == call.flag("archived")]
    told = [form.as_json() for form in listed if wanted & {form.form_type, "all"}]
    start, limit = read_cursor(call.one("after")), call.number("limit", 50, FORMS_PAGE_MAX)
    return paged(told[start : start + limit], start + limit if start + limit < len(told) else None)


def list_pipelines(portal: "Portal", call: Call) -> Answer:
    name = NAMES.get(call.params["type"])
    told = {"contacts": [pipeline(portal.stages)], "deals": [deal_pipeline()]}
    return Answer(body={"results": told.get(name or "", [])})


def _page(call: Call, items: Sequence[Json], *, default: int, most: int) -> Answer:
    limit, start = call.number("limit", default, most), call.cursor()
    end = start + limit
    body: Json = {"results": list(items[start:end])}
    if end < len(items):
        body["paging"] = {"next": {"after": str(end)}}
    return Answer(body=body)


ENDPOINTS = [
    Endpoint(method="GET", path="/account-info/v3/details", handler=details),
    Endpoint(method="GET", path="/account-info/v3/api-usage/daily/private-apps", handler=daily_usage),
    Endpoint(method="POST", path="/oauth/v2/private-apps/get/access-token-info", handler=token_info),
    Endpoint(method="GET", path="/crm/v3/owners", handler=list_owners, scopes=("crm.objects.owners.read",)),
    Endpoint(method="GET", path="/crm/v3/owners/{id}", handler=get_owner, scopes=("crm.objects.owners.read",)),
    *(
        Endpoint(method="GET", path=path, handler=list_users, scopes=("settings.users.read", "crm.objects.users.read"))
        for path in ("/settings/v3/users", "/settings/users/v3")
    ),
    Endpoint(method="GET", path="/marketing/v3/forms", handler=list_forms, scopes=("forms",)),
    Endpoint(
        method="GET",
        path="/crm/v3/pipelines/{type}",
        handler=list_pipelines,
        scopes=("crm.objects.contacts.read", "crm.schemas.contacts.read", "crm.objects.companies.read"),
    ),
]
