"""What the teacher adds to the labels, at its temperature."""

from __future__ import annotations

from ...measure.dark_knowledge import entropy_bits, non_target_mass
from ...words import mark
from ..case import Case
from ..findings import Finding, NotLookedAt, look
from .roles import FAULTY

LITTLE = 0.01  # mean probability off the predicted class: below it, soft targets are labels
ENOUGH = 0.05
WARMER = (2.0, 4.0, 8.0, 16.0, 32.0)
PARTS = ("train", "validation", "test")


@look(mark("The teacher is too sure"), unless=(*FAULTY, "ends_in_softmax"))
def teacher_too_sure(case: Case) -> Finding | None:
    temperature = case.temperature
    if temperature is None:
        raise NotLookedAt(
            "No term of the objective has a temperature, so the teacher's dark knowledge was not examined."
        )
    part = next((p for p in PARTS if p in case.parts and case.parts[p].labelled), "train")
    logits, y = case.logits("teacher", part)
    predicted = logits.argmax(1)
    mass = {t: non_target_mass(logits, predicted, t).mean().item() for t in (temperature, *WARMER)}
    if mass[temperature] >= LITTLE:
        return None
    bits = entropy_bits(logits, temperature).mean().item()
    learned = "on the examples it teaches" if part == "train" else f"on the {part} examples"
    sentence = (
        f"The teacher is so sure {learned} that it adds little to the labels at T = {temperature:g}: only "
        f"{mass[temperature]:.2%} of its probability is off the class it predicts ({bits:.3f} bits); "
    )
    evidence = {
        "temperature": temperature,
        "probability off the predicted class": mass[temperature],
        "probability off the true class": non_target_mass(logits, y, temperature).mean().item(),
        "bits": bits,
    }
    warmer = next((t for t in WARMER if t > temperature and mass[t] >= ENOUGH), None)
    if warmer is None:
        sentence += (
            "no T up to 32 changes that: take a teacher from earlier in its training, or teach on examples that it was "
            "not trained on (unlabelled or augmented ones)."
        )
        return Finding("teacher_too_sure", "cause", sentence, evidence, "certain")
    sentence += (
        f"at T = {warmer:g} it is {mass[warmer]:.1%}. A teacher from earlier in its training, or examples that it was "
        "not trained on, would add more too."
    )
    evidence["temperature to try"] = warmer
    code, lab = "", None
    if case.run is None:
        code = f"kd.diagnose(teacher, student, data, temperature={warmer})"
    elif "temperature" in case.run.editable:
        code, lab = case.edited(temperature=warmer), case.lab(temperature=warmer)
    return Finding("teacher_too_sure", "cause", sentence, evidence, "certain", code, lab)
