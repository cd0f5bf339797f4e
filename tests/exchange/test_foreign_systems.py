"""Systems of other codes: the same transfer function out and in, the same bits for matrices, the same norms there."""

import doctest
import importlib.util
import inspect
import subprocess
import sys
import warnings

import mpmath as mp
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm, hilbert

import hippo_theory as ht
from hippo_theory.errors import (
    AccuracyError,
    AccuracyWarning,
    MissingExtraError,
    ParameterError,
    ParameterTypeError,
)
from hippo_theory.exchange.foreign_systems import as_system, to_control, to_pymor, to_scipy

EPS = np.finfo(float).eps
SS, TF, ZPK = scipy.signal.StateSpace, scipy.signal.TransferFunction, scipy.signal.ZerosPolesGain


def needs(name):
    missing = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(missing, reason=f"{name} is not installed (pip install 'hippo_theory[interop]')")


SCIPY, CONTROL, PYMOR = (
    "scipy",
    pytest.param("control", marks=needs("control")),
    pytest.param("pymor", marks=needs("pymor")),
)
SENT = {"scipy": to_scipy, "control": to_control, "pymor": to_pymor}


def evaluated(model, s):
    """G (p, H) at one point, by the package's own evaluation; scipy has none that keeps to the matrices."""
    package = type(model).__module__.partition(".")[0]
    if package == "control":
        return model(np.array([s]), squeeze=False)[:, :, 0]
    if package == "pymor":
        return model.transfer_function.eval_tf(s)
    return model.C @ np.linalg.solve(s * np.eye(len(model.A)) - model.A, model.B) + model.D


def solve_error(system, s):
    """A bound of what a backward stable solve may lose: 8 N eps ||C|| ||R|| (|s| + ||A||) ||R|| ||B||."""
    dense = system.to_dense()
    C = 1.0 if dense.C is None else np.linalg.norm(np.atleast_2d(dense.C))
    R = np.linalg.norm(np.linalg.inv(s * np.eye(dense.N) - dense.A), 2)
    return 8 * dense.N * EPS * (C * R * (abs(s) + np.linalg.norm(dense.A)) * R * np.linalg.norm(dense.B) + 1)


def dense(seed, inputs=None, outputs=None, dt=None, D=True):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(2, 10))
    A = rng.standard_normal((N, N))
    A = 0.9 * A / np.abs(np.linalg.eigvals(A)).max() if dt else A - (np.linalg.eigvals(A).real.max() + 0.3) * np.eye(N)
    shape = [n for n in (outputs, inputs) if n]
    B, C = rng.standard_normal([N, inputs] if inputs else N), rng.standard_normal([outputs, N] if outputs else N)
    return ht.StateSpace(A, B, C, rng.standard_normal(shape) if D else 0.0, dt)


