"""Lesson 6: features and attention, on a shipped teacher and student of clothes, and on perceptrons that train soon."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ... import data as data_sets
from ... import losses, models
from ...distill.taps import tapped
from ...measure.attention import activation_maps
from ...measure.similarity import Correspondence, correspondence, linear_cka
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, HeatMap
from ..questions import Choice, Several
from ..quick import full_or_quick

TEACHER, STUDENT = "fashion-resnet", "fashion-resnet-student"
LAST_MAPS = {"teacher": "stage3_2", "student": "relu5"}  # 7 × 7 places in both
BOOT = 0  # the test image whose map is guessed
FEW = 64  # images that the maps of the worked example are of
MOST_CELLS = 6
WAYS = ("labels alone", "soft targets", "hint from layer 1", "hint from layer 2", "hint from an untrained network")


class Features(Lesson):
    """Which layers of two networks correspond, what a hint asks for, and what attention transfer leaves out."""

    name = "features"

    @cached_property
    def clothes(self) -> data_sets.Splits:
        return data_sets.fashion_mnist()

    def _alike(self, student: torch.nn.Module) -> Correspondence:
        return correspondence(
            models.pretrained(TEACHER),
            student,
            self.clothes.test.inputs(slice(0, 2000)),
            limit=full_or_quick(200, 40),
            shuffles=full_or_quick(20, 2),
        )

    @cached_property
    def trained(self) -> Correspondence:
        """Which layers correspond, over test images."""
        return self._alike(models.pretrained(STUDENT))

    @cached_property
    def untrained(self) -> Correspondence:
        """The same before the student has learned anything."""
        return self._alike(models.build(models.card(STUDENT).architecture, seed=0).eval())

    def maps(self, who: str) -> Tensor:
        """Return the last maps of "teacher" or "student" for a few test images, (B, C, 7, 7)."""
        model = models.pretrained({"teacher": TEACHER, "student": STUDENT}[who])
        layer = LAST_MAPS[who]
        with tapped(model, [layer]) as seen, torch.no_grad():
            model(self.clothes.test.inputs(slice(0, FEW)))
        return seen[layer]

    def regressed(self, F_s: Tensor, F_t: Tensor) -> Tensor:
        """Return the student's maps (B, C_s, H, W) as near to F_t (B, C_t, H, W) as a 1×1 convolution brings them."""
        return _fitted(F_s, F_t)

    @part
    def correspond(self) -> HeatMap:
        found = self.trained
        return HeatMap(
            f"Which layers of teacher and student are most alike? Mark the {MOST_CELLS} pairs with the largest CKA.",
            list(found.teacher_layers),
            list(found.student_layers),
            truth=found.matrix,
            most=MOST_CELLS,
            row_name="teacher's layer",
            column_name="student's layer",
            said="Early layers are like early ones and late ones like late ones, though the networks differ in depth.",
        )

    @part
    def before(self) -> Bars:
        after, before = (
            np.nanmax(found.matrix, axis=0).clip(0, 1).tolist() for found in (self.trained, self.untrained)
        )
        return Bars(
            "The lines are each student layer's best match in the teacher, after training. Draw it before training, "
            "with random weights.",
            list(self.trained.student_layers),
            truth=before,
            axis=Axis("CKA with the best match", 0, 1),
            beside=after,
            beside_name="trained",
            close=0.15,
            said="Two layers are alike to some extent because they look at the same images. Learning adds the rest.",
        )

    @part
    def where(self) -> HeatMap:
        image = self.clothes.test.inputs(slice(BOOT, BOOT + 1))
        layer = LAST_MAPS["teacher"]
        energy = activation_maps(models.pretrained(TEACHER), image, layer)[layer][0]
        side = [""] * len(energy)
        return HeatMap(
            f"Where is the last stage of the teacher most active on this image? Mark {MOST_CELLS} of its 7 × 7 places.",
            side,
            side,
            truth=energy.numpy(),
            most=MOST_CELLS,
            picture=(255 * image[0, 0]).round().int().numpy(),
            said="Activity is not importance: lesson 10 asks what an answer depends on.",
        )

    @part
    def hints(self) -> Bars:
        return Bars(
            "A student of 64 units has 500 labels. Draw its test errors for each way of learning.",
            list(WAYS),
            axis=Axis("test errors of 10,000", 0, 2500),
            start=[1250.0] * len(WAYS),
        )

    @part
    def regress(self) -> Exercise:
        random = torch.Generator().manual_seed(6)
        F_s = torch.randn(12, 3, 4, 4, generator=random)
        turn = torch.randn(5, 3, generator=random)
        noise = torch.randn(12, 5, 4, 4, generator=random)
        F_t = torch.einsum("tc,bchw->bthw", turn, F_s) + 2 + noise
        best, without_bias = _fitted(F_s, F_t), _fitted(F_s, F_t, bias=False)

        def fits(regress: hold.Function) -> str:
            given = hold.tensor_of(regress(F_s, F_t), F_t.shape)
            if torch.allclose(given, F_t.double(), atol=1e-4):
                return (
                    "It returns the teacher's maps exactly. One matrix for all places cannot do that here: "
                    "either F_t itself is returned, or every place has weights of its own."
                )
            if torch.allclose(given, without_bias, atol=1e-4):
                return "The bias is missing: let the regressor add a number for each channel (a column of ones)."
            if torch.allclose(given, best, atol=1e-4):
                return ""
            apart, least = (float(losses.hint(one, F_t.double())) for one in (given, best))
            if apart < least * (1 - 1e-6):
                return (
                    f"Its error, {apart:.3f}, is below what a 1×1 convolution can reach, {least:.3f}: it mixes places."
                )
            return f"Its error is {apart:.3f}; the best 1×1 convolution comes to {least:.3f}."

        text = (
            "Write regress(F_s, F_t): the student's maps after the 1×1 convolution, with a bias, that brings them "
            "nearest to the teacher's by least squares."
        )
        return Exercise(text, (fits,))

    @part
    def attention_map(self) -> Exercise:
        F = torch.tensor([[[[3.0, 0.0]], [[-4.0, 1.0]]], [[[0.0, 0.0]], [[0.0, -2.0]]]])  # (2, 2, 1, 2)
        Q = F.square().sum(1)
        right = Q / Q.flatten(1).norm(dim=1)[:, None, None]

        def square(attention_map: hold.Function) -> str:
            given = hold.tensor_of(attention_map(F), (2, 1, 2)).float()
            others = {
                "Square before you add: channels that are negative are active too, and may not cancel others.": F.sum(
                    1
                ),
                "Square the activations: here their absolute values are added.": F.abs().sum(1),
            }
            for sentence, map_ in others.items():
                if torch.allclose(given, map_ / map_.flatten(1).norm(dim=1)[:, None, None], atol=1e-5):
                    return sentence
            if torch.allclose(given, Q / Q.flatten(1).sum(1)[:, None, None], atol=1e-5):
                return "Each map sums to 1. Attention transfer divides by the L2 norm, so that its squares sum to 1."
            if torch.allclose(given, Q / Q.norm(), atol=1e-5):
                return "Divide each image's map by its own norm, not by that of the whole batch."
            if torch.allclose(given, Q, atol=1e-5) or torch.allclose(given, F.square().mean(1), atol=1e-5):
                return "The map is not normalised: divide it by its L2 norm, or a louder layer counts for more."
            if torch.allclose(given, right, atol=1e-5):
                return ""
            return f"For the test's two images it must be {hold.listed(right)}, got {hold.listed(given)}."

        def channels(attention_map: hold.Function) -> str:
            wide = F.repeat(1, 3, 1, 1)
            given = hold.tensor_of(attention_map(wide), (2, 1, 2)).float()
            return (
                "" if torch.allclose(given, right, atol=1e-5) else "With every channel thrice the map must not change."
            )

        text = "Write attention_map(F): from maps (B, C, H, W) the sum over channels of the squares, each of L2 norm 1."
        return Exercise(text, (square, channels))

    @part
    def cka(self) -> Exercise:
        random = torch.Generator().manual_seed(3)
        X = torch.randn(20, 4, generator=random, dtype=torch.float64) + 2
        Y = X[:, :2] @ torch.randn(2, 3, generator=random, dtype=torch.float64) + 1
        right = float(linear_cka({"x": X}, {"y": Y}, debiased=False)[0, 0])

        def number(cka: hold.Function) -> str:
            given = float(hold.tensor_of(cka(X, Y), ()))
            if abs(given - _cka(X, Y)) < 1e-6:
                return "Centre the columns first: without that, what all examples have in common looks like likeness."
            x, y = X - X.mean(0), Y - Y.mean(0)
            if abs(given - float((x.T @ y).square().sum())) < 1e-6 * abs(given):
                return "That is ‖XᵀY‖² alone, which grows with the features. Divide by ‖XᵀX‖ ‖YᵀY‖."
            if abs(given - right**0.5) < 1e-6 or abs(given - float((x.T @ y).norm()) / _own(x, y)) < 1e-6:
                return "‖XᵀY‖ is squared above the line; ‖XᵀX‖ and ‖YᵀY‖ below it are not."
            if abs(given - right) < 1e-6:
                return ""
            return f"For the test's features it must be {right:.4f}, got {given:.4f}."

        def turned(cka: hold.Function) -> str:
            turn = torch.linalg.qr(torch.randn(4, 4, generator=random, dtype=torch.float64)).Q
            given = float(hold.tensor_of(cka(X, 3 * X @ turn), ()))
            return (
                "" if abs(given - 1) < 1e-6 else f"Turned and three times as large X must stay at 1, got {given:.3f}."
            )

        text = "Write cka(X, Y): the linear CKA of two layers' features, (N, d1) and (N, d2), as one number."
        return Exercise(text, (number, turned))

    @part(quiz=True)
    def thrown_away(self) -> Choice:
        return Choice(
            "Why may the regressor be thrown away after training?",
            {
                "The student's answer does not pass through it": "It stands beside the student, between a layer and "
                "the hint's loss. What it was for, a better layer, stays in the student.",
                "It has too few weights to matter": "It can have more weights than the student: count them above.",
                "The teacher has learned it": "The teacher is frozen: it learns nothing.",
            },
            right="The student's answer does not pass through it",
        )

    @part(quiz=True)
    def left_out(self) -> Several:
        return Several(
            "The teacher's channels are put into another order. Which of these change?",
            {
                "A hint without a regressor": "It compares channel 1 with channel 1, whatever that is.",
                "The attention map": "It sums over channels: their order is lost in the sum.",
                "Linear CKA": "It compares how examples lie to each other; turning the features changes nothing.",
                "The best that a hint can reach through a regressor": "A regressor can give the channels any order.",
            },
            ["A hint without a regressor"],
        )

    @part(quiz=True)
    def high(self) -> Choice:
        return Choice(
            "A layer of an untrained student has CKA 0.7 with a layer of the teacher. What follows?",
            {
                "Both arrange the same images in a similar way": "That is all CKA says. Images that differ in their "
                "pixels differ in most layers, random ones included.",
                "The student has learned from the teacher": "It has learned nothing yet.",
                "The student makes few errors": "It answers by chance.",
            },
            right="Both arrange the same images in a similar way",
        )

    @part(quiz=True)
    def control(self) -> Choice:
        return Choice(
            "Why does the lesson also take hints from an untrained network?",
            {
                "To see whether the teacher's knowledge helps, or any fixed target does": "A gain that an untrained "
                "network gives as well would say nothing about the teacher.",
                "To make the student's task harder": "It is as hard: the same layer sizes and the same loss.",
                "To save the teacher's training": "The teacher is trained already.",
            },
            right="To see whether the teacher's knowledge helps, or any fixed target does",
        )


def _fitted(F_s: Tensor, F_t: Tensor, *, bias: bool = True) -> Tensor:
    """Return the maps of the best 1×1 convolution, in float64."""
    rows, goal = (F.double().permute(0, 2, 3, 1).flatten(0, 2) for F in (F_s, F_t))  # (B·H·W, C)
    if bias:
        rows = torch.cat([rows, torch.ones_like(rows[:, :1])], 1)
    fitted = rows @ torch.linalg.lstsq(rows, goal).solution
    return fitted.unflatten(0, (F_t.shape[0], *F_t.shape[2:])).permute(0, 3, 1, 2)


def _own(X: Tensor, Y: Tensor) -> float:
    return float((X.T @ X).norm() * (Y.T @ Y).norm())


def _cka(X: Tensor, Y: Tensor) -> float:
    return float((X.T @ Y).square().sum()) / _own(X, Y)
