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
# # Perturb, then diagonalize
#
# HiPPO matrices cannot be diagonalised: their eigenvectors are too ill-conditioned. The diagonal system that everybody
# uses instead (S4D) is a different system, with spikes that never fade. In between lies a third way: perturb $A$ a
# little, so that $A+E$ has good eigenvectors, and diagonalise that. This notebook compares three ways to choose $E$.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np

import hippo_theory as ht
from hippo_theory.lossless import homotopy_error, homotopy_modes

op = ht.LegS(32)
print(f"kappa(V) of LegS(32): 10^{ht.eigenvector_condition(op).log10:.1f}")

# %% [markdown]
# ## 1. Three perturbations
#
# * **random**: Gaussian entries. Existence proofs use it; for HiPPO it is not usable.
# * **optimized**: minimise $\kappa(V)^2+\gamma\|E\|_F$, as the paper's code does. Here with the exact gradient of
#   $\kappa$, by L-BFGS: a fraction of a second.
# * **allpass**: $E=\frac{\rho}{1+\rho}BB^\top$ with the input $B/(1+\rho)$.

# %%
optimized = ht.ptd(op, "optimized", rng=0)
allpass = ht.ptd(op, kappa=optimized.kappa)
size = np.linalg.norm(op.A, 2)
for layer in (optimized, allpass):
    print(
        f"{layer.method:10s} kappa {layer.kappa:5.2f}   ||E||/||A|| {layer.perturbation_norm / size:.3f}   "
        f"sup ||G_ptd - G|| {layer.transfer_error:.4f}"
    )
try:
    ht.ptd(op, "random", size=0.1, rng=0)
except ht.UnstableSystemError as error:
    print("random:", error)

# %% [markdown]
# The all-pass perturbation is *larger* than the optimised one, and its error is several times *smaller*: what counts is
# not the size of $E$ but that it respects the lossless structure $A+A^\top=-2\sigma I-BB^\top$.

# %%
figure = ht.figure("ptd-3c", quick=True)
figure.plot()

# %%
figure

# %% [markdown]
# What theory promises in general is far from what happens: the bound of the paper's Theorem 3 is thousands to
# millions of times too large. And Davies' question, how well a matrix can be approximated by one with good
# eigenvectors, has for LegS the answer that he conjectured to be best:
# $\min(\kappa\varepsilon+\|E\|/\|A\|)\sim\sqrt\varepsilon$, for every N.

# %%
ht.figure("ptd-bounds", quick=True).plot()

# %% [markdown]
# ## 2. Why: one formula
#
# With $\phi(s)=1-B^\top G(s)$, which is all-pass, the perturbed system has the transfer function
#
# $$G_\rho=\frac{G}{1+\rho\phi},\qquad 0<\rho\le1.$$
#
# $\rho\to0$ is HiPPO, $\rho=1$ is S4D. On the imaginary axis $|\phi|\le1$, and for LegS $\|G\|\,|\phi|\le\frac12$, so
# that the error is at most $\frac{\rho}{2(1-\rho)}$ **for every N**. Eigenvalues are the roots of $\phi(s)=-1/\rho$, in
# the left half plane for every $\rho<1$; eigenvectors are $G(\lambda)$. No eigensolver is involved.

# %%
s = 1j * np.geomspace(0.1, 2000, 400)
G, phi = op.transfer(s), op.allpass(s)
for rho in (1.0, 0.1, 0.001):
    layer = ht.ptd(op, rho=rho)
    off = np.abs(layer.transfer(s) - G / (1 + rho * phi)).max()
    print(f"rho = {rho:5g}: kappa {layer.kappa:8.2f}, error {layer.transfer_error:.6f}, formula off by {off:.0e}")

# %%
ht.figure("ptd-tube", quick=True).plot()

