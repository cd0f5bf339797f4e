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
# # Lossless HiPPO: one identity and what follows from it
#
# LegS, LagT, FouT and every chain of exponentials satisfy
#
# $$A + A^\top = -2\sigma I - BB^\top .$$
#
# That is all this notebook uses. From it come the spectrum of the normal part, with every digit and without an
# eigensolver, its eigenvectors, what S4D loses, why LegS never grows and why one should never diagonalise it. Each
# step is proved in a line or two, and sympy checks the line.

# %%
import numpy as np
import sympy as sp

import hippo_theory as ht
from hippo_theory.lossless import diagonalize_normal_part, normal_frequencies

s, z, n, u, y = sp.symbols("s z n u y")

# %% [markdown]
# ## 1. An energy balance
#
# With $y = B^\top x$ the identity says
# $\tfrac{d}{dt}\|x\|^2 = -2\sigma\|x\|^2 - y^2 + 2yu = -2\sigma\|x\|^2 + u^2 - (u-y)^2$:
# what enters through the port, less what leaves through it. Nothing is lost inside but what the shift takes, and the
# wave that leaves, $u - y$, is $u$ filtered by $\varphi(s) = 1 - B^\top G(s)$, $G(s) = (sI-A)^{-1}B$.

# %%
balance = sp.expand(-(y**2) + 2 * y * u - (u**2 - (u - y) ** 2))
A, B = ht.LegS(4).exact()
identity = sp.simplify(A + A.T + sp.eye(4) + B * B.T)
print("balance:", balance, " identity for LegS(4):", identity.is_zero_matrix)

# %% [markdown]
# ## 2. So $\varphi$ is all-pass
#
# Multiply $(\bar sI - A^\top) + (zI - A) = (\bar s + z + 2\sigma)I + BB^\top$ by $G(s)^*$ and $G(z)$.
# With $g = B^\top G$:
#
# $$(\bar s + z + 2\sigma)\,G(s)^*G(z) = \overline{g(s)} + g(z) - \overline{g(s)}\,g(z)
# = 1 - \overline{\varphi(s)}\,\varphi(z).$$
#
# On $\mathrm{Re}\,s = -\sigma$ the left side vanishes for $z = s$, so $|\varphi| = 1$ there; to the right of it,
# $|\varphi| < 1$. Here it is for LegS with four states, $\bar s$ written as an independent symbol:

# %%
p = sp.Symbol("p")
G = {t: (t * sp.eye(4) - A).LUsolve(B) for t in (p, z)}
phi = {t: 1 - (B.T * G[t])[0] for t in (p, z)}
all_pass = sp.simplify((p + z + 1) * (G[p].T * G[z])[0] - (1 - phi[p] * phi[z]))
print("both sides differ by", all_pass)
sp.factor(phi[z])

# %% [markdown]
# The factors are no accident. Row $n$ of $(sI-A)G = B$ reads $(s+\sigma+a_n)\,G_n = \sqrt{2a_n}\,\varphi_n$, where
# $\varphi_n$ is the all-pass function of the first $n$ states. Hence by induction, for any $a_n$, one factor a state:

# %%
a, sigma, before = sp.symbols("a sigma varphi_n")
after = before - sp.sqrt(2 * a) * (sp.sqrt(2 * a) * before / (s + sigma + a))
chain = sp.factor(after / before)
legs_factor = sp.factor(chain.subs({a: n + sp.Rational(1, 2), sigma: sp.Rational(1, 2)}))
sp.Eq(sp.Symbol("varphi_{n+1}/varphi_n"), chain)

# %% [markdown]
# For LegS, $\varphi(s) = \prod_{k<N}\frac{s-k}{s+k+1}$: it vanishes at $0, 1, \dots, N-1$, and its poles are the
# eigenvalues $-1, \dots, -N$ of $A$.
#
# ## 3. The normal part, and its spectrum
#
# $A_N = A + \tfrac12BB^\top$ has $A_N + A_N^\top = -2\sigma I$: it is normal. The rank-one update (Sherman and
# Morrison) gives
#
# $$(sI - A_N)^{-1}B = \frac{G}{1 - g/2} = \frac{2G}{1+\varphi},$$
#
# so that the eigenvalues of $A_N$ are where $\varphi = -1$, and the eigenvectors are $G$ there.

# %%
A3, B3 = ht.LegS(3).exact()
G3 = (s * sp.eye(3) - A3).LUsolve(B3)
normal = (s * sp.eye(3) - A3 - B3 * B3.T / 2).LUsolve(B3)
update = sp.simplify(normal - 2 * G3 / (2 - (B3.T * G3)[0]))
print("(sI - A_N)^{-1} B = 2G/(1 + phi) for LegS(3):", update.is_zero_matrix)

