"""Lesson 13: only answers travel. A black box, clients that share logits, no data, and what answers give away."""

from __future__ import annotations

import torch

from .. import property_checks as hold
from ..exercises import Exercise
from ..lesson import Lesson, part
from ..predictions import Axis, Bars, Point
from ..questions import Choice, Order, Several

ERRORS = Axis("test errors", 0, 3000)
RIGHT = Axis("right on test digits", 0, 100, unit="\u202f%")
FOUND = (0.4, 1.0)  # of an attack: a half is chance
FLOAT32 = 4  # bytes


class Answers(Lesson):
    """What can be learned from a teacher whose answers are all one gets, and what those answers give away."""

    name = "answers"

    queries = 2000
    draws = 8
    clients = 4
    rounds = 3
    public = 2000
    stages = ("alone", "round 1, digest", "round 1, revisit", "round 3, digest", "round 3, revisit")
    ways = ("first choice", "one draw at T = 4", "eight draws at T = 4", "ten probabilities")
    sources = ("impressions within 0 to 1", "noise within 0 to 1", "impressions, free", "Gaussian noise", "real digits")

    @part
    def price(self) -> Bars:
        few = self.queries // self.draws
        return Bars(
            f"A service sells {self.queries:,} answers. The student learns from the first choice for {self.queries:,} "
            f"digits, from one draw for each of {self.queries:,}, from eight draws for each of {few}, or from all ten "
            f"probabilities for {self.queries:,}. How many of 10,000 test digits will it get wrong?",
            list(self.ways),
            axis=ERRORS,
            close=200,
        )

    @part
    def shares(self) -> Exercise:
        draws = torch.tensor([[2, 0], [2, 1], [1, 0], [2, 0]])  # four draws of two examples
        right = torch.tensor([[0, 0.25, 0.75, 0], [0.75, 0.25, 0, 0]], dtype=torch.float64)

        def shares_of_draws(shares: hold.Function) -> str:
            value = torch.as_tensor(shares(draws, 4))
            if value.shape == (2, 3):
                return (
                    "A class that was never drawn has the share 0, and its column is there: there are four classes, "
                    "and you return three columns."
                )
            if value.shape == (4, 2):
                return "It must return a row for each example, not for each class: transpose."
            given = hold.tensor_of(value, (2, 4))
            if torch.allclose(given, right * 4):
                return "These are counts. Divide by the number of draws, so that each row sums to 1."
            if torch.allclose(given, right * 2):
                return "You divide by the number of examples. Each example was drawn four times: divide by that."
            if torch.allclose(given, right.mean(0).expand(2, 4)):
                return "All examples are thrown together. Each has draws of its own: count column by column."
            return "" if torch.allclose(given, right) else f"Row 1 must be {hold.listed(right[0])}, got {given[0]}."

        def many(shares: hold.Function) -> str:
            p = torch.tensor([[0.7, 0.2, 0.1]])
            drawn = torch.multinomial(p, 4000, replacement=True, generator=torch.Generator().manual_seed(0)).T
            given = hold.tensor_of(shares(drawn, 3), (1, 3))
            near = bool((given - p.double()).abs().max() < 0.05)
            return "" if near else f"4,000 draws of 0.7, 0.2, 0.1 must give about that, got {hold.listed(given)}."

        text = (
            "Write shares(draws, classes): of draws, whole numbers of shape (draws, examples), the share of each class "
            "among the draws of each example, of shape (examples, classes)."
        )
        return Exercise(text, (shares_of_draws, many))

    @part
    def traffic(self) -> Exercise:
        right = self.traffic_of(3, 100)

        def bytes_of_a_round(traffic: hold.Function) -> str:
            given = float(hold.tensor_of(traffic(3, 100), ()))
            wrong = {
                right / 2: "That is one way. The server sends as much back to each client: twice that.",
                right / 3: "That is one client's share. All three send and receive.",
                right / FLOAT32: "Those are numbers. A float32 number is four bytes.",
                right * 2: "A float32 number is four bytes; eight is a float64.",
                right * 8: "Those are bits. A byte is eight of them.",
            }
            if given in wrong:
                return wrong[given]
            return "" if given == right else f"Three clients with 100 numbers each: {right:,} bytes, got {given:,.0f}."

        def grows(traffic: hold.Function) -> str:
            given = float(hold.tensor_of(traffic(10, 50_890), ()))
            ok = given == self.traffic_of(10, 50_890)
            return "" if ok else "It must grow with the clients and with the numbers; does one of them stand fixed?"

        text = (
            "Write traffic(clients, numbers): the bytes of one round in which each client sends so many numbers, of "
            "float32, to the server and gets as many back."
        )
        return Exercise(text, (bytes_of_a_round, grows))

    @staticmethod
    def traffic_of(clients: int, numbers: int) -> int:
        """Return the bytes of one round: so many float32 numbers from each client, and as many back."""
        return clients * numbers * FLOAT32 * 2

    @part
    def alone(self) -> Bars:
        return Bars(
            "Four clients share no digit and no weight, only logits on public digits. How often is a client right on "
            "test digits, on average: alone, after it has digested what all said, after it has gone back to its own?",
            list(self.stages),
            axis=RIGHT,
            close=6,
        )

    @part
    def nothing(self) -> Bars:
        return Bars(
            "No digit at all: the student learns what the teacher says of made-up inputs. How often will it be right "
            "on real test digits? Guessing is right for 10\u202f%.",
            list(self.sources),
            axis=RIGHT,
            close=8,
        )

    @part
    def auc(self) -> Exercise:
        members, others = torch.tensor([0.1, 0.2, 0.9]), torch.tensor([0.2, 0.5, 1.0, 2.0])
        pairs = members[:, None] - others[None]
        below, ties = float((pairs < 0).double().mean()), float((pairs == 0).double().mean())
        right = below + ties / 2

        def pairs_counted(auc: hold.Function) -> str:
            given = float(hold.tensor_of(auc(members, others), ()))
            if abs(given - (1 - right)) < 1e-6:
                return "It is turned round: members have the lower losses, and the attack bets on low ones."
            if abs(given - below) < 1e-6:
                return "A tie is no miss: it counts one half, as tossing a coin would."
            if abs(given - below - ties) < 1e-6:
                return "A tie is no hit: it counts one half, as tossing a coin would."
            if abs(given - right * pairs.numel()) < 1e-4:
                return "That is a number of pairs. Divide by all pairs, members × others."
            return "" if abs(given - right) < 1e-6 else f"For these losses it is {right:.3f}, got {given:.3f}."

        def chance(auc: hold.Function) -> str:
            same = torch.linspace(0, 1, 7)
            given = float(hold.tensor_of(auc(same, same), ()))
            return (
                "" if abs(given - 0.5) < 1e-6 else f"Where both have the same losses it must be 0.5, got {given:.3f}."
            )

        text = (
            "Write auc(members, others): of all pairs of a member's loss and another's, the share in which the "
            "member's is the lower one; a tie counts one half. 0.5 is chance, 1 finds every member."
        )
        return Exercise(text, (pairs_counted, chance))

    @part
    def leak(self) -> Point:
        return Point(
            "A teacher knows 1,000 digits by heart. A student learns from its answers to other digits. How well does "
            "the attack find the 1,000, asking the teacher, and asking the student? 0.5 is chance.",
            Axis("AUC on the teacher", *FOUND),
            Axis("AUC on its student", *FOUND),
            beside={"chance": (0.5, 0.5)},
            name="your guess",
            close=0.1,
        )

    @part(quiz=True)
    def recovers(self) -> Choice:
        return Choice(
            "A service returns one class at a time, drawn from its probabilities. How do you get the probabilities?",
            {
                "Ask about the same example many times": "The shares among the draws approach them, like 1/√n.",
                "Ask about many examples once": "Each is then known by one draw. It teaches, but shows no probability.",
                "There is no way": "There is: the shares of the classes among many draws.",
            },
            right="Ask about the same example many times",
        )

    @part(quiz=True)
    def cheaper(self) -> Order:
        return Order(
            "Put these by the bytes that one client sends in a round, the fewest first.",
            ["10 logits on 500 examples", "10 logits on 20,000 examples", "2,395,210 weights"],
            said="5,000, 200,000 and 2,395,210 numbers.",
        )

    @part(quiz=True)
    def private(self) -> Several:
        return Several(
            "Clients send logits, not data. What can still be learned from logits?",
            {
                "Which examples a client trained on, better than by chance": "A model is surer of what it learned.",
                "Which classes a client hardly owns": "Its logits for them are low on the public examples.",
                "The exact pixels of each training example": "Ten numbers hold no 784 pixels; nobody showed that here.",
            },
            ["Which examples a client trained on, better than by chance", "Which classes a client hardly owns"],
        )

    @part(quiz=True)
    def control(self) -> Choice:
        return Choice(
            "Why does the lesson compare impressions with plain noise?",
            {
                "To see what the search for impressions adds": "Without it any answer to any input might do as well.",
                "Because noise is a kind of real data": "It is not: nobody has ever written it.",
                "To make the student robust": "Nothing here measures robustness.",
            },
            right="To see what the search for impressions adds",
        )
