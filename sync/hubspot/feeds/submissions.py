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
from sync.side_by_side import merged
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
        at_once: int,
    ) -> None:
        self.acts = acts
        self.left_out: Counter[str] = Counter()
        self._connection = connection
        self._portal_id = portal_id
        self._forms = forms
        self._told_by_contacts = told_by_contacts
        self._at_once = at_once

    @property
    def requests_at_rest(self) -> int:
        """One for each form; the listing of the forms comes with what a run asks of the portal."""
        return len(with_submissions(self._forms or ()))

    @property
    def requests(self) -> int:
        return self._connection.requests.total

    def read(self, since: datetime | None) -> Iterator[Sequence[Addressed]]:
        self.left_out.clear()
        listed = with_submissions(list_forms(self._connection) if self._forms is None else self._forms)
        if since is None and self._told_by_contacts and self._some_contact_tells():
            return
        refused: list[FatalError] = []
        lists = [self._sent(form, since, refused) for form in listed]
        for form, page in merged(lists, threads=self._at_once):
            yield [told for row in page if (told := self._told(form, row, since)) is not None]
        if refused and len(refused) == len(listed):
            raise refused[-1]
        self.left_out.update({"forms without a list of submissions": len(refused)} if refused else {})

    def _some_contact_tells(self) -> bool:
        has_sent = {"propertyName": SUBMISSIONS, "operator": "HAS_PROPERTY"}
        body = {"filterGroups": [{"filters": [has_sent]}], "properties": [], "limit": 1}
        try:
            found = self._connection.read(self._connection.api.contacts_search.do_search, body, search=True)
        except FatalError:  # then it is read twice, and counts once
            return False
        return bool(rows_of(found.document or {}))

    def _sent(
        self, form: Form, since: datetime | None, refused: list[FatalError]
    ) -> Iterator[tuple[Form, Sequence[Row]]]:
        try:
            for page in pages(self._connection, self._ask, form.id):
                yield form, page
                moments = map(_submitted_at, page)
                if since is not None and any(at is not None and at < since for at in moments):
                    return
        except TokenRefused:
            raise
        except FatalError as problem:
            # Deleted since it was listed, or of a type that has no such list: its traces stay.
            refused.append(problem)

    def _ask(self, form_id: str, *, after: str | None = None, **kwargs: Any) -> Any:
        place = [] if after is None else [("after", after)]
        return self._connection.api.get(
            "/form-integrations/v1/submissions/forms/{form}",
            path_params={"form": form_id},
            query_params=[("limit", self.page), *place],
            **kwargs,
        )

    def _told(self, form: Form, row: Row, since: datetime | None) -> Addressed | None:
        at, address = _submitted_at(row), _address(row)
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
