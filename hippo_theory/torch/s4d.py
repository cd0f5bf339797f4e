"""S4D: one diagonal state-space model per channel, by convolution or step by step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from .._arrays import Array, generator, positive_integer, positive_real
from ..errors import ParameterError, ParameterTypeError, ShapeError, UnstableSystemError
from ..initializations import Initialization
from ..systems import Diagonal

__all__ = ["S4D"]

# Complex numbers are pairs (Re, Im) of real tensors: optimisers, compilers and exporters all know those.
Pair = tuple[Tensor, Tensor]


def _pair(x: Tensor) -> Pair:
    return x[..., 0].double(), x[..., 1].double()


def _times(x: Pair, y: Pair) -> Pair:
    return x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]


def _powers(z: Pair, lags: Tensor) -> Pair:
    """e^{z l} for every lag l >= 0, shape z.shape + lags.shape; Re z <= 0, so nothing overflows."""
    modulus, angle = torch.exp(z[0][..., None] * lags), z[1][..., None] * lags
    return modulus * angle.cos(), modulus * angle.sin()


def _expm1_over(z: Pair) -> Pair:
    """(e^z - 1)/z to full accuracy, its derivative too, z = 0 included."""
    small = z[0] ** 2 + z[1] ** 2 < 1e-8
    # Below |z| = 1e-4, where the derivative of the quotient has lost four digits, the series errs by z^4/120. The
    # quotient is then taken at -1: an unused 0/0 would still reach the gradient as NaN.
    a, b = torch.where(small, -1.0, z[0]), torch.where(small, 0.0, z[1])
    expm1 = torch.expm1(a) * b.cos() - 2 * (b / 2).sin() ** 2, a.exp() * b.sin()
    square = a**2 + b**2
    quotient = _times(expm1, (a / square, -b / square))
    re, im = 1 + z[0] / 4, z[1] / 4
    for k in (3, 2):
        re, im = _times((z[0] / k, z[1] / k), (re, im))
        re = 1 + re
    return torch.where(small, re, quotient[0]), torch.where(small, im, quotient[1])


def _fft_length(n: int) -> int:
    """The least q 2^k >= n with q = 1, 3, 5, 7 or 9: at most a fifth longer than asked for."""
    return min(q << (-(-n // q) - 1).bit_length() for q in (1, 3, 5, 7, 9))


class _Dynamics(nn.Module):
    """lam and dt of every channel, in float64 whatever the layer is cast to.

    After L steps the phase is L dt Im lam, 10^4 rad and more: lam in float32 would lose 10^-3 rad of it.
    """

    def __init__(self, lam: Array, log_dt: Array) -> None:
        super().__init__()
        self.log_dt = nn.Parameter(torch.from_numpy(log_dt))
        # The floor keeps a lossless mode finite: -inf would turn averages and weight decay into NaN.
        self.log_decay = nn.Parameter(torch.from_numpy(np.log(np.maximum(-lam.real, np.finfo(np.float64).tiny))))
        self.frequency = nn.Parameter(torch.from_numpy(lam.imag.astype(np.float64)))

    def forward(self) -> tuple[Tensor, Pair]:
        """dt, shape (d_model, 1), and z = dt lam, shape (d_model, M)."""
        dt = self.log_dt.double().exp()[:, None]
        return dt, (-dt * self.log_decay.double().exp(), dt * self.frequency)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        def move_only(x: Tensor) -> Tensor:
            moved = fn(x)
            return moved if moved.dtype == x.dtype else x.to(moved.device)

        super()._apply(move_only, recurse)
        return self


class S4D(nn.Module):
    r"""One diagonal state-space model per channel h: y_h = K_h * u_h + D_h u_h, causal.

    x' = lam x + B u, y = w Re(C x) + D u, sampled by zero-order hold with z = dt lam:
    K_h[l] = w Re sum_j C_hj B_hj (e^{z_hj} - 1)/lam_hj e^{z_hj l}; w is 2 for stored conjugate pairs, else 1.
    All channels start from the same lam, B and D, those of ``init``; from then on each has its own.

    Parameters
    ----------
    init : Initialization
        Diagonal, with M stored modes.
    d_model : int
    dt : float or (min, max), default (1e-3, 1e-1)
        One step for all channels, or a range from which each draws its own, log-uniformly.
    rng : Generator or seed, optional
        Draws dt, then C of each channel if ``init.C`` is None: standard normal, E|C|^2 = 1, complex for a complex
        mode and real for a real one. torch's own generator is neither used nor changed.

    Attributes
    ----------
    B, C : Parameter, shape (d_model, M, 2)
        (Re, Im), in torch's default dtype, as is ``D`` (d_model,).
    dynamics : Module
        ``log_dt`` (d_model,), ``log_decay`` = log(-Re lam) and ``frequency`` = Im lam (d_model, M), in float64.
        ``layer.dynamics.parameters()`` is the group that is usually trained slowly and without weight decay.

    Raises
    ------
    ParameterError
        Not a diagonal initialisation; d_model < 1; dt <= 0 or an empty range.
    UnstableSystemError
        A mode with Re lam > 0.

    Notes
    -----
    Accuracy: the kernel is computed in float64 and rounded once. With float32 parameters it is within 5e-7 of its
    largest entry (N = 64, L = 16384, dt from 1e-3 to 1e-1; 1e-7 is typical; 1e-6 where random real modes cancel).
    ``.float()``, ``.half()``, ``.to(torch.bfloat16)`` and autocast leave the dynamics in float64 and round B, C, D and
    the signals only; the convolution is never below float32. Devices without float64 (mps) are not supported.

    Cost: O(d_model M sqrt(L)) exponentials, 2 d_model M L multiplications as one matrix product, FFTs of length 2L.

    Training cannot make a mode unstable. A lossless one (Re lam = 0) is stored with the smallest normal decay, which
    no kernel can tell from zero, and stays lossless. A real mode with real B and C stays real.

    References
    ----------
    gu2022s4d.

    Examples
    --------
    >>> import torch, hippo_theory as ht
    >>> from hippo_theory.torch import S4D
    >>> layer = S4D.from_initialization(ht.s4d("legs", 64), 4, dt=0.01, rng=0)
    >>> layer
    S4D(
      kind='legs', N=64, modes=32, d_model=4, dt=0.01..0.01
      (dynamics): _Dynamics()
    )
    >>> u, state = torch.ones(2, 100, 4), layer.initial_state(batch=2)
    >>> for t in range(100):
    ...     y, state = layer.step(u[:, t], state)
    >>> torch.allclose(y, layer(u)[:, -1], rtol=0, atol=1e-5)
    True
    """

    def __init__(
        self, init: Initialization, d_model: int, *, dt: float | tuple[float, float] = (1e-3, 1e-1), rng: Any = None
    ) -> None:
        super().__init__()
        system = _stable_modes(init)
        self.d_model, self.modes = positive_integer(d_model, "d_model", "S4D"), system.lam.size
        self.N, self.kind = init.N, init.recipe.get("kind", init.recipe["recipe"])
        self.weight = 2.0 if system.conjugate_pairs else 1.0
        ends = [positive_real(end, "dt", "S4D") for end in (dt if isinstance(dt, tuple | list) else (dt,))]
        if len(ends) not in (1, 2) or ends[0] > ends[-1]:
            raise ParameterError(f"S4D: dt must be one step or a range (min, max), got {dt!r}.")
        source, shape = generator(rng, "S4D"), (self.d_model, self.modes)
        log_dt = source.uniform(math.log(ends[0]), math.log(ends[-1]), self.d_model)
        C = init.C
        if C is None:
            re, im = source.standard_normal((2, *shape))
            C = np.where(system.lam.imag == 0, re, (re + 1j * im) / math.sqrt(2.0))
        for name, value in (("B", system.B), ("C", C)):
            pairs = np.broadcast_to(np.stack([value.real, value.imag], axis=-1), (*shape, 2))
            setattr(self, name, nn.Parameter(torch.tensor(pairs, dtype=torch.get_default_dtype())))
        # The output is the real part, and u is real: of D only the real part reaches it.
        self.D = nn.Parameter(torch.full((self.d_model,), complex(init.D).real))
        self.dynamics = _Dynamics(np.broadcast_to(system.lam, shape), log_dt)

    @classmethod
    def from_initialization(
        cls, init: Initialization, d_model: int, *, dt: float | tuple[float, float] = (1e-3, 1e-1), rng: Any = None
    ) -> Self:
        """The constructor, under the name that all layers share.

        Returns
        -------
        S4D
            With B, C, D in torch's default dtype.

        Examples
        --------
        >>> import numpy as np, hippo_theory as ht
        >>> from hippo_theory.torch import S4D
        >>> init = ht.s4d("legs", 64, C=np.eye(64)[0])
        >>> K = S4D.from_initialization(init, 1, dt=0.01).kernel(1000).detach().numpy()[0]
        >>> exact = init.discretize(0.01).kernel(1000)
        >>> bool(abs(K - exact).max() < 5e-7 * abs(exact).max())
        True
        """
        return cls(init, d_model, dt=dt, rng=rng)

    def _sampled(self) -> tuple[Pair, Pair]:
        """The pair z = dt lam and Bbar = dt (e^z - 1)/z B, (d_model, M), in float64."""
        dt, z = self.dynamics()
        re, im = _times(_expm1_over(z), _pair(self.B))
        return z, (dt * re, dt * im)

    def kernel(self, L: int) -> Tensor:
        """K_h[l], l = 0..L-1, without D: shape (d_model, L), float64 if the layer is, else float32."""
        L = positive_integer(L, "L", "S4D.kernel")
        z, Bbar = self._sampled()
        # l = i R + j with R about sqrt(L): exponentials of R + L/R lags only, then one real matrix product.
        R = math.isqrt(L - 1) + 1
        lags = torch.arange(R, dtype=torch.float64, device=self.D.device)
        re, im = _times(_pair(self.weight * self.C), Bbar)
        far = _times((re[..., None], im[..., None]), _powers(z, R * lags[: -(-L // R)]))
        K = torch.cat((far[0], -far[1]), dim=1).mT @ torch.cat(_powers(z, lags), dim=1)
        return K.flatten(1)[:, :L].to(torch.promote_types(self.D.dtype, torch.float32))

    def forward(self, u: Tensor) -> Tensor:
        """From the zero state: u (batch, length, d_model) -> y of the same shape and dtype; else ShapeError."""
        self._check_signal(u, "S4D", "batch", "length")
        L = u.shape[1]
        n, K = _fft_length(2 * L - 1), self.kernel(L)
        v = u.to(torch.promote_types(u.dtype, K.dtype)).mT
        y = torch.fft.irfft(torch.fft.rfft(v, n) * torch.fft.rfft(K, n), n)[..., :L] + self.D[:, None] * v
        return y.mT.to(u.dtype)

    def initial_state(self, batch: int) -> Tensor:
        """The zero state, (batch, d_model, M, 2): (Re, Im) in float64."""
        shape = positive_integer(batch, "batch", "S4D.initial_state"), self.d_model, self.modes, 2
        return torch.zeros(shape, dtype=torch.float64, device=self.D.device)

    def step(self, u: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One step: u (batch, d_model) and the state before it -> y (batch, d_model) and the state after it.

        In float64, so that it agrees with ``forward`` to the accuracy of the latter, however long the sequence.
        """
        self._check_signal(u, "S4D.step", "batch")
        if not isinstance(state, Tensor):
            raise ParameterTypeError(
                f"S4D.step: state must be a Tensor, got {type(state).__name__}; see initial_state."
            )
        if state.shape != (len(u), self.d_model, self.modes, 2):
            raise ShapeError(
                f"S4D.step: state must have shape {(len(u), self.d_model, self.modes, 2)}, got {tuple(state.shape)}; "
                f"begin with initial_state({len(u)})."
            )
        (a, b), Bbar = self._sampled()
        v = u.double()[..., None]
        re, im = _times(_pair(state), (a.exp() * b.cos(), a.exp() * b.sin()))
        x = re + Bbar[0] * v, im + Bbar[1] * v
        y = self.weight * _times(_pair(self.C), x)[0].sum(-1) + self.D * v[..., 0]
        return y.to(u.dtype), torch.stack(x, dim=-1)

    def _check_signal(self, u: Tensor, who: str, *axes: str) -> None:
        if not isinstance(u, Tensor):
            raise ParameterTypeError(f"{who}: u must be a torch Tensor, got {type(u).__name__}; use torch.as_tensor.")
        if u.ndim != len(axes) + 1 or u.shape[-1] != self.d_model or 0 in u.shape:
            raise ShapeError(
                f"{who}: u must have shape ({', '.join(axes)}, {self.d_model}) and not be empty, got {tuple(u.shape)}."
            )
        if not u.is_floating_point():
            raise ParameterTypeError(f"{who}: u must be real floating point, got {u.dtype}; convert it first.")

    def extra_repr(self) -> str:
        dt = self.dynamics.log_dt.detach().exp()
        return (
            f"kind={self.kind!r}, N={self.N}, modes={self.modes}, d_model={self.d_model}, "
            f"dt={dt.min():.3g}..{dt.max():.3g}"
        )


