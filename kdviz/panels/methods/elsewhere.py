"""Methods that the field names and this page does not run: where they are, or what is nearest to them here."""

from __future__ import annotations

from dataclasses import dataclass

from ...words import mark

ON_SCHEMES = mark("It has no teacher beside one student: see the page on schemes.")
ON_LAB = mark("A penalty on unequal treatment, for data with groups: in the Lab, with Adult, the fairness slider.")
ON_RADIUS = mark(
    "It asks for pictures in [0, 1] and a radius of the attack: by code, and the experiment robustness-arrives."
)
ON_LAB_AS_LOSS = mark("It stands in for the soft targets in the Lab: choose it under Soft term.")
ON_LAB_AS_KIND = mark("It needs a student with a distillation token: choose that kind of student in the Lab.")
ON_TEXT = mark("For text: the student writes and the teacher judges each token. By code: kd.schemes.on_policy.")
ON_TEXT_MIXED = mark('For text: student and teacher write together. By code: kd.schemes.published("minillm", ...).')
OF_TEACHER = mark("For text: the teacher writes, the student learns that. By code: kd.schemes.sequence_level.")
ON_CHOSEN = mark('For text: the teacher chooses what is learned. By code: kd.schemes.published("miniplm", ...).')
OF_BLOCKS = mark("For masked text: half of the teacher’s blocks, three losses. By code: kd.schemes.distilbert.")
IN_STAGES = mark("For text: layers first, answers last. By code: kd.schemes.tinybert.")
ON_WORDS = mark("Choose it on the Words page")
ON_CARD = mark("Run it on the Schemes page")
NEAREST_HINT = mark("It is not in kdviz; the nearest that is: Hints (FitNets).")


@dataclass(frozen=True)
class Elsewhere:
    """A method that is not run here.

    Attributes
    ----------
    title : str
    acronyms : str
        Separated by commas.
    source : str
        First author, or all, and year.
    reason : str
        One sentence on where it is, or what is nearest to it.
    link : str
        The page and link that runs it; empty for none.
    says : str
        What that link does.
    published : str
        Its name in :data:`kdviz.schemes.PUBLISHED`, where it has one: its formula is shown.
    """

    title: str
    acronyms: str
    source: str
    reason: str
    link: str = ""
    says: str = ""
    published: str = ""


ELSEWHERE: dict[str, Elsewhere] = {
    "Mutual": Elsewhere(mark("Mutual learning"), "DML", "Zhang, 2018", ON_SCHEMES),
    "SelfDistillation": Elsewhere(mark("Be your own teacher"), "BYOT", "Zhang, 2019", ON_SCHEMES),
    "DarkReplay": Elsewhere(mark("Dark experience replay"), "DER, DER++", "Buzzega, 2020", ON_SCHEMES),
    "DemographicParity": Elsewhere(mark("Demographic parity"), "DP", "", ON_LAB),
    "FirstChoice": Elsewhere(mark("The teacher's first choice"), "", "Touvron, 2021", ON_LAB_AS_LOSS),
    "TokenSoftTargets": Elsewhere(mark("Soft targets for a token"), "DeiT", "Touvron, 2021", ON_LAB_AS_KIND),
    "TokenLabels": Elsewhere(mark("Labels for a token, in the twin"), "DeiT", "Touvron, 2021", ON_LAB_AS_KIND),
    "EqualizedOdds": Elsewhere(mark("Equalized odds"), "EO", "Hardt, 2016", ON_LAB),
    "RobustSoftTargets": Elsewhere(mark("Robust soft targets"), "RSLAD", "Zi, 2021", ON_RADIUS),
    "RobustLabels": Elsewhere(mark("Labels under attack"), "PGD-AT", "Madry, 2018", ON_RADIUS),
    "OnPolicy": Elsewhere(
        mark("On-policy distillation"), "GKD", "Agarwal, 2024", ON_TEXT, "words.ipynb?method=on_policy", ON_WORDS, "gkd"
    ),
    "MiniLLM": Elsewhere(
        mark("Reverse KL on own text"),
        "MiniLLM",
        "Gu, 2024",
        ON_TEXT_MIXED,
        "words.ipynb?method=minillm",
        ON_WORDS,
        "minillm",
    ),
}
"""kdviz's terms without a method of their own, by class name."""

NOT_HERE: tuple[Elsewhere, ...] = (
    Elsewhere(mark("Masked generative distillation"), "MGD", "Yang, 2022", NEAREST_HINT),
    Elsewhere(mark("Knowledge review"), "ReviewKD", "Chen, 2021", NEAREST_HINT),
    Elsewhere(mark("Overhaul of feature distillation"), "OFD", "Heo, 2019", NEAREST_HINT),
    Elsewhere(mark("Activation boundaries"), "AB", "Heo, 2019", NEAREST_HINT),
    Elsewhere(mark("Factor transfer"), "FT", "Kim, Park, Kwak 2018", NEAREST_HINT),
    Elsewhere(mark("Reused classifier"), "SimKD", "Chen, 2022", NEAREST_HINT),
    Elsewhere(
        mark("Correlation congruence"),
        "CC, CCKD",
        "Peng, 2019",
        mark("It is not in kdviz; the nearest that is: Similarity preserving."),
    ),
)
"""Methods of the field that kdviz has not."""

OF_TEXT: tuple[Elsewhere, ...] = (
    Elsewhere(
        mark("Sequence-level distillation"),
        "SeqKD",
        "Kim, Rush 2016",
        OF_TEACHER,
        "words.ipynb?method=sequence",
        ON_WORDS,
        "seqkd",
    ),
    Elsewhere(
        mark("Difference sampling"),
        "MiniPLM",
        "Gu, 2024",
        ON_CHOSEN,
        "schemes.ipynb?scheme=miniplm",
        ON_CARD,
        "miniplm",
    ),
    Elsewhere(
        mark("Triple loss, inherited blocks"),
        "DistilBERT",
        "Sanh, 2019",
        OF_BLOCKS,
        "schemes.ipynb?scheme=distilbert",
        ON_CARD,
        "distilbert",
    ),
    Elsewhere(
        mark("Layers in two stages"), "TinyBERT", "Jiao, 2020", IN_STAGES, "schemes.ipynb?scheme=tinybert", ON_CARD
    ),
)
"""Schemes for models of text, found here too."""