DENSE = {
    "one input, one output": lambda: dense(0),
    "one input, three outputs": lambda: dense(1, outputs=3),
    "two inputs, one output": lambda: dense(2, inputs=2),
    "two inputs, three outputs": lambda: dense(3, inputs=2, outputs=3),
    "without D": lambda: dense(4, inputs=2, outputs=3, D=False),
    "discrete": lambda: dense(5, inputs=2, outputs=2, dt=0.25),
    "discrete, one input": lambda: dense(6, dt=1e-3),
}
REAL = DENSE | {
    "state read out": lambda: ht.StateSpace([[-1.0, 2.0], [0.0, -3.0]], [1.0, 1.0]),
    "one D for all outputs": lambda: ht.StateSpace([[-1.0]], [1.0], [[1.0], [2.0]], D=0.5),
    "real modes": lambda: ht.Diagonal([-1.0, -2.0], [1.0, 1.0], [1.0, 3.0]),
    "real modes stored as complex": lambda: ht.Diagonal([-1 + 0j, -2 + 0j], [1.0, 1.0], [1.0, 3.0]),
    "low rank": lambda: ht.DiagonalPlusLowRank([-1.0, -2.0], P=[1.0, 0.5], B=[1.0, 1.0], C=[1.0, 1.0]),
    "pairs": lambda: ht.Diagonal([-1 + 2j, -0.5 - 3j], [1.0, 1 - 2j], [1 + 1j, 2j], D=0.5, conjugate_pairs=True),
    "pairs, several ports": lambda: ht.Diagonal(
        [-1 + 2j, -3.0], [[1j, 2.0], [0.5, 1.0]], np.ones((3, 2)) + 1j, conjugate_pairs=True
    ),
    "pairs, a real mode with complex weights": lambda: ht.Diagonal(
        [-1 + 2j, -3.0], [1.0, 1 + 1j], [1.0, 2 - 1j], conjugate_pairs=True
    ),
    "pairs, discrete": lambda: ht.s4d("legs", 8, C=np.ones(8)).discretize(0.1),
    "operator": lambda: ht.LegS(6),
    "s4d, odd, in coordinates of LegS": lambda: ht.s4d("legs", 7),
    "s4d-inv": lambda: ht.s4d("inv", 8, rng=0),
    "s5": lambda: ht.s5(12, 3, rng=0),
    "dss": lambda: ht.dss(8, rng=0),
    "dfout": lambda: ht.dfout(7, 0.1, rng=0),
    "mamba": lambda: ht.mamba(6),
}
COMPLEX = {
    "dense": lambda: ht.StateSpace([[-1 + 1j, 2.0], [0.0, -3.0]], [1.0, 1j], [1.0, 2.0]),
    "D alone": lambda: ht.StateSpace([[-1.0]], [1.0], [1.0], D=1j),
    "s4": lambda: ht.s4(ht.LegS(6), C=np.ones(6)),
    "stored states read out": lambda: ht.s4d("inv", 8),
    "pairs with a complex D": lambda: ht.Diagonal([-1 + 2j], [1.0], [1.0], D=1j, conjugate_pairs=True),
}


def native(obj):
    return getattr(obj, "system", obj)


def by_ports(system, s):
    """G (p, H) at one point."""
    outputs = 1 if system.C is not None and system.C.ndim == 1 else len(system.B if system.C is None else system.C)
    return np.asarray(system.transfer(s)).reshape(outputs, -1)


@pytest.mark.parametrize("package", [SCIPY, CONTROL, PYMOR])
class TestOut:
    @pytest.mark.parametrize("name", REAL)
    def test_the_transfer_function_is_that_of_the_system(self, name, package):
        obj = REAL[name]()
        model, system = SENT[package](obj), native(obj)
        for s in (0.3 + 0.4j, 2j, -5j) if system.dt is None else (np.exp(0.3j), -1.1, 2j):
            found, expected = evaluated(model, s), by_ports(system, s)
            assert found.shape == expected.shape
            assert np.abs(found - expected).max() <= solve_error(system, s)

    @pytest.mark.parametrize("name", REAL)
    def test_and_comes_back(self, name, package):
        obj = REAL[name]()
        back = as_system(SENT[package](obj))
        assert back.dt == native(obj).dt and back.N == native(obj).N
        s = np.array([0.3 + 0.4j, 2j, -5j])
        expected = native(obj).transfer(s)
        error = max(solve_error(native(obj), z) for z in s)
        # A single input or output has no axis here.
        assert np.abs(back.transfer(s).reshape(expected.shape) - expected).max() <= 2 * error

    @pytest.mark.parametrize("name", DENSE)
    def test_dense_matrices_come_back_bit_for_bit(self, name, package):
        system = DENSE[name]()
        back = as_system(SENT[package](system))
        for field in ("A", "B", "C", "D"):
            first, second = np.asarray(getattr(system, field)), np.asarray(getattr(back, field))
            if field == "D" and not first.ndim:
                first = np.broadcast_to(first, second.shape)
            assert first.shape == second.shape and first.tobytes() == second.tobytes(), field

    def test_time_is_continuous_or_has_its_step(self, package):
        zero = {"scipy": None, "control": 0, "pymor": 0}[package]
        model, sampled = SENT[package](ht.LegS(2)), SENT[package](ht.LegS(2).system.discretize(0.25))
        step = "sampling_time" if package == "pymor" else "dt"
        assert getattr(model, step) == zero and getattr(sampled, step) == 0.25

    def test_whatever_comes_in_may_go_out(self, package):
        system = dense(7)
        once, twice = as_system(to_scipy(system)), as_system(SENT[package](to_scipy(system)))
        for field in ("A", "B", "C", "D"):
            assert np.asarray(getattr(once, field)).tobytes() == np.asarray(getattr(twice, field)).tobytes(), field

    def test_the_other_package_gets_its_own_copy(self, package):
        system = dense(8)
        model = SENT[package](system)
        A = model.A.matrix if package == "pymor" else model.A
        assert not np.shares_memory(A, system.A)


