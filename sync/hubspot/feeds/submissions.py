"""Forms that were sent: one list for each form, newest first, which names no contact but what was typed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.hubspot.connection import Connection
from sync.hubspot.forms import list_forms, with_submissions
from sync.hubspot.paging import Row, pages, rows_of
from sync.hubspot.submitted import SUBMISSIONS, submission_key
from sync.hubspot.values import UnreadableError, moment_of
from sync.ports import Addressed, FatalError, TokenRefused
from sync.records import Form
from sync.traces import Trace, who_has


class SubmissionsFeed:
    """Fulfils the port `Feed`. One request for each form and pass, and one for each 50 forms.

    Where the contacts themselves tell what they sent, the list is needed only to learn who sent something since: the
    property is calculated and moves no date of change. So it then tells nothing of what was sent before a first pass,
    which asks whether any contact tells something: the property may be there and hold nothing.
    """

    name = "submissions"
    quiet: frozenset[str] = frozenset()
    page = 50

    def __init__(
        self,
        connection: Connection,
        *,
        acts: frozenset[str],
        portal_id: str,
        forms: Sequence[Form] | None,
        told_by_contacts: bool,
    ) -> None:
        self.acts = acts
        self.left_out: Counter[str] = Counter()
        self._connection = connection
        self._portal_id = portal_id
        self._forms = forms
        self._told_by_contacts = told_by_contacts

    @property
    def requests_at_rest(self) -> int:
        """One for each form; the listing of the forms comes with what a run asks of the portal."""
        return len(with_submissions(self._forms or ()))

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.left_out.clear()
        listed = with_submissions(list_forms(self._connection) if self._forms is None else self._forms)
        if since is None and self._told_by_contacts and self._some_contact_tells():
            return
        refused = 0
        for form in listed:
            try:
                yield from self._sent(form, since)
            except TokenRefused:
                raise
            except FatalError:
                # Deleted since it was listed, or of a type that has no such list: its traces stay.
                refused += 1
                if refused == len(listed):
                    raise
                self.left_out["forms without a list of submissions"] += 1

    def _some_contact_tells(self) -> bool:
        has_sent = {"propertyName": SUBMISSIONS, "operator": "HAS_PROPERTY"}
        body = {"filterGroups": [{"filters": [has_sent]}], "properties": [], "limit": 1}
        try:
            found = self._connection.read(self._connection.api.contacts_search.do_search, body, search=True)
        except FatalError:  # then it is read twice, and counts once
            return False
        return bool(rows_of(found.document or {}))

    def _sent(self, form: Form, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        for page in pages(self._connection, self._ask, form.id):
            moments = [_submitted_at(row) for row in page]
            yield [
                told
                for row, at in zip(page, moments, strict=True)
                if (told := self._told(form, row, at, since)) is not None
            ]
            if since is not None and any(at is not None and at < since for at in moments):
                return

    def _ask(self, form_id: str, *, after: str | None = None, **kwargs: Any) -> Any:
        place = [] if after is None else [("after", after)]
        return self._connection.api.get(
            "/form-integrations/v1/submissions/forms/{form}",
            path_params={"form": form_id},
            query_params=[("limit", self.page), *place],
            **kwargs,
        )

    def _told(self, form: Form, row: Row, at: datetime | None, since: datetime | None) -> Addressed | None:
        address = _address(row)
        if at is None or not address:
            self.left_out["submissions without a date" if at is None else "submissions without an address"] += 1
            return None
        if since is not None and at < since:
            return None
        who = who_has(address, self._portal_id)
        trace = Trace(
            feed=self.name,
            key=submission_key(form.id, at, who),
            who=who,
            act="sent",
            at=at,
            name=form.name,
            ref=form.id,
        )
        return Addressed(trace=trace, address=address)


def _submitted_at(row: Row) -> datetime | None:
    try:
        return moment_of(str(row.get("submittedAt")))
    except UnreadableError:
        return None


def _address(row: Row) -> str:
    """The address that was typed; `""` where the form does not ask for one."""
    values = row.get("values")
    typed = [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
    found = next((str(v.get("value") or "") for v in typed if v.get("name") == "email"), "").strip().lower()
    return found if "@" in found else ""
