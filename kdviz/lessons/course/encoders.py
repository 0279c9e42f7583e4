"""Lesson 20: from BERT to DistilBERT. Hidden words, half the blocks, three losses at once, and a task at the end."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ... import losses
from ...data import Examples, Splits
from ...data.wordpiece import WordPieces
from ...distill.taps import tapped
from ...models import inference
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars
from ..questions import Choice, Several

MASK, OTHER = 4, 9
WAYS = ("fresh start, words alone", "inherited, words alone", "fresh start, triple loss", "inherited, triple loss")
ABOUT = {"soft": 5.0, "words": 2.0, "cosine": 1.0}  # the weights of the authors


def frozen_errors(body: nn.Module, data: Splits) -> int:
    """Return test errors of a linear map over the mean of a body's last tokens, learned from the labels alone."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(max_iter=500).fit(_means(body, data.train), data.train.y.numpy())
    return int((found.predict(_means(body, data.test)) != data.test.y.numpy()).sum())


def _means(body: nn.Module, examples: Examples) -> np.ndarray:
    last = max(name for name, _ in body.named_children() if name.startswith("block"))
    with tapped(body, [last]) as seen:
        inference.logits(body, examples, batch_size=len(examples))
    counts = examples.inputs()["attention_mask"].unsqueeze(-1)
    return ((seen[last] * counts).sum(1) / counts.sum(1)).numpy()