class TestRealCoordinates:
    @pytest.mark.parametrize("name", [name for name in REAL if name.startswith("pairs")])
    def test_stored_pairs_leave_in_their_real_form(self, name):
        system = native(REAL[name]())
        model, real = to_scipy(system), system.to_real()
        assert np.array_equal(model.A, real.A)
        assert np.array_equal(model.B, real.B.reshape(real.N, -1)) and np.array_equal(model.C, np.atleast_2d(real.C))
        assert np.array_equal(model.D, np.broadcast_to(real.D, model.D.shape))

    def test_without_an_output_the_stored_modes_leave_alone(self):
        system = ht.Diagonal([-1.0, -2.0], [1.0, 3.0], conjugate_pairs=True)
        model = to_scipy(system)
        assert model.A.tolist() == [[-1, 0], [0, -2]] and model.B.tolist() == [[1], [3]]
        assert model.C.tolist() == [[1, 0], [0, 1]]

    @pytest.mark.parametrize("name", ["pairs", "pairs, several ports", "pairs, a real mode with complex weights"])
    def test_the_exponential_of_the_blocks_is_the_kernel_of_the_pairs(self, name):
        system = REAL[name]()
        model, t = to_scipy(system), 0.7
        found = model.C @ expm(t * model.A) @ model.B
        assert np.abs(found.squeeze() - system.kernel([t])[..., 0]).max() <= 100 * EPS * np.abs(found).max()


class TestComplexSystems:
    @pytest.mark.parametrize("package", [SCIPY, CONTROL])
    @pytest.mark.parametrize("name", COMPLEX)
    def test_packages_that_drop_imaginary_parts_are_given_none(self, name, package):
        with pytest.raises(ParameterError, match=rf"to_{package}: complex matrices .*to_pymor"):
            SENT[package](COMPLEX[name]())

    def test_scipy_does_drop_them(self):
        model = SS([[-1 + 2j]], [[1.0]], [[1j]], [[0.0]])
        with pytest.warns(np.exceptions.ComplexWarning):
            _, G = quietly(model.freqresp, [0.3])
        assert abs(G[0] - 1j / (0.3j + 1 - 2j)) > 0.1

    @needs("pymor")
    @pytest.mark.parametrize("name", COMPLEX)
    def test_pymor_takes_them_and_gives_them_back(self, name):
        obj = COMPLEX[name]()
        model = to_pymor(obj)
        for s in (0.3 + 0.4j, 2j, -5j):
            expected = native(obj).transfer(s)
            assert np.abs(evaluated(model, s).reshape(expected.shape) - expected).max() <= solve_error(native(obj), s)
            assert np.abs(as_system(model).transfer(s) - expected).max() <= 2 * solve_error(native(obj), s)


def exact_transfer(zeros, poles, gain, s):
    """gain prod(s - z)/prod(s - p) with 40 digits."""
    with mp.workdps(40):
        value = [
            complex(
                gain
                * mp.fprod(mp.mpc(x) - mp.mpc(complex(z)) for z in zeros)
                / mp.fprod(mp.mpc(x) - mp.mpc(complex(p)) for p in poles)
            )
            for x in s
        ]
    return np.array(value)


def off(system, zeros, poles, gain, s):
    """Error over the largest value."""
    expected = exact_transfer(zeros, poles, gain, s)
    return np.abs(system.transfer(s) - expected).max() / np.abs(expected).max()


