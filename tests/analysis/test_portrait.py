"""The portrait shows what the single functions say, and says what does not exist."""

import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ShapeError


def test_the_numbers_are_those_of_the_functions():
    A = ht.gallery.jordan(5, -0.5)
    values = ht.spectral_portrait(A, shape=5).values
    assert values["numerical abscissa"][0] == pytest.approx(ht.numerical_abscissa(A).value, rel=1e-12)
    assert values["departure"][0] == ht.henrici_departure(A).value
    assert values["distance to instability"][0] == ht.distance_to_instability(A).value
    assert values["Kreiss constant"][0] == ht.kreiss_constant(A).value
    assert values["transient growth"][0] == ht.transient_growth(A).value
    assert "digits are lost" in values["kappa(V)"][1]  # of a defective matrix


def test_an_unstable_matrix_has_no_margin_and_no_largest_norm():
    values = ht.spectral_portrait(ht.gallery.grcar(6), shape=5).values
    for name in ("distance to instability", "Kreiss constant", "transient growth"):
        assert values[name] == (None, "unstable")


def test_a_discrete_system_has_a_radius_and_a_circle():
    system = ht.LegS(6).system.discretize(0.1, "forward-euler")
    portrait = ht.spectral_portrait(system, shape=5)
    assert portrait.dt == 0.1
    assert portrait.values["spectral radius"][0] == pytest.approx(0.9)
    assert "spectral abscissa" not in portrait.values
    assert len(portrait.plot().axes[0].lines) == 3  # eigenvalues, numerical range, circle


def test_the_default_box_holds_the_eigenvalues_with_room_around_them():
    z = ht.spectral_portrait(ht.LegS(8), shape=11).pseudospectrum.z
    assert z.real.min() < -8 and z.real.max() > -1 and z.imag.max() == -z.imag.min() > 0
    single = ht.spectral_portrait([[3.0 + 1j]], shape=3).pseudospectrum.z
    assert single.real.min() < 3 < single.real.max()
    assert ht.spectral_portrait([[0.0]], shape=3).pseudospectrum.z.real.max() > 0


def test_it_prints_as_a_table_and_as_html_with_names_escaped():
    portrait = ht.spectral_portrait(ht.s4d("lin", 4), shape=4)
    assert str(portrait).splitlines()[1].startswith("spectral abscissa")
    assert "&lt;s4d(" in portrait._repr_html_() and "<s4d(" not in portrait._repr_html_()


@pytest.mark.parametrize(("A", "error"), [(np.ones((2, 3)), ShapeError), ([[np.nan]], ParameterError)])
def test_what_is_no_square_matrix_is_refused(A, error):
    with pytest.raises(error):
        ht.spectral_portrait(A)
    with pytest.raises(ParameterError, match="box"):
        ht.spectral_portrait(np.eye(2), box=(1.0, 0.0, 0.0, 1.0))
