"""Write the small pictures of the index page, and the lesson plan's sheet: ``python docs/miniatures.py``.

One digit that the shipped teacher is in doubt about, its logits and those of a shipped student, and where each looks
(occlusion). The page draws them in ``miniatures.js``; it starts no kernel. The sheet has the
same digit, and empty bars.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

import kdviz as kd

TEACHER, STUDENT = "mnist-mlp-1200", "mnist-vit-student"
STATIC = Path(kd.__file__).parent / "app/jupyter/voila/templates/kdviz/static"
SHEET = Path(__file__).parents[1] / "notebooks/course/lesson-sheet.svg"
AMONG = 500  # validation examples, as many as the Lab tracks


def doubted(logits: torch.Tensor, y: torch.Tensor) -> int:
    """Return the example that the teacher gets right with the highest probability for its second choice."""
    top = logits.softmax(1).topk(2)
    second = torch.where(top.indices[:, 0] == y, top.values[:, 1], -1.0)
    return int(second.argmax())


def numbers(values: torch.Tensor) -> list[float]:
    return [round(float(value), 3) for value in values.flatten()]


def main() -> None:
    """Compute and write ``miniatures.json``."""
    part = kd.data.mnist().validation.take(slice(0, AMONG))
    x = part.inputs()
    models = {"teacher": kd.models.pretrained(TEACHER), "student": kd.models.pretrained(STUDENT)}
    with torch.no_grad():
        logits = {role: model(x) for role, model in models.items()}
    chosen = doubted(logits["teacher"], part.y)
    one = slice(chosen, chosen + 1)
    maps = {
        role: kd.measure.saliency.saliency(model, x[one], part.y[one], "occlusion") for role, model in models.items()
    }
    recorded = {
        "classes": list(kd.data.mnist().classes),
        "label": int(part.y[chosen]),
        "image": [int(v) for v in part.x[chosen].flatten()],
        "logits": {role: numbers(values[chosen]) for role, values in logits.items()},
        "maps": {role: numbers(m / m.abs().max()) for role, m in maps.items()},
    }
    (STATIC / "miniatures.json").write_text(json.dumps(recorded, separators=(",", ":")) + "\n", encoding="utf-8")
    SHEET.write_text(sheet(recorded["image"]), encoding="utf-8")


def sheet(image: list[int]) -> str:
    """Return an A4 page as SVG: the digit, empty bars for three temperatures, and lines for predictions."""
    side, cell = 28, 5
    ink = [
        f'<rect x="{60 + cell * (i % side)}" y="{92 + cell * (i // side)}" width="{cell}" height="{cell}" '
        f'fill-opacity="{value / 255:.2f}"/>'
        for i, value in enumerate(image)
        if value
    ]
    parts = [text(60, 56, "What does the teacher say?", 26, bold=True), text(560, 56, "Name", 14), line(605, 740, 58)]
    parts += [
        *ink,
        text(230, 116, "A label says one thing about this digit. A large network, the teacher,", 15),
        text(230, 138, "answers with ten probabilities that add up to 1.", 15),
        text(230, 172, "1. Before the page is opened: draw its ten bars.", 15, bold=True),
        text(230, 194, "2. After it: draw them again as they are, at T = 1.", 15, bold=True),
        text(230, 216, "3. Guess them at T = 4. Then slide.", 15, bold=True),
    ]
    for column, title in enumerate(("my guess", "T = 1", "T = 4")):
        parts += empty_bars(60 + 235 * column, 262, title)
    asked = (
        "4,000 labels and a teacher, or 4,000 labels alone: errors of 10,000?",
        "A student never sees a 3. How many of 40 threes can it get right?",
        "A student sees no label at all. Errors of 10,000?",
        "With α = 0, how do student and twin differ?",
    )
    for number, question in enumerate(asked, start=1):
        y = 700 + 92 * (number - 1)
        parts += [text(60, y, f"Bet {number}. {question}", 15, bold=True), line(60, 740, y + 42)]
    inside = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 1120" font-family="system-ui, sans-serif">\n'
        f'<rect width="800" height="1120" fill="#fff"/>\n{inside}\n</svg>\n'
    )


def empty_bars(x: int, y: int, title: str) -> list[str]:
    drawn = [text(x + 24, y + 4, title, 15, bold=True)]
    for i in range(10):
        top = y + 20 + 36 * i
        drawn.append(text(x, top + 19, str(i), 15))
        drawn.append(f'<rect x="{x + 24}" y="{top}" width="176" height="26" fill="none" stroke="#888"/>')
        drawn += [f'<path d="M{x + 24 + 44 * k} {top + 20}v6" stroke="#888"/>' for k in (1, 2, 3)]
    return [*drawn, text(x + 24, y + 398, "0", 12), text(x + 182, y + 398, "1", 12)]


def text(x: int, y: int, words: str, size: int, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight}>{words}</text>'


def line(start: int, end: int, y: int) -> str:
    return f'<path d="M{start} {y}H{end}" stroke="#888"/>'


if __name__ == "__main__":
    main()
