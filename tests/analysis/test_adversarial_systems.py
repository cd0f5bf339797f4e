"""Systems that break codes for Gramians and norms: each number is right within its own error, or refused with a reason.

The second road takes the floats at their word: Gramians and Hankel values in balls, the H-infinity norm by a proof,
Markov parameters in 1024 bits. Warnings are errors, save the one that says how many digits are left.
"""

from functools import cache

import flint
import numpy as np
import pytest

import hippo_theory as ht
from hippo_theory._precision import working_precision
from hippo_theory.errors import AccuracyError, AccuracyWarning, ParameterError, ShapeError, UnstableSystemError
from hippo_theory.rigor.balls import embed, frobenius, matrix, upper
from hippo_theory.rigor.exact_systems import exact_system
from hippo_theory.rigor.hinf_norm import enclose_hinf_norm
from hippo_theory.rigor.refined_svd import adjoint

pytestmark = pytest.mark.filterwarnings("ignore::hippo_theory.errors.AccuracyWarning")

EPS = np.finfo(float).eps
SS, Modes = ht.StateSpace, ht.Diagonal
PLAIN = np.array([[-1.0, 2, 0], [-2, -1, 1], [0.5, 0, -3]]), np.array([1.0, 0, 2]), np.array([1.0, -1, 1])
LEGS, LEGT, LAGT = ht.LegS(32), ht.LegT(32), ht.LagT(9)


def scaled(states=0.0, time=0.0, inputs=0.0, outputs=0.0, dt=None):
    """PLAIN in units of 10^...; ``states`` spreads them over twice as many decades."""
    (A, B, C), T = PLAIN, 10.0 ** np.linspace(-states, states, 3)
    A = A / 10 if dt else A
    return SS(A * T[:, None] / T * 10.0**time, B * T * 10.0**inputs, C / T * 10.0**outputs, dt=dt)


def turned(A, B, C, D=0.0, dt=None):
    """In random orthonormal coordinates: nothing is triangular, and every entry is rounded."""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((len(A), len(A))))[0]
    return SS(Q @ A @ Q.T, Q @ B, C @ Q.T, D, dt=dt)


def jordan(n, pole):
    """1/(s - pole)^n."""
    return pole * np.eye(n) + np.diag(np.ones(n - 1), 1), np.eye(n)[-1], np.eye(n)[0]


def companion(poles):
    """1/prod(s - poles)."""
    n = len(poles)
    A = np.diag(np.ones(n - 1), 1)
    A[-1] = -np.poly(poles)[:0:-1]
    return A, np.eye(n)[-1], np.eye(n)[0]


def above(n, pole, size):
    """As far from normal as ``size``."""
    return pole * np.eye(n) + np.triu(np.full((n, n), size), 1), np.ones(n), np.ones(n)


