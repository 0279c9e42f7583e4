"""Experiments that are no grid of arms: several teachers, other data, answers of a black box. A function for each.

A program takes the base recipe with its seed and gives, one after the other, what each way of learning came to.
:func:`results` runs it for every seed and keeps what is done; ``kdviz run NAME`` calls it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn
from tqdm import tqdm

from .. import data as data_sets
from .. import models
from ..data import Examples, Splits
from ..distill import Distillation, HardLabels, LabelSmoothing, LogitMSE, Recipe, SoftTargets, hinton, schemes
from ..distill.methods import method
from ..distill.pairing import layer_pairs
from ..measure.temperature import fit_temperature
from ..models import inference
from ..models.estimator import Estimator

if TYPE_CHECKING:
    from .experiment import Experiment

OUTCOME = 1  # version of what is kept


@dataclass(frozen=True)
class Found:
    """What one way of learning came to with one seed.

    Attributes
    ----------
    name : str
    errors, examples : int
        On test data.
    role : {"teacher", "twin", "student", "model"}
    weights : int
        0 for what has none.
    other : str
        What it is compared with; empty for none.
    against : float
        The errors that are taken away for the difference.
    teacher : int or None
        Test errors of its own teacher.
    """

    name: str
    errors: int
    examples: int
    role: Literal["teacher", "twin", "student", "model"] = "student"
    weights: int = 0
    other: str = ""
    against: float = 0.0
    teacher: int | None = None


Program = Callable[..., Iterator[Found]]
PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    """Declare that a function is a program, by its own name."""
    PROGRAMS[function.__name__] = function
    return function


@dataclass(frozen=True)
class Results:
    """What a program came to: by seed, its findings in their order; runs and seconds that all took together."""

    found: Mapping[int, tuple[Found, ...]]
    runs: int
    seconds: float
    torch: str


def results(experiment: Experiment, folder: Path, *, progress: bool = True) -> Results:
    """Run a program for each seed of an experiment; seeds that are done are read from the folder.

    Raises
    ------
    ValueError
        If its arguments do not fit.
    """
    assert experiment.program is not None, "only a program is run so"
    folder.mkdir(parents=True, exist_ok=True)
    found, runs, seconds, versions = {}, 0, 0.0, set()
    for seed in tqdm(experiment.seeds, disable=not progress, unit="seed"):
        kept = folder / f"{_key(experiment, seed)}.json"
        if not kept.is_file():
            _keep(kept, _done(experiment, seed))
        saved = json.loads(kept.read_text(encoding="utf-8"))
        found[seed] = tuple(Found(**one) for one in saved["found"])
        runs, seconds = runs + saved["runs"], seconds + saved["seconds"]
        versions.add(saved["torch"])
    return Results(found, runs, seconds, ", ".join(sorted(versions)))


def _key(experiment: Experiment, seed: int) -> str:
    program, base = experiment.program, experiment.base.with_seed(seed).to_dict()
    said = json.dumps([OUTCOME, version("kdviz"), program, base], sort_keys=True)
    return f"seed-{seed}-{hashlib.blake2b(said.encode(), digest_size=8).hexdigest()}"


def _done(experiment: Experiment, seed: int) -> dict[str, Any]:
    began, before, program = time.perf_counter(), _trained[0], dict(experiment.program or {})
    try:
        coming = PROGRAMS[program["name"]](experiment.base.with_seed(seed), **program.get("arguments", {}))
    except TypeError as error:  # of the call: a program computes nothing before its first finding is asked for
        raise ValueError(f"the arguments of {experiment.name} do not fit {program['name']}: {error}") from error
    found = [asdict(one) for one in coming]
    seconds, runs = time.perf_counter() - began, _trained[0] - before
    return {"found": found, "runs": runs, "seconds": seconds, "torch": torch.__version__}


def _keep(path: Path, outcome: dict[str, Any]) -> None:
    half = path.with_suffix(".half")
    half.write_text(json.dumps(outcome), encoding="utf-8")
    half.replace(path)


# What programs are written with


def errors_of(model: nn.Module, examples: Examples) -> int:
    """Return how many examples a model gets wrong."""
    return int((inference.logits(model, examples).argmax(1) != examples.y).sum())


_trained = [0]  # how many runs were trained in this process


def trained(run: Distillation) -> nn.Module:
    """Train a run to its end and return its student."""
    _trained[0] += 1
    run.train(progress=False, evaluate=False)
    return run.student.eval()


@dataclass(frozen=True)
class Bench:
    """The parts of a base recipe, and runs on them that differ in one thing."""

    recipe: Recipe
    data: Splits
    teacher: nn.Module | None

    @classmethod
    def of(cls, recipe: Recipe) -> Bench:
        teacher = models.pretrained(recipe.teacher) if recipe.teacher else None
        return cls(recipe, recipe.load_data(), teacher)

    def student(self, seed: int | None = None) -> nn.Module:
        """Return an untrained student; the same for the same seed."""
        assert self.recipe.student is not None, "programs name their student"
        return models.build(self.recipe.student, seed=self.recipe.seed if seed is None else seed)

    def settings(self, **changed: Any) -> dict[str, Any]:
        """Return what a run is given beside its parts."""
        return {**self.recipe.numbers(), **changed}

    def run(self, teacher: nn.Module | None, objective: Any, data: Any = None, **changed: Any) -> Distillation:
        data = self.data if data is None else data
        return Distillation(teacher, self.student(), data, objective, **self.settings(**changed))

    def found(self, name: str, model: nn.Module, role: Any = "student", **more: Any) -> Found:
        test = more.pop("test", self.data.test)
        weights = sum(p.numel() for p in model.parameters())
        return Found(name, errors_of(model, test), len(test), role, weights, **more)


def beside(found: Found, other: Found) -> Found:
    """Return what was found, compared with another."""
    return replace(found, other=other.name, against=other.errors)


TWIN = "twin, labels alone"


def _teacher(bench: Bench) -> Found:
    assert bench.teacher is not None, "the base names a teacher"
    return bench.found(f"teacher, {bench.recipe.teacher}", bench.teacher, "teacher")


def _twin(bench: Bench, **changed: Any) -> Found:
    return bench.found(TWIN, trained(bench.run(None, HardLabels(), **changed)), "twin")


# The programs


@program
def black_to_white_box(base: Recipe, temperature: float = 4.0, draws: int = 16, hint: float = 1.0) -> Iterator[Found]:
    """Pictures without labels, and ever more of what the teacher knows: its class, draws, probabilities, features."""
    bench = Bench.of(base)
    teacher = bench.teacher
    assert teacher is not None, "the base names a teacher"
    yield (own := _teacher(bench))
    yield (twin := _twin(bench))
    unlabelled = schemes.without_labels(bench.data)

    def learned(name: str, run: Distillation) -> Found:
        return beside(replace(bench.found(name, trained(run)), teacher=own.errors), twin)

    def told(**how: Any) -> Distillation:
        epochs = max(1, base.epochs // how.get("draws", 1))  # each draw is an example: as many steps in all
        return schemes.black_box(teacher, bench.student(), bench.data, **how, **bench.settings(epochs=epochs))

    yield learned("the class it names", told())
    yield learned("one class drawn from its probabilities", told(labels="sampled"))
    yield learned(f"{draws} classes drawn", told(labels="sampled", draws=draws))
    soft = SoftTargets(temperature)
    yield learned(f"its probabilities, T = {temperature:g}", bench.run(teacher, soft, unlabelled))
    pairs = layer_pairs(bench.student(), teacher, bench.data.validation.inputs(slice(0, 2)))
    white = 1.0 * soft + hint * method("hint").term(pairs)
    yield learned(f"its probabilities and a hidden layer, λ = {hint:g}", bench.run(teacher, white, unlabelled))


@program
def ensemble_to_one(base: Recipe, members: int = 10, trees: int = 0) -> Iterator[Found]:
    """Several small networks, and a forest, into one network of the same size as each of them."""
    bench = Bench.of(base)
    yield (twin := _twin(bench))
    many = [bench.student(base.seed + 1 + k) for k in range(members)]
    learned = [
        trained(Distillation(None, one, bench.data, HardLabels(), **bench.settings(seed=base.seed + 1 + k)))
        for k, one in enumerate(many)
    ]
    together = schemes.ensemble(learned)
    yield beside(bench.found(f"the {members} together", together, "model"), twin)

    def taught(name: str, teacher: nn.Module) -> Found:
        run = bench.run(teacher, base.objective)
        found = bench.found(name, trained(run))
        return beside(replace(found, teacher=errors_of(teacher, bench.data.test)), twin)

    yield taught("taught by one of them", schemes.ensemble(learned[:1]))
    yield taught(f"taught by the {members} together", together)
    if trees:
        from sklearn.ensemble import RandomForestClassifier

        train = bench.data.train
        known = train.y >= 0
        forest = RandomForestClassifier(trees, random_state=base.seed, min_samples_leaf=2)
        forest.fit(train.inputs().flatten(1)[known].numpy(), train.y[known].numpy())
        wood = Estimator(forest).eval()
        yield beside(bench.found(f"a forest of {trees} trees", wood, "model"), twin)
        yield taught("taught by the forest", wood)


@program
def domain_shift(base: Recipe, transfer: int = 897, held_out: int = 300, temperature: float = 4.0) -> Iterator[Found]:
    """A teacher of MNIST, and scikit-learn's digits without labels: the student meets them, its labels do not."""
    bench = Bench.of(base)
    teacher, mnist = bench.teacher, bench.data
    assert teacher is not None, "the base names a teacher"
    other = small_digits(transfer, held_out)
    own = bench.found(f"teacher, {base.teacher}", teacher, "teacher", test=other.test)
    yield own
    alone = trained(bench.run(None, HardLabels()))
    yield (twin := bench.found(TWIN, alone, "twin", test=other.test))

    def taught(name: str, data: Splits, objective: Any) -> Found:
        # As many steps as on MNIST, however many examples there are
        steps = base.epochs * -(-len(mnist.train) // base.batch_size)
        epochs = max(1, round(steps / -(-len(data.train) // base.batch_size)))
        found = bench.found(name, trained(bench.run(teacher, objective, data, epochs=epochs)), test=other.test)
        return beside(replace(found, teacher=own.errors), twin)

    yield taught("taught on MNIST with labels", mnist, base.objective)
    yield taught("taught on the other digits, no labels", schemes.without_labels(other), SoftTargets(temperature))
    known = mnist.train.inputs()[mnist.train.y >= 0], mnist.train.y[mnist.train.y >= 0]
    both = Examples(
        torch.cat([known[0], other.train.inputs()]), torch.cat([known[1], torch.full((len(other.train),), -1)])
    )
    mixed = replace(other, name="both", train=both)
    yield taught("taught on both, labels of MNIST alone", mixed, base.objective)


def small_digits(transfer: int, held_out: int) -> Splits:
    """Return scikit-learn's 1,797 digits of 8×8 pixels, brought to MNIST's form: 20×20 pixels in a frame of 28×28."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    x = torch.from_numpy(raw.images).float()[:, None] / 16
    x = nn.functional.interpolate(x, size=(20, 20), mode="bilinear", align_corners=False)
    x, y = nn.functional.pad(x, (4, 4, 4, 4)), torch.from_numpy(raw.target).long()
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    parts = order[:transfer], order[transfer : transfer + held_out], order[transfer + held_out :]
    train, validation, test = (Examples(x[index], y[index]) for index in parts)
    classes = data_sets.load("mnist").classes
    return Splits("small-digits", "scikit-learn's digits", classes, train, validation, test)


@program
def scheme_league(base: Recipe, assistant: Sequence[int] = (256,), generations: int = 3) -> Iterator[Found]:
    """Schemes at equal budget: as many steps of training in all, whoever takes them."""
    bench = Bench.of(base)
    teacher = bench.teacher
    assert teacher is not None, "the base names a teacher"
    yield (own := _teacher(bench))
    yield (twin := _twin(bench))

    def part(count: int) -> dict[str, Any]:
        return bench.settings(epochs=max(1, base.epochs // count))

    def found(name: str, model: nn.Module, by: int | None = None) -> Found:
        return beside(replace(bench.found(name, model), teacher=by), twin)

    yield found("offline: soft targets and labels", trained(bench.run(teacher, base.objective)), own.errors)
    unlabelled = schemes.without_labels(bench.data)
    yield found("label-free: soft targets alone", trained(bench.run(teacher, SoftTargets(4.0), unlabelled)), own.errors)
    told = schemes.black_box(teacher, bench.student(), bench.data, **bench.settings())
    yield found("black box: the class it names", trained(told), own.errors)
    middle = models.build({**(base.student or {}), "hidden": list(assistant)}, seed=base.seed)
    chain = schemes.assistant_chain(teacher, [middle, bench.student()], bench.data, base.objective, **part(2))
    yield found("an assistant between, half the steps each", [trained(run) for run in chain][-1], own.errors)
    born = schemes.born_again(
        bench.student(), bench.data, hinton(0.5, 1.0), generations=generations, **part(generations)
    )
    yield found(f"born again, {generations} generations", [trained(run) for run in born][-1])
    peers = [bench.student(base.seed + k) for k in range(2)]
    yield found("mutual learning, two peers", trained(schemes.mutual_learning(peers, bench.data, **part(2))))
    first = bench.run(None, HardLabels(), epochs=max(1, base.epochs // 2))
    trained(first)
    later = schemes.snapshot_distillation(first, first.steps_done, **{**part(2), "seed": base.seed + 1})
    yield found("its own snapshot, half the steps each", trained(later))


@program
def teacher_calibration(
    base: Recipe,
    hidden: int = 300,
    labels: int = 10_000,
    epochs: int = 10,
    smoothing: float = 0.1,
    shipped: Sequence[str] = (),
) -> Iterator[Found]:
    """Two teachers that differ in label smoothing alone, and the smoothed one divided until it is calibrated; then
    shipped ones, each compared with the first of them."""
    bench = Bench.of(base)
    yield (twin := _twin(bench))
    larger = Bench.of(replace(base, draw={"count": labels}, student={"name": "mlp", "hidden": [hidden]}, epochs=epochs))
    plain = trained(larger.run(None, HardLabels()))
    smooth = trained(larger.run(None, LabelSmoothing(smoothing)))
    validation = bench.data.validation
    fitted = models.Tempered(smooth, fit_temperature(inference.logits(smooth, validation), validation.y)).eval()
    runs: dict[str, Found] = {}
    for name, teacher in {"plain": plain, "smoothed": smooth, "smoothed, calibrated": fitted}.items():
        teaches = bench.found(f"teacher, {name}", teacher, "teacher")
        yield teaches
        runs[name] = bench.found(f"taught by the {name} one", trained(bench.run(teacher, base.objective)))
        runs[name] = replace(runs[name], teacher=teaches.errors)
        yield beside(runs[name], twin if teacher is plain else runs["plain"])
    first = twin
    for name in shipped:
        taught = bench.found(f"taught by {name}", trained(bench.run(models.pretrained(name), base.objective)))
        taught = replace(taught, teacher=models.card(name).test_errors)
        yield beside(taught, first)
        first = taught if first is twin else first


@program
def claims(base: Recipe, more: int = 4000, short: int = 5, poor: str = "mnist-mlp-overfit") -> Iterator[Found]:
    """Seven statements of the literature, each a difference of two runs (of two differences for the third)."""
    fewer_steps, most_labels = replace(base, epochs=short), {**(base.draw or {}), "count": more}
    wide = replace(base, draw=most_labels, epochs=max(1, base.epochs // 2))
    tiny = replace(wide, student={"name": "mlp", "hidden": [8]})
    few, brief, wider, small = map(Bench.of, (base, fewer_steps, wide, tiny))
    convnet, overfit = models.pretrained("mnist-convnet"), models.pretrained(poor)

    def errors(bench: Bench, teacher: nn.Module | None, objective: Any) -> int:
        return errors_of(trained(bench.run(teacher, objective)), bench.data.test)

    taught, twin = errors(few, few.teacher, base.objective), errors(few, None, HardLabels())
    unlabelled = schemes.without_labels(few.data)
    silent = [
        errors_of(trained(few.run(few.teacher, o, unlabelled)), few.data.test) for o in (LogitMSE(), SoftTargets(4))
    ]
    hot = base.objective.edited(temperature=20)
    gain_of_few = errors(brief, brief.teacher, base.objective) - errors(brief, None, HardLabels())
    found: dict[str, tuple[int, int, str]] = {
        "Soft targets let a student learn from few labels": (taught, twin, "the twin"),
        "A real teacher gives more than smoothed labels do": (
            taught, errors(few, None, LabelSmoothing(0.1)), "a twin with labels smoothed by 0.1",
        ),
        "A good teacher is patient: long training is where distillation gains": (
            taught, twin + gain_of_few, f"student − twin, the same after {short} epochs",
        ),
        "Matching logits by squared error beats soft targets": (
            silent[0], silent[1], "KL at T = 4, both without labels",
        ),
        "The more accurate teacher makes the better student": (
            errors(few, convnet, base.objective), taught, "taught by mnist-mlp-1200",
        ),
        "Even a poorly trained teacher improves its student": (
            errors(wider, overfit, base.objective), errors(wider, None, HardLabels()), "the twin",
        ),
        "A very small student wants a lower temperature": (
            errors(small, small.teacher, base.objective), errors(small, small.teacher, hot), "T = 20",
        ),
    }  # fmt: skip
    for name, (first, second, other) in found.items():
        yield Found(name, first, len(few.data.test), other=other, against=second)
