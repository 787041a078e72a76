"""The portal's forms: what is sent with them names them by their ids alone."""

from collections.abc import Sequence

from sync.hubspot.connection import Connection
from sync.hubspot.paging import pages
from sync.ports import FatalError, RetryableError
from sync.records import Form

BLOG_COMMENTS = "blog_comment"
"""The type of forms that have no list of submissions (HubSpot submissions v1 page)."""
_PAGE = 50
"""With pages of 100 forms, paging has been seen to be missing (airbyte#19927)."""


def list_forms(connection: Connection) -> Sequence[Form]:
    """All forms, of every type. TokenRefused where the token lacks the scope `forms`."""
    listed = pages(connection, connection.api.forms.get_page, limit=_PAGE, form_types=["all"], urgent=True)
    found = {
        str(row["id"]): Form(id=str(row["id"]), name=str(row.get("name") or ""), type=str(row.get("formType") or ""))
        for page in listed
        for row in page
        if row.get("id")
    }
    return list(found.values())


def forms_if_any(connection: Connection) -> Sequence[Form] | None:
    """The forms, or None where this token, or HubSpot at this moment, does not tell them."""
    try:
        return list_forms(connection)
    except (FatalError, RetryableError):
        return None