# %% [markdown]
# On the line $s = -\sigma + iy$ the factors have modulus one and only their phases are left:
# $\varphi = (-1)^N e^{-i\Theta(y)}$ with $\Theta(y) = 2\sum_k\arctan(y/a_k)$, which increases. An eigenvalue is where a
# monotone function passes a multiple of $\pi$: nothing can be missed, and each root is found to its last bit, alone.

# %%
spectrum = ht.figure("legs-spectrum", quick=True)
spectrum.plot()

# %%
high, low = normal_frequencies(ht.LegS(100_000).a, [0, 1, 49_999])
for m, value, rest in zip((0, 1, 49_999), high, low, strict=True):
    print(f"N = 100000, frequency {m:5d}: {float(value)!r:20} and {rest:+.2e} more")

# %% [markdown]
# ## 4. The eigenvalue conjecture of S4D
#
# The paper on S4D conjectured from numbers that the largest frequencies are $N^2/\pi$, $N^2/3\pi$, ... . From the top,
# $N\pi - \Theta = 2\sum_k\arctan(a_k/y)$ has to be $c = (2m+1)\pi$. Two power sums and one limit:

# %%
N, k, c, d = *sp.symbols("N k c", positive=True), sp.Symbol("d", real=True)
first = sp.factor(sp.summation(k + sp.Rational(1, 2), (k, 0, N - 1)))
third = sp.factor(sp.summation((k + sp.Rational(1, 2)) ** 3, (k, 0, N - 1)))
top = N**2 / c + d
expansion = 2 * first / top - sp.Rational(2, 3) * third / top**3
correction = sp.solve(sp.limit(N**2 * (expansion - c), N, sp.oo), d)
print(f"sum of a_k = {first}, of a_k^3 = {third}; d =", *correction)

# %% [markdown]
# Hence $y_m = \dfrac{N^2}{(2m+1)\pi} - \dfrac{(2m+1)\pi}{6} + O(N^{-2})$, the conjecture and its next term.

# %%
gaps = {}
for size in (16, 64, 1024):
    m = np.arange(3)
    law = size**2 / ((2 * m + 1) * np.pi) - (2 * m + 1) * np.pi / 6
    gaps[size] = size**2 * (normal_frequencies(ht.LegS(size).a, m)[0] - law)
    print(f"N = {size:4d}: N^2 (y_m - law) =", gaps[size].round(3))

# %% [markdown]
# ## 5. Eigenvectors without an eigensolver
#
# At an eigenvalue $B^\top G = 1 - \varphi = 2$, and $\|G\|^2 = \sum_k 2a_k/(a_k^2+y^2)$ is the slope of the phase. So
# $v = G/\|G\|$ in the phase that makes $V^*B = 2/\|G\|$ real and positive, on every machine. At $N = 256$, beside
# a Hermitian eigensolver:

# %%
op = ht.LegS(256)
part = diagonalize_normal_part(op)
lam, V, weights = part.full()
skew = op.A + np.outer(op.B, op.B) / 2
skew = (skew - skew.T) / 2
lapack = np.linalg.eigvalsh(-1j * skew)[::-1][:128]
rebuilt = V @ (lam[:, None] * V.conj().T) - np.outer(op.B, op.B) / 2
residual = np.linalg.norm(rebuilt - op.A, 2) / np.linalg.norm(op.A, 2)
unitary = np.linalg.norm(V.conj().T @ V - np.eye(256), 2)
print(f"closed form: residual of A {residual:.0e}, ||V^* V - I|| {unitary:.0e}; V^* B from {weights.min():.3f} up")
gap = np.abs(lapack / part.lam.imag - 1).max()
print(f"LAPACK's eigenvalues differ by up to {gap:.0e}; ours are the nearest floats")

# %% [markdown]
# And this is a theorem about the stored numbers, not a hope: the certificate derives them again, in balls, by signs of
# the monotone phase.

# %%
certificate = ht.certify(ht.s4(ht.LegS(64)))
certificate

# %% [markdown]
# ## 6. What S4D loses
#
# Dropping the rank one and halving $B$ leaves $G/(1+\varphi)$. The error is $G\varphi/(1+\varphi)$, with
# $\varphi/(1+\varphi) = \varphi - \varphi^2 + \varphi^3 - \dots$: a train of echoes, each delayed by the all-pass
# function once more. It vanishes where $\varphi$ does, so the diagonal model *interpolates* LegS at
# $s = 0, 1, \dots, N-1$: in particular it holds the right state under a constant input, $s = 0$.

