"""The methods of the field by name: what each compares, its formula, its source, and the objective that it asks for.

A method is nothing but an objective: ``method("hint").objective(pairs)`` gives terms that can be weighed, edited and
added to others like any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .. import outside
from . import terms as t
from .objective import Objective
from .pairing import LayerPairs, Pair
from .terms import Term

Family = Literal["labels", "response", "feature", "relation", "adversarial", "transformer"]
Tensors = Literal["labels", "logits", "maps", "features", "tokens", "attention", "embeddings"]

USUAL_ALPHA = 0.9


@dataclass(frozen=True)
class Method:
    """One way to teach a student.

    Attributes
    ----------
    name : str
        As ``method(name)`` knows it; that of the loss in :mod:`kdviz.losses`.
    title : str
        What a reader calls it.
    family : str
    compares : str
        Which tensors of teacher and student are set against each other: "logits", "maps" (of all stages), "features"
        (of the last layer but one), "tokens", "attention", "embeddings", or "labels" where there is no teacher.
    says : str
        One sentence: what the student is asked.
    formula : str
        LaTeX, with s and t the logits, F_s and F_t the features: what is computed for one example, or, where it sums
        over i and j, for a batch of B; after ``,\\quad`` what its letters mean.
    source : str
        Authors, year and arXiv number or venue.
    weight : float
        Of its term: 1 for those of the response family, which share alpha; else beside hard labels of weight 1. It is
        the paper's, brought to the convention here, or what made the term about as large as the hard labels.
    make : callable
        From the layer pairs of two models to the term on their layers; None where they have none of the kind.
    in_words : str
        What is compared, where that is not the softened answers or what layers give: "the logits".
    picture : str
        How what is compared is drawn: "bars", "map", "matrix", "vector" or "tokens"; by default that of its family.
    """

    name: str
    title: str
    family: Family
    compares: Tensors
    says: str
    formula: str
    source: str
    weight: float
    make: Callable[[LayerPairs], Term | None]
    in_words: str = ""
    picture: str = ""

    def term(self, pairs: LayerPairs) -> Term:
        """Return the method's own term for two models.

        Raises
        ------
        ValueError
            If the models have no layers of the kind that it compares.
        """
        made = self.make(pairs)
        if made is None:
            raise ValueError(
                f"{self.title} compares {_NEEDS.get(self.compares, self.compares)} and these two models have none that "
                "correspond; name the layers yourself in its term, or choose another method"
            )
        return made

    def fits(self, pairs: LayerPairs) -> bool:
        """Whether the two models have what the method compares."""
        return self.make(pairs) is not None

    def objective(self, pairs: LayerPairs, *, weight: float | None = None, alpha: float = USUAL_ALPHA) -> Objective:
        """Return the objective: the method's term and hard labels.

        Parameters
        ----------
        pairs : LayerPairs
            Of the two models: :func:`kdviz.distill.pairing.layer_pairs`.
        weight : float, optional
            Of the method's term, in place of the usual one; for the response family alpha is its weight.
        alpha : float
            The response family's term gets alpha, hard labels 1 − alpha.
        """
        term = self.term(pairs)
        if self.family == "labels":
            return 1.0 * term
        if self.family == "response":
            share = alpha if weight is None else weight
            return share * term + (1 - alpha) * t.HardLabels()
        return 1.0 * t.HardLabels() + (self.weight if weight is None else weight) * term


def method(name: str) -> Method:
    """Return a method by name, or by the short name that its title has in brackets.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> method("hint").title, method("DKD").name
    ('Hints (FitNets)', 'decoupled')
    """
    if name in METHODS:
        return METHODS[name]
    short = [m for m in METHODS.values() if f"({name.casefold()})" in m.title.casefold()] if name else []
    if len(short) != 1:
        which = f"; {name} may be {' or '.join(m.name for m in short)}" if short else ""
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {name!r}{which}")
    return short[0]


def register(chosen: Method, *kinds: type[Term]) -> Method:
    """Add a method of your own to the catalogue, so that the Methods page, leagues and recipes know it.

    In a notebook, or in a module that a package names by the entry point ``kdviz.methods``.

    Parameters
    ----------
    chosen : Method
        Of a name that kdviz's own methods do not have; one of your own is replaced.
    *kinds : subclass of Term
        Its terms, where they are your own: recipes and saves then know them by their class names.

    Raises
    ------
    ValueError
        If a name is taken.
    """
    if any(chosen.name == own.name for own in _ALL):
        raise ValueError(f"the method {chosen.name!r} is kdviz's own; choose another name")
    for kind in kinds:
        t.register(kind)
    METHODS[chosen.name] = chosen
    return chosen


def fitting(pairs: LayerPairs) -> tuple[Method, ...]:
    """Return the methods that two models have the layers for."""
    return tuple(m for m in METHODS.values() if m.fits(pairs))


_NEEDS = {"maps": "feature maps", "features": "the last features", "tokens": "tokens of blocks"}


def _always(make: Callable[[], Term]) -> Callable[[LayerPairs], Term | None]:
    return lambda pairs: make()


def _layers(kind: str, make: Callable[..., Term], **fixed: object) -> Callable[[LayerPairs], Term | None]:
    """Make a term on all pairs of a kind, or on the one pair where there is one."""

    def build(layers: LayerPairs) -> Term | None:
        found: tuple[Pair, ...] | Pair | None = getattr(layers, kind)
        if not found:
            return None
        pairs: tuple[Pair, ...] = (found,) if isinstance(found[0], str) else found
        return make(tuple(s for s, _ in pairs), tuple(u for _, u in pairs), **fixed)

    return build


def _last_block(
    make: Callable[..., Term], which: int = -1, *, places: bool = False
) -> Callable[[LayerPairs], Term | None]:
    """Make a term on one block, the last unless said otherwise; with ``places`` it must give maps or tokens."""

    def build(pairs: LayerPairs) -> Term | None:
        blocks = pairs.tokens or pairs.maps if places else pairs.blocks
        if not blocks:
            return None
        student, teacher = blocks[max(which, -len(blocks))]
        return make(student, teacher)

    return build


def _maps(make: Callable[..., Term]) -> Callable[[LayerPairs], Term | None]:
    """Make a term on the maps of all stages; the patches of a transformer are none."""
    return lambda pairs: None if pairs.tokens else _layers("maps", make)(pairs)


def _flow(pairs: LayerPairs) -> Term | None:
    if len(pairs.maps) < 2:
        return None
    return t.SolutionFlow(tuple(s for s, _ in pairs.maps), tuple(u for _, u in pairs.maps))


_ALL = (
    Method(
        "hard_labels", "Labels alone", "labels", "labels",
        "Learn the labels, without a teacher: what every method has to beat.",
        r"\mathrm{CE}(s, y)", "", 1.0, _always(t.HardLabels),
    ),
    Method(
        "label_smoothing", "Label smoothing", "labels", "labels",
        "Learn labels of which a tenth is spread over all classes; no teacher.",
        r"\mathrm{CE}\big(s, (1-\varepsilon)\,\mathrm{onehot}(y) + \varepsilon/C\big)",
        "Szegedy et al. 2016, arXiv:1512.00567", 1.0, _always(t.LabelSmoothing),
    ),
    Method(
        "virtual_teacher", "Virtual teacher", "labels", "labels",
        "Learn from a made-up teacher that is nearly sure of the true class and equally unsure of all others.",
        r"T^2\,\mathrm{KL}\big(p^d_T \,\|\, \sigma_T(s)\big),\quad p^d_T = \sigma_T(\log p^d)",
        "Yuan et al. 2020, arXiv:1909.11723", 1.0,
        _always(lambda: t.VirtualTeacher()),
    ),
    Method(
        "soft_targets", "Soft targets (Hinton)", "response", "logits",
        "Give every class the probability that the teacher gives it at temperature T.",
        r"T^2\,\mathrm{KL}\big(\sigma_T(t)\,\|\,\sigma_T(s)\big)", "Hinton, Vinyals, Dean 2015, arXiv:1503.02531", 1.0,
        _always(lambda: t.SoftTargets(4.0)),
    ),
    Method(
        "reverse_kl", "Reverse KL (MiniLLM)", "response", "logits",
        "Say nothing that the teacher would not say; what it says besides may be left out.",
        r"T^2\,\mathrm{KL}\big(\sigma_T(s)\,\|\,\sigma_T(t)\big)", "Gu et al. 2023, arXiv:2306.08543", 1.0,
        _always(lambda: t.ReverseKL(4.0)),
    ),
    Method(
        "jensen_shannon", "Jensen–Shannon (GKD)", "response", "logits",
        "Meet the teacher halfway: both are held against their mixture.",
        r"T^2\big[\beta\,\mathrm{KL}(P_t\|M) + (1-\beta)\,\mathrm{KL}(P_s\|M)\big],\quad M = \beta P_t + (1-\beta) P_s",
        "Agarwal et al. 2023, arXiv:2306.13649", 1.0, _always(lambda: t.JensenShannon(4.0)),
    ),
    Method(
        "logit_mse", "Logit matching", "response", "logits",
        "Give the teacher's logits themselves: soft targets in the limit of a large T.",
        r"\tfrac{1}{C}\textstyle\sum_c (s_c - t_c)^2", "Ba, Caruana 2014, arXiv:1312.6184", 1.0, _always(t.LogitMSE),
        in_words="the logits",
    ),
    Method(
        "logit_huber", "Logit matching, Huber", "response", "logits",
        "Give the teacher's logits, large differences counted by their size and not its square.",
        r"\tfrac{1}{C}\textstyle\sum_c \mathrm{Huber}_\delta(s_c - t_c)", "Huber 1964", 1.0,
        _always(lambda: t.LogitHuber()),
        in_words="the logits",
    ),
    Method(
        "decoupled", "Decoupled (DKD)", "response", "logits",
        "Learn how sure the teacher is of the true class, and apart from that how it ranks the others.",
        r"T^2\big(a\,\mathrm{TCKD} + b\,\mathrm{NCKD}\big)", "Zhao et al. 2022, arXiv:2203.08679", 1.0,
        _always(lambda: t.Decoupled(4.0)),
    ),
    Method(
        "standardized_soft_targets", "Standardised logits", "response", "logits",
        "Learn the shape of the teacher's logits, whatever their mean and spread.",
        r"T^2\,\mathrm{KL}\big(\sigma_T(z(t))\,\|\,\sigma_T(z(s))\big)", "Sun et al. 2024, arXiv:2403.01427", 1.0,
        _always(lambda: t.StandardizedSoftTargets()),
        in_words="the standardised logits",
    ),
    Method(
        "correlation", "Correlation (DIST)", "response", "logits",
        "Correlate with the teacher: within each example over classes, and within each class over examples.",
        r"T^2\big[\beta(1-\bar\rho_{\mathrm{rows}}) + \gamma(1-\bar\rho_{\mathrm{columns}})\big]",
        "Huang et al. 2022, arXiv:2205.10536", 1.0, _always(lambda: t.Correlation(4.0)),
        in_words="the softened answers, as a table of examples and classes",
    ),
    Method(
        "hint", "Hints (FitNets)", "feature", "maps",
        "Give what the teacher's middle layer gives, through a regressor that is thrown away after.",
        r"\big\|r(F_s) - F_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ F_t",
        "Romero et al. 2015, arXiv:1412.6550", 10.0, _last_block(t.Hint, -2),
    ),
    Method(
        "attention_transfer", "Attention transfer", "feature", "maps",
        "Be active at the places of the image where the teacher is active, in all pairs.",
        r"\big\|\hat Q(F_s) - \hat Q(F_t)\big\|^2 / (HW),\quad Q = \textstyle\sum_c F_c^2,\ \hat Q = Q / \|Q\|",
        "Zagoruyko, Komodakis 2017, arXiv:1612.03928", 500.0, _maps(t.AttentionTransfer),
        in_words="how active each place of the image is", picture="map",
    ),
    Method(
        "gram", "Gram matrices", "feature", "maps",
        "Have channels active together as the teacher's are.",
        r"\big\|G(F_s) - G(F_t)\big\|^2 / C^2,\quad G = F F^\top / (HW)", "Gatys et al. 2015; Huang, Wang 2017", 10.0,
        _last_block(t.Gram, places=True),
        in_words="which channels are active together", picture="matrix",
    ),
    Method(
        "neuron_selectivity", "Neuron selectivity (NST)", "feature", "maps",
        "Have channels that respond at the places where the teacher's channels do.",
        r"\mathrm{MMD}^2\big(\{\hat F_s^i\}, \{\hat F_t^j\}\big),\quad k(x, y) = (x^\top y)^2",
        "Huang, Wang 2017, arXiv:1707.01219", 50.0, _last_block(t.NeuronSelectivity, places=True),
        in_words="at which places the channels respond", picture="map",
    ),
    Method(
        "cosine", "Cosine of features", "feature", "features",
        "Point where the teacher's last features point.",
        r"1 - \cos\big(r(h_s), h_t\big)", "Sanh et al. 2019, arXiv:1910.01108", 1.0, _layers("features", t.Cosine),
        in_words="the directions of the features",
    ),
    Method(
        "contrastive", "Contrastive (after CRD)", "feature", "features",
        "Tell the teacher's features of the same example from those of all others in the batch.",
        r"-\tfrac12\big[\log\frac{\exp(u_s^i\cdot u_t^i/\tau)}{\sum_j \exp(u_s^i\cdot u_t^j/\tau)}"
        r" + \log\frac{\exp(u_s^i\cdot u_t^i/\tau)}{\sum_j \exp(u_s^j\cdot u_t^i/\tau)}\big]",
        "Tian et al. 2020, arXiv:1910.10699", 0.5, _layers("features", t.Contrastive),
        in_words="the features of each example with those of every other in the batch",
    ),
    Method(
        "variational", "Variational (VID)", "feature", "maps",
        "Foretell the teacher's features, with a spread of its own for each channel.",
        r"\tfrac{1}{2n}\textstyle\sum\big[(\mu(F_s) - F_t)^2/\sigma^2 + \log\sigma^2\big]"
        r",\quad n = \mathrm{numbers\ in}\ F_t",
        "Ahn et al. 2019, arXiv:1904.05835", 1.0, _last_block(t.Variational),
    ),
    Method(
        "relational_distance", "Relational distance (RKD)", "relation", "features",
        "Keep the examples of a batch as far apart as the teacher has them.",
        r"\tfrac{1}{B^2}\textstyle\sum_{ij}\mathrm{smooth}\ell_1\big(\psi_D(s_i, s_j), \psi_D(t_i, t_j)\big)",
        "Park et al. 2019, arXiv:1904.05068", 25.0, _layers("features", t.RelationalDistance),
        in_words="the distances between the examples of a batch",
    ),
    Method(
        "relational_angle", "Relational angle (RKD)", "relation", "features",
        "Keep the angles that every three examples make.",
        r"\tfrac{1}{B^3}\textstyle\sum_{ijk}"
        r"\mathrm{smooth}\ell_1\big(\psi_A(s_i, s_j, s_k), \psi_A(t_i, t_j, t_k)\big)",
        "Park et al. 2019, arXiv:1904.05068", 50.0, _layers("features", t.RelationalAngle),
        in_words="the angles that every three examples of a batch make",
    ),
    Method(
        "similarity_preserving", "Similarity preserving", "relation", "maps",
        "Find those examples alike that the teacher finds alike.",
        r"\big\|\hat G_s - \hat G_t\big\|_F^2 / B^2,\quad G = F F^\top", "Tung, Mori 2019, arXiv:1907.09682", 3000.0,
        _last_block(t.SimilarityPreserving),
        in_words="how alike every two examples of a batch are",
    ),
    Method(
        "solution_flow", "Flow of solution (FSP)", "relation", "maps",
        "Go from stage to stage as the teacher goes.",
        r"\big\|F_1^{s\top}F_2^s - F_1^{t\top}F_2^t\big\|^2 / (C_1 C_2 (HW)^2)", "Yim et al. 2017", 10.0, _flow,
        in_words="how each stage follows from the one before", picture="matrix",
    ),
    Method(
        "probabilistic_transfer", "Probabilistic transfer (PKT)", "relation", "features",
        "Have the neighbours that the teacher has, with their probabilities.",
        r"\tfrac{1}{B^2}\textstyle\sum_{ij} p^t_{ij}\log(p^t_{ij}/p^s_{ij})",
        "Passalis, Tefas 2018, arXiv:1803.10837", 3000.0, _layers("features", t.ProbabilisticTransfer),
        in_words="who is near whom in a batch",
    ),
    Method(
        "adversarial", "Adversarial (GAN-KD)", "adversarial", "logits",
        "Give answers that an opponent, who learns too, cannot tell from the teacher's.",
        r"-\log D(s),\quad D:\ -\log D(t) - \log(1 - D(s))", "Xu et al. 2018, arXiv:1709.00513", 0.1,
        _always(lambda: t.Adversarial()),
        in_words="the answers, which an opponent learns to tell apart",
    ),
    Method(
        "attention_matrices", "Attention matrices (TinyBERT)", "transformer", "attention",
        "Attend from token to token as the teacher attends.",
        r"\big\|A_s - A_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ A_t", "Jiao et al. 2020, arXiv:1909.10351", 1.0,
        _layers("attention", t.AttentionMatrices),
        in_words="the attention of every token to every other",
    ),
    Method(
        "hidden_states", "Hidden states (TinyBERT)", "transformer", "tokens",
        "Have the teacher's tokens after each block, through a linear map.",
        r"\big\|W h_s - h_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ h_t",
        "Jiao et al. 2020, arXiv:1909.10351", 1.0, _layers("tokens", t.HiddenStates),
        in_words="the tokens after each block",
    ),
    Method(
        "embeddings", "Embeddings (TinyBERT)", "transformer", "embeddings",
        "Begin with the teacher's embedded tokens, through a linear map.",
        r"\big\|W e_s - e_t\big\|^2 / n,\quad n = \mathrm{numbers\ in}\ e_t", "Jiao et al. 2020, arXiv:1909.10351", 1.0,
        _layers("embeddings", t.Embeddings),
        in_words="the tokens before the first block",
    ),
)  # fmt: skip

METHODS: dict[str, Method] = {m.name: m for m in _ALL}
"""Every method of the field, by name, in the order in which they are best met.

Terms without a paper of their own (``FocusedSoftTargets``), or that need more than one teacher and one student
(``MultiTeacher``, ``Mutual``, ``SelfDistillation``, ``DistillationToken``), are terms and schemes alone.
"""

outside.load("kdviz.methods")
