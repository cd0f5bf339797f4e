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
# # Pseudospectra: what eigenvalues do not say
#
# The eigenvalues of LegS are $-1, \dots, -N$, and they say almost nothing about it. What does is
# $\sigma_{\min}(zI - A)$, the size of the smallest perturbation that gives $A$ the eigenvalue $z$. Its level curves
# bound the *pseudospectra*. This notebook computes them at any depth, reads growth and margins off them, and proves
# things.

# %%
import warnings

import numpy as np

import hippo_theory as ht

# %% [markdown]
# ## 1. A portrait
#
# Twenty digits deep, and no matrix was factored: the curves come from one scalar equation a point (section 2).

# %%
legs = ht.LegS(32)
portrait = ht.spectral_portrait(legs)
portrait.plot()

# %%
portrait

# %% [markdown]
# A perturbation of $10^{-10}$ can move eigenvalues by 14 units, and yet all curves stay to the left of
# $\mathrm{Re}\,z = -\tfrac12 + \varepsilon$: LegS is as non-normal as matrices get, and never grows.
#
# The same picture by singular values in float64 stops at rounding, and says so:

# %%
box = (-42, 10, -32, 32)
rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((32, 32)))[0]
hidden = rotation @ legs.A @ rotation.T  # the same singular values, but no structure left to use
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    dense = ht.pseudospectrum(hidden, box, 60)
exact = ht.pseudospectrum(legs, box, 60)
print(told[-1].message)
trusted = ~dense.below_floor
gap = np.abs(10 ** (dense.log10_sigma - exact.log10_sigma) - 1)[dense.log10_sigma > dense.floor_log10 + 6].max()
print(f"{trusted.mean():.0%} of the points are above the floor; a million times above it the two agree to {gap:.0e}")

# %% [markdown]
# ## 2. One equation for all singular values
#
# For a lossless operator, $A + A^\top = -2\sigma_0 I - BB^\top$, put $p = \mathrm{Re}\,z + \sigma_0$. A singular value
# $\sigma$ of $zI - A$ is where
#
# $$m_1\varphi(z - m_1) = m_2\varphi(z - m_2), \qquad m_1 + m_2 = 2p, \quad m_1m_2 = \sigma^2 .$$
#
# With $M = zI - A$ and $M + M^* = 2pI + BB^\top$, a singular pair $Mv = \sigma u$, $M^*u = \sigma v$ gives
# $(M^2 - 2pM + \sigma^2)v = MB\,(B^\top v)$, and the partial fractions of the quadratic bring in
# $B^\top(sI - A)^{-1}B = 1 - \varphi(s)$ at $s = z - m_1$ and $s = z - m_2$. Where $|\varphi|$ is large this is just
# $\sigma_{\min} = 2|p|/|\varphi(z)|$:

# %%
z = np.array([-20.5, -20.5 + 4j, -30 + 3j])
deep = np.log10(2 * np.abs(z.real + 0.5)) - np.log10(np.abs(legs.allpass(z)))
by_equation = ht.pseudospectrum(legs, z).log10_sigma
by_solves = ht.pseudospectrum(legs, z, digits=13).log10_sigma
print("2|p|/|phi|:    ", deep.round(12))
print("the equation:  ", by_equation.round(12))
print("solves in balls", by_solves.round(12))

# %%
large = ht.pseudospectrum(ht.LegS(1024), (-1034, 10, -1024, 1024), 100)
large

# %% [markdown]
# ## 3. Explore
#
# With `ipywidgets` installed this is a slider; without it, or on a printed page, a fixed choice of sizes.


# %%
def show(N):
    size = float(N)
    return ht.pseudospectrum(ht.LegS(N), (-size - 5, 5.0, -size / 2, size / 2), 60).plot()


try:
    from ipywidgets import interact
except ImportError:
    from IPython.display import display

    for N in (4, 12):
        display(show(N))
else:
    interact(show, N=(1, 64))

# %% [markdown]
# The level rises: twelve frames from the deepest point of a coarse grid to the shallowest, and below, for a printed
# page, one set with its exact boundary. Only cells that the level crosses were divided, and every component holds an
# eigenvalue, so none is missed.

# %%
from IPython.display import HTML

film = ht.pseudospectrum(ht.LegS(16), (-24, 6, -14, 14), 60).animate(frames=12)
HTML(film.to_jshtml(fps=4, default_mode="loop"))

