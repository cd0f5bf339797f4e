# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How to train your HiPPO: where the matrices come from
#
# A state-space layer computes $\dot x = Ax + Bu$. Its state is a convolution, $x_n = K_n * u$ with
# $K(t) = e^{tA}B$: the pair $(A, B)$ is a way to write down $N$ kernels. *How to Train Your HiPPO* asks
# which pairs give kernels that are worth having, and answers: those for which $K_n = p_n\,\omega$ with
# functions $p_n$ orthonormal in a measure $\omega$. Then the state is the list of coefficients of the past,
# and the past can be read back. This notebook follows the paper's order: the basis, the derivation, warps
# of time, windows, reconstruction, delays, the time scale. What is stated is computed beside it, and
# checked at the end.

# %%
import numpy as np
import sympy

import hippo_theory as ht

# %% [markdown]
# ## 1. A basis in disguise
#
# For HiPPO-LegS, $e^{tA}B$ is the Legendre basis in the variable $x = e^{-t}$, times the measure $e^{-t}$.
# The matrix exponential does not know that; the two agree.

# %%
t = np.linspace(0, 5, 11)
op = ht.LegS(6)
by_exponential = op.system.kernel(t)
by_polynomials = op.basis(t) * op.measure(t)
print(f"largest difference: {np.abs(by_exponential - by_polynomials).max():.0e}")

# %%
bases = ht.figure("httyh-3", quick=True)
bases.plot()

# %% [markdown]
# ## 2. The derivation, executable
#
# Start from a family, a weight and a warp of time. The state is $x_n(t) = \int u(s)\,\phi_n(X)\,w(X)\,|dX|$
# with $X = e^{s-t}$: now is $X = 1$, long ago is $X \to 0$. Differentiating it needs one fact: what
# $X\,d/dX$ does to $\phi_n$. If that stays inside the span, there is a matrix, and it is exact.

# %%
legendre = ht.derive("legendre")
legendre

# %% [markdown]
# The last line is the proof. $F$ is the flow and $R_n$ the Legendre polynomial standardised to one at
# $x = 1$; the formula for $A_{nk}$ follows by summing that identity over $n$, and the identity itself
# is one between rational functions of $n$ and $j$, coefficient by coefficient, which sympy decides.

# %%
A, B = legendre.exact(5)
A

# %%
closed_form = ht.LegS(5).exact()
same_as_closed_form = A.equals(closed_form[0]) and B.equals(closed_form[1])
same_as_closed_form

# %% [markdown]
# Nothing in this was special to Legendre. With the weight $x^\beta$ Jacobi polynomials $P^{(0,\beta)}$ are
# closed as well, for *every* $\beta$ at once, and the result is again a chain of poles: a
# Takenaka-Malmquist operator with $a_k = k + (\beta+1)/2$.

# %%
beta = sympy.Symbol("beta", positive=True)
general = ht.derive(ht.Jacobi(0, beta)).entries()
general

# %%
chain = ht.TakenakaMalmquist(np.arange(4) + 1.5, shift=1.5)  # beta = 2
same_as_chain = ht.derive(ht.Jacobi(0, 2)).exact(4)[0] == chain.exact()[0]
same_as_chain

# %% [markdown]
# ### When there is no matrix
#
# Chebyshev polynomials in their own weight are not closed: differentiating the weight $(1-x)^{\pm 1/2}$
# leaves a pole at $x = 1$. A derivation that returned a matrix here would be wrong; this one returns
# what is left over.

# %%
ht.derive("chebyshev2").closure(3).residual

# %%
try:
    ht.derive("chebyshev2").exact(3)
except ht.NotClosedError as error:
    print(error)

# %% [markdown]
# With weight 1 the same polynomials span what Legendre polynomials span. The matrix exists, is not
# lossless in these coordinates, and has the same eigenvalues.

# %%
chebyshev = ht.derive("chebyshev2", weight=1).exact(4)[0]
chebyshev.eigenvals()

# %% [markdown]
# ## 3. The second road: quadrature
#
# `ht.project` takes any functions of $x$, knows nothing of families, and does the integrals
# numerically, in float64 or in as many digits as you like.


# %%
def shifted_legendre(x):
    return (np.sqrt(2 * np.arange(32) + 1) * np.polynomial.legendre.legvander(2 * x - 1, 31)).T


projected = ht.project(shifted_legendre)
print(projected)
print(f"distance from the closed form: {np.abs(projected.A - ht.LegS(32).A).max():.0e}, entries up to 62")

# %% [markdown]
# A wavelet frame is not closed, and the residual says how far from it (Mexican hats at 12 places).


