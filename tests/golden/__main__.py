"""Write all breakdowns anew; the difference is for a person to read."""

from tests.golden.breakdowns import breakdown, file_of
from tests.golden.leads import LEADS

for lead in LEADS:
    file_of(lead).write_text(breakdown(lead), encoding="utf-8")