POWERS = -(10.0 ** np.linspace(-10, 10, 9))
SYSTEMS = {
    "pole -1e-12": SS([[-1e-12]], [1.0], [1.0]),
    "pole 1 - 1e-13": SS([[1 - 1e-13]], [1.0], [1.0], dt=1.0),
    "resonance of width 1e-12": SS([[-1e-12, 1.0], [-1.0, -1e-12]], [1.0, 0.0], [1.0, 0.0]),
    "resonance of width 1e-12, discrete": SS((1 - 1e-12) * np.array([[0.6, 0.8], [-0.8, 0.6]]), [1, 0], [1, 0], dt=1),
    "Jordan 8": SS(*jordan(8, -1.0)),
    "Jordan 8, turned": turned(*jordan(8, -1.0)),
    "Jordan 32": SS(*jordan(32, -1.0)),
    "Jordan 32, turned": turned(*jordan(32, -1.0)),
    "Jordan 8, discrete": SS(*jordan(8, 0.5), dt=1.0),
    "Jordan 8, discrete, turned": turned(*jordan(8, 0.5), dt=1.0),
    "Jordan 32, discrete": SS(*jordan(32, 0.5), dt=1.0),
    "Jordan 32, discrete, turned": turned(*jordan(32, 0.5), dt=1.0),
    "states over 150 decades": scaled(states=75),
    "states over 280 decades": scaled(states=140),
    "states over 280 decades, discrete": scaled(states=140, dt=1.0),
    "time 1e+150": scaled(time=150, inputs=75, outputs=75),
    "time 1e-150": scaled(time=-150, inputs=-75, outputs=-75),
    "time 1e+300": scaled(time=300, inputs=150, outputs=150),
    "inputs 1e+150": scaled(inputs=150),
    "inputs 1e-150": scaled(inputs=-150),
    "inputs 1e+150, outputs 1e-150": scaled(inputs=150, outputs=-150),
    "both 1e+69": scaled(inputs=69, outputs=69),
    "both 1e-69": scaled(inputs=-69, outputs=-69),
    "both 1e+150": scaled(inputs=150, outputs=150),
    "both 1e-150": scaled(inputs=-150, outputs=-150),
    "both 1e+200": scaled(inputs=200, outputs=200),
    "both 1e-200": scaled(inputs=-200, outputs=-200),
    "inputs 5e-324": scaled(inputs=-323.3),
    "pole -1e+308": SS([[-1e308]], [1.0], [1.0]),
    "pole -1e-308": SS([[-1e-308]], [1.0], [1.0]),
    "pole -5e-324": SS([[-5e-324]], [1.0], [1.0]),
    "gain 1e+270": SS(np.diag([-1e-130, -3e-130]), np.eye(2) * 1e69, np.eye(2) * 1e69),
    "gain 1e+370": SS([[-1e-135]], [1e120], [1e120]),
    "graded modes": Modes(POWERS, np.ones(9), np.ones(9)),
    "graded diagonal": SS(np.diag(POWERS), np.ones(9), np.ones(9)),
    "graded, turned": turned(np.diag(-(10.0 ** np.linspace(-4, 4, 5))), np.ones(5), np.ones(5)),
    "1e+12 from normal": SS([[-1.0, 1e12], [0.0, -1.0]], [1.0, 1.0], [1.0, 1.0]),
    "1e+21 from normal": SS(*above(8, -1.0, 1e3)),
    "1e+16 from normal, discrete": SS(*above(3, 0.5, 1e8), dt=1.0),
    "B = 0": SS(PLAIN[0], 0 * PLAIN[1], PLAIN[2]),
    "C = 0": SS(PLAIN[0], PLAIN[1], 0 * PLAIN[2]),
    "D alone": SS([[-1.0]], [0.0], [0.0], 5.0),
    "D alone, discrete": SS([[0.5]], [0.0], [0.0], -5.0, dt=1.0),
    "D alone, a matrix": SS(-np.eye(2), np.zeros((2, 3)), np.zeros((2, 2)), np.arange(6.0).reshape(2, 3)),
    "D of 1e+139": SS(PLAIN[0], 1e-69 * PLAIN[1], 1e-69 * PLAIN[2], 1e139),
    "one complex state": SS([[-1 + 5j]], [1j], [2.0], 3j),
    "not reached": SS(np.diag([-1.0, -2, -3]), [1.0, 0, 1], [1.0, 1, 1]),
    "not seen, turned": turned(np.diag([-1.0, -2, -3]), np.ones(3), np.array([1.0, 0, 1])),
    "reached or seen": SS([[-1.0, 1.0], [0.0, -2.0]], [1.0, 0.0], [0.0, 1.0]),
    "reached or seen, turned": turned(np.array([[-1.0, 1.0], [0.0, -2.0]]), np.eye(2)[0], np.eye(2)[1]),
    "repeated modes": Modes(-np.ones(5), np.ones(5), np.ones(5)),
    "repeated modes, dense": SS(-np.eye(5), np.ones(5), np.ones(5)),
    "modes one ulp apart that cancel": Modes([-1.0, -1 - EPS], [1.0, -1.0], [1.0, 1.0]),
    "close modes 1e+9 large": Modes([-1.0, -1 - 1e-9], [1e9, -1e9], [1.0, 1.0]),
    "three inputs of rank one": SS(PLAIN[0], np.outer(PLAIN[1], [1.0, 2, 3]), np.eye(3)),
    "two outputs of rank one": SS(PLAIN[0], np.eye(3), np.outer([1.0, 2], PLAIN[2])),
    "three by three, with D": SS(PLAIN[0], np.eye(3), np.eye(3), 0.1 * np.eye(3)),
    "complex modes without conjugates": Modes([-1 + 3j, -0.1 - 7j, -2.0], [1.0, 1j, 2.0], [1.0, 1.0, 1 - 1j], 1 + 1j),
    "complex, dense": SS([[-1 + 1j, 2.0], [0.3j, -0.5]], [1.0, 1j], [1j, 1.0]),
    "pole 0, discrete": SS([[0.0]], [1.0], [1.0], dt=1.0),
    "nilpotent": SS(jordan(5, 0.0)[0], np.eye(5)[-1], np.arange(1.0, 6.0), 2.0, dt=1.0),
    "nilpotent, turned": turned(jordan(20, 0.0)[0], np.eye(20)[-1], np.arange(1.0, 21.0), dt=1.0),
    "a delay of five steps": SS(np.diag(np.ones(4), -1), np.eye(5)[0], np.eye(5)[4], dt=1.0),
    "A = 0, discrete": SS(np.zeros((3, 3)), np.ones(3), np.ones(3), dt=1.0),
    "companion of (s + 1)^24": SS(*companion(-np.ones(24))),
    "companion of (s + 1)...(s + 20)": SS(*companion(-np.arange(1.0, 21.0))),
    "companion of (z - .9)^8": SS(*companion(np.full(8, 0.9)), dt=1.0),
    "an all-pass function": SS(LAGT.A, LAGT.B, -LAGT.B, 1.0),
    "LegS": SS(LEGS.A, LEGS.B, np.ones(32)),
    "LegS, states read out": LEGS.system,
    "LegT": SS(LEGT.A, LEGT.B, np.ones(32)),
    "S4-LegS": ht.s4(ht.LegS(16), C=np.ones(16)).system,
    "S4D-LegS": ht.s4d("legs", 16, C=np.ones(16)).system,
}