# %%
boundary = ht.pseudospectral_contour(ht.LegS(16), 1e-3)
print(f"{boundary}; {boundary.evaluations} evaluations, log10 sigma within {boundary.log10_error:.0e}")
boundary.plot()

# %%
apart = ht.pseudospectral_distance(ht.LegS(16), ht.LegS(17), 1e-3)
print(apart)

# %% [markdown]
# ## 4. Growth
#
# The Kreiss constant is the steepest rise of the resolvent towards the boundary of stability, and a lower bound of
# what powers grow to. Sampled by forward Euler, LegS has eigenvalues in the unit disc and grows to $10^8$.

# %%
op = ht.LegS(64)
euler, bilinear = (op.system.discretize(0.01, method) for method in ("forward-euler", "bilinear"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ht.AccuracyWarning)  # an eps of the matrix is 4e-5 of this constant
    kreiss = ht.kreiss_constant(euler)
growth = {"forward Euler": ht.transient_growth(euler), "bilinear": ht.transient_growth(bilinear)}
print(f"forward Euler: spectral radius {np.abs(euler.poles).max():.2f}, {kreiss}")
for name, found in growth.items():
    print(f"{name}: {found}")
continuous = ht.kreiss_constant(op)
print(f"LegS itself: {continuous}")

# %%
pictures = ht.figure("ptd-pseudo", quick=True)
pictures.plot()

# %% [markdown]
# ## 5. Margins, and matrices that others have measured
#
# How small a perturbation destabilises, how far an $\varepsilon$-pseudospectrum reaches, and the numerical range;
# `ht.gallery` holds classical matrices for comparison.

# %%
margin = ht.distance_to_instability(ht.LegS(64))
moved = np.linalg.eigvals(ht.LegS(8).A + ht.distance_to_instability(ht.LegS(8)).E)
print(f"LegS(64): {margin}; LegS(8) perturbed by as much has an eigenvalue {moved[np.abs(moved).argmin()]:.0e}")
grcar = ht.gallery.grcar(100)
reach = ht.pseudospectral_abscissa(grcar, 1e-4), ht.pseudospectral_radius(grcar, 1e-4)
print(f"Grcar, N = 100, eps = 1e-4: abscissa {reach[0].value:.5f} and radius {reach[1].value:.5f}")

# %%
ht.spectral_portrait(ht.gallery.grcar(32), box=(-1.0, 3.5, -3.2, 3.2), shape=60).plot()

# %% [markdown]
# ## 6. Proofs
#
# `ht.enclose` returns theorems: bounds of $\sigma_{\min}$ at a point, a region that no perturbed eigenvalue enters, a
# contour with the number of eigenvalues that every perturbation leaves inside.

# %%
bounds = ht.enclose(ht.LegS(128), -60.5)
free = ht.enclose(ht.LegS(64), box=(0.0, np.inf, -np.inf, np.inf), eps=0.5)
square = np.array([-1.5 - 1.5j, 0.5 - 1.5j, 0.5 + 1.5j, -1.5 + 1.5j])
counted = ht.enclose(ht.LegS(4), contour=square, eps=0.01)
print(bounds)
print(free)
print(counted)

# %% [markdown]
# ## 7. What was claimed, checked

# %%
assert np.abs(by_equation - by_solves).max() < 1e-12 and np.abs(deep - by_equation).max() < 1e-12
assert large.log10_sigma.min() < -700 and np.isfinite(large.log10_sigma).all()
assert gap < 1e-5 and dense.below_floor.any()
assert abs(growth["forward Euler"].value / 9.90955e7 - 1) < 1e-5 and growth["bilinear"].contraction
assert continuous.value == 1 and 1e7 < kreiss.value < growth["forward Euler"].value
assert margin.value >= 0.5 and abs(reach[0].value - 2.41276) < 1e-5 and abs(reach[1].value - 2.85216) < 1e-5
assert bounds.upper / bounds.lower - 1 < 1e-12 and free.passed and counted.passed and counted.count == 1
assert boundary.closed and boundary.log10_error < 1e-9 and boundary.evaluations < 256**2 / 2
assert abs(apart.value - abs(apart.z - apart.nearest)) < 1e-9 and apart.forward < apart.backward
assert pictures.passed
