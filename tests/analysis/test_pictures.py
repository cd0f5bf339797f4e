"""Results draw themselves, and stay what they are: read-only, through copies and pickles."""

import copy
import pickle

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.plot import canvas


def test_a_study_draws_its_errors():
    study = ht.approximation_study("FouT", lambda tau: np.exp(-tau), [5, 9, 17])
    figure = study.plot()
    (ax,) = figure.axes
    assert ax.get_legend_handles_labels()[1] == ["as a past", "best in the span", "as a kernel", "leakage"]
    other, [[given]] = canvas(1, 1, width=3, height=2)
    assert study.plot(given) is other and given.get_title(loc="left") == "FouT"


def test_a_memory_draws_its_states():
    memory = ht.remember(ht.LegS(4), np.ones(20), 0.1)
    (ax,) = memory.plot().axes
    assert ax.get_ylabel() == "state $n$" and ax.images[0].get_array().shape == (4, 20)
    other, [[given]] = canvas(1, 1, width=3, height=2)
    assert memory.plot(given) is other


RESULTS = [
    ht.remember(ht.LegS(3), np.ones(4), 0.1, "scaled"),
    ht.approximation_study("LegS", lambda tau: np.exp(-tau), [1, 2]),
    ht.reconstruction_task(ht.LegT(3), 0.1, ht.WhiteNoise(20, 0.05, 5), 10),
    ht.project(lambda x: np.stack([x * 0 + 1, x])),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda r: type(r).__name__)
def test_results_stay_read_only_through_copies_and_pickles(result):
    again = pickle.loads(pickle.dumps(result))
    assert copy.deepcopy(result) is result
    arrays = {name: value for name, value in vars(again).items() if isinstance(value, np.ndarray)}
    assert arrays
    for name, value in arrays.items():
        assert not value.flags.writeable and not getattr(result, name).flags.writeable
        np.testing.assert_array_equal(value, getattr(result, name))