def quietly(make, *args, **kwargs):
    """scipy warns of coefficients that are not even used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.signal.BadCoefficients)
        return make(*args, **kwargs)


pairs = st.lists(st.tuples(st.floats(0.05, 3.0), st.floats(0.1, 2.0)), min_size=1, max_size=6)
reals = st.lists(st.floats(-3.0, -0.05), max_size=4)


class TestZerosAndPoles:
    @given(pairs, reals, st.integers(0, 3), st.sampled_from([1e-6, 1.0, 1e9]))
    def test_the_transfer_function_is_the_product(self, values, real, zeros, unit):
        poles = unit * np.array([-a + 1j * sign * b for a, b in values for sign in (1, -1)] + real)
        # On the axis, on the right, and some of both.
        zeros = unit * np.array([[], [0.7], [1.3j, -1.3j], [1.0, -1.0]][zeros], dtype=complex)
        system = as_system(ZPK(zeros, poles, 2.0))
        assert len(poles) == system.N and not np.iscomplexobj(system.A)
        assert off(system, zeros, poles, 2.0, unit * 1j * np.linspace(0, 4, 41)) <= 1e-10

    @pytest.mark.parametrize("cutoff", [1e-4, 1.0, 1e3])
    def test_a_butterworth_filter_of_degree_40_keeps_its_digits(self, cutoff):
        zpk = scipy.signal.butter(40, cutoff, analog=True, output="zpk")
        system = as_system(ZPK(*zpk))
        assert off(system, *zpk, cutoff * 1j * np.linspace(0.01, 2, 101)) <= 1e-11

    # Twenty poles within .1 of each other cost what the check allows.
    @pytest.mark.parametrize(("N", "tolerance"), [(3, 1e-13), (12, 1e-11), (20, 1e-8)])
    def test_so_does_a_digital_filter_with_all_poles_near_one(self, N, tolerance):
        zpk = scipy.signal.cheby1(N, 1, 0.05, output="zpk")
        system = as_system(ZPK(*zpk, dt=0.1))
        assert system.dt == 0.1
        assert off(system, *zpk, np.exp(1j * np.linspace(0.001, np.pi, 101))) <= tolerance

    @pytest.mark.parametrize("zeros", [[], [-5.0], [0.2j, -0.2j]])
    def test_poles_far_apart_are_all_there(self, zeros):
        poles = -np.array([1.0, 1e-2, 1e2, 1e-4, 1e4])
        system = as_system(ZPK(zeros, poles, 1.0))
        # A matrix that is not graded may lose eps times 1e8, the ratio of the poles.
        assert off(system, zeros, poles, 1.0, 1j * np.logspace(-5, 5, 101)) <= 1e-4 * (1e8 * EPS)
        assert np.abs(np.sort(system.poles.real) / np.sort(poles) - 1).max() <= 1e-8

    def test_farther_than_floats_can_tell_them_apart_is_said(self):
        with pytest.warns(AccuracyWarning, match="poles lie too far apart"):
            as_system(ZPK([], -np.array([1.0, 1e-6, 1e6, 1e-12, 1e9]), 1.0))

    def test_roots_at_the_origin_are_roots(self):
        system = as_system(ZPK([0.0, 0.0, 1.0], [0.0, -1.0, -2.0, 0.0], 3.0))
        assert abs(system.transfer(2.0) - 3 / (3 * 4)) <= 16 * EPS

    def test_real_poles_alone_are_realised_too(self):
        assert as_system(ZPK([-2.0], [-1.0], 3.0)).transfer(1.0) == 4.5


class TestPolynomials:
    def test_two_poles_by_hand(self):
        system = as_system(TF([1.0, 2.0], [2.0, 3.0, 4.0]))
        s = np.array([0.0, 1j, 2 + 1j, np.inf])
        expected = np.append((s[:3] + 2) / (2 * s[:3] ** 2 + 3 * s[:3] + 4), 0)
        assert np.abs(system.transfer(s) - expected).max() <= 8 * EPS

    def test_a_function_that_does_not_vanish_at_infinity_has_a_d(self):
        system = as_system(TF([3.0, 2.0], [1.0, 1.0]))
        assert system.D == 3.0 and system.transfer(1.0) == 2.5

    def test_several_numerators_are_several_outputs(self):
        system = as_system(TF([[1.0, 0.0], [0.0, 1.0]], [1.0, 0.5, 2.0]))
        s = 0.3 + 1j
        assert np.abs(system.transfer(s) - np.array([s, 1]) / (s * s + 0.5 * s + 2)).max() <= 8 * EPS

    def test_complex_coefficients_are_legal(self):
        system = as_system(TF(np.array([1.0]), np.array([1.0, 1 - 2j])))
        assert abs(system.transfer(1j) - 1 / (1 - 1j)) <= 4 * EPS

    @pytest.mark.parametrize("den", [[1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.0]])
    def test_a_pole_on_the_boundary_is_no_obstacle(self, den):
        assert abs(as_system(TF([1.0], den)).transfer(2.0) * np.polyval(den, 2.0) - 1) <= 16 * EPS

    @pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
    def test_the_unit_of_time_costs_no_digit(self, unit):
        # Powers of the unit are in the coefficients; they must not decide what is small.
        zpk = scipy.signal.butter(12, unit, analog=True, output="zpk")
        num, den = np.real(zpk[2]), np.real(np.poly(zpk[1]))
        system = as_system(quietly(TF, [num], den))
        assert off(system, *zpk, unit * 1j * np.linspace(0, 2, 101)) <= 1e-12

    def test_lost_digits_are_said_where_the_user_called(self):
        zpk = scipy.signal.butter(40, 1.0, analog=True, output="zpk")
        model = quietly(TF, [zpk[2]], np.real(np.poly(zpk[1])))
        with pytest.warns(AccuracyWarning, match="coefficients of high degree") as caught:
            system = as_system(model)
        assert caught[0].filename == __file__
        told = float(str(caught[0].message).partition("off by ")[2].split()[0])
        # What is told is against the coefficients as they are stored: exactly, in integers of 40 digits.
        s = 1j * np.linspace(0.5, 1.5, 21)
        with mp.workdps(60):
            exact = [complex(mp.mpf(model.num[0]) / mp.polyval(model.den.tolist(), mp.mpc(z))) for z in s]
        assert 1e-8 < np.abs(system.transfer(s) - exact).max() <= 20 * told

    def test_no_digit_is_an_error(self):
        zpk = scipy.signal.cheby1(12, 1, 0.05, output="zpk")
        model = quietly(TF, zpk[2] * np.real(np.poly(zpk[0])), np.real(np.poly(zpk[1])), dt=0.1)
        with pytest.raises(AccuracyError, match="no digit of the transfer function"):
            as_system(model)


@needs("control")
class TestControl:
    def test_transfer_functions_with_one_input_and_output(self):
        import control

        function = control.tf([1.0, 2.0], [2.0, 3.0, 4.0])
        assert abs(as_system(function).transfer(1 + 1j) - function(1 + 1j)) <= 8 * EPS

    def test_a_small_numerator_is_a_numerator(self):
        import control

        # scipy.signal.tf2ss would drop it: below 1e-14.
        assert abs(as_system(control.tf([1e-20], [1.0, 1.0])).transfer(1.0) / 5e-21 - 1) <= 4 * EPS

    def test_a_discrete_one_keeps_its_step(self):
        import control

        system = as_system(control.tf([1.0], [1.0, -0.5], 0.2))
        assert system.dt == 0.2 and system.transfer(1.0) == 2.0

    def test_what_is_left_open_is_refused(self):
        import control

        matrices = [[-1.0]], [[1.0]], [[1.0]], 0
        with pytest.raises(ParameterError, match=r"without a step; set \.dt = 1\.0"):
            as_system(control.ss(*matrices, True))
        with pytest.raises(ParameterError, match=r"leaves the time open; set \.dt = 0"):
            as_system(control.ss(*matrices, None))
        many = control.tf([[[1], [2]]], [[[1, 1], [1, 2]]])
        with pytest.raises(ParameterTypeError, match="2 inputs and 1 outputs"):
            as_system(many)
        with pytest.raises(ParameterError, match="constant gain"):
            as_system(control.ss([], [], [], [[2.0]], 0))
        with pytest.raises(ParameterTypeError, match=r"got control\.frdata\.FrequencyResponseData"):
            as_system(control.frd([1, 2j], [1, 2]))

    def test_no_default_of_control_takes_states_away(self):
        import control

        # The second state is neither driven nor read.
        system = ht.StateSpace([[-1.0, 0.0], [0.0, -2.0]], [1.0, 0.0], C=[1.0, 0.0])
        control.config.set_defaults("statesp", remove_useless_states=True)
        try:
            assert to_control(system).nstates == 2
        finally:
            control.config.reset_defaults()


@needs("pymor")
class TestPymor:
    def model(self, A, B, C, D=None, E=None, **kwargs):
        from pymor.models.iosys import LTIModel

        return LTIModel.from_matrices(np.asarray(A), np.asarray(B), np.asarray(C), D, E, **kwargs)

    @pytest.mark.parametrize("dt", [0, 0.5])
    def test_a_mass_matrix_is_solved_in(self, dt):
        rng = np.random.default_rng(0)
        A, E = -np.eye(5) + 0.1 * rng.standard_normal((5, 5)), np.eye(5) + 0.2 * rng.standard_normal((5, 5))
        A = 0.5 * A if dt else A
        model = self.model(
            A, rng.standard_normal((5, 2)), rng.standard_normal((3, 5)), np.ones((3, 2)), E, sampling_time=dt
        )
        system = as_system(model)
        assert system.dt == (dt or None)
        for s in (0.3 + 0.4j, 2j):
            error = np.linalg.cond(E) * solve_error(system, s)
            assert np.abs(system.transfer(s) - model.transfer_function.eval_tf(s)).max() <= error

    def test_the_scale_of_an_equation_does_not_make_e_singular(self):
        E = np.diag([1.0, 1e-20])
        system = as_system(self.model([[-1.0, 0.5], [0.0, -2e-20]], [[1.0], [1e-20]], [[1.0, 1.0]], None, E))
        assert np.abs(system.A - [[-1.0, 0.5], [0.0, -2.0]]).max() <= 4 * EPS

    @pytest.mark.parametrize("E", [np.diag([1.0, 0.0]), [[1.0, 2.0], [0.5, 1.0]]])
    def test_a_singular_e_is_refused(self, E):
        with pytest.raises(AccuracyError, match=r"E is singular .* algebraic equations"):
            as_system(self.model(-np.eye(2), [[1.0], [1.0]], [[1.0, 1.0]], None, np.asarray(E)))

    def test_an_e_that_takes_half_of_the_digits_is_told(self):
        E = hilbert(9)
        with pytest.warns(AccuracyWarning, match="E has the condition"):
            as_system(self.model(-np.eye(9), np.ones((9, 1)), np.arange(9.0)[None], None, E))

    def test_a_port_hamiltonian_model_is_an_lti_model(self):
        from pymor.models.iosys import PHLTIModel

        model = PHLTIModel.from_matrices(np.array([[0, 1.0], [-1, 0]]), np.eye(2), np.ones((2, 1)))
        assert abs(as_system(model).transfer(1j) - model.transfer_function.eval_tf(1j).item()) <= 16 * EPS

    def test_parameters_must_be_chosen_first(self):
        from pymor.models.iosys import LTIModel
        from pymor.operators.constructions import LincombOperator
        from pymor.operators.numpy import NumpyMatrixOperator
        from pymor.parameters.functionals import ProjectionParameterFunctional

        A = LincombOperator([NumpyMatrixOperator(-np.eye(2))], [ProjectionParameterFunctional("mu")])
        model = LTIModel(A, NumpyMatrixOperator(np.ones((2, 1))), NumpyMatrixOperator(np.ones((1, 2))))
        with pytest.raises(ParameterError, match=r"depends on the parameters .*mu"):
            as_system(model)
        chosen = LTIModel.from_matrices(*model.to_abcde_matrices("dense", mu=model.parameters.parse(3.0)))
        assert as_system(chosen).transfer(0.0) == pytest.approx(2 / 3, abs=4 * EPS)


class TestRefusals:
    @pytest.mark.parametrize(
        ("obj", "error", "said"),
        [
            (3.0, ParameterTypeError, "got builtins.float"),
            ((np.eye(2), 1, 1, 0), ParameterTypeError, "wrap matrices in ht.StateSpace"),
            (scipy.signal.dlti([1.0], [1.0, 0.5]), ParameterError, "dt = True is a discrete time without a step"),
            (TF([1.0, 2.0, 3.0], [1.0, 1.0]), ParameterError, "2 zeros and 1 poles make an improper"),
            (TF([2.0], [1.0]), ParameterError, "constant gain"),
            (ZPK([], [], 2.0), ParameterError, "constant gain"),
            (ZPK([1.0], [], 2.0), ParameterError, "improper"),
            (ZPK([], [-1 + 1j], 2.0), ParameterError, "conjugate pairs"),
            (ZPK([], [-1 + 1j, -1 - 2j], 2.0), ParameterError, "conjugate pairs"),
            (ZPK([], [-1 - 1j, -1.0], 2.0), ParameterError, "conjugate pairs"),
            (ZPK([], [-1.0], 2j), ParameterTypeError, "gain must be a real number"),
            (ZPK([], [np.nan], 2.0), ParameterError, "poles contains NaN"),
            (TF([1.0], [1.0, np.inf]), ParameterError, "den contains NaN or infinity"),
            (SS([[np.nan]], [[1.0]], [[1.0]], [[0.0]]), ParameterError, "A contains NaN"),
        ],
    )
    def test_each_says_what_to_do(self, obj, error, said):
        with pytest.raises(error, match=said):
            as_system(obj)

    def test_a_step_that_is_set_is_taken(self):
        model = scipy.signal.dlti([1.0], [1.0, 0.5])
        model.dt = 1.0
        assert as_system(model).dt == 1.0

    def test_systems_of_this_package_are_returned_as_they_are(self):
        system = ht.s4d("legs", 4).system
        assert as_system(system) is system
        assert as_system(ht.LegS(4)).A is not None

    @pytest.mark.parametrize(("package", "convert"), [("control", to_control), ("pymor", to_pymor)])
    def test_a_missing_package_is_named(self, package, convert, monkeypatch):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.setitem(sys.modules, "pymor.models.iosys", None)
        with pytest.raises(MissingExtraError, match=package):
            convert(ht.LegS(2))

    def test_a_package_is_imported_only_to_make_its_object(self):
        code = (
            "import sys, hippo_theory.exchange.foreign_systems as f, hippo_theory as ht\n"
            "def loaded(): print(sorted({'scipy', 'scipy.signal', 'control', 'pymor'} & sys.modules.keys()))\n"
            "loaded()\n"
            "f.as_system(f.to_scipy(ht.LegS(2)))\n"
            "loaded()"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        before, after = done.stdout.splitlines()
        assert before == "[]"
        assert after == "['scipy', 'scipy.signal']"


def modest(seed, dt):
    """Eight states, two inputs, two outputs, well inside the region of stability."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((8, 8))
    A = 0.8 * A / np.abs(np.linalg.eigvals(A)).max() if dt else A - (np.linalg.eigvals(A).real.max() + 0.5) * np.eye(8)
    return ht.StateSpace(A, rng.standard_normal((8, 2)), rng.standard_normal((2, 8)), dt=dt)