RANGE, DOUBT = (ParameterError, "range"), (AccuracyError, "relative changes")
HANKEL = ("controllability", "observability", "hankel", "hankel_norm")
NORMS = ("hinf", "h2", "l1")
# What may be refused, and why; all else must give a number.
REFUSED = {
    "pole 1 - 1e-13": dict.fromkeys((*HANKEL, "h2"), DOUBT) | {"l1": (AccuracyError, "slowest pole")},
    "resonance of width 1e-12": dict.fromkeys((*HANKEL, "h2"), DOUBT) | {"l1": (AccuracyError, "oscillates")},
    "resonance of width 1e-12, discrete": dict.fromkeys((*HANKEL, "h2"), DOUBT) | {"l1": (AccuracyError, "slowest")},
    "Jordan 32, discrete, turned": dict.fromkeys((*HANKEL, "h2"), DOUBT) | {"l1": (AccuracyError, "")},
    "companion of (z - .9)^8": dict.fromkeys((*HANKEL, "h2"), DOUBT) | {"l1": (AccuracyError, "")},
    "time 1e+150": dict.fromkeys(NORMS, RANGE),
    "time 1e-150": dict.fromkeys(NORMS, RANGE),
    "time 1e+300": dict.fromkeys(NORMS, RANGE),
    "inputs 1e+150": dict.fromkeys(NORMS, RANGE),
    "inputs 1e-150": dict.fromkeys(NORMS, RANGE),
    "both 1e+150": dict.fromkeys(NORMS, RANGE),
    "both 1e-150": dict.fromkeys(NORMS, RANGE),
    "both 1e+200": dict.fromkeys((*HANKEL, *NORMS, "markov"), RANGE),
    "both 1e-200": dict.fromkeys((*HANKEL, *NORMS), RANGE),
    "inputs 5e-324": dict.fromkeys((*NORMS, *HANKEL), RANGE),
    "pole -1e+308": dict.fromkeys((*HANKEL, *NORMS), RANGE) | {"markov": (AccuracyError, "")},
    "pole -1e-308": dict.fromkeys(NORMS, RANGE),
    "pole -5e-324": dict.fromkeys((*HANKEL, *NORMS), RANGE),
    "gain 1e+370": dict.fromkeys((*HANKEL, *NORMS), RANGE),
    "graded modes": {"l1": (AccuracyError, "oscillates")},
    "graded diagonal": {"l1": (AccuracyError, "no digit")},
    "1e+12 from normal": {"l1": (AccuracyError, "far from normal")},
    "1e+21 from normal": {"l1": (AccuracyError, "far from normal"), "markov": (ParameterError, "eigenvalue of A")},
    "reached or seen, turned": {"l1": (AccuracyError, "oscillates")},
    "modes one ulp apart that cancel": {"l1": (AccuracyError, "oscillates")},
    "close modes 1e+9 large": {"l1": (AccuracyError, "oscillates")},
}


