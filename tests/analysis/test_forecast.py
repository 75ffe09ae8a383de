"""suite.analysis.forecast: the rest of a run, corrected by what its launches took."""

import pytest
from builders import make_cell

from suite.analysis.forecast import Forecast
from suite.model.cell import Cell, Mode, Precision


def cell(batch_size: int, mode: Mode = Mode.INFERENCE) -> Cell:
    return make_cell(mode=mode, batch_size=batch_size)


def test_without_a_launch_the_expectations_stand() -> None:
    """The launch under way and those after it, as they were expected beforehand."""
    forecast = Forecast([(cell(1), 10.0), (cell(2), 20.0), (cell(4), 40.0)])
    forecast.begin()

    assert forecast.present_seconds == 10
    assert forecast.later_seconds == 60


def test_a_conditions_last_launch_corrects_it_and_the_run_corrects_the_others() -> None:
    """Inference took three times and training half as long as expected, 4/3 together."""
    inference = [(cell(batch), 10.0) for batch in (1, 2, 4)]
    training = [(cell(batch, Mode.TRAINING), 10.0) for batch in (1, 2)]
    other = make_cell(precision=Precision.AMP, batch_size=1)
    forecast = Forecast([inference[0], training[0], *inference[1:], training[1], (other, 10.0)])
    forecast.begin()
    forecast.learn(20.0)
    first = forecast.later_seconds
    forecast.begin()
    forecast.learn(5.0)
    forecast.begin()
    present = forecast.present_seconds
    forecast.learn(30.0)

    assert first == pytest.approx(5 * 20)
    assert present == pytest.approx(20)
    assert forecast.later_seconds == pytest.approx(30 + 5 + 10 * 55 / 30)


def test_a_launch_that_did_not_go_well_corrects_nothing() -> None:
    """It is gone from what is to come, and that is all; a skipped one weighs nothing."""
    forecast = Forecast([(cell(1), 10.0), (cell(2), 0.0), (cell(4), 10.0)])
    forecast.begin()
    forecast.begin()
    forecast.learn(0.0)

    assert forecast.later_seconds == 10
    forecast.begin()
    assert (forecast.present_seconds, forecast.later_seconds) == (10, 0)


def test_where_nothing_was_expected_the_runs_own_launches_say() -> None:
    """Unknown at first; after one launch, in proportion to the batch size."""
    forecast = Forecast([(cell(1), None), (cell(2), None), (cell(4), None)])
    forecast.begin()
    unknown = forecast.present_seconds, forecast.later_seconds
    forecast.learn(3.0)
    forecast.begin()

    assert unknown == (None, None)
    assert (forecast.present_seconds, forecast.later_seconds) == (6, 12)


def test_the_work_per_launch_does_not_grow_with_their_number() -> None:
    """Counted in arithmetic on the expected seconds: the same for each launch of 10 and of 1000."""

    class Counting(float):
        operations = 0

        def __rmul__(self, other: float) -> float:
            return self._counted(float(self) * other)

        def __mul__(self, other: float) -> float:
            return self._counted(float(self) * other)

        def __radd__(self, other: float) -> float:
            return self._counted(other + float(self))

        def __rsub__(self, other: float) -> float:
            return self._counted(other - float(self))

        def _counted(self, result: float) -> float:
            Counting.operations += 1
            return result

    def operations_of_a_launch(launches: int) -> float:
        forecast = Forecast([(cell(batch), Counting(1.0)) for batch in range(1, launches + 1)])
        Counting.operations = 0
        for _ in range(launches):
            forecast.begin()
            assert forecast.later_seconds is not None
            assert forecast.present_seconds is not None
            forecast.learn(2.0)
        return Counting.operations / launches

    assert 0 < operations_of_a_launch(1000) <= operations_of_a_launch(10) + 1


def test_a_forecast_says_whether_it_has_learned() -> None:
    """Before a launch has gone well nothing corrects what was expected."""
    forecast = Forecast([(cell(1), 0.0), (cell(2), 10.0), (cell(4), 10.0)])
    forecast.begin()
    forecast.learn(5.0)
    before = forecast.has_learned
    forecast.begin()
    forecast.learn(5.0)

    assert (before, forecast.has_learned) == (False, True)
    assert forecast.later_seconds == 5


def test_a_second_launch_of_a_series_replaces_the_first() -> None:
    """The last one resembles what comes next most; other series follow the whole run."""
    other = make_cell(precision=Precision.AMP, batch_size=1)
    series = [(cell(batch), 10.0) for batch in (1, 2, 4, 8)]
    forecast = Forecast([*series, (other, 10.0)])
    for measured in (20.0, 30.0):
        forecast.begin()
        forecast.learn(measured)
    later = forecast.later_seconds
    forecast.begin()

    assert later == pytest.approx(2 * 30 + 10 * 50 / 20)
    assert forecast.present_seconds == pytest.approx(30)
    assert forecast.later_seconds == pytest.approx(30 + 10 * 50 / 20)


def test_a_guess_is_in_proportion_to_all_images_of_a_step() -> None:
    """Where nothing is known of one cell, the steps of several GPUs have the images of all."""
    two = make_cell(mode=Mode.TRAINING, batch_size=4, gpus=2)
    forecast = Forecast([(cell(1), None), (two, None)])
    forecast.begin()
    forecast.learn(3.0)

    assert forecast.later_seconds == pytest.approx(8 * 3)


def test_after_the_last_launch_nothing_is_to_come() -> None:
    """Also where nothing was expected."""
    forecast = Forecast([(cell(1), None)])
    forecast.begin()

    assert (forecast.present_seconds, forecast.later_seconds) == (None, 0)