@pytest.mark.parametrize("dt", [None, 0.5])
@pytest.mark.parametrize("seed", range(4))
class TestNumbers:
    """Norms there and here: of the same matrices, by codes that have nothing in common."""

    @needs("control")
    def test_hinf_norm_of_control(self, seed, dt):
        import control

        system = modest(seed, dt)
        # Its bisection stops at a relative 1e-10.
        assert control.norm(to_control(system), "inf", tol=1e-10) == pytest.approx(ht.hinf_norm(system).value, rel=1e-9)

    @needs("control")
    def test_h2_norm_of_control(self, seed, dt):
        import control

        system = modest(seed, dt)
        assert control.norm(to_control(system), 2) == pytest.approx(ht.h2_norm(system).value, rel=1e-12)

    @needs("pymor")
    def test_h2_norm_of_pymor(self, seed, dt):
        system = modest(seed, dt)
        assert to_pymor(system).h2_norm() == pytest.approx(ht.h2_norm(system).value, rel=1e-12)

    @needs("pymor")
    def test_hankel_singular_values_of_pymor(self, seed, dt):
        system = modest(seed, dt)
        ours, theirs = ht.hankel_singular_values(system), to_pymor(system).hsv()
        # Its factors are of Gramians that were formed: half of the digits for the small ones.
        assert np.abs(ours.values - theirs).max() <= np.sqrt(EPS) * ours.values[0]


@pytest.mark.parametrize("package", [CONTROL, PYMOR])
def test_the_examples_that_need_a_package_run_where_it_is(package, monkeypatch):
    convert = SENT[package]
    monkeypatch.setattr(ht, convert.__name__, convert, raising=False)
    text = inspect.getdoc(convert).replace("  # doctest: +SKIP", "")
    example = doctest.DocTestParser().get_doctest(text, {}, convert.__name__, None, None)
    assert doctest.DocTestRunner(verbose=False).run(example) == (0, 2)
