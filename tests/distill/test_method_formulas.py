"""The formulas that learners see carry the factors of what is computed: T², 1/C, 1/B² and the like.

What a formula weighs is written out here from its meaning, in float64 and without any factor; the factors are read from
the formula's own LaTeX.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from kdviz import losses
from kdviz.distill.methods import METHODS
from kdviz.panels.methods.formula import latex

B, C, T, TAU = 5, 4, 3.0, 0.5
CHANNELS, H, W = 6, 3, 2
LENGTH, WIDTH, HEADS = 7, 8, 2


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


s, t, y = numbers(B, C, seed=0), numbers(B, C, seed=1), torch.arange(B) % C
F_s, F_t = numbers(B, CHANNELS, H, W, seed=2), numbers(B, CHANNELS, H, W, seed=3)
F2_s, F2_t = numbers(B, CHANNELS - 1, H, W, seed=4), numbers(B, CHANNELS - 1, H, W, seed=5)
e_s, e_t = numbers(B, WIDTH, seed=6), numbers(B, WIDTH, seed=7)
h_s, h_t = numbers(B, LENGTH, WIDTH, seed=8), numbers(B, LENGTH, WIDTH, seed=9)
A_s, A_t = numbers(B, HEADS, LENGTH, LENGTH, seed=10), numbers(B, HEADS, LENGTH, LENGTH, seed=11)


def softened(z: Tensor) -> Tensor:
    return torch.exp(z / T) / torch.exp(z / T).sum(1, keepdim=True)


def kl(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log()).sum(1).mean()


def length_1(x: Tensor, dim: int) -> Tensor:
    return x / x.square().sum(dim, keepdim=True).sqrt()


def mixture() -> Tensor:
    return 0.3 * softened(t) + 0.7 * softened(s)


def squared(difference: Tensor) -> Tensor:
    """‖·‖² of each example, averaged over the batch."""
    return difference.flatten(1).square().sum(1).mean()


def channels(F: Tensor) -> Tensor:
    return F.flatten(2)


def smooth_l1(d: Tensor) -> Tensor:
    return torch.where(d.abs() <= 1, d.square() / 2, d.abs() - 0.5).sum()


def distances(e: Tensor) -> Tensor:
    d = (e[:, None] - e[None]).square().sum(2).sqrt()
    return d / (d.sum() / (B * (B - 1)))


def angles(e: Tensor) -> Tensor:
    n = e[None] - e[:, None]  # (i, j)
    n = n / n.square().sum(2, keepdim=True).sqrt().clamp(min=1e-300)
    return torch.einsum("ijd,ikd->ijk", n, n)


def neighbours(e: Tensor) -> Tensor:
    u = length_1(e, 1)
    k = (u @ u.T + 1) / 2
    return k / k.sum(1, keepdim=True)


def huber(d: Tensor) -> Tensor:
    return torch.where(d.abs() <= 1, d.square() / 2, d.abs() - 0.5)


def rows_and_columns() -> Tensor:
    q, p = softened(s), softened(t)
    r = [
        (1 - (length_1(a - a.mean(d, keepdim=True), d) * length_1(b - b.mean(d, keepdim=True), d)).sum(d)).mean()
        for a, b, d in ((q, p, 1), (q, p, 0))
    ]
    return r[0] + r[1]


def standardized(z: Tensor) -> Tensor:
    return (z - z.mean(1, keepdim=True)) / z.std(1, keepdim=True)


def tckd_and_nckd() -> Tensor:
    q, p, at = softened(s), softened(t), torch.nn.functional.one_hot(y, C).bool()
    two = [torch.stack((z[at], 1 - z[at]), 1) for z in (p, q)]
    others = [z[~at].view(B, C - 1) / (1 - z[at])[:, None] for z in (p, q)]
    return kl(*two) + 8 * kl(*others)


def kernels() -> Tensor:
    f, g = length_1(channels(F_s), 2), length_1(channels(F_t), 2)
    k = [(a @ b.transpose(1, 2)).square().mean((1, 2)) for a, b in ((f, f), (g, g), (f, g))]
    return (k[0] + k[1] - 2 * k[2]).mean()


def by_both_sides() -> Tensor:
    m = length_1(e_s, 1) @ length_1(e_t, 1).T / TAU
    p = [torch.exp(z) / torch.exp(z).sum(1, keepdim=True) for z in (m, m.T)]
    return sum(z.diagonal().log().mean() for z in p)


def weights_of_disagreement() -> Tensor:
    d = (s.softmax(1) - t.softmax(1)).abs().sum(1) / 2
    return d / d.mean()


def mixed(log_w: Tensor) -> Tensor:
    p = (log_w.exp()[:, :, None] * torch.stack([softened(z) for z in (t, t2)], 1)).sum(1)
    return kl(p, softened(s))


t2 = numbers(B, C, seed=12)
both = torch.stack((t, t2), 1)
equal = torch.full((B, 2), -math.log(2.0), dtype=torch.float64)
confident = losses.several_teachers.confident_log_weights(both, y)

alpha = torch.arange(float(CHANNELS)).double()
sigma2 = (torch.log1p(alpha.exp()) + 1e-5)[:, None, None]
virtual = torch.full((B, C), (1 - 0.9) / (C - 1), dtype=torch.float64).scatter(1, y[:, None], 0.9)

KL, SUM = r"\mathrm{KL}", r"\textstyle\sum"
MIXTURE = KL + r"\big(\textstyle\sum_k w_k\,\sigma_T(t_k)\,\|\,\sigma_T(s)\big)"
Part = tuple[str, Callable[[], Tensor], Callable[[], Tensor]]  # what is weighed, in LaTeX and in numbers; and the loss
PARTS: dict[str, Part] = {
    "hard_labels": (
        r"\mathrm{CE}(s, y)",
        lambda: -s.log_softmax(1)[range(B), y].mean(),
        lambda: losses.hard_labels(s, y),
    ),
    "label_smoothing": (
        r"\mathrm{CE}\big(s, (1-\varepsilon)\,\mathrm{onehot}(y) + \varepsilon/C\big)",
        lambda: -((0.9 * torch.nn.functional.one_hot(y, C) + 0.1 / C) * s.log_softmax(1)).sum(1).mean(),
        lambda: losses.label_smoothing(s, y, 0.1),
    ),
    "virtual_teacher": (
        KL + r"\big(p^d_T \,\|\, \sigma_T(s)\big)",
        lambda: kl(softened(virtual.log()), softened(s)),
        lambda: losses.virtual_teacher(s, y, 0.9, T),
    ),
    "soft_targets": (
        KL + r"\big(\sigma_T(t)\,\|\,\sigma_T(s)\big)",
        lambda: kl(softened(t), softened(s)),
        lambda: losses.soft_targets(s, t, T),
    ),
    "reverse_kl": (
        KL + r"\big(\sigma_T(s)\,\|\,\sigma_T(t)\big)",
        lambda: kl(softened(s), softened(t)),
        lambda: losses.reverse_kl(s, t, T),
    ),
    "jensen_shannon": (
        r"\big[\beta\,\mathrm{KL}(P_t\|M) + (1-\beta)\,\mathrm{KL}(P_s\|M)\big]",
        lambda: 0.3 * kl(softened(t), mixture()) + 0.7 * kl(softened(s), mixture()),
        lambda: losses.jensen_shannon(s, t, T, 0.3),
    ),
    "logit_mse": (
        SUM + "_c (s_c - t_c)^2",
        lambda: (s - t).square().sum(1).mean(),
        lambda: losses.logit_mse(s, t),
    ),
    "logit_huber": (
        SUM + r"_c \mathrm{Huber}_\delta(s_c - t_c)",
        lambda: huber(s - t).sum(1).mean(),
        lambda: losses.logit_huber(s, t),
    ),
    "decoupled": (
        r"\big(a\,\mathrm{TCKD} + b\,\mathrm{NCKD}\big)",
        tckd_and_nckd,
        lambda: losses.decoupled(s, t, y, 1.0, 8.0, T),
    ),
    "standardized_soft_targets": (
        KL + r"\big(\sigma_T(z(t))\,\|\,\sigma_T(z(s))\big)",
        lambda: kl(softened(standardized(t)), softened(standardized(s))),
        lambda: losses.standardized_soft_targets(s, t, T),
    ),
    "correlation": (
        r"\big[\beta(1-\bar\rho_{\mathrm{rows}}) + \gamma(1-\bar\rho_{\mathrm{columns}})\big]",
        rows_and_columns,
        lambda: losses.correlation(s, t, 1.0, 1.0, T),
    ),
    "soft_targets_without_t2": (
        KL + r"\big(\sigma_T(t)\,\|\,\sigma_T(s)\big)",
        lambda: kl(softened(t), softened(s)),
        lambda: losses.soft_targets(s, t, T, times_t_squared=False),
    ),
    "focused_soft_targets": (
        SUM + r"_i w_i\," + KL + r"\big(\sigma_T(t_i)\,\|\,\sigma_T(s_i)\big)",
        lambda: (weights_of_disagreement() * (softened(t) * (softened(t) / softened(s)).log()).sum(1)).sum(),
        lambda: losses.focused_soft_targets(s, t, T),
    ),
    "soft_cross_entropy": (
        r"\mathrm{CE}\big(\sigma_T(s), \sigma_T(t)\big)",
        lambda: -(softened(t) * softened(s).log()).sum(1).mean(),
        lambda: losses.soft_cross_entropy(s, t, T),
    ),
    "multi_teacher": (MIXTURE, lambda: mixed(equal), lambda: losses.multi_teacher(s, both, equal, T)),
    "multi_teacher_confidence": (
        MIXTURE, lambda: mixed(confident), lambda: losses.multi_teacher(s, both, confident, T)
    ),
    "multi_teacher_learned": (MIXTURE, lambda: mixed(equal), lambda: losses.multi_teacher(s, both, equal, T)),
    "distillation_token": (
        r"\mathrm{CE}\big(s^d, \mathrm{argmax}_c\, t_c\big)",
        lambda: -s.log_softmax(1)[range(B), t.argmax(1)].mean(),
        lambda: losses.distillation_token(s, t),
    ),
    "distillation_token_soft": (
        KL + r"\big(\sigma_T(t)\,\|\,\sigma_T(s^d)\big)",
        lambda: kl(softened(t), softened(s)),
        lambda: losses.distillation_token(s, t, "soft", T),
    ),
    "cosine_patient": (
        r"1 - \cos\big(r(h_s), h_t\big)",
        lambda: (1 - (length_1(h_s, 2) * length_1(h_t, 2)).sum(2)).mean(),
        lambda: losses.cosine(h_s, h_t),
    ),
    "hint": (r"\big\|r(F_s) - F_t\big\|^2", lambda: squared(F_s - F_t), lambda: losses.hint(F_s, F_t)),
    "attention_transfer": (
        r"\big\|\hat Q(F_s) - \hat Q(F_t)\big\|^2",
        lambda: squared(length_1(channels(F_s).square().sum(1), 1) - length_1(channels(F_t).square().sum(1), 1)),
        lambda: losses.attention_transfer(F_s, F_t),
    ),
    "hint_l1": (
        r"\big\|r(F_s) - F_t\big\|_1",
        lambda: (F_s - F_t).abs().flatten(1).sum(1).mean(),
        lambda: losses.hint(F_s, F_t, distance="l1"),
    ),
    "channel_attention": (
        r"\big\|\hat Q(F_s) - \hat Q(F_t)\big\|^2",
        lambda: squared(length_1(channels(F_s).square().sum(2), 1) - length_1(channels(F_t).square().sum(2), 1)),
        lambda: losses.channel_attention(F_s, F_t),
    ),
    "gram": (
        r"\big\|G(F_s) - G(F_t)\big\|^2",
        lambda: squared(
            (channels(F_s) @ channels(F_s).mT - channels(F_t) @ channels(F_t).mT) / (H * W)
        ),
        lambda: losses.gram(F_s, F_t),
    ),
    "neuron_selectivity": (
        r"\mathrm{MMD}^2\big(\{\hat F_s^i\}, \{\hat F_t^j\}\big)",
        kernels,
        lambda: losses.neuron_selectivity(F_s, F_t),
    ),
    "cosine": (
        r"1 - \cos\big(r(h_s), h_t\big)",
        lambda: (1 - (length_1(e_s, 1) * length_1(e_t, 1)).sum(1)).mean(),
        lambda: losses.cosine(e_s, e_t),
    ),
    "contrastive": (
        r"\big[\log\frac{\exp(u_s^i\cdot u_t^i/\tau)}{\sum_j \exp(u_s^i\cdot u_t^j/\tau)}"
        r" + \log\frac{\exp(u_s^i\cdot u_t^i/\tau)}{\sum_j \exp(u_s^j\cdot u_t^i/\tau)}\big]",
        by_both_sides,
        lambda: losses.contrastive(e_s, e_t, TAU),
    ),
    "variational": (
        SUM + r"\big[(\mu(F_s) - F_t)^2/\sigma^2 + \log\sigma^2\big]",
        lambda: ((F_s - F_t).square() / sigma2 + sigma2.log()).flatten(1).sum(1).mean(),
        lambda: losses.variational(F_s, F_t, alpha),
    ),
    "relational_distance": (
        SUM + r"_{ij}\mathrm{smooth}\ell_1\big(\psi_D(s_i, s_j), \psi_D(t_i, t_j)\big)",
        lambda: smooth_l1(distances(e_s) - distances(e_t)),
        lambda: losses.relational_distance(e_s, e_t),
    ),
    "relational_angle": (
        SUM + r"_{ijk}\mathrm{smooth}\ell_1\big(\psi_A(s_i, s_j, s_k), \psi_A(t_i, t_j, t_k)\big)",
        lambda: smooth_l1(angles(e_s) - angles(e_t)),
        lambda: losses.relational_angle(e_s, e_t),
    ),
    "similarity_preserving": (
        r"\big\|\hat G_s - \hat G_t\big\|_F^2",
        lambda: (length_1(e_s @ e_s.T, 1) - length_1(e_t @ e_t.T, 1)).square().sum(),
        lambda: losses.similarity_preserving(e_s, e_t),
    ),
    "solution_flow": (
        r"\big\|F_1^{s\top}F_2^s - F_1^{t\top}F_2^t\big\|^2",
        lambda: squared(channels(F_s) @ channels(F2_s).mT - channels(F_t) @ channels(F2_t).mT),
        lambda: losses.solution_flow(F_s, F2_s, F_t, F2_t),
    ),
    "probabilistic_transfer": (
        SUM + r"_{ij} p^t_{ij}\log(p^t_{ij}/p^s_{ij})",
        lambda: (neighbours(e_t) * (neighbours(e_t) / neighbours(e_s)).log()).sum(),
        lambda: losses.probabilistic_transfer(e_s, e_t),
    ),
    "adversarial": (
        r"-\log D(s)",
        lambda: -torch.sigmoid(s[:, 0]).log().mean(),
        lambda: losses.generator_loss(s[:, 0]),
    ),
    "attention_matrices": (
        r"\big\|A_s - A_t\big\|^2",
        lambda: squared(A_s - A_t),
        lambda: losses.attention_matrices(A_s, A_t),
    ),
    "hidden_states": (r"\big\|W h_s - h_t\big\|^2", lambda: squared(h_s - h_t), lambda: losses.hidden_states(h_s, h_t)),
    "embeddings": (r"\big\|W e_s - e_t\big\|^2", lambda: squared(h_s - h_t), lambda: losses.embeddings(h_s, h_t)),
}  # fmt: skip
COUNTS = {
    "hint": CHANNELS * H * W,
    "hint_l1": CHANNELS * H * W,
    "variational": CHANNELS * H * W,
    "attention_matrices": HEADS * LENGTH**2,
}


def factor(before: str, after: str, name: str) -> float:
    """Return what LaTeX around a part multiplies it by: products, fractions, powers and a quotient."""
    letters = {
        "T": T, "B": B, "C": C if METHODS[name].family == "response" else CHANNELS,
        "n": COUNTS.get(name, LENGTH * WIDTH), "H": H, "W": W, "C_1": CHANNELS, "C_2": CHANNELS - 1,
    }  # fmt: skip
    text = f"{before} 1 {after}".replace(r"\,", " ")
    text = re.sub(r"\\tfrac(\d)(\d)", r"(\1/\2)", text)
    text = re.sub(r"\\tfrac\{([^}]*)\}\{([^}]*)\}", r"((\1)/(\2))", text)
    tokens = re.findall(r"C_\d|\*\*|[A-Za-z]|\d+|[()/^-]", text)
    assert re.sub(r"\s", "", "".join(tokens)) == re.sub(r"\s", "", text), f"{name}: {text} is not understood"
    written = ""
    for before_it, token in zip([None, *tokens], tokens, strict=False):
        if before_it is not None and re.match(r"[\w(]", token) and re.search(r"[\w)]$", before_it):
            written += "*"
        written += "**" if token == "^" else str(letters.get(token, token))
    return float(eval(written))


def test_factors_are_read_as_a_reader_reads_them():
    assert factor("T^2\\,", "", "soft_targets") == T**2
    assert factor(r"\tfrac{1}{B^2}", "", "relational_distance") == 1 / B**2
    assert factor(r"-\tfrac12", "", "contrastive") == -0.5
    assert factor("", " / (C_1 C_2 (HW)^2)", "solution_flow") == 1 / (CHANNELS * (CHANNELS - 1) * (H * W) ** 2)
    assert factor(r"\tfrac{1}{2n}", "", "variational") == 1 / (2 * CHANNELS * H * W)


def test_every_formula_is_held_against_its_loss():
    assert set(PARTS) == set(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_formula_carries_the_factors_of_what_is_computed(name):
    shown = METHODS[name].formula.split(r",\quad")[0]
    part, weighed, loss = PARTS[name]
    assert shown.count(part) == 1, f"{shown} does not hold {part}"
    before, after = shown.split(part)
    assert factor(before, after, name) * weighed().item() == pytest.approx(loss().item(), rel=1e-6, abs=1e-12)
    assert not math.isclose(loss().item(), 0)


def test_a_weight_before_a_sum_or_a_minus_is_put_in_brackets():
    for name, method in METHODS.items():
        line = latex(method)[0]
        assert not re.search(r"(\\lambda|\\alpha)\\,(-|1 -)", line), name
