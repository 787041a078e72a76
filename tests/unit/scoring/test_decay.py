"""How engagement fades."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Decay, HalfLife, Linear


@pytest.mark.parametrize(("age", "share"), [(0, 1), (45, 0.7071), (90, 0.5), (180, 0.25)])
def test_fifty_percent_per_ninety_days_is_a_half_life(age: int, share: float) -> None:
    assert HalfLife(days=90).share(age) == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize(("age", "share"), [(0, 1), (30, 0.75), (45, 0.625), (120, 0), (500, 0)])
def test_twenty_five_percent_per_thirty_days_goes_in_a_straight_line(age: int, share: float) -> None:
    assert Linear(percent=25, per_days=30).share(age) == pytest.approx(share)


@pytest.mark.parametrize("decay", [HalfLife(days=30, grace_days=90), Linear(percent=25, per_days=30, grace_days=90)])
def test_nothing_fades_in_the_days_of_grace(decay: Decay) -> None:
    assert decay.share(90) == 1
    assert decay.share(91) < 1


def test_after_its_grace_a_hand_raise_has_lost_a_quarter_a_month_later() -> None:
    assert Linear(percent=25, per_days=30, grace_days=90).share(120) == pytest.approx(0.75)


decays = st.one_of(
    st.builds(HalfLife, days=st.floats(0.5, 1000), grace_days=st.integers(0, 200)),
    st.builds(Linear, percent=st.floats(0.1, 100), per_days=st.floats(0.5, 1000), grace_days=st.integers(0, 200)),
)


@given(decays, st.integers(0, 4000), st.integers(0, 4000))
def test_a_share_lies_between_one_and_nothing_and_never_grows(decay: Decay, age: int, more: int) -> None:
    assert 1 >= decay.share(age) >= decay.share(age + more) >= 0
