"""Lesson 7: relations and contrast, on the features that a teacher of digits has of many examples at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import data as data_sets
from ... import losses, models
from ...distill.taps import tapped
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, HeatMap
from ..questions import Choice, Order, Several

TEACHER, LAYER = "mnist-mlp-1200", "relu2"
MANY = 2000  # validation digits that classes are averaged over
FEW = 40  # digits that features are changed of
MOST_PAIRS = 5
CONTROL = "similarity of an untrained network"
WAYS = (
    "labels alone",
    "hint",
    "similarity preserving",
    "relational distance",
    "relational angle",
    "contrastive",
    CONTROL,
)
COMPARISONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "hint, no regressor": losses.hint,
    "similarity preserving": losses.similarity_preserving,
    "relational distance": losses.relational_distance,
    "relational angle": losses.relational_angle,
}
NOTHING = 1e-6  # a loss below it is rounding


class Relations(Lesson):
    """What a student can take over from its teacher when no single feature is compared."""

    name = "relations"

    @cached_property
    def digits(self) -> data_sets.Splits:
        return data_sets.mnist()

    @cached_property
    def features(self) -> Tensor:
        """The teacher's last features of validation digits, (N, 1200)."""
        teacher = models.pretrained(TEACHER)
        with tapped(teacher, [LAYER]) as seen, torch.no_grad():
            teacher(self.digits.validation.inputs(slice(0, MANY)))
        return seen[LAYER]

    @cached_property
    def classes_alike(self) -> Tensor:
        """The cosine between the mean features of every two classes, (10, 10)."""
        y = self.digits.validation.y[:MANY]
        means = torch.stack([self.features[y == k].mean(0) for k in range(10)])
        return F.cosine_similarity(means[:, None], means[None], dim=2).double()

    @cached_property
    def changed(self) -> dict[str, Tensor]:
        """A few digits' features, changed in five ways, each (N, 1200)."""
        e = self.features[:FEW].double()
        random = torch.Generator().manual_seed(7)
        turn = torch.linalg.qr(torch.randn(e.shape[1], e.shape[1], generator=random, dtype=torch.float64)).Q
        stretch = torch.ones(e.shape[1], dtype=torch.float64)
        stretch[: len(stretch) // 2] = 3
        return {
            "turned": e @ turn,
            "twice as large": 2 * e,
            "moved": e + 1,
            "half of them stretched": e * stretch,
            "examples shuffled": e.roll(1, dims=0),
        }

    @cached_property
    def compared(self) -> Tensor:
        """What each comparison says of each change, (comparisons, changes)."""
        e = self.features[:FEW].double()
        return torch.tensor([[float(loss(of, e)) for of in self.changed.values()] for loss in COMPARISONS.values()])

    @part
    def pairs(self) -> HeatMap:
        below = torch.ones(10, 10, dtype=torch.bool).tril(-1)
        names = list(self.digits.classes)
        return HeatMap(
            f"Which digits does the teacher find most alike? Mark {MOST_PAIRS} pairs, below the diagonal.",
            names,
            names,
            truth=self.classes_alike.masked_fill(~below, torch.nan).numpy(),
            most=MOST_PAIRS,
            without=(~below).nonzero().tolist(),
            row_name="digit",
            column_name="digit",
            said="No label says which digits are alike: this is knowledge about pairs.",
        )

    @part
    def unmoved(self) -> HeatMap:
        zero = self.compared < NOTHING
        return HeatMap(
            f"All features are changed in one way. Which losses do not notice? Mark {int(zero.sum())} cells.",
            list(COMPARISONS),
            list(self.changed),
            truth=zero.double().numpy(),
            most=int(zero.sum()),
            row_name="loss",
            column_name="change",
            said="Distances and angles survive turning, scaling and moving. Similarities depend on where 0 is.",
        )

    @part
    def help(self) -> Bars:
        return Bars(
            "A student of 64 units has 500 labels. Draw its test errors for each way of learning.",
            list(WAYS),
            axis=Axis("test errors of 10,000", 0, 2500),
            start=[1250.0] * len(WAYS),
        )

    @part
    def relative_distances(self) -> Exercise:
        E = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [6.0, 8.0]], dtype=torch.float64)
        d = torch.cdist(E, E)
        mean = d.sum() / 12

        def scaled(relative_distances: hold.Function) -> str:
            given = hold.tensor_of(relative_distances(E), (4, 4))
            wrong = {
                "The mean counts the zeros of the diagonal, too: an example's distance from itself is no distance.": (
                    d / d.mean()
                ),
                "These are the distances themselves. Divide by their mean, or the scale of the features counts.": d,
                "Take the root: these are squared distances.": d**2 / ((d**2).sum() / 12),
                "Divide by the mean distance, not by the largest: one outlier would change all.": d / d.max(),
                "Each row is divided by its own mean. One mean for the whole batch keeps who is far from all.": (
                    d / (d.sum(1, keepdim=True) / 3)
                ),
            }
            found = hold.mistake(given, wrong)
            if found or torch.allclose(given, d / mean):
                return found
            return f"The first row must be {hold.listed(d[0] / mean)}, got {hold.listed(given[0])}."

        def again(relative_distances: hold.Function) -> str:
            given = hold.tensor_of(relative_distances(5 * E + 7), (4, 4))
            return (
                "" if torch.allclose(given, d / mean) else "Five times as large and moved by 7, it must stay the same."
            )

        text = (
            "Write relative_distances(E): from embeddings (B, D) the distances of all pairs, (B, B), "
            "divided by the mean over pairs of different examples."
        )
        return Exercise(text, (scaled, again))

    @part
    def similarities(self) -> Exercise:
        E = torch.tensor([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0], [0.0, 5.0, 1.0]], dtype=torch.float64)
        G = E @ E.T

        def normalised(similarities: hold.Function) -> str:
            given = hold.tensor_of(similarities(E), (3, 3))
            unit = F.normalize(E, dim=1)
            wrong = {
                "G is not normalised: divide each row by its L2 norm.": G,
                "These are cosines: the examples were normalised. Normalise the rows of G instead.": unit @ unit.T,
                "Each row sums to 1. Divide by the root of the sum of squares.": G / G.sum(1, keepdim=True),
                "The columns are normalised: it is the rows, one for each example.": F.normalize(G, dim=0),
                "All of G is divided by one norm: each row has its own.": G / G.norm(),
            }
            found = hold.mistake(given, wrong)
            if found or torch.allclose(given, F.normalize(G, dim=1)):
                return found
            return f"The first row must be {hold.listed(F.normalize(G, dim=1)[0])}, got {hold.listed(given[0])}."

        def maps(similarities: hold.Function) -> str:
            given = hold.tensor_of(similarities(E.view(3, 3, 1, 1).expand(3, 3, 2, 2)), (3, 3))
            return "" if torch.allclose(given, F.normalize(G, dim=1)) else "Maps (B, C, H, W) are flattened first."

        text = "Write similarities(E): G = E·Eᵀ for a batch of features, each row of G divided by its L2 norm."
        return Exercise(text, (normalised, maps))

    @part
    def contrast(self) -> Exercise:
        random = torch.Generator().manual_seed(5)
        u_s, u_t = (F.normalize(torch.randn(5, 3, generator=random, dtype=torch.float64), dim=1) for _ in range(2))
        tau, places = 0.5, torch.arange(5)
        z = u_s @ u_t.T
        right = F.cross_entropy(z / tau, places)

        def value(contrast: hold.Function) -> str:
            given = hold.tensor_of(contrast(u_s, u_t, tau), ())
            others = z.masked_fill(torch.eye(5, dtype=torch.bool), -torch.inf)
            wrong = {
                "The products are multiplied by τ: divide by it.": F.cross_entropy(z * tau, places),
                "τ is not used: divide the products by it.": F.cross_entropy(z, places),
                "Here each teacher's example looks for its student's. Take the softmax over the teacher's examples.": (
                    F.cross_entropy(z.T / tau, places)
                ),
                "That is the sum over the batch: take the mean.": 5 * right,
                "The sign: it is minus the log of a probability, which is never negative.": -right,
                "The example's own pair belongs below the line as well: leave it in the sum.": (
                    (others / tau).logsumexp(1) - z.diagonal() / tau
                ).mean(),
            }
            found = hold.mistake(given, wrong)
            if found or torch.allclose(given, right):
                return found
            return f"For the test's five examples it must be {float(right):.4f}, got {float(given):.4f}."

        def large(contrast: hold.Function) -> str:
            given = hold.tensor_of(contrast(u_s, u_t, 1e-4), ())
            return "" if bool(given.isfinite()) else "At τ = 0.0001 exp overflows: use log_softmax or cross_entropy."

        text = (
            "Write contrast(u_s, u_t, tau): the mean of −log of the share that softmax over the teacher's examples "
            "gives to an example's own, from embeddings of length 1, (B, D)."
        )
        return Exercise(text, (value, large))

    @part(quiz=True)
    def batch(self) -> Choice:
        return Choice(
            "What do relational distances say in a batch of one example?",
            {
                "Nothing: there is no pair": "Relations are between examples; alone there are none. A batch of 50 has "
                "1,225 pairs.",
                "How far the student's feature is from the teacher's": "That is a hint.",
                "The same as in a large batch": "The number of pairs grows with the square of the batch.",
            },
            right="Nothing: there is no pair",
        )

    @part(quiz=True)
    def widths(self) -> Several:
        return Several(
            "The student's layer is 64 wide, the teacher's 1,200. Which need a trained layer in between?",
            {
                "A hint": "It compares number with number: something must bring 64 to 1,200.",
                "Similarity preserving": "It compares two B × B matrices. Widths are gone.",
                "Relational angle": "Angles between three examples exist in any width.",
                "Contrastive": "Inner products of student and teacher need the same width: both are projected.",
            },
            ["A hint", "Contrastive"],
        )

    @part(quiz=True)
    def counted(self) -> Order:
        return Order(
            "Order by how many comparisons a batch of 50 makes, the fewest first.",
            ["Hint: an example with itself", "Distance: two examples", "Angle: three examples"],
            said="50, 50², 50³: and angles cost accordingly.",
        )

    @part(quiz=True)
    def negatives(self) -> Choice:
        return Choice(
            "In contrast, what pushes an example away from others of its own class?",
            {
                "Every other example of the batch counts as a negative": "Labels are not asked: two 4s are "
                "pushed apart as far as a 4 and a 7.",
                "Nothing: only other classes are negatives": "That needs labels; some forms of CRD do use them.",
                "The temperature τ": "It sets how hard near ones are pushed, not who is pushed.",
            },
            right="Every other example of the batch counts as a negative",
        )