class Encoders(Lesson):
    """An encoder that reads what nobody labelled is made half as deep; what of it survives, and what for."""

    name = "encoders"

    line = "small {} of tropical america with red flowers"
    goes_in = ("tree", "shrub", "plant", "bird", "fish")
    gap = 2  # the place of the hidden word, after [CLS]

    def hidden_line(self, pieces: WordPieces) -> dict[str, Tensor]:
        """Return the line of the first prediction as a row for the encoder, one word hidden."""
        row = pieces.rows([self.line.format("#")], 24)
        ids = row.input_ids.clone()
        ids[0, self.gap] = pieces.mask
        return {"input_ids": ids, "attention_mask": row.attention_mask}

    @part
    def word(self) -> Bars:
        return Bars(
            "A small encoder has read 17,600 definitions with hidden words. It now reads "
            f"“{self.line.format('[MASK]')}”. Draw the probabilities it gives to these words, and to all others "
            "together.",
            [*self.goes_in, "any other"],
            whole=1,
            close=0.3,
            said="It reads to the left and to the right of the gap; a model that writes sees only the left.",
        )

    @part
    def hide(self) -> Exercise:
        ids = torch.tensor([[2, 10, 11, 12, 13, 14, 3, 0]])
        chosen = torch.tensor([[False, True, True, False, True, True, False, False]])
        fate = torch.tensor([[0.1, 0.79, 0.85, 0.2, 0.95, 0.0, 0.85, 0.1]])
        others = torch.full_like(ids, OTHER)
        right = torch.tensor([[2, MASK, OTHER, 12, 13, MASK, 3, 0]])

        def bert(hide: hold.Function) -> str:
            given = hold.tensor_of(hide(*(one.clone() for one in (ids, chosen, fate, others))), ids.shape).long()
            wrong = {
                "You hide every word that was chosen. One in ten is to become another word, one in ten stays.": (
                    torch.where(chosen, MASK, ids)
                ),
                "Words that were not chosen stay as they are, whatever their fate.": torch.where(
                    fate < 0.8, MASK, torch.where(fate < 0.9, others, ids)
                ),
                "A fate of 0.8 to 0.9 is another word, above that the word itself: you have these two exchanged.": (
                    torch.where(chosen & (fate < 0.8), MASK, torch.where(chosen & (fate >= 0.9), others, ids))
                ),
            }
            wrong |= {
                "Nothing stays: from a fate of 0.9 on, the word is read as it is.": torch.where(
                    chosen, torch.where(fate < 0.8, MASK, others), ids
                ),
                "No word becomes another: from 0.8 to 0.9 it is the token of others.": torch.where(
                    chosen & (fate < 0.8), MASK, ids
                ),
            }
            found = next((why for why, mistake in wrong.items() if torch.equal(given, mistake)), "")
            return found or (
                "" if torch.equal(given, right) else f"It must read {right[0].tolist()}, got {given[0].tolist()}."
            )

        text = (
            f"Write hide(ids, chosen, fate, others): where chosen is True, the token becomes [MASK], which is {MASK}, "
            "if its fate, drawn evenly from 0 to 1, is below 0.8; the token of others if it is below 0.9; and stays "
            "otherwise."
        )
        return Exercise(text, (bert,))

    @part
    def blocks(self) -> Exercise:
        def half(begins: hold.Function) -> str:
            given = list(begins(6, 12))
            if given == [2, 4, 6, 8, 10, 12]:
                return (
                    "Every other one from the first on: blocks 1, 3, 5 ... The first reads the embedding it came with."
                )
            if given == [1, 2, 3, 4, 5, 6]:
                return "That is the lower half. Take every other block, so that the whole way is kept."
            if given == [1, 3, 5, 8, 10, 12]:
                return (
                    "The authors' own script takes these, so that the last block is among them. Their text, and this "
                    "exercise, take one block of two: 1, 3, 5, 7, 9, 11."
                )
            if given == [0, 2, 4, 6, 8, 10]:
                return "Count blocks from 1, as their names do."
            return "" if given == [1, 3, 5, 7, 9, 11] else f"Of 12 blocks, 6 begin as 1, 3, 5, 7, 9, 11, got {given}."

        def third(begins: hold.Function) -> str:
            given = list(begins(2, 6))
            return "" if given == [1, 4] else f"Of 6 blocks, 2 begin as 1 and 4, got {given}."

        text = (
            "Write begins(n, m): for a student of n blocks, the block of the teacher's m from which each one begins, "
            "evenly from the first on, counted from 1."
        )
        return Exercise(text, (half, third))

    @part
    def triple(self) -> Exercise:
        g = torch.Generator().manual_seed(0)
        s, t = (torch.randn(2, 4, 6, generator=g).double() for _ in range(2))
        h_s, h_t = (torch.randn(2, 4, 3, generator=g).double() for _ in range(2))
        counts = torch.tensor([[True, True, True, True], [True, True, False, False]])
        y = torch.tensor([[-1, 3, -1, 0], [-1, 5, -1, -1]])

        def parts(mask: Tensor, hidden: bool = False) -> tuple[float, float, float]:
            soft = losses.soft_targets(s, t, 2.0, mask=(y >= 0) if hidden else mask)
            words = losses.masked_language_model(s, y)
            return float(soft), float(words), float(losses.cosine(h_s, h_t, mask))

        def total(soft: float, words: float, cosine: float) -> float:
            return ABOUT["soft"] * soft + ABOUT["words"] * words + ABOUT["cosine"] * cosine

        def value(triple: hold.Function) -> str:
            given = float(hold.tensor_of(triple(s, t, h_s, h_t, y, counts), ()))
            soft, words, cosine = parts(counts)
            right = total(soft, words, cosine)
            wrong = {
                total(*parts(counts | True)): "Padding counts in yours. Soft targets and cosine pass over it.",
                total(*parts(counts, hidden=True)): (
                    "You take the soft targets of hidden words alone. The teacher has an opinion on every word: take "
                    "all that are no padding."
                ),
                total(soft / 4, words, cosine): "The T² of the soft targets is missing: 4 at T = 2.",
                total(*parts(counts)[:2], float(losses.cosine(h_s, h_t, counts | True))): (
                    "The cosine counts padding in yours. It passes over it, as the soft targets do."
                ),
                total(soft, words, 1 - cosine): "The cosine is to grow, so the loss is 1 − cos.",
                soft + words + cosine: "The weights are missing: 5, 2 and 1.",
                total(soft, float(F.cross_entropy(s.flatten(0, 1), y.flatten().clamp(min=0))), cosine): (
                    "A label of −1 is no word: only hidden words count in the second part."
                ),
            }
            said = next((why for loss, why in wrong.items() if math.isclose(given, loss, rel_tol=1e-6)), "")
            return said or (
                "" if math.isclose(given, right, rel_tol=1e-6) else f"It must be {right:.4f}, got {given:.4f}."
            )

        text = (
            "Write triple(s, t, h_s, h_t, y, counts): 5 times the soft targets at T = 2, 2 times the cross-entropy "
            "with the hidden words, and 1 times 1 − cos of the last hidden states. Logits have the shape (rows, "
            "tokens, words); y is −1 where no word is hidden, counts is False at padding."
        )
        return Exercise(text, (value,))

    @part
    def found(self) -> Bars:
        return Bars(
            "Four students of two blocks learn from the same lines, as many steps each. How many of 1,520 hidden words "
            "does each find?",
            list(WAYS),
            axis=Axis("hidden words found", 0, 1520),
        )

    @part
    def kinds(self) -> Bars:
        return Bars(
            "Each of them is then fine-tuned on 400 definitions with their kind. Of eight kinds, how many of 1,520 "
            "test definitions does each get wrong? The last bar is a network that never read hidden words.",
            [*WAYS, "never read hidden words"],
            axis=Axis("errors of 1,520", 0, 1520),
        )

    @part(quiz=True)
    def inherits(self) -> Several:
        return Several(
            "What must a student have to begin with its teacher's blocks as they are?",
            {
                "The teacher's width": "A block's weights are width × width: another width has no place for them.",
                "The teacher's vocabulary": "Its embedding has a row a word; others would get other words' rows.",
                "The teacher's number of blocks": "No: every other one will do, and is the point.",
                "Labels": "No: hidden words label themselves.",
            },
            ["The teacher's width", "The teacher's vocabulary"],
        )

    @part(quiz=True)
    def everywhere(self) -> Choice:
        return Choice(
            "The labels of masked text say one word in seven. On how many words of a line do soft targets teach?",
            {
                "On all that are no padding": "The teacher answers for each place, hidden or not.",
                "On the hidden ones": "One can restrict them to these; the authors' code has a switch for it, off.",
                "On [CLS] alone": "[CLS] is read by the classifier, later.",
            },
            right="On all that are no padding",
        )

    @part(quiz=True)
    def tiny(self) -> Choice:
        return Choice(
            "TinyBERT compares attention, hidden states and embeddings, each block with one of the teacher's. What can "
            "it do that inherited blocks cannot?",
            {
                "Teach a narrower student": "Hidden states go through a linear map; blocks must fit as they are.",
                "Teach without labels": "Both can: neither the layers nor soft targets need any.",
                "Teach from a larger vocabulary": "Embeddings are compared token by token: these must be the same.",
            },
            right="Teach a narrower student",
        )

    @part(quiz=True)
    def shows(self) -> Choice:
        return Choice(
            "The inherited student beats the fresh one after as many steps. What has been shown?",
            {
                "That it was ahead within this budget": "The fresh one may catch up; the teacher's steps do not count.",
                "That its architecture is better": "Both have the same one.",
                "That soft targets do not matter": "Both learned from them. That needs the student without.",
            },
            right="That it was ahead within this budget",
        )