# %%
def mexican_hats(x):
    z = 10 * (x - np.linspace(0, 1, 12)[:, None])
    return (1 - z**2) * np.exp(-(z**2) / 2)


ht.project(mexican_hats)

# %% [markdown]
# ## 4. Warps of time
#
# Replace $t$ by an increasing $a(t)$: the system $\dot x = a'(t)(Ax + Bu)$ has the same matrices and remembers
# in the measure $a'(s)\,e^{a(s)-a(t)}$. With $a = t$ it is time-invariant; with $a = \log t$ it is the original
# HiPPO, $\dot x = (Ax + Bu)/t$, which weighs all of the past alike and has no time scale.

# %%
ht.derive("legendre", warp="scaled")

# %% [markdown]
# One step of the scaled system is exact in log-time: $e^{hA}$ with $h = \log\frac{k+1}{k}$ rescales the
# remembered polynomial. The bilinear step that codes use for it is an approximation.

# %%
u = np.cumsum(np.random.default_rng(0).standard_normal(2000)) / 40
edges = np.arange(2001) / 2000
P = np.polynomial.legendre.legvander(2 * edges - 1, 33)
integrals = np.diff(
    np.column_stack([edges, *((P[:, k + 1] - P[:, k - 1]) / (2 * np.sqrt(2 * k + 1)) for k in range(1, 32))]), axis=0
)
step_errors = {}
for method in ("exact", "bilinear", "zoh"):
    state = ht.remember(ht.LegS(32), u, 1.0, warp="scaled", method=method, at=[2000]).states[:, 0]
    step_errors[method] = np.abs(state - u @ integrals).max()
    print(f"{method:9s} {step_errors[method]:.0e}")

# %% [markdown]
# ## 5. Windows: LegT and FouT
#
# For a window $[t-1, t]$ the derivative also needs $u(t-1)$, which the state no longer has: it is
# replaced by its reconstruction. That is the only approximation, and the only reason why $K_n = p_n$
# holds for LegT and FouT as $N \to \infty$ only.

# %%
ht.derive("legendre", warp="translated")

# %%
ht.derive("fourier", warp="translated")

# %% [markdown]
# On the half line nothing leaves, and Laguerre functions are exact again: LagT.

# %%
ht.derive("laguerre-functions", warp="translated")

# %% [markdown]
# ## 6. Remembering white noise

# %%
online = ht.figure("httyh-2", quick=True)
online.plot()

# %% [markdown]
# The order of the error is the smoothness of the past: $k + \frac12$ for LegS where the $k$-th
# derivative jumps. FouT does not get beyond $\frac12$ as a *kernel*, however smooth the target is; LegT
# does not either, but as a memory of a smooth past it is spectrally accurate.

# %%
study = ht.approximation_study("LegS", lambda tau: np.abs(np.exp(-tau) - 0.5), [16, 32, 64, 128, 256], [np.log(2)])
order, uncertainty = study.order()
print(f"a kink: order {order:.3f} +- {uncertainty:.3f}, theory 1.5")

# %%
window = ht.approximation_study("LegT", lambda tau: np.sin(5 * tau), [4, 8, 16, 32])
window

# %% [markdown]
# ## 7. Delays
#
# A window knows what happened one window ago. For LegT this delay is the Padé approximant of $e^{-s}$; for
# FouT it is all-pass at every $N$, with an error of at most $5.4/N$ in its phase up to
# $\omega = 15$.

# %%
delays = ht.figure("lmu-pade", quick=True)
delays.plot()

# %% [markdown]
# ## 8. What the step means
#
# A step $\Delta$ stretches every kernel by $1/\Delta$ samples.

# %%
for family in (ht.LegS(64), ht.LegT(64), ht.FouT(65), ht.LagT(64)):
    print(f"{family!r:9}", ht.timescale(family, 0.001))

# %% [markdown]
# The best read-out of the last 1000 samples of white noise, no training involved: sharp for windows,
# broad for LegS, and for LagT somewhere else altogether.

# %%
steps = ht.figure("httyh-timescale", quick=True)
steps.plot()

# %% [markdown]
# ## 9. What was claimed, checked

# %%
assert np.abs(by_exponential - by_polynomials).max() < 1e-12
assert same_as_closed_form and same_as_chain
assert sorted(chebyshev.eigenvals()) == [-4, -3, -2, -1]
assert projected.closed and np.abs(projected.A - ht.LegS(32).A).max() < 1e-11
assert step_errors["exact"] < 1e-10 < step_errors["bilinear"] < step_errors["zoh"]
assert abs(order - 1.5) < 0.15
assert window.error[-1] < 1e-12 < 0.01 < window.kernel_error[-1]
assert bases.passed and online.passed and delays.passed and steps.passed