def found_or_refused(name, what, analysis, *args):
    """The result for a system of the list; None where it is refused for the reason that is expected of it."""
    error, reason = REFUSED.get(name, {}).get(what, (None, None))
    if error is None:
        return analysis(SYSTEMS[name], *args)
    try:
        return analysis(SYSTEMS[name], *args)
    except error as refusal:
        assert reason in str(refusal)
        return None


def matrices(system):
    """A, B, C in balls, with the dimensions of matrices."""
    dense = system.full().to_dense() if isinstance(system, Modes) else system.to_dense()
    C = np.eye(dense.N) if dense.C is None else np.atleast_2d(dense.C)
    return [matrix(embed(M)) for M in (dense.A, dense.B.reshape(dense.N, -1), C)]


def largest(M):
    """The modulus of the largest entry of a matrix of balls."""
    return max((abs(x).mid() for x in M.entries()), default=flint.arb(0))


@cache
def gramians(name):
    """P and Q to 60 digits, as exact matrices."""
    problem, bits = exact_system(SYSTEMS[name], None, "test"), 512
    while bits <= 1 << 13:
        with working_precision(bits):
            found = problem.gramians(bits)
            if found is not None and all(
                largest(M - M.mid()) + slack <= largest(M) * flint.arb(2) ** -200
                for M, slack in ((found.P, found.slack[0]), (found.Q, found.slack[1]))
            ):
                return found.P.mid(), found.Q.mid()
        bits *= 2
    raise AssertionError(f"no Gramians of {name!r} with 8192 bits")


def difference(found, exact):
    """The 2-norm of found - exact."""
    with working_precision(1024):
        rest = matrix(embed(np.asarray(found))) - exact
        size = largest(rest)
        if size == 0:
            return 0.0
        entries = np.array([complex(x / size) for x in rest.entries()]).reshape(np.shape(found))
        return upper(np.linalg.norm(entries, 2) * size)


@pytest.mark.parametrize("name", SYSTEMS)
def test_gramians_are_right_within_their_errors(name):
    for what, analysis, k in (
        ("controllability", ht.controllability_gramian, 0),
        ("observability", ht.observability_gramian, 1),
    ):
        found = found_or_refused(name, what, analysis)
        if found is not None:
            assert np.isfinite(found.value).all() and np.isfinite(found.error)
            assert difference(found.value, gramians(name)[k]) <= found.error
            assert found.error <= 1e-3 * np.linalg.norm(found.value, 2)


@pytest.mark.parametrize("name", SYSTEMS)
def test_hankel_values_are_right_within_their_error(name):
    found = found_or_refused(name, "hankel", ht.hankel_singular_values)
    if found is not None:
        proved = ht.enclose_hankel_singular_values(SYSTEMS[name])
        assert np.maximum(proved.lower - found.values, found.values - proved.upper).max() <= found.error
        assert ht.hankel_norm(SYSTEMS[name]).value == found.values[0]


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_h2_norm_is_the_root_of_a_trace_within_its_error(name):
    system = SYSTEMS[name]
    found = found_or_refused(name, "h2", ht.h2_norm) if system.dt or not np.any(system.D) else None
    if found is not None:
        with working_precision(1024):
            C = matrices(system)[2]
            outputs = C * gramians(name)[0] * adjoint(C)
            energy = sum((outputs[i, i].real for i in range(outputs.nrows())), flint.arb(0))
            energy += sum((abs(x) ** 2 for x in embed(np.atleast_1d(system.D)).ravel()), flint.arb(0))
            assert abs(energy.sqrt() - found.value) <= found.error


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_hinf_norm_is_right_within_its_error(name):
    found = found_or_refused(name, "hinf", ht.hinf_norm)
    if found is not None:
        proved = enclose_hinf_norm(SYSTEMS[name], rel=1e-12)
        assert max(proved.lower - found.value, found.value - proved.upper) <= found.error