# %%
error = ht.diagonal_error(ht.LegS(64))
interpolation = error.transfer(np.arange(64))
peak = error.peak()
print(f"largest error at the integers: {np.abs(interpolation).max():g}")
print(f"largest error on the axis: {peak.value:.4f} at w = {peak.frequency:.2f}; 2N/pi = {128 / np.pi:.4f}")

# %%
limits = ht.figure("s4d-limits", quick=True)
limits.plot()

# %% [markdown]
# ## 7. What the state holds of white noise
#
# The Gramian $\int KK^\top$ of LegS is tridiagonal: with $x = e^{-t}$ it is multiplication by $x$ in the Legendre
# basis. Its eigenvalues are therefore the Gauss nodes on $[0, 1]$. Exactly, for five states:

# %%
A5, B5 = ht.LegS(5).exact()
P = sp.diag(*[sp.Rational(1, 2)] * 5)
for j in range(1, 5):
    P[j - 1, j] = P[j, j - 1] = sp.Rational(j, 2) / sp.sqrt(4 * j**2 - 1)
lyapunov = sp.simplify(A5 * P + P * A5.T + B5 * B5.T)
nodes = sp.factor(P.charpoly(z).as_expr() * 252)
legendre = sp.expand(nodes - sp.legendre(5, 2 * z - 1))
print("A P + P A^T + B B^T = 0:", lyapunov.is_zero_matrix, " characteristic polynomial - P_5(2z - 1):", legendre)
nodes

# %%
gramian = ht.figure("gramian-nodes", quick=True)
gramian.plot()

# %% [markdown]
# ## 8. It never grows, and must never be diagonalised
#
# Without input $\frac{d}{dt}\|x\|^2 \le -2\sigma\|x\|^2$, so $\|e^{tA}\| \le e^{-\sigma t}$: no transient at all. And
# yet the eigenvectors of LegS are as skew as binomial matrices can be: with rational columns, $V^\top V$ is the
# inverse of a Hilbert matrix.

# %%
binomial = sp.Matrix(5, 5, lambda i, j: (-1) ** (i + j) * sp.binomial(i, j) * sp.binomial(i + j, j))
roots = sp.diag(*[sp.sqrt(2 * j + 1) for j in range(5)])
columns = roots * binomial
eigen = sp.simplify(A5 * columns - columns * sp.diag(*range(-1, -6, -1)))
hilbert = sp.simplify((columns.T * columns).inv() - sp.Matrix(5, 5, lambda i, j: sp.Rational(1, i + j + 1)))
print("eigenvectors:", eigen.is_zero_matrix, " inverse Hilbert:", hilbert.is_zero_matrix)
columns

# %%
for size in (16, 64, 256):
    print(f"N = {size:3d}: kappa(V) = 10^{ht.eigenvector_condition(ht.LegS(size)).log10:.2f}")
growth = ht.figure("growth", quick=True)
growth.plot()

# %% [markdown]
# ## 9. Two ports
#
# A window has two ends: LegT lets waves in at one and out at the other, $A + A^\top = -bb^\top - dd^\top$. A
# $2\times2$ unitary matrix takes the place of $\varphi$, the correction to the normal part has rank two, and the same
# programme goes through.

# %%
A4, b4 = ht.LegT(4).exact()
d4 = b4.applyfunc(sp.Abs)
two_ports = sp.simplify(A4 + A4.T + b4 * b4.T + d4 * d4.T)
window = ht.s4(ht.LegT(64))
legt = window.V @ (np.diag(window.lam) - window.P @ window.P.conj().T) @ window.V.conj().T
print(f"s4(LegT(64)): P of shape {window.P.shape}, residual {np.abs(legt - ht.LegT(64).A).max():.0e}")
print("A + A^T + b b^T + d d^T = 0 for LegT(4):", two_ports.is_zero_matrix)

# %% [markdown]
# ## 10. What was proved and claimed, checked

# %%
zero = [balance, all_pass, legendre, correction[0] + c / 6]
assert len(correction) == 1 and not any(zero)
assert all(matrix.is_zero_matrix for matrix in (identity, update, lyapunov, eigen, hilbert, two_ports))
assert sp.simplify(chain - (s + sigma - a) / (s + sigma + a)) == 0 and legs_factor == -(n - s) / (n + s + 1)
assert np.abs(gaps[1024]).max() < 50 and residual < 1e-14 and unitary < 1e-13 and certificate.passed
assert not interpolation.any() and abs(peak.value - 40.7028) < 1e-4
assert np.abs(legt - ht.LegT(64).A).max() < 1e-14 * np.linalg.norm(ht.LegT(64).A, 2)
assert spectrum.passed and limits.passed and gramian.passed and growth.passed
