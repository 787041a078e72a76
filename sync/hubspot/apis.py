"""HubSpot's own client, as far as we use it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

from hubspot import HubSpot

Call = Callable[..., Any]
"""A bound method of HubSpot's client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apis:
    """The parts of HubSpot's client that we use, made once: every attribute chain on it builds a new one."""

    contacts: Any
    contacts_batch: Any
    contacts_search: Any
    companies: Any
    companies_batch: Any
    properties: Any
    properties_batch: Any
    property_groups: Any
    owners: Any
    lists: Any
    memberships: Any
    pipelines: Any
    objects: Any
    """Records of a kind that is named: meetings, calls, deals and so on."""
    objects_search: Any
    associations: Any
    """Which records belong together, for many at once (v4)."""
    events: Any
    forms: Any
    get: Call
    """GET a path that the client has no method for."""


def apis_of(token: str, base_url: str, send: Call) -> Apis:
    """Those of a client that hands its requests to `send`."""

    def build(package: Any, name: str, _: Mapping[str, object]) -> Any:
        settings = package.Configuration()
        settings.host, settings.access_token = base_url, token
        client = package.ApiClient(configuration=settings)
        client.user_agent = _agent()
        client.set_default_header("Accept-Encoding", "gzip")
        client.request = send
        return getattr(package, name)(api_client=client)

    client = HubSpot(access_token=token, host=base_url, base_url=base_url, api_factory=build)
    crm = client.crm
    contacts = crm.contacts.basic_api
    return Apis(
        contacts=contacts,
        contacts_batch=crm.contacts.batch_api,
        contacts_search=crm.contacts.search_api,
        companies=crm.companies.basic_api,
        companies_batch=crm.companies.batch_api,
        properties=crm.properties.core_api,
        properties_batch=crm.properties.batch_api,
        property_groups=crm.properties.groups_api,
        owners=crm.owners.owners_api,
        lists=crm.lists.lists_api,
        memberships=crm.lists.memberships_api,
        pipelines=crm.pipelines.pipelines_api,
        objects=crm.objects.basic_api,
        objects_search=crm.objects.search_api,
        associations=crm.associations.v4.batch_api,
        events=client.events.events_api,
        forms=client.marketing.forms.forms_api,
        get=partial(contacts.api_client.call_api, method="GET", auth_settings=["oauth2"]),
    )


@cache
def _agent() -> str:
    # To look up a version means to read a package's metadata: once is enough.
    return f"scoreline (hubspot-api-client-python; {version('hubspot-api-client')})"
