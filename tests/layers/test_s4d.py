"""S4D as a layer: its kernel is the kernel of the initialisation, and its step is its convolution."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hippo_theory as ht
from hippo_theory.errors import ParameterError, ParameterTypeError, ShapeError, UnstableSystemError

torch = pytest.importorskip(
    "torch", minversion="2.4", reason="the layers need torch: pip install 'hippo_theory[torch]'"
)

from hippo_theory.torch import S4D  # noqa: E402
from hippo_theory.torch.s4d import _fft_length  # noqa: E402

U32, U64 = 2.0**-24, 2.0**-53  # half an ulp of 1
LENGTH, STEPS = 16384, (1e-3, 1e-2, 1e-1)
KINDS = [("legs", 64), ("legs", 63), ("lin", 64), ("inv", 64), ("real", 64)]


def initialization(lam: Any, *, C: Any = None, pairs: bool = True, D: float = 0.0, dt: float | None = None) -> Any:
    """An initialisation with any spectrum, B = 1."""
    lam = np.asarray(lam, dtype=complex)
    system = ht.Diagonal(lam, np.ones(lam.size), C=C, D=D, conjugate_pairs=pairs, dt=dt)
    return ht.Initialization(recipe={"recipe": "test", "N": system.N}, system=system, N=system.N, V=None, source="")


def with_steps(init: Any, *steps: float, dtype: Any = None) -> S4D:
    """A layer with one channel for each step, C drawn with seed 0 if ``init`` has none."""
    layer = S4D.from_initialization(init, len(steps), dt=1.0, rng=0)
    layer.dynamics.log_dt.data.copy_(torch.log(torch.tensor(steps, dtype=torch.float64)))
    if dtype is torch.float64:
        layer.double()
        for name in ("B", "C"):  # the digits that float32 had taken from them
            value = getattr(init, name)
            getattr(layer, name).data.copy_(torch.tensor(np.stack([value.real, value.imag], axis=-1)))
    return layer


def numbers(x: Any) -> Any:
    return x.detach().numpy().astype(float)


def first(N: int) -> Any:
    return np.eye(N)[0]


# ------------------------------------------------------------------------------------------- the kernel


@pytest.mark.parametrize("draw", ["C = e_0", "C random"])
@pytest.mark.parametrize(("kind", "N"), KINDS)
def test_float32_kernel_is_the_exact_kernel_rounded(kind: str, N: int, draw: str) -> None:
    size = N if kind == "legs" else ht.s4d(kind, N).lam.size
    inits = [ht.s4d(kind, N, C=first(size))] if draw == "C = e_0" else [ht.s4d(kind, N, rng=s) for s in range(3)]
    for init in inits:
        K = numbers(with_steps(init, *STEPS).kernel(LENGTH))
        for dt, row in zip(STEPS, K, strict=True):
            sampled = init.discretize(dt, "zoh")
            exact = sampled.kernel(LENGTH).real
            largest, error = np.abs(exact).max(), np.abs(row - exact).max()
            # B, C and the result are rounded once each. In float64 both sides know the phases, at most
            # dt Im lam L = 2e6, to 1e-10.
            terms = (2 if init.conjugate_pairs else 1) * np.abs(sampled.C * sampled.B).sum()
            assert error <= U32 * (2 * terms + largest) + 1e-10 * terms
            # A random sum of real decays all but cancels: its largest value is a hundredth of its terms.
            assert error <= (1e-6 if kind == "real" else 5e-7) * largest


@pytest.mark.parametrize("dt", STEPS)
@pytest.mark.parametrize(("kind", "N"), [("legs", 64), ("legs", 63), ("real", 64)])
def test_kernel_is_the_sum_of_exponentials_in_eighty_digits(kind: str, N: int, dt: float) -> None:
    init = ht.s4d(kind, N, rng=1)
    weight = 2 if init.conjugate_pairs else 1
    K64 = numbers(with_steps(init, dt, dtype=torch.float64).kernel(LENGTH))[0]
    reference = init.discretize(dt, "zoh").kernel(LENGTH).real
    lags = [0, 1, 2, 127, 128, 129, 1000, 8191, 16383]
    with mpmath.workdps(80):
        step = mpmath.mpf(dt)
        modes = [tuple(map(mpmath.mpc, mode)) for mode in zip(init.lam, init.B, init.C, strict=True)]
        residues = [(lam * step, c * b * mpmath.expm1(lam * step) / lam) for lam, b, c in modes]
        exact = np.array([float(weight * sum((r * mpmath.exp(z * lag)).real for z, r in residues)) for lag in lags])
        terms = float(weight * sum(abs(r) for _, r in residues))
    # The phase dt Im lam l is known to a few ulp of itself, and the mode decays meanwhile: l e^{-dt l/2} <= 2/(e dt).
    tolerance = 8 * U64 * terms * (np.abs(init.lam).max() + math.log(LENGTH))
    np.testing.assert_allclose(K64[lags], exact, rtol=0, atol=tolerance)
    np.testing.assert_allclose(reference[lags], exact, rtol=0, atol=8 * tolerance)


@given(
    lam=st.lists(
        st.builds(complex, st.floats(-50, 0, allow_subnormal=False), st.floats(-1e4, 1e4, allow_subnormal=False)),
        min_size=1,
        max_size=8,
    ),
    log_dt=st.floats(-14, 0),
    L=st.integers(1, 400),
    pairs=st.booleans(),
)
def test_kernel_is_that_of_the_sampled_system_for_every_stable_spectrum(
    lam: list[complex], log_dt: float, L: int, pairs: bool
) -> None:
    init, dt = initialization(lam, C=np.exp(1j * np.arange(len(lam))), pairs=pairs), math.exp(log_dt)
    K = numbers(with_steps(init, dt, dtype=torch.float64).kernel(L))[0]
    exact = init.discretize(dt).kernel(L).real
    # The layer knows the phases, up to dt |lam| L, to |log dt| ulps; the reference multiplies up to L rounded powers.
    ulps = 32 * (1 + dt * np.abs(init.lam).max() * L) + 8 * L
    np.testing.assert_allclose(K, exact, rtol=0, atol=ulps * U64 * 2 * len(lam) * dt)


@pytest.mark.parametrize("L", [1, 2, 3, 4, 5, 16, 17, 1000])
def test_kernels_of_all_lengths_begin_alike(L: int) -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 9), 2, rng=0).double()
    assert layer.kernel(L).shape == (2, L)
    long = numbers(layer.kernel(1001))
    # Another L splits l = i R + j elsewhere: a few roundings of phases up to dt Im lam L.
    np.testing.assert_allclose(numbers(layer.kernel(L)), long[:, :L], rtol=0, atol=1e-12 * np.abs(long).max())


def test_legs_kernel_with_the_first_coefficient_integrates_to_one() -> None:
    # Zero-order hold keeps the gain at frequency 0, and G_diag = G there because phi(0) = 0.
    layer = S4D.from_initialization(ht.s4d("legs", 64, C=first(64)), 1, dt=0.01)
    assert numbers(layer.kernel(8192)).sum() == pytest.approx(1.0, abs=8192 * U32 * 0.01)  # |K| <= dt; e^{-41} left


@pytest.mark.parametrize("power", range(-12, 1))
def test_hold_factor_and_its_derivative_are_accurate_down_to_zero(power: int) -> None:
    dt, lam = 10.0**power, -0.3 + 1j
    layer = with_steps(initialization([lam], C=[1 - 1j]), dt, dtype=torch.float64)
    K = layer.kernel(1).sum()
    K.backward()
    with mpmath.workdps(60):  # K = 2 Re C dt f(z), f = (e^z - 1)/z, z = dt lam; dK/dIm lam = 2 Re C dt^2 i f'(z)
        z, C = mpmath.mpf(dt) * mpmath.mpc(lam), mpmath.mpc(1 - 1j)
        f = mpmath.expm1(z) / z
        exact, slope = float(2 * (C * dt * f).real), float(2 * (C * dt**2 * 1j * (mpmath.exp(z) - f) / z).real)
    assert K.item() == pytest.approx(exact, rel=4 * U64 * (1 + abs(math.log(dt))), abs=0)  # log dt is what is stored
    # The quotient's derivative loses 1/|z| digits, and the series takes over at |z| = 1e-4.
    assert layer.dynamics.frequency.grad.item() == pytest.approx(slope, rel=1e4 * 8 * U64, abs=0)


def test_lossless_modes_are_kept_and_harmless() -> None:
    lam = 2j * np.pi * np.arange(5)  # FouT's normal part, lam = 0 among them
    init = initialization(lam, C=np.ones(5))
    layer = with_steps(init, 0.01, dtype=torch.float64)
    exact = init.discretize(0.01).kernel(5000)
    np.testing.assert_allclose(numbers(layer.kernel(5000))[0], exact, rtol=0, atol=1e-12)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, weight_decay=0.01)
    layer(torch.ones(1, 50, 1)).square().mean().backward()
    optimizer.step()
    assert all(torch.isfinite(p).all() for p in layer.parameters())
    assert layer.dynamics.log_decay.exp().max() < 1e-300


def test_real_modes_with_real_outputs_stay_real() -> None:
    layer = S4D.from_initialization(ht.s4d("real", 8), 2, rng=0)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    before = layer.C.detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.ones(1, 20, 2)).square().mean().backward()
        optimizer.step()
    assert not layer.dynamics.frequency.any()
    assert not layer.C[..., 1].any()
    assert not torch.equal(layer.C, before)


# ------------------------------------------------------------------------------- convolution and recurrence


def run(layer: S4D, u: Any) -> Any:
    state, outputs = layer.initial_state(len(u)), []
    with torch.no_grad():
        for t in range(u.shape[1]):
            y, state = layer.step(u[:, t], state)
            outputs.append(y)
    return torch.stack(outputs, dim=1)


@pytest.mark.parametrize("kind", ["legs", "lin", "inv", "real"])
@pytest.mark.parametrize("L", [700, pytest.param(LENGTH, marks=pytest.mark.slow)])
def test_step_equals_convolution(kind: str, L: int) -> None:
    layer = with_steps(ht.s4d(kind, 64, rng=3), *STEPS)
    layer.D.data.fill_(0.5)
    u = torch.randn(2, L, len(STEPS), generator=torch.Generator().manual_seed(0))
    convolved, stepped = layer(u), run(layer, u)
    assert (convolved - stepped).abs().max() <= 1e-5 * stepped.abs().max()


def test_step_equals_convolution_to_the_last_digits_in_float64() -> None:
    layer = with_steps(ht.s4d("legs", 63, rng=3), *STEPS, dtype=torch.float64)
    u = torch.randn(1, 500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert (layer(u) - run(layer, u)).abs().max() <= 1e-11 * layer(u).abs().max()


def test_convolution_is_the_sum_over_the_kernel() -> None:
    init = initialization([-1 + 2j, -2 + 5j], C=[1j, 2 - 1j], D=0.25)
    layer = S4D.from_initialization(init, 3, rng=0).double()
    u = torch.randn(2, 37, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    K, v = numbers(layer.kernel(37)), u.numpy()
    direct = [[np.convolve(K[h], v[b, :, h])[:37] for h in range(3)] for b in range(2)]
    np.testing.assert_allclose(numbers(layer(u)), np.swapaxes(direct, 1, 2) + 0.25 * v, rtol=0, atol=1e-13)


def test_output_before_an_impulse_is_zero() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 64), 4, rng=0)
    u = torch.zeros(1, 1000, 4)
    u[:, 600] = 1.0
    y = layer(u)
    assert y[:, :600].abs().max() <= 1e-6
    np.testing.assert_allclose(numbers(y)[0, 600:], numbers(layer.kernel(400)).T, rtol=0, atol=1e-6)


def test_layer_is_linear() -> None:
    layer = S4D.from_initialization(ht.s4d("lin", 16), 2, rng=0).double()
    u, v = torch.randn(2, 3, 50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = 2 * layer(u) - 3 * layer(v)
    torch.testing.assert_close(layer(2 * u - 3 * v), y, rtol=0, atol=1e-13 * float(y.detach().abs().max()))


@pytest.mark.parametrize("blocks", [1, 4])
def test_a_perturbed_diagonalisation_becomes_the_layer_of_the_perturbed_matrix(blocks: int) -> None:
    op, rho, dt, L = ht.LegS(64 // blocks), 0.1, 0.01, 200
    C = np.tile(first(op.N), blocks) / blocks
    layer = S4D.from_initialization(ht.ptd(op, rho=rho, blocks=blocks, C=C), 1, dt=dt)
    perturbed = ht.StateSpace(op.A + rho / (1 + rho) * np.outer(op.B, op.B), op.B / (1 + rho), C=first(op.N))
    exact = perturbed.discretize(dt).kernel(L)
    assert np.abs(numbers(layer.kernel(L))[0] - exact).max() <= 5e-7 * np.abs(exact).max()


def test_without_outputs_channels_of_a_perturbed_diagonalisation_draw_their_own() -> None:
    layer = S4D.from_initialization(ht.ptd(ht.LegS(9), rho=0.2), 3, rng=0)
    real = layer.dynamics.frequency.detach()[0] == 0
    assert layer.C.shape == (3, 5, 2)
    assert (layer.C[:, real, 1] == 0).all()
    assert len(np.unique(numbers(layer.C[:, ~real, 0]))) == 3 * int((~real).sum())


def test_length_one_is_the_first_kernel_entry_plus_D() -> None:
    layer = S4D.from_initialization(initialization([-1 + 2j], C=[1.0], D=0.25), 2, dt=0.1)
    y = layer(torch.ones(3, 1, 2))
    torch.testing.assert_close(y, (layer.kernel(1).T + 0.25).expand(3, 1, 2))


def test_sequences_of_a_batch_do_not_meet() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 8), 2, rng=0)
    u = torch.randn(3, 40, 2, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([layer(one) for one in u.split(1)])
    torch.testing.assert_close(layer(u), alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n", [*range(1, 70), 1023, 1024, 1025, 32767, 10**6 + 3])
def test_padded_length_suffices_and_wastes_at_most_a_fifth(n: int) -> None:
    assert n <= _fft_length(n) <= max(1.2 * n, n + 1)


# ---------------------------------------------------------------------------------- training and precision


@pytest.mark.parametrize("kind", ["legs", "real"])
def test_gradients_are_the_derivatives(kind: str) -> None:
    layer = S4D.from_initialization(ht.s4d(kind, 3), 2, dt=(0.05, 0.2), rng=0).double()
    names, values = zip(*layer.named_parameters(), strict=True)
    u = torch.randn(1, 5, 2, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(0))

    def output(u: Any, *values: Any) -> Any:
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (u,))

    assert torch.autograd.gradcheck(output, (u, *values))


def test_training_recovers_a_system() -> None:
    target = S4D.from_initialization(ht.s4d("legs", 4), 1, dt=0.1, rng=0)
    layer = S4D.from_initialization(ht.s4d("legs", 4), 1, dt=0.1, rng=1)
    u = torch.randn(4, 64, 1, generator=torch.Generator().manual_seed(0))
    wanted = target(u).detach()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (layer(u) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.01 * losses[0]


@pytest.mark.parametrize("cast", ["float", "half", "bfloat16"])
def test_casts_leave_the_dynamics_in_float64(cast: str) -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 64), 2, rng=0)
    parent = getattr(torch.nn.Sequential(copy.deepcopy(layer)), cast)()
    for name, p in parent[0].named_parameters():
        if name.startswith("dynamics."):
            assert torch.equal(p, layer.get_parameter(name))
            assert p.dtype == torch.float64
        else:
            assert p.dtype == getattr(torch, cast)
    u = torch.randn(1, 300, 2, generator=torch.Generator().manual_seed(0))
    y, low = layer(u), parent(u.to(getattr(torch, cast)))
    assert low.dtype == getattr(torch, cast)
    # B, C, u and y are rounded once each, nothing else; |(e^z - 1)/z| <= 1 bounds the sum of the terms of K.
    with torch.no_grad():
        terms = 2 * layer.dynamics.log_dt.exp() * (layer.B.norm(dim=-1) * layer.C.norm(dim=-1)).sum(-1)
        scale = float((3 * terms * u.abs().sum(1) + y.abs().amax(1)).max())
        assert (low.float() - y).abs().max() <= torch.finfo(low.dtype).eps * scale


def test_casting_there_and_back_restores_the_working_precision() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 8), 2, rng=0)
    wide = copy.deepcopy(layer).double()
    assert wide(torch.zeros(1, 3, 2)).dtype == torch.float32
    assert wide.kernel(3).dtype == torch.float64
    assert torch.equal(wide.float().kernel(100), layer.kernel(100))


def test_gradients_survive_a_cast() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 8), 2, rng=0)
    layer.kernel(5).sum().backward()
    layer.half()
    assert {p.grad.dtype for p in layer.dynamics.parameters()} == {torch.float64}
    assert layer.C.grad.dtype == torch.float16


def test_autocast_changes_nothing_but_the_dtype_of_the_signal() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 64), 2, rng=0)
    u = torch.randn(1, 300, 2, generator=torch.Generator().manual_seed(0)).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, wide = layer(u), layer(u.float())
    assert torch.equal(wide, layer(u.float()))
    assert torch.equal(y, wide.bfloat16())


def test_layer_is_one_graph_without_breaks() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 8), 2, rng=0)
    u = torch.randn(1, 30, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(torch.export.export(layer, (u,)).module()(u), layer(u))


def test_kernel_is_computed_in_float64_from_whatever_is_stored() -> None:
    layer = S4D.from_initialization(ht.s4d("legs", 64), 2, rng=0)
    rounded = {name: value.float() for name, value in layer.state_dict().items()}
    widened = copy.deepcopy(layer)
    widened.load_state_dict(rounded)
    layer.load_state_dict(rounded, assign=True)
    assert layer.dynamics.log_dt.dtype == torch.float32
    assert torch.equal(layer.kernel(1000), widened.kernel(1000))


def test_state_dict_restores_the_layer_bit_by_bit() -> None:
    first_layer = S4D.from_initialization(ht.s4d("legs", 8), 3, rng=0)
    second = S4D.from_initialization(ht.s4d("legs", 8), 3, rng=1)
    assert not torch.equal(first_layer.kernel(50), second.kernel(50))
    second.load_state_dict(first_layer.state_dict())
    assert torch.equal(first_layer.kernel(50), second.kernel(50))


# ------------------------------------------------------------------------------------- from_initialization


def test_draws_depend_on_rng_alone() -> None:
    before = torch.random.get_rng_state()
    layers = [S4D.from_initialization(ht.s4d("legs", 8), 3, rng=7) for _ in range(2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    drawn = S4D.from_initialization(ht.s4d("legs", 8), 3, rng=np.random.default_rng(7))
    other = S4D.from_initialization(ht.s4d("legs", 8), 3, rng=8)
    assert torch.equal(layers[0].kernel(9), layers[1].kernel(9))
    assert torch.equal(layers[0].kernel(9), drawn.kernel(9))
    assert not torch.equal(layers[0].kernel(9), other.kernel(9))


def test_drawn_C_has_unit_variance_and_is_real_for_real_modes() -> None:
    C = numbers(S4D.from_initialization(ht.s4d("legs", 9), 4000, rng=0).C)
    # The mean of 4000 exponential or chi-square variables: standard deviation at most sqrt(2/4000).
    np.testing.assert_allclose((C**2).sum(-1).mean(0), 1.0, atol=5 * math.sqrt(2 / 4000))
    np.testing.assert_allclose((C[:, :4] ** 2).mean(0), 0.5, atol=5 * math.sqrt(0.5 / 4000))
    assert not C[:, 4, 1].any()


def test_steps_are_log_uniform_in_the_range() -> None:
    log_dt = numbers(S4D.from_initialization(ht.s4d("lin", 2), 4000, dt=(1e-3, 1e-1), rng=0).dynamics.log_dt)
    x = (log_dt - math.log(1e-3)) / math.log(100)
    assert 0 <= x.min() < 0.01 < 0.99 < x.max() <= 1
    assert np.abs(np.sort(x) - (np.arange(4000) + 0.5) / 4000).max() < 2 / math.sqrt(4000)  # Kolmogorov-Smirnov


def test_parameters_are_those_of_the_initialization() -> None:
    init = ht.s4d("legs", 7, C=np.arange(7.0))
    layer = S4D.from_initialization(init, 2, dt=0.01)
    dt, (a, b) = layer.dynamics()
    for h in range(2):
        np.testing.assert_allclose(numbers(a[h]) / 0.01, init.lam.real, rtol=16 * U64)
        np.testing.assert_allclose(numbers(b[h]) / 0.01, init.lam.imag, rtol=16 * U64)
        np.testing.assert_allclose(numbers(layer.C[h]) @ [1, 1j], init.C, rtol=2 * U32)
        np.testing.assert_allclose(numbers(layer.B[h]) @ [1, 1j], init.B, rtol=2 * U32)
    assert dt[0, 0].item() == pytest.approx(0.01, rel=16 * U64, abs=0)
    assert not layer.D.any()


def test_repr_names_the_recipe_and_the_sizes() -> None:
    text = repr(S4D.from_initialization(ht.s4d("legs", 63), 4, dt=(0.001, 0.1), rng=0))
    for part in ("kind='legs'", "N=63", "modes=32", "d_model=4", "dt=0.00"):
        assert part in text


@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (
            lambda: S4D.from_initialization(ht.s4(ht.LegS(4)), 2),
            ParameterError,
            r"DiagonalPlusLowRank.*s4d\(\"legs\", 4\)",
        ),
        (lambda: S4D.from_initialization(ht.LegS(4), 2), ParameterTypeError, "ht.s4d or ht.load.*LegS"),
        (lambda: S4D.from_initialization(initialization([-0.9], dt=0.1), 2), ParameterError, "continuous time"),
        (lambda: S4D.from_initialization(ht.dfout(8, 0.1), 2), ParameterError, "discrete time"),
        (lambda: S4D.from_initialization(initialization([-1, 0.5 + 2j]), 2), UnstableSystemError, r"mode 1 .*0.5\+2j"),
        (lambda: S4D.from_initialization(ht.s5(8, inputs=2, rng=0), 2), ParameterError, "one input"),
        (lambda: S4D.from_initialization(ht.s4d("legs", 4), 0), ParameterError, "d_model must be at least 1"),
        (lambda: S4D.from_initialization(ht.s4d("legs", 4), 2.5), ParameterTypeError, "d_model must be an integer"),
        (lambda: S4D.from_initialization(ht.s4d("legs", 4), 2, dt=0.0), ParameterError, "dt must be positive"),
        (lambda: S4D.from_initialization(ht.s4d("legs", 4), 2, dt=(0.1, 0.01)), ParameterError, "range"),
        (lambda: S4D.from_initialization(ht.s4d("legs", 4), 2, dt=(0.1, 0.2, 0.3)), ParameterError, "range"),
        (lambda: S4D.from_initialization(ht.s4d("legs", 4), 2, dt=(0.1, float("nan"))), ParameterError, "finite"),
    ],
)
def test_what_cannot_start_a_layer_is_refused(build: Callable[[], S4D], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        build()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda layer: layer(torch.zeros(2, 10)), ShapeError),
        (lambda layer: layer(torch.zeros(2, 10, 4)), ShapeError),
        (lambda layer: layer(torch.zeros(2, 0, 3)), ShapeError),
        (lambda layer: layer(torch.zeros(2, 10, 3, dtype=torch.int64)), ParameterTypeError),
        (lambda layer: layer(torch.zeros(2, 10, 3, dtype=torch.complex64)), ParameterTypeError),
        (lambda layer: layer.step(torch.zeros(2, 4), layer.initial_state(2)), ShapeError),
        (lambda layer: layer.step(torch.zeros(2, 3), layer.initial_state(1)), ShapeError),
        (lambda layer: layer.initial_state(0), ParameterError),
        (lambda layer: layer.kernel(0), ParameterError),
        (lambda layer: layer.kernel(2.0), ParameterTypeError),
    ],
)
def test_signals_that_do_not_fit_are_refused(call: Callable[[S4D], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        call(S4D.from_initialization(ht.s4d("legs", 4), 3, rng=0))


def test_missing_torch_is_answered_with_the_command_that_installs_it() -> None:
    code = "import sys; sys.modules['torch'] = None; import hippo_theory.torch"
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert failed.returncode != 0
    assert "MissingExtraError" in failed.stderr
    assert "pip install 'hippo_theory[torch]'" in failed.stderr


@pytest.mark.parametrize("u", [[[[0.0]]], np.zeros((1, 3, 2)), None], ids=lambda u: type(u).__name__)
def test_signals_that_are_no_tensors_are_refused(u: Any) -> None:
    with pytest.raises(ht.ParameterError, match="Tensor"):
        S4D(ht.s4d("lin", 4), 2)(u)


def test_a_missing_state_and_strange_steps_and_seeds_are_typed_errors() -> None:
    init = ht.s4d("lin", 4)
    with pytest.raises(ht.ParameterError, match="initial_state"):
        S4D(init, 2).step(torch.zeros(1, 2), None)  # type: ignore[arg-type]
    for dt in (((1, 2), 3), "fast", None):
        with pytest.raises(ht.ParameterError, match="dt"):
            S4D(init, 2, dt=dt)  # type: ignore[arg-type]
    with pytest.raises(ht.ParameterError, match="rng"):
        S4D(init, 2, rng="a")
