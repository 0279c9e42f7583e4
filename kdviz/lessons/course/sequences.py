"""Lesson 14: sequences. Soft targets character by character, text that teacher or student wrote, what counts."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import losses
from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Curve
from ..questions import Choice, Number, Several, Text

SYMBOLS = 78  # of Moby-Dick: characters, padding, begin and end
NOTHING = -100  # the label of a position where nothing is to be predicted


class Sequences(Lesson):
    """A next letter is an example like any other; what is new is order, padding, and text that a model writes."""

    name = "sequences"

    begun = "and then the wh"
    goes_on = ("a", "i", "o", "e", "u")
    places = tuple(range(7))  # of a letter in its word; 0 is the first
    ways = (
        "twin: true characters",
        "probabilities of each character",
        "text the teacher wrote",
        "four times as much of it",
    )
    divergences = (
        "forward KL, true text",
        "reverse KL, true text",
        "forward KL, its own text",
        "reverse KL, its own text",
    )
    after = ("after true text", "after its own text")

    @part
    def next_letter(self) -> Bars:
        return Bars(
            f"The teacher has read Moby-Dick. It now reads “{self.begun}”. Which character comes next? Draw its "
            "probabilities; “other” is all other characters together.",
            [*self.goes_on, "other"],
            whole=1,
            close=0.25,
            said="One label says one letter. The teacher says how the text may go on.",
        )

    @part
    def uncertain(self) -> Curve:
        return Curve(
            "How uncertain is the teacher, in bits, about the first letter of a word, the second (or the sign that "
            "ends it), and so on? "
            f"Knowing nothing would be {math.log2(SYMBOLS):.2f} bits.",
            [place + 1 for place in self.places],
            Axis("letter of the word", 1, len(self.places)),
            Axis("uncertainty", 0, 5, unit=" bits"),
            close=0.5,
        )

    @part
    def targets(self) -> Exercise:
        x = torch.tensor([[3, 1, 4, 1, 5], [2, 7, 1, 0, 0]])
        lengths = torch.tensor([5, 3])
        right = torch.tensor([[1, 4, 1, 5, NOTHING], [7, 1, NOTHING, NOTHING, NOTHING]])

        def shifted(targets: hold.Function) -> str:
            given = hold.tensor_of(targets(x.clone(), lengths.clone()), x.shape)
            if torch.equal(given[:, 1:3], x[:, 0:2].double()):
                return "You shift the wrong way: that is the letter before. A position predicts the letter after it."
            if torch.equal(given[:, :2], x[:, :2].double()):
                return "A position predicts the letter after it, not itself: shift by one."
            if given[0, 4] == 3:
                return (
                    f"The last letter of a row has none after it; yours wraps round to the first. It must be {NOTHING}."
                )
            if given[1, 3] != NOTHING or given[1, 4] != NOTHING:
                return f"Padding is no letter: beyond a row's length the target is {NOTHING}, which no loss counts."
            if given[1, 2] != NOTHING:
                return f"The last true letter of a row is followed by padding, not by a letter: {NOTHING} there, too."
            return "" if torch.equal(given, right.double()) else f"Row 1 must be {right[0].tolist()}, got {given[0]}."

        text = (
            "Write targets(x, lengths): for padded letters x of shape (rows, length), of which the first lengths[i] "
            f"of row i are true, the letter that follows each; {NOTHING} where none does."
        )
        return Exercise(text, (shifted,))

    @part
    def token_loss(self) -> Exercise:
        g = torch.Generator().manual_seed(0)
        s, t = torch.randn(2, 3, 4, generator=g).double(), torch.randn(2, 3, 4, generator=g).double()
        counts = torch.tensor([[True, True, True], [True, False, False]])

        def value(token_loss: hold.Function) -> str:
            given = float(hold.tensor_of(token_loss(s, t, counts, 2.0), ()))
            each = losses.soft_targets(s, t, 2.0, reduction="none")
            right = float(each[counts].mean())
            teacher = torch.distributions.Categorical(logits=t / 2.0).entropy()
            wrong = {
                float(each.mean()): "You average over the padding as well. Only positions that count do.",
                float(each[counts].sum() / counts.numel()): (
                    "You sum where it counts, and divide by all positions. Divide by those that count."
                ),
                float(each[counts].sum()): "That is a sum: long texts would pull harder. Average over the positions.",
                float((each * counts).sum(1).div(counts.sum(1)).mean()): (
                    "You average each row, then the rows: a short row would weigh as much as a long one. Average over "
                    "all positions that count."
                ),
                right + float((teacher * 4)[counts].mean()): (
                    "That is the cross-entropy, which is never 0: the teacher's own entropy is still in it."
                ),
                right / 4: "T² is missing: here it is 4. (An average over the four letters would look the same.)",
                float(
                    losses.reverse_kl(s, t, 2.0, mask=counts)
                ): "That is KL(student ‖ teacher). The teacher comes first.",
            }
            said = next((what for loss, what in wrong.items() if math.isclose(given, loss, rel_tol=1e-6)), "")
            return said or (
                "" if math.isclose(given, right, rel_tol=1e-6) else f"It must be {right:.4f}, got {given:.4f}."
            )

        def deaf_to_padding(token_loss: hold.Function) -> str:
            loud = s.clone()
            loud[~counts] = 1e3
            given, before = (float(hold.tensor_of(token_loss(z, t, counts, 1.0), ())) for z in (loud, s))
            return "" if math.isclose(given, before, rel_tol=1e-6) else "What stands on padding must not matter."

        text = (
            "Write token_loss(s, t, counts, T): T² · KL(teacher ‖ student) of logits of shape (rows, length, letters), "
            "summed over letters, averaged over the positions where counts is True."
        )
        return Exercise(text, (value, deaf_to_padding))

    @part
    def generate(self) -> Exercise:
        def counting(x: Tensor) -> Tensor:
            """Logits of a model that says: one more than the letter before."""
            return F.one_hot((x + 1) % 10, 10).double()

        def adding(x: Tensor) -> Tensor:
            """Logits of a model that says the sum of all that it has read."""
            return F.one_hot(x.cumsum(1) % 10, 10).double()

        def feeds_back(generate: hold.Function) -> str:
            given = torch.as_tensor(generate(counting, torch.tensor([[7, 3]]), 3))
            if given.shape == (1, 3):
                return "It returns only what is new. The start belongs to the text: return both."
            given = hold.tensor_of(given, (1, 5))
            if given[0].tolist() == [7, 3, 8, 8, 8] or given[0, 2] == 8:
                return "The model answers at each position; the next letter is its answer at the last one, [:, -1]."
            if given[0, 2:].tolist() == [4, 4, 4]:
                return "The same letter three times: append each letter to what the model reads before you ask again."
            return (
                ""
                if given[0].tolist() == [7, 3, 4, 5, 6]
                else f"7, 3 must go on with 4, 5, 6, got {hold.listed(given)}."
            )

        def reads_all(generate: hold.Function) -> str:
            given = hold.tensor_of(generate(adding, torch.tensor([[1, 2]]), 3), (1, 5))
            ok = given[0].tolist() == [1, 2, 3, 6, 2]
            return "" if ok else "The model must read all that stands there so far, not the newest letter alone."

        text = (
            "Write generate(model, start, n): the start, of shape (1, length), and n more letters. Each is the model's "
            "first choice after all that stands there so far."
        )
        return Exercise(text, (feeds_back, reads_all))

    @part
    def bits(self) -> Bars:
        return Bars(
            "Four students, the same network and number of steps. How many bits a character do they need on text that "
            "none has seen? Fewer is better.",
            list(self.ways),
            axis=Axis("bits a character", 0, 5),
            close=0.25,
        )

    @part
    def directions(self) -> Bars:
        return Bars(
            "Two students learn from the teacher alone, one by KL(teacher ‖ student), one by KL(student ‖ teacher). "
            "How many bits does each need for a character of true text? And how many bits does the teacher need for a "
            "character that each of them wrote?",
            list(self.divergences),
            axis=Axis("bits a character", 0, 5),
            close=0.3,
        )

    @part
    def steps(self) -> Bars:
        return Bars(
            "Two students of the same size ask teachers the same 4,000 sums. One learns the answers, the other the "
            "steps and then the answer. How many of 300 new sums does each write without a mistake?",
            ["answers only", "steps, then the answer"],
            axis=Axis("right, of 300", 0, 300),
            close=30,
        )

    @part
    def own_text(self) -> Bars:
        return Bars(
            "How far is a student from its teacher, KL(teacher ‖ student) in bits a character: after true text, and "
            "after text that it wrote itself?",
            list(self.after),
            axis=Axis("KL, bits a character", 0, 3),
            close=0.2,
        )

    @part(quiz=True)
    def averaged(self) -> Choice:
        return Choice(
            "A padded batch holds a row of 60 characters and one of 3. Over what is the loss averaged here?",
            {
                "Over the characters that count": "63 of them; the padding has no say.",
                "Over the two rows": "Another convention: each of the 3 would weigh as much as 20 others.",
                "Over all 120 positions": "Then short rows would fade, and the loss with the padding.",
            },
            right="Over the characters that count",
        )

    @part(quiz=True)
    def perplexity(self) -> Number:
        return Number(
            "A model needs 3 bits a character. Among how many equally likely characters might it as well choose each "
            "time?",
            8,
            tolerance=0.01,
            said="2 to the power of 3: its perplexity. One bit fewer halves it.",
        )

    @part(quiz=True)
    def levels(self) -> Several:
        return Several(
            "What is true of sequence-level distillation, learning the text that a teacher wrote?",
            {
                "It needs no logits, only text": "So it works through a service that returns text.",
                "Each character is a hard label": "The teacher's other opinions show only over many texts.",
                "It needs the true text": "It does not: the teacher writes it.",
                "It shows the student text that the teacher might write": "Its own writing is another matter.",
            },
            [
                "It needs no logits, only text",
                "Each character is a hard label",
                "It shows the student text that the teacher might write",
            ],
        )

    @part(quiz=True)
    def covering(self) -> Choice:
        return Choice(
            "At one place the teacher holds two continuations likely, and a student can hold only one, or something "
            "between. Which loss lets it choose one and leave out the other?",
            {
                "KL(student ‖ teacher), the reverse": "It pays for what the student says and the teacher would not.",
                "KL(teacher ‖ student), the forward": "It pays for what the teacher says and the student leaves out.",
                "Both alike": "They are equal only where the two distributions are.",
            },
            right="KL(student ‖ teacher), the reverse",
        )

    @part(quiz=True)
    def exposure(self) -> Choice:
        return Choice(
            "What does exposure bias mean?",
            {
                "A model learns after true text, and writes after its own": "Its mistakes lead where it never learned.",
                "A model has seen too much text": "That would be no bias of exposure; overfitting is another matter.",
                "A teacher shows the student only its first choice": "That is a black box, and another lesson.",
            },
            right="A model learns after true text, and writes after its own",
        )

    @part(quiz=True)
    def why_letters(self) -> Text:
        return Text(
            "A text gives its own labels: the next character is always known. Why can soft targets still add "
            "something?",
            "A text shows one continuation of each beginning. The teacher says, for each position, how likely all "
            "characters are: what many texts would have shown. That is most where the text is least certain.",
            points=("one draw against a distribution", "uncertain positions"),
        )