# %% [markdown]
# ## 3. The price: $\kappa(V)\approx1/\rho$
#
# Let $x=-(\lambda+\sigma)$ and $b(x)=1/\phi$, a Blaschke product of degree $N$ in the right half plane.
#
# **Proposition 1 (proved).** *The eigenvectors of $A_\rho$ have the Gram matrix of normalised decaying exponentials,*
#
# $$|\langle v_j,v_k\rangle|=\frac{2\sqrt{\mathrm{Re}\,x_j\,\mathrm{Re}\,x_k}}{|x_j+\bar x_k|}.$$
#
# The Frostman shift $b_\rho=(b+\rho)/(1+\rho b)$ is a Blaschke product with the zeros $x_j$. Division by $1+\rho b$
# maps the model space of $b$ onto that of $b_\rho$, isometrically up to a factor (Crofoot), and takes the
# eigenvectors $(b+\rho)/(x-x_j)$ to $b_\rho/(x-x_j)$.
#
# **Proposition 2 (proved).** *With the separations
# $\delta_j=\prod_{k\ne j}\frac{|x_j-x_k|}{|x_j+\bar x_k|}=\frac{2\,\mathrm{Re}\,x_j\,|b'(x_j)|}{1-\rho^2}$*
#
# $$\frac1{\min\delta_j}\le\kappa(V)\le\frac{\|V\|^2}{\min\delta_j}.$$
#
# A separation of zero is a collision. The inverse of the Gram matrix is the Gram matrix again, conjugated and
# divided by $\delta_j\delta_k$.

# %%
for operator in (ht.LegS(64), ht.LagT(64), ht.FouT(65)):
    lam, V, _ = homotopy_modes(operator, 0.1).full()
    x = -(lam + operator.shift)
    gram = 2 * np.sqrt(np.outer(x.real, x.real)) / np.abs(x[:, None] + x.conj())
    away = np.abs(x[:, None] - x) / np.abs(x[:, None] + x.conj())
    np.fill_diagonal(away, 1)
    delta, norm = away.prod(axis=1).min(), np.linalg.norm(V, 2)
    print(
        f"{operator!r:9}: Gram matrices differ by {np.abs(np.abs(V.conj().T @ V) - gram).max():.0e}; "
        f"{1 / delta:.2f} <= kappa = {np.linalg.cond(V):.2f} <= {norm**2 / delta:.2f}"
    )

# %% [markdown]
# **Proposition 3 (proved).** *For LagT $\kappa(V)=\rho^{1/N-1}$, exactly; for a pure delay, $b=e^{-x}$, it is
# $1/\rho$.* The $x_j$ are images of $N$ equidistant points on the circle of radius $\rho^{1/N}$, and the Gram
# matrix is circulant with the eigenvalues $\propto\rho^{2p/N}$, $p=0,\dots,N-1$.

# %%
for N in (2, 16, 256):
    kappa = ht.ptd(ht.LagT(N), rho=0.01).kappa
    print(f"LagT({N}): kappa = {kappa:.10f}, rho^(1/N - 1) = {0.01 ** (1 / N - 1):.10f}")

# %% [markdown]
# **Proposition 4 (proved).** *As $\rho\to1$, $\kappa=1+(1-\rho)\,s+o(1-\rho)$ with*
#
# $$s=\left\|\left(\frac{\sqrt{m_jm_k}}{y_j-y_k}\right)_{j\ne k}\right\|,$$
#
# *$iy_j-\sigma$ the eigenvalues of the normal part and $m_j=|V^*B|_j^2/2$.* To first order
# $\mathrm{Re}\,x_j=(1-\rho)m_j/2$ in Proposition 1. So $\kappa\rho\le1$ can hold next to $\rho=1$ only if $s\le1$.
#
# **Status of the law $\kappa\rho\le1$.** *Proved* for LagT. *Measured* for LegS clear of collisions by a factor of
# two, and for FouT ($N\le1024$, $\rho\ge10^{-6}$); LegS has $s$ a little above $1-1/N$. *False in general*: half of
# all chains with poles spread over four decades have $s>1$. *Open*: a proof for LegS, and whether
# $\kappa\approx\rho^{-s}$, which the figure shows for $s\le1$, is a theorem.

