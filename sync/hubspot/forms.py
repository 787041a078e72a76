"""The portal's forms: what is sent with them names them by their ids alone."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from sync.hubspot.connection import Connection
from sync.hubspot.paging import pages
from sync.ports import FatalError, RetryableError
from sync.records import Form

_BLOG_COMMENTS = "blog_comment"
"""The type of forms that have no list of submissions (HubSpot submissions v1 page)."""
_PAGE = 50
"""With pages of 100 forms, paging has been seen to be missing (airbyte#19927)."""


def list_forms(connection: Connection) -> Sequence[Form]:
    """All forms, of every type, and those that were deleted: contacts tell of them by their ids.

    TokenRefused where the token lacks the scope `forms`.
    """
    found = {form.id: form for form in _listed(connection, archived=False)}
    with suppress(FatalError):  # of those that are there, all is known
        for form in _listed(connection, archived=True):
            found.setdefault(form.id, form)
    return list(found.values())


def with_submissions(forms: Iterable[Form]) -> Sequence[Form]:
    """Those of these forms of which HubSpot lists what was sent."""
    return [form for form in forms if form.type != _BLOG_COMMENTS and not form.is_deleted]


def _listed(connection: Connection, *, archived: bool) -> Iterator[Form]:
    forms = connection.api.forms
    for page in pages(connection, forms.get_page, limit=_PAGE, form_types=["all"], archived=archived, urgent=True):
        for row in page:
            if row.get("id"):
                name, form_type = str(row.get("name") or ""), str(row.get("formType") or "")
                yield Form(id=str(row["id"]), name=name, type=form_type, is_deleted=archived)


def forms_if_any(connection: Connection) -> Sequence[Form] | None:
    """The forms, or None where this token, or HubSpot at this moment, does not tell them."""
    try:
        return list_forms(connection)
    except (FatalError, RetryableError):
        return None
