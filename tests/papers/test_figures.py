"""Every figure: its claims hold, each of them can fail, and drawing adds and changes nothing."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure as MatplotlibFigure
from scipy.integrate import quad

import hippo_theory as ht
from hippo_theory.errors import UnknownNameError
from hippo_theory.papers import FIGURES
from hippo_theory.papers.s4d import convergence


def test_the_registry_holds_the_promised_figures_under_their_own_ids():
    httyh = ["httyh-1", "httyh-2", "httyh-3", "httyh-delay", "httyh-reconstruct", "httyh-timescale", "lmu-pade"]
    s4d = ["s4d-1", "s4d-2", "s4d-3", "s4d-limits", "s4d-lowrank", "s4d-fout", "s4d-aliasing", "memory-table"]
    lossless = ["legs-spectrum", "gramian-nodes", "kappa-growth", "growth"]
    ptd = ["ptd-1", "ptd-3c", "ptd-inputs", "ptd-tube", "ptd-law", "ptd-bounds", "ptd-pseudo"]
    hope = ["hope-3", "hope-4", "hope-5", "hope-6", "hope-beta"]
    assert list(FIGURES) == [*httyh, *s4d, *lossless, *ptd, *hope]
    assert all(figure.id == id and figure.source and figure.caption for id, figure in FIGURES.items())


def test_every_claim_of_a_figure_holds(figure_id, data):
    claims = FIGURES[figure_id].claims(data)
    assert claims
    assert not [str(claim) for claim in claims if not claim.passed]
    assert len({claim.id for claim in claims}) == len(claims)
    assert all(claim.id.startswith(f"{figure_id}/") for claim in claims)


def test_every_claim_fails_on_data_that_contradict_it(figure_id, data):
    figure = FIGURES[figure_id]
    failed = set()
    for name, values in data.items():
        if values.dtype.kind == "f":
            for wrong in (1.37 * values + 0.1, np.flip(values)):  # other values, or another order
                failed |= {claim.id for claim in figure.claims({**data, name: wrong}) if not claim.passed}
    assert failed == {claim.id for claim in figure.claims(data)}


def test_drawing_needs_the_data_alone_and_leaves_them_as_they_are(figure_id, data):
    before = {name: values.copy() for name, values in data.items()}
    picture = FIGURES[figure_id].draw(data)
    assert isinstance(picture, MatplotlibFigure)
    assert before.keys() == data.keys()
    assert all(np.array_equal(before[name], data[name]) for name in data)


def test_every_panel_is_labelled_and_nothing_is_registered_with_pyplot(figure_id, data):
    import matplotlib.pyplot as plt

    picture = FIGURES[figure_id].draw(data)
    assert plt.get_fignums() == []
    for ax in picture.axes:
        assert ax.get_xlabel() and ax.get_ylabel() and ax.get_title(loc="left")


def test_a_result_is_read_only_prints_its_ledger_and_plots():
    result = ht.figure("s4d-3", quick=True)
    assert result.passed
    assert "9 of 9 claims hold." in repr(result)
    with pytest.raises(ValueError, match="read-only"):
        result.data["top"][0] = 0
    png, size = result.plot()._repr_png_()
    assert png.startswith(b"\x89PNG") and size["width"] > 0


def test_an_unknown_figure_is_a_typed_error_with_a_suggestion():
    with pytest.raises(UnknownNameError, match=r"'ptd1'.*Did you mean 'ptd-1'\?"):
        ht.figure("ptd1")


def test_the_first_legs_kernels_do_not_depend_on_the_state_size():
    for method in ("zoh", "bilinear"):
        op = ht.LegS(48)
        large = ht.StateSpace(op.A, op.B).discretize(0.002, method).kernel(200)[:4] / 0.002
        # Division by the step magnifies the rounding of the kernel, 200 products long.
        assert np.abs(convergence._legs_kernels(method, 200) - large).max() < 200 * np.finfo(float).eps / 0.002


@pytest.mark.parametrize("N", [4, 16])
def test_the_l2_error_of_the_diagonal_kernel_is_the_same_by_parseval(N):
    op = ht.LegS(N)

    def density(w):
        s = np.array([1j * w])
        phi = op.allpass(s)
        return float(np.abs(op.transfer(s)[0] * phi / (1 + phi))[0] ** 2)

    tops = convergence.normal_frequencies(op.a)[0]
    edges = np.sort(np.concatenate([[0.0], tops, tops + 20, [1e3, 1e5]]))
    total = sum(quad(density, a, b, limit=200, epsrel=1e-9)[0] for a, b in pairwise(edges))
    tail = quad(lambda x: density(1 / x) / x**2, 0, 1 / edges[-1], limit=200)[0]
    assert abs(np.sqrt((total + tail) / np.pi) - ht.diagonal_error(op).l2_norm(np.eye(N)[0])) < 1e-6