# %%
ht.figure("ptd-law", quick=True).plot()

# %%
chain = ht.TakenakaMalmquist([0.14093771, 0.18513993, 7.07417188])
print(f"kappa rho = {np.linalg.cond(homotopy_modes(chain, 0.84662).full()[1]) * 0.84662:.4f} for three real poles")

# %% [markdown]
# With two ports (LegT) the same construction, $E=-\frac{\rho}{1+\rho}(A+A^\top)$, is still stable and still has an
# error proportional to $\rho$, but the price is higher: $\kappa$ grows like $1/\rho^2$.

# %%
for rho in (0.3, 0.1, 0.03):
    layer = ht.ptd(ht.LegT(32), rho=rho)
    print(f"LegT(32), rho = {rho}: kappa rho^2 = {layer.kappa * rho**2:.3f}, error {layer.transfer_error:.4f}")

# %% [markdown]
# ## 4. Collisions
#
# Two eigenvalues meet where $\phi'(\lambda)=0$ and $\phi(\lambda)=-1/\rho$; there $A_\rho$ is defective. For real poles
# all critical points of $\phi$ are real and interlace with them, so that LegS has exactly $\lfloor N/2\rfloor$
# collisions. `ht.collisions` finds them all, and `ht.ptd` steers away from them and says so.

# %%
small = ht.LegS(16)
found = ht.collisions(small)
print(found)
print("log10 rho:", found.log10.round(2))
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    layer = ht.ptd(small, rho=0.00342)
print(said[0].message)

# %%
rho = np.geomspace(0.002, 0.02, 300)
kappa = [np.linalg.cond(homotopy_modes(small, r).full()[1]) for r in rho]
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.loglog(rho, kappa, label=r"$\kappa(V)$ of $A_\rho$, LegS(16)")
ax.loglog(rho, 1 / rho, "k--", linewidth=0.8, label=r"$1/\rho$")
ax.axvline(found.rho[0], color="0.6", linewidth=0.8)
ax.annotate("collision", (found.rho[0], 2e3), (4, 0), textcoords="offset points")
ax.set_xlabel(r"$\rho$")
_ = ax.legend()

# %% [markdown]
# ## 5. What an input sees
#
# A Fourier mode at the last spike excites S4D and nothing else; a unit impulse never converges; a smooth input does.

# %%
ht.figure("ptd-inputs", quick=True).plot()

# %% [markdown]
# ## 6. A layer to train from
#
# The result is an initialisation like every other: conjugate pairs, one condition number, one error, one report. Blocks
# as in S5, inputs and outputs in the operator's coordinates.

# %%
layer = ht.ptd(ht.LegS(64), error=0.05)
layer.report()

# %% [markdown]
# It goes into an S4D layer (`hippo_theory.torch.S4D.from_initialization(layer, d_model=256)`) and into a file with a
# certificate (`ht.export`); copies in blocks make an initialisation for S5.

# %%
print(ht.certify(layer))

# %%
blocks = ht.ptd(ht.LegS(16), kappa=10, blocks=4, C=np.random.default_rng(0).standard_normal((3, 64)))
print(blocks, "kernel", blocks.kernel(np.linspace(0, 1, 5)).shape)
print(f"error at N = 1024, rho = .01: {homotopy_error(ht.LegS(1024), 0.01).value:.6f} (bound {0.01 / 1.98:.6f})")

# %% [markdown]
# What was shown, as assertions:

# %%
assert allpass.transfer_error < optimized.transfer_error / 3
assert layer.transfer_error <= 0.05
assert layer.kappa * layer.rho < 1
assert len(found) == 8
assert abs(ht.ptd(ht.LagT(16), rho=0.01).kappa / 0.01 ** (1 / 16 - 1) - 1) < 1e-9
