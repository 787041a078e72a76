"""The values of a record, packed: they must come out as they went in."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.records import Columns, Properties

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
# The characters that packing itself uses are the ones to try.
VALUES = st.text(st.sampled_from("x\x01\x7f;\x00é日"), max_size=4)
SOME = st.dictionaries(NAMES, VALUES)


@given(SOME, SOME)
def test_values_come_out_as_they_went_in(values: dict[str, str], others: dict[str, str]) -> None:
    columns = Columns()
    held, other = Properties(columns, values), Properties(columns, others)
    assert (dict(held), dict(other)) == (values, others)
    assert held.told(["e", "a", "nobody has it"]) == {
        "e": values.get("e"),
        "a": values.get("a"),
        "nobody has it": None,
    }


@given(SOME, st.lists(st.tuples(NAMES, VALUES)))
def test_written_values_replace_the_old_ones_and_leave_a_copy_alone(
    values: dict[str, str], written: list[tuple[str, str]]
) -> None:
    held = Properties(Columns(), values)
    before = held.copy()
    for name, value in written:
        held[name] = value
    assert dict(held) == values | dict(written)
    assert before == values


@given(SOME, NAMES)
def test_a_value_taken_out_was_never_set(values: dict[str, str], name: str) -> None:
    held = Properties(Columns(), values)
    assert held.pop(name, None) == values.pop(name, None)
    assert (dict(held), len(held), name in held) == (values, len(values), False)
