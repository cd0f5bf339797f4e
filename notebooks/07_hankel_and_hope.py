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
# # Hankel operators and HOPE
#
# A system takes its past to its future through its Hankel operator; the singular values of that operator say how many
# numbers get through. This notebook measures them for random systems, and builds the layer that is given by its Hankel
# matrix: HOPE.

# %%
import numpy as np

import hippo_theory as ht

# %% [markdown]
# ## 1. How many states are used?
#
# Three ways to begin with 64 states. Poles spread evenly over the unit disk waste most of them.

# %%
figure = ht.figure("hope-3", quick=True)
figure.plot()

# %%
figure

# %% [markdown]
# The rank of such random systems grows like a power of their size, below the square root:

# %%
ht.figure("hope-beta", quick=True).plot()

# %% [markdown]
# ## 2. From a system to Markov parameters, and back
#
# The bilinear map $s = (z-1)/(z+1)$ makes a continuous system discrete without changing a Hankel singular value.
# `markov_parameters` reads off $h_j = \bar C \bar A^j \bar B$; `realize` goes back, to balanced coordinates.

# %%
legs = ht.LegS(16)
system = ht.StateSpace(legs.A, legs.B, C=np.random.default_rng(0).standard_normal(16))
h = ht.markov_parameters(system, 800)
sigma = ht.hankel_singular_values(system).values
balanced = ht.realize(h, order=16, continuous=True)
back = ht.hankel_singular_values(balanced).values
print(f"largest difference of a Hankel singular value: {np.abs(back - sigma).max() / sigma[0]:.0e} of the first")

# %% [markdown]
# ### How few states would do?
#
# No system of order $k$ is nearer than $\sigma_{k+1}$; the optimal Hankel approximation comes close to that, balanced
# truncation is within a factor. Theory H8 has the table up to $N=256$.

# %%
for order in (12, 8, 4):
    optimal, truncated = ht.hankel_norm_approximation(system, order), ht.balanced_truncation(system, order)
    measured = [ht.hinf_norm(system, reduced.system).value for reduced in (truncated, optimal)]
    print(f"{truncated}; measured {measured[0]:.2e}, Hankel-norm {measured[1]:.2e}")

# %% [markdown]
# ## 3. HOPE
#
# The parameters *are* $h$. Sampled with a step $\Delta$, the layer turns out to be a chain of equal all-pass sections,
# $\varphi(z) = (z^{-1} - \rho)/(1 - \rho z^{-1})$ with $\rho = (1-\Delta)/(1+\Delta)$: one pole, $n$-fold, stable
# whatever $h$ is, and a recurrence of $O(n)$ a step.

# %%
layer = ht.hope(64, dt=0.1, rng=0)
layer.report()

# %%
k = layer.kernel(4096)  # section by section
print(f"recurrence against FFT: {np.abs(k - np.fft.ifft(layer.spectrum(4096))).max():.0e}")
A, B = layer.system.A, layer.system.B
print(f"Gramian of the cascade minus I: {np.abs(A @ A.T + np.outer(B, B) - np.eye(64)).max():.0e}")

# %% [markdown]
# It remembers $n/\Delta$ steps, and no longer; S4D forgets exponentially.

# %%
memory = ht.figure("hope-6", quick=True)
memory.plot()

# %% [markdown]
# Two things that a user of the published layer should know. The sections are real, so that the imaginary part of $h$,
# half of the parameters, has no effect on a real input. And without zero padding the convolution is circular: the end
# of a sequence reaches its beginning.

# %%
u = np.zeros(200)
u[-1] = 1.0
real_part = ht.hope(64, dt=0.1, h=layer.h.real)
print(f"effect of Im h: {np.abs(layer.apply(u) - real_part.apply(u)).max():.0e}")
print(f"what comes before the impulse: causal {np.abs(layer.apply(u)[:-1]).max():.0e},", end=" ")
print(f"circular {np.abs(layer.apply(u, circular=True)[:-1]).max():.2f}")

# %% [markdown]
# ## 4. What a small change does
#
# A high rank by random values needs poles next to the imaginary axis, and is fragile; LegS is not.

# %%
ht.figure("hope-4", quick=True).plot()

# %% [markdown]
# ## 5. What was shown

# %%
assert figure.passed and memory.passed
assert np.abs(back - sigma).max() < 1e-10 * sigma[0]
assert np.abs(layer.apply(u) - real_part.apply(u)).max() < 1e-14
z = np.exp(1j * np.linspace(0, 6, 100))
change = layer.h * 1e-3
moved = np.abs(ht.hope(64, dt=0.1, h=layer.h + change).transfer(z) - layer.transfer(z)).max()
assert moved <= np.sqrt(64) * np.linalg.norm(change)