def exact_parameters(system, n):
    """h_j = C A^j B of the system or its bilinear image, and the smaller of two sizes that their rounding may have."""
    A, B, C = matrices(system)
    condition = flint.arb(1)
    if system.dt is None:
        eye, root = A**0, flint.arb(2).sqrt()
        R = (eye - A).inv()
        condition = frobenius(eye - A) * frobenius(R)
        A, B, C = R * (eye + A), R * B * root, C * R * root
    # Products of moduli know nothing of the scales of states; powers may be smaller than those of moduli.
    a, b, c = (matrix(np.array([[abs(x) for x in row] for row in M.tolist()], dtype=object)) for M in (A, B, C))
    h, terms, norms, power = [], flint.arb(0), flint.arb(0), A**0
    ports = frobenius(B) * frobenius(C)
    for _ in range(n):
        h.append(C * B)
        terms, norms = terms.max(largest(c * b)), norms.max(frobenius(power))
        B, b, power = A * B, a * b, A * power
    return h, terms.min(norms * ports * condition)


@pytest.mark.parametrize("name", SYSTEMS)
def test_markov_parameters_are_right(name):
    n = 24
    found = found_or_refused(name, "markov", ht.markov_parameters, n)
    if found is not None:
        with working_precision(1024):
            h, size = exact_parameters(SYSTEMS[name], n)
            allowed = 4 * (SYSTEMS[name].N + n) * EPS * size + 1e-323
            for j, exact in enumerate(h):
                wrong = matrix(embed(np.reshape(found[..., j], (exact.nrows(), exact.ncols())))) - exact
                assert largest(wrong) <= allowed


POSITIVE = ("Jordan", "graded", "repeated", "not ", "A = 0", "pole 0", "nilpotent", "delay", "companion", "one complex")
# No decay within 1e+8 steps or half periods; and a sum that cancels, whose rounding l1_norm does not claim to know.
CONSTANT = (
    "B = 0",
    "C = 0",
    "D alone",
    "D alone, discrete",
    "D alone, a matrix",
    "reached or seen",
    "modes one ulp apart that cancel",
)
LEFT_OUT = "pole 1 - 1e-13", "resonance of width 1e-12", "resonance of width 1e-12, discrete", "companion of (s + 1)^24"


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name not in LEFT_OUT])
def test_the_l1_norm_lies_between_its_bounds(name):
    """sup |G| <= l1 <= |D| + 2 (sum of the Hankel values) for one input and output; a positive kernel has sup |G|."""
    system, found = SYSTEMS[name], found_or_refused(name, "l1", ht.l1_norm)
    if found is not None and system.B.ndim == 1 and system.C is not None and system.C.ndim == 1:
        peak = enclose_hinf_norm(system, rel=1e-12)
        most = abs(system.D) + 2 * ht.enclose_hankel_singular_values(system).upper.sum()
        assert peak.lower - found.error <= found.value <= most * (1 + 4 * EPS) + found.error
        if name.startswith(POSITIVE):
            assert found.value <= peak.upper + found.error