def _stable_modes(init: Initialization) -> Diagonal:
    """The diagonal system of ``init``, every Re lam <= 0."""
    if not isinstance(init, Initialization):
        raise ParameterTypeError(f"S4D: init must be what ht.s4d or ht.load return, got {type(init).__name__}.")
    system = init.system
    if not isinstance(system, Diagonal):
        raise ParameterError(
            f"S4D: a diagonal initialisation is needed, but {init!r} is of type {type(system).__name__}; "
            f'use a diagonal recipe, such as ht.s4d("legs", {init.N}).'
        )
    if system.dt is not None:
        raise ParameterError(
            f"S4D: {init!r} is in discrete time, and this layer samples a continuous system with its own dt; "
            f'use a continuous recipe, such as ht.s4d("legs", {init.N}).'
        )
    if system.B.ndim == 2 or (init.C is not None and init.C.ndim == 2):
        raise ParameterError(
            f"S4D: {init!r} has several inputs or outputs, and every channel of this layer has one of each; "
            "start from a recipe with one input and one output."
        )
    worst = int(np.argmax(system.lam.real))
    if system.lam[worst].real > 0:
        raise UnstableSystemError(
            f"S4D: every Re lam <= 0 is needed, but mode {worst} of {init!r} has lam = {system.lam[worst]:.6g}; "
            "start from a stable initialisation."
        )
    return system
