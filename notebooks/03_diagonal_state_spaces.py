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
# # Diagonal state spaces: what S4D keeps of HiPPO, and what a step does to it
#
# A diagonal layer is $N$ independent modes, $\dot z_j = \lambda_j z_j + B_j u$. *On the Parameterization and
# Initialization of Diagonal State Space Models* asks which $\lambda_j$ to start from. This notebook follows
# the paper: the kernel in two lines, where the diagonal model comes from, in which sense it converges and
# in which it does not, the two-line laws that replace it, and what happens when it is sampled.

# %%
import numpy as np

import hippo_theory as ht

# %% [markdown]
# ## 1. A kernel in two lines

# %%
lin = ht.figure("s4d-1", quick=True)
lin.plot()

# %% [markdown]
# ## 2. Where the diagonal model comes from
#
# $A + \tfrac12 BB^\top$ is normal: S4 keeps the rank-one correction, S4D drops it and halves $B$. The
# eigenvectors of $A$ itself are of no use: their condition number is $10^{47}$ at $N = 64$.

# %%
kappa = ht.eigenvector_condition(ht.LegS(64))
print(f"kappa(V) = 10^{kappa.log10:.2f}")
s4, s4d = ht.s4(ht.LegS(64)), ht.s4d("legs", 64)
residual = np.linalg.norm(s4.V @ (np.diag(s4.lam) - np.outer(s4.P, s4.P)) @ s4.V.conj().T - ht.LegS(64).A, 2)
print(f"S4, relative residual of A: {residual / np.linalg.norm(ht.LegS(64).A, 2):.0e}")

# %% [markdown]
# ## 3. In which sense it converges
#
# With $\varphi = 1 - B^\top G$ the diagonal model has the transfer vector $G/(1+\varphi)$ *exactly*. At a fixed
# frequency the error falls like $1/N$; over all frequencies it grows like $2N/\pi$, at a resonance that moves
# out like $N^2/\pi$.

# %%
at_one, largest = [], []
for N in (16, 64, 256):
    error = ht.diagonal_error(ht.LegS(N))
    at_one.append(np.linalg.norm(error.transfer(1j)))
    largest.append(error.peak().value)
    print(f"N = {N:3d}: N |error at w = 1| = {N * at_one[-1]:.3f}, largest error/N = {largest[-1] / N:.4f}")
print(f"2/pi = {2 / np.pi:.4f}")

# %%
ht.figure("s4d-2", quick=True).plot()

# %% [markdown]
# Only its own low rank can be left out. Adding a random one, a hundred times smaller, makes LegS unstable;
# and FouT without its low rank never forgets.

# %%
low_rank = ht.figure("s4d-lowrank", quick=True)
low_rank.plot()

# %% [markdown]
# ## 4. Laws instead of spectra
#
# S4D-Inv has the $1/n$ law of the largest frequencies, S4D-Lin the spacing of a Fourier series. How far they
# are from the spectrum they replace is what `report` says, together with everything else that one should
# know before training.

# %%
ht.s4d("inv", 64).report()

# %%
spectra = ht.figure("s4d-3", quick=True)
spectra.plot()

# %% [markdown]
# Public code deviates from the formulas in known ways. The switches that reproduce it have names, and the
# report prints what they cost.

# %%
ht.s4d("legs", 64, b_scale=1.0, b_clip=2.0).report()

# %% [markdown]
# ## 5. What a step does
#
# A mode whose frequency passes $\pi/\Delta$ aliases. At $\Delta = 0.1$ that is two thirds of S4D-Lin.

# %%
lost = ht.aliasing(ht.s4d("lin", 64), 0.1)
lost

# %%
circles = ht.figure("s4d-aliasing", quick=True)
circles.plot()

# %% [markdown]
# Zero-order hold is exact for held inputs; the bilinear map is of second order, Euler's of first, and the
# forward one need not be stable at all, although LegS never grows in continuous time.

# %%
op = ht.LegS(64)
powers = {}
for method in ("zoh", "bilinear", "backward-euler", "forward-euler"):
    growth = ht.transient_growth(op.system.discretize(0.01, method))
    powers[method] = growth.value
    print(f"{method:15s} {growth}")

# %% [markdown]
# How long each initialisation remembers, in steps:

# %%
ht.figure("memory-table", quick=True).plot()

# %% [markdown]
# ## 6. What was claimed, checked

# %%
assert abs(kappa.log10 - 47.51) < 0.01 and residual < 1e-14 * np.linalg.norm(op.A, 2)
assert np.allclose(np.array(at_one) * [16, 64, 256], 1, atol=0.08)
assert abs(largest[-1] / 256 - 2 / np.pi) < 1e-3
assert abs(lost.fraction - 0.69) < 0.005
assert max(powers[m] for m in ("zoh", "bilinear", "backward-euler")) <= 1 < 1e7 < powers["forward-euler"]
assert lin.passed and low_rank.passed and spectra.passed and circles.passed
