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
# # A first look: from a HiPPO operator to a verified matrix
#
# A state-space layer computes $x' = A x + B u$, $y = C x$. Which $A$ and $B$ it starts from decides
# what it can remember. This notebook takes one such pair, HiPPO-LegS, from its definition to a file
# that a GPU layer can load, and asks at every step: *how do we know?*

# %%
import numpy as np

import hippo_theory as ht

{name: version for name, version in ht.info().items() if name in ("hippo_theory", "numpy", "python-flint", "torch")}

# %% [markdown]
# ## 1. The operator, in three arithmetics
#
# The entries are written once, $A_{nk} = -\sqrt{(2n+1)(2k+1)}$ below the diagonal and $-(n+1)$ on it,
# and evaluated exactly, in float64 (each entry the nearest float) or in balls that enclose them.

# %%
op = ht.LegS(4)
op

# %%
A, B = op.exact()
A

# %%
# Losslessness, the identity on which everything below rests: A + A^T = -I - B B^T.
(A + A.T + B * B.T).applyfunc(lambda entry: entry.simplify())

# %% [markdown]
# ## 2. What the states remember
#
# $e^{tA}B$ is an orthonormal basis in disguise: the Legendre polynomials in the warped variable
# $e^{-t}$, times the measure $e^{-t}$. The closed form and a matrix exponential agree.

# %%
t = np.linspace(0, 4, 9)
closed_form = ht.LegS(8).kernel(t)
matrix_exponential = ht.StateSpace(ht.LegS(8).A, ht.LegS(8).B).kernel(t)
print(f"largest difference: {np.abs(closed_form - matrix_exponential).max():.0e}")

# %%
ht.figure("httyh-1", quick=True).plot()

# %% [markdown]
# ## 3. The diagonal model, and what it costs
#
# $A$ itself must never be diagonalised: at $N = 64$ its eigenvectors have condition number $10^{47}$.
# But $A_N = A + \tfrac12 BB^T$ is normal. Its eigenvalues are the roots of a monotone phase, so each is
# found to the last bit, and its unitary eigenvectors are known in closed form. S4 keeps the rank-one
# correction; S4D drops it and halves $B$.

# %%
s4, s4d = ht.s4(ht.LegS(64)), ht.s4d("legs", 64)
s4d.lam[:4]

# %% [markdown]
# The transfer function of the diagonal model is *exactly* $G/(1+\varphi)$, where $\varphi$ is the
# all-pass function of the operator: no eigenvector is needed to know how far it is from HiPPO.

# %%
op = ht.LegS(64)
s = 1j * np.array([0.1, 1.0, 10.0, 100.0])
exact = op.transfer(s) / (1 + op.allpass(s))
print(f"S4D against G/(1 + phi): {np.abs(s4d.transfer(s) - exact).max():.0e}")
print(f"S4 against G:            {np.abs(s4.transfer(s) - op.transfer(s)).max():.0e}")

# %% [markdown]
# At low frequencies the two models agree like $1/N$; at the resonances of the diagonal one they never
# do. The last spike sits near $N^2/\pi - \pi/6$, and its height tends to $2/\pi$.

# %%
spikes = ht.figure("ptd-1", quick=True)
spikes.plot()

# %%
for claim in spikes.claims:
    print(claim)

# %% [markdown]
# ## 4. A certificate
#
# `certify` proves, in ball arithmetic and by a road that shares no code with the one above, how far
# the stored numbers are from the exact object.

# %%
certificate = ht.certify(s4d, dtype="float32")
certificate

# %% [markdown]
# ## 5. A file, and a layer
#
# `export` writes the tensors and the certificate, `verify` proves it again from the file alone. A
# single flipped bit is enough to be refused.

# %%
import tempfile
from pathlib import Path

path = Path(tempfile.mkdtemp()) / "legs64_s4d.safetensors"
ht.export(ht.s4d("legs", 64, C=np.eye(64)[0]), path)
ht.verify(path).passed

# %%
damaged = bytearray(path.read_bytes())
damaged[-1] ^= 1
copy = path.with_name("damaged.safetensors")
copy.write_bytes(damaged)
try:
    ht.verify(copy)
except ht.HippoTheoryError as error:
    print(str(error).replace(str(copy.parent), "..."))

# %%
try:
    from hippo_theory.torch import S4D

    layer = S4D.from_initialization(ht.load(path), d_model=1, dt=0.01)
    K = layer.kernel(4096).detach().numpy()[0]
    reference = ht.load(path).discretize(0.01, "zoh").kernel(4096)
    layer_error = np.abs(K - reference).max() / np.abs(reference).max()
except ht.MissingExtraError as missing:
    print(missing)
    layer_error = 0.0
print(f"layer against the exact kernel: {layer_error:.0e}")

# %% [markdown]
# ## 6. What was claimed, checked

# %%
assert np.abs(closed_form - matrix_exponential).max() < 1e-12
assert np.abs(s4d.transfer(s) - exact).max() < 1e-12
assert spikes.passed and certificate.passed
assert layer_error < 1e-6
