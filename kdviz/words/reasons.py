"""Reasons that the engine gives in English, and how a page says them in its reader's language.

The engine raises whole sentences, which programs and logs keep as they are. A page that shows one asks for it here: it
is recognized by its text, with anything in the places. A sentence that is none of these stays as it was. Advice for
programmers after a semicolon does not stand here, and is left out on a page in another language.
"""

from __future__ import annotations

import re
from functools import cache

from . import ENGLISH, language, mark, t

REASONS = (
    # choices
    mark("layers must be 1 to {most} pairs of layers as relu2:relu4, got {value}"),
    mark("{method} compares no layers that could be chosen"),
    mark("{name} must be two numbers, the smaller first, got {value}"),
    mark("seeds must be between 2 and 20, got {value}"),
    mark("this run can be branched with {names}, got {value}"),
    mark("the page holds at most {n} runs; remove a branch before making another"),
    # what is kept
    mark("it takes {size} MB, more than {most} MB"),
    mark("{file} is not what was written"),
    # a run
    mark("{what}; the student is back at step {step}, its last good snapshot; try a learning rate below {rate}"),
    mark(
        "{what}; the student is back at step {step}, its last good snapshot, {n} edit(s) made since are undone; "
        "try a learning rate below {rate}"
    ),
    mark(
        "{what}; the student is back at step {step}, its last good snapshot; check its weights and the scale of the "
        "inputs"
    ),
    mark(
        "the teacher has logits that are not finite for {wrong} of {n} tokens of text that the student wrote, so that "
        "nothing can be learned there"
    ),
    mark(
        "the teacher is less accurate than the student it should teach ({teacher} against {student} on {n} validation "
        "examples); were they swapped? pass allow_weaker_teacher=True if intended"
    ),
    # layers that a method compares
    mark("{method} needs several teachers, and here is one"),
    mark("{method} needs a student with a distillation token"),
    mark("{method} compares {what} and these two models have none that correspond"),
    mark("{method} needs {kinds} on both sides, got shapes {own} and {other}"),
    mark("{method} needs features of the same examples on both sides, got shapes {own} and {other}"),
    mark("{method} needs equally many channels, got shapes {own} and {other}"),
    mark("{method} needs equally many tokens on both sides, got shapes {own} and {other}"),
    mark("{method} needs embeddings of one size, got shapes {own} and {other}"),
    mark("a {kind} adapter needs maps (B, C, H, W) on both sides, got shapes {own} and {other}"),
    # maps
    mark("the model ran none of its attention layers ({layers})"),
    mark("the attention of {name} must be finite, got nan"),
    mark("the model's logits must be finite, got nan or inf"),
    mark("the model has no weights to randomize, so a random one would be the same"),
    mark("X must be finite, got nan or inf"),
    # what the diagnosis did not look at
    mark("No example held out from training has a label, so nothing that needs errors was looked at."),
    mark("The {part} part has no labelled example, so nothing that needs it was looked at."),
    mark("The objective has no {name}."),
    mark("The unchanged {role} was not trained for as few steps as the arms of the study."),
    mark("The transfer set has no label, so there is no twin to compare with."),
    mark("No small study: {steps} steps are too few for {arms} arms of this run; pass a larger budget_s or budget."),
    mark("No term of the objective has a temperature, so the teacher's dark knowledge was not examined."),
    mark("The gradients at the start were not examined: {why}."),
    mark("The student before training was not examined: {why}."),
    mark(
        "The run has {n} evaluations on validation data, and {least} are needed to see whether it had converged: train "
        "with evaluate=True."
    ),
    # numbers
    mark("{name} must be one of {names}, got {value}"),
    mark("{name} must be a finite number > {least}, got {value}"),
    mark("{name} must be a finite number >= {least} (it is {meaning}), got {value}"),
    mark("{name} must be a finite number >= {least}, got {value}"),
    mark("{name} must lie in [{low}, {high}] (it is {meaning}), got {value}"),
    mark("{name} must lie in [{low}, {high}], got {value}"),
    mark("{name} must be a number or a schedule, got {value}"),
    mark("{name} must be a whole number, got {value}"),
    mark("{name} must be at least 1, got {value}"),
    mark("{name} must be at most {most}, got {value}"),
)
WITHIN = (  # what stands in their places
    mark("the weight of the soft targets"),
    mark("the weight of the penalty"),
    mark(
        "the loss became {value} at step {step}, as the teacher has logits that are not finite for {wrong} of {n} "
        "answers"
    ),
    mark("the loss became {value} at step {step}"),
    mark("a weight was no longer finite after step {step}"),
    mark("feature maps"),
    mark("the last features"),
    mark("tokens of blocks"),
    mark("attention"),
    mark("embeddings"),
)
NESTED = ("why", "what", "meaning", "method")  # places that hold a text of its own
_PLACE = re.compile(r"\\\{(\w+)\\\}")


def told(text: str) -> str:
    """Return a reason in the kernel's language, with its first letter and its full stop as they were.

    >>> told("epochs must be at least 1, got 0")
    'epochs must be at least 1, got 0'
    """
    if language() == ENGLISH or not text:
        return text
    lowered = text[0].lower() + text[1:]
    for written in (text, lowered, text.removesuffix("."), lowered.removesuffix(".")):
        if said := _known(written):
            said = said if written[0] == text[0] else said[0].upper() + said[1:]
            return said if written.endswith(".") or not text.endswith(".") else f"{said}."
    head, advice, _ = text.partition("; ")
    if advice and (said := told(head)) != head:
        return f"{said}." if text.endswith(".") else said
    return text


def _known(written: str) -> str:
    """Return a text, or what it is made from, in the kernel's language; empty where it is not known."""
    if (said := t(written)) != written:
        return said
    for template, pattern in _patterns():
        if found := pattern.fullmatch(written):
            values = {name: told(value) if name in NESTED else value for name, value in found.groupdict().items()}
            return t(template, **values)
    return ""


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((text, _pattern(text)) for text in (*REASONS, *WITHIN))


def _pattern(text: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def place(found: re.Match[str]) -> str:
        name = found[1]
        again = name in seen
        seen.add(name)
        anything = "." if name == "why" else "[^;]"
        return f"(?P={name})" if again else f"(?P<{name}>{anything}+?)"

    return re.compile(_PLACE.sub(place, re.escape(text)), re.DOTALL)