@pytest.mark.parametrize("name", [name for name in SYSTEMS if "hankel" not in REFUSED.get(name, {})])
def test_half_of_the_states_are_as_far_away_as_the_hankel_values_say(name):
    system, values = SYSTEMS[name], ht.hankel_singular_values(SYSTEMS[name])
    if name in CONSTANT:
        with pytest.raises(ParameterError, match=r"no state to keep|equal values"):
            ht.balanced_truncation(system, 1)
    elif name != "pole -1e-308":
        found = ht.balanced_truncation(system, max(int((values.values > 1e-6 * values.values[0]).sum()) // 2, 1))
        wrong, noise = enclose_hinf_norm(system, found.system, rel=1e-6), system.N * values.error
        assert wrong.lower <= found.upper + noise
        assert wrong.upper >= found.lower - noise


UNSTABLE = {
    "pole 0": (SS([[0.0, 1.0], [0.0, -1.0]], [1.0, 1.0], [1.0, 1.0]), r"pole 0\+0j lies on the imaginary axis"),
    "poles +-i": (SS([[0.0, 1.0], [-1.0, 0.0]], [0.0, 1.0], [1.0, 0.0]), "the imaginary axis"),
    "pole of modulus one": (Modes([1j], [1.0], [1.0], dt=1.0), r"pole 0\+1j lies on the unit circle"),
    "poles of modulus one": (SS([[0.0, 1.0], [-1.0, 0.0]], [0.0, 1.0], [1.0, 0.0], dt=1.0), "unit circle"),
    "pole 2": (SS([[2.0, 1.0], [0.0, -1.0]], [0.0, 1.0], [1.0, 0.0]), r"pole 2\+0j lies 2 beyond the imaginary axis"),
    "pole 2e+150": (SS([[2e150]], [1.0], [1.0]), r"pole 2e\+150\+0j lies 2e\+150 beyond"),
    "pole 2 that no input reaches": (SS(np.diag([2.0, -1.0]), [0.0, 1.0], [0.0, 1.0]), "no input reaches"),
    "pole 3, discrete": (SS([[3.0]], [1.0], [1.0], dt=0.1), r"pole 3\+0j lies 2 beyond the unit circle"),
    "companion with a pole 1e-3": (SS(*companion([1e-3, *[-1.0] * 11])), "beyond the imaginary axis"),
}
ANALYSES = {
    "controllability_gramian": ht.controllability_gramian,
    "observability_gramian": ht.observability_gramian,
    "hankel_singular_values": ht.hankel_singular_values,
    "hinf_norm": ht.hinf_norm,
    "h2_norm": ht.h2_norm,
    "l1_norm": ht.l1_norm,
    "markov_parameters": lambda system: ht.markov_parameters(system, 4),
}


@pytest.mark.parametrize("name", UNSTABLE)
@pytest.mark.parametrize("who", ANALYSES)
def test_an_unstable_system_is_refused_in_the_same_words_everywhere(name, who):
    system, says = UNSTABLE[name]
    error = (ParameterError, UnstableSystemError) if "150" in name and who.endswith("norm") else UnstableSystemError
    with pytest.raises(error, match=f"^{who}: ") as refusal:
        ANALYSES[who](system)
    if refusal.type is UnstableSystemError:
        assert refusal.match(says) and refusal.match("give a stable system")


@pytest.mark.parametrize("who", ["hinf_norm", "h2_norm", "l1_norm"])
def test_a_matrix_that_rounding_makes_unstable_is_refused(who):
    """[[-1e-3, 1e8], [1e-12, -1e-3]], turned, has the poles -.001 +- .01, or others: 1e-16 of 1e8 is 1e-8."""
    with pytest.raises((AccuracyError, UnstableSystemError), match=r"rounding|pole"):
        ANALYSES[who](turned(np.array([[-1e-3, 1e8], [1e-12, -1e-3]]), np.eye(2)[0], np.eye(2)[1]))


@pytest.mark.parametrize("norm", [ht.hinf_norm, ht.h2_norm])
def test_systems_that_do_not_fit_are_told_what_to_do(norm):
    A, B, C = PLAIN
    many = SS(A, np.eye(3)[:, :2], np.eye(3))
    for other in (SS(A, B, C), SS(A, np.eye(3), np.eye(3)), SS(A, np.eye(3)[:, :2], C), SS(A, np.eye(3)[:, :2])):
        if other.C is None:
            assert norm(many, other).value <= 8 * EPS
            continue
        with pytest.raises(ShapeError, match=r"2 input\(s\) to 3 output\(s\).*give C"):
            norm(many, other)
    with pytest.raises(ParameterError, match=r"dt = None and 0\.1; discretize both alike"):
        norm(many, many.discretize(0.1))
    with pytest.raises(ParameterError, match=r"dt = 0\.1 and 0\.2"):
        norm(many.discretize(0.1), many.discretize(0.2))


def test_half_of_the_digits_lost_is_told():
    for analysis in (ht.hankel_singular_values, ht.controllability_gramian, ht.h2_norm):
        with pytest.warns(AccuracyWarning, match="uncertain"):
            analysis(SYSTEMS["graded, turned"])
