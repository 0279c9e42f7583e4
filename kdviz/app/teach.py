"""Train a shipped model again: ``kdviz teach mnist-convnet``.

Writes NAME.safetensors (float16) and NAME.json (the card) into the folder of weights. What is kept is a running mean of
the weights. Settings were chosen by the validation part; the test part is only looked at for the card, at the very end.
mnist-mlp-overfit is a bad teacher on purpose: it has learned 1,000 labels by heart.
mnist-mlp-robust learns pictures that are changed against itself, by a step from a random start (Wong et al. 2020).
The settings of mnist-mlp-1200 and fashion-resnet are second ones: the first missed the promised test figure.
A model called *-student is distilled from the teacher of that name; mnist-vit-twin is mnist-vit-student without it.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_safetensors
from torch import Generator, Tensor, nn
from torch.optim.swa_utils import AveragedModel

from kdviz import data as data_sets
from kdviz.data import Splits
from kdviz.distill import Distillation, HardLabels, LabelSmoothing, Objective, RobustLabels, hinton
from kdviz.distill.evaluate import evaluate
from kdviz.distill.optimizer import make_optimizer
from kdviz.distill.schedules import WarmupCosine
from kdviz.measure.sequences import sequences
from kdviz.models.architecture import build
from kdviz.models.counts import mac_count, parameter_count
from kdviz.models.shipped import FOLDER, Card, pretrained
from kdviz.models.shipped import card as shipped_card
from kdviz.whole_files import write_whole


@dataclass(frozen=True, kw_only=True)
class Training:
    """How one shipped model is trained: what a :class:`kdviz.Distillation` is given, and what is done around it.

    Attributes
    ----------
    epochs, batch_size, optimizer, learning_rate
        See :class:`kdviz.Distillation`; the rate is the peak of a ``WarmupCosine``.
    warmup : float
        The share of all steps over which the rate rises.
    weight_decay : float
        On weights of two axes or more only.
    average : float
        Decay a step of the running mean of the weights, which is what is kept.
    augment : dict
        Names of functions of :mod:`kdviz.data.augment`, in order, to their arguments.
    bfloat16 : bool
        Matrix products and convolutions of training in bfloat16; measuring is always in float32.
    threads : int
        Of torch; another number gives slightly other weights.
    labels : int
        Learn only from ``with_labels(labels, seed=0)``; 0 for the whole training part, which a card does not mention.
    teacher : str
        The shipped model that this one learns from, by ``kdviz.distill.hinton()``; empty for a model that learns from
        labels alone.
    smoothing : float
        ε of smoothed labels, which a card does not mention where it is 0. That makes better accuracy now and then, but
        worse teachers (Müller, Kornblith, Hinton 2019): one is shipped to show it.
    radius : float
        Of the adversarial examples that it learns in place of the pictures; a card does not mention it where it is 0.
    """

    title: str
    data: str
    architecture: dict[str, Any]
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    optimizer: str = "adamw"
    warmup: float = 0.1
    average: float = 0.998
    augment: dict[str, dict[str, float]] = field(default_factory=dict)
    bfloat16: bool = False
    threads: int = 1
    labels: int = 0
    teacher: str = ""
    smoothing: float = 0.0
    radius: float = 0.0

    def settings(self) -> dict[str, Any]:
        """Give what a card records beside title, data and architecture."""
        left_out = {"title", "data", "architecture"} | {
            k for k in ("labels", "teacher", "smoothing", "radius") if not getattr(self, k)
        }
        return {k: v for k, v in asdict(self).items() if k not in left_out} | {"objective": str(self.objective)}

    @property
    def objective(self) -> Objective:
        """Hinton's, or the labels alone: smoothed, on adversarial examples, or as they are."""
        if self.teacher:
            return hinton()
        if self.radius:
            return 1.0 * RobustLabels(self.radius, steps=1)
        return 1.0 * (LabelSmoothing(self.smoothing) if self.smoothing else HardLabels())

    def run(self, data: Splits, seed: int) -> Distillation:
        """Set up the run."""
        architecture = dict(self.architecture)
        if architecture.get("inputs") == 0:
            architecture["inputs"] = math.prod(data.shape)
        if data.vocabulary is not None:
            architecture |= {"vocabulary": len(data.vocabulary), "fingerprint": data.vocabulary.fingerprint}
        student = build(architecture, seed=seed)
        if len(data.shape) == 3:  # what convolutions on a CPU like best
            student = student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return Distillation(
            pretrained(self.teacher) if self.teacher else None,
            student,
            data.with_labels(self.labels, seed=0) if self.labels else data,
            self.objective,
            optimizer=self.make_optimizer,
            learning_rate=WarmupCosine(self.learning_rate, self.warmup),
            batch_size=self.batch_size,
            epochs=self.epochs,
            seed=seed,
            augment=self.changed if self.augment else None,
            snapshot_every=sys.maxsize,  # nobody goes back
        )

    def make_optimizer(self, parameters: Any) -> torch.optim.Optimizer:
        """Make the optimizer; biases and normalisation are not decayed."""
        wide: list[nn.Parameter] = []
        narrow: list[nn.Parameter] = []
        for parameter in parameters:
            (wide if parameter.ndim > 1 else narrow).append(parameter)
        groups: Any = [
            {"params": wide, "weight_decay": self.weight_decay},
            {"params": narrow, "weight_decay": 0.0},
        ]
        return make_optimizer(self.optimizer, groups, self.learning_rate)

    def changed(self, x: Tensor, generator: Generator) -> Tensor:
        """Return a batch changed at random."""
        for name, options in self.augment.items():
            x = getattr(data_sets, name)(x, **options, generator=generator)
        return x


WARP = {"degrees": 10.0, "zoom": 0.1, "shear": 0.1, "pixels": 1.0, "elastic": 0.4}
OF_MNIST = {"mean": 0.1307, "std": 0.3081}
SMALL_VIT = Training(
    title="MNIST, small vision transformer, labels alone",
    data="mnist",
    architecture={"name": "vit", "width": 32, "depth": 2, "heads": 2, **OF_MNIST},
    epochs=20,
    batch_size=128,
    learning_rate=3e-3,
    weight_decay=0.05,
    augment={"warp": WARP},
)

LARGE_MLP = Training(
    title="MNIST, 2×1200 ReLU units (Hinton 2015)",
    data="mnist",
    architecture={"name": "mlp", "hidden": [1200, 1200], "inputs": 784, "classes": 10, "dropout": 0.25, **OF_MNIST},
    epochs=100,
    batch_size=256,
    learning_rate=1.5e-3,
    weight_decay=0.01,
    augment={"warp": WARP | {"elastic": 0.6}},
    bfloat16=True,
)
ADULT_TEACHER = Training(
    title="Adult, 64 + 32 ReLU units",
    data="adult",
    architecture={"name": "mlp", "hidden": [64, 32], "inputs": 0, "classes": 2, "dropout": 0.2},
    epochs=25,
    batch_size=256,
    learning_rate=2e-3,
    weight_decay=0.02,
)
ADULT_STUDENT = Training(
    title="Adult, 8 ReLU units, taught by adult-mlp",
    data="adult",
    architecture={"name": "mlp", "hidden": [8], "inputs": 0, "classes": 2},
    epochs=25,
    batch_size=256,
    learning_rate=5e-3,
    weight_decay=0.0,
    teacher="adult-mlp",
)
NOVEL = Training(
    title="Moby-Dick, decoder of 3 blocks, character by character",
    data="moby-dick",
    architecture={"name": "decoder", "context": 64, "width": 128, "blocks": 3, "heads": 4},
    epochs=6,
    batch_size=32,
    learning_rate=2e-3,
    weight_decay=0.05,
    bfloat16=True,
)
SUMS = Training(
    title="Additions with steps, decoder of 2 blocks",
    data="additions-steps",
    architecture={"name": "decoder", "context": 38, "width": 64, "blocks": 2, "heads": 4},
    epochs=24,
    batch_size=64,
    learning_rate=3e-3,
    weight_decay=0.05,
)

TRAININGS: dict[str, Training] = {
    "mnist-mlp-1200": LARGE_MLP,
    "mnist-mlp-1200-smoothed": replace(LARGE_MLP, title="MNIST, 2×1200 ReLU units, smoothed labels", smoothing=0.1),
    "mnist-convnet": Training(
        title="MNIST, convolutional network",
        data="mnist",
        architecture={"name": "convnet", "width": 32, "dropout": 0.1, **OF_MNIST},
        epochs=14,
        batch_size=128,
        learning_rate=4e-3,
        weight_decay=0.02,
        augment={"warp": WARP | {"pixels": 2.0, "elastic": 0.5}},
        bfloat16=True,
        threads=2,
    ),
    "mnist-mlp-robust": Training(
        title="MNIST, 2×256 units, adversarially trained",
        data="mnist",
        architecture={"name": "mlp", "hidden": [256, 256], "inputs": 784, "classes": 10, **OF_MNIST},
        epochs=16,
        batch_size=128,
        learning_rate=2e-3,
        weight_decay=0.0,
        radius=0.1,
    ),
    "mnist-mlp-overfit": Training(
        title="MNIST, 300 units, memorised 1,000 images",
        data="mnist",
        architecture={"name": "mlp", "hidden": [300], "inputs": 784, "classes": 10, **OF_MNIST},
        epochs=200,
        batch_size=50,
        learning_rate=5e-3,
        weight_decay=0.0,
        average=0.98,
        labels=1000,
    ),
    "mnist-vit": replace(
        SMALL_VIT,
        title="MNIST, vision transformer",
        architecture={"name": "vit", "width": 64, "depth": 4, "heads": 4, **OF_MNIST},
        learning_rate=1.5e-3,
    ),
    "mnist-vit-student": replace(
        SMALL_VIT, title="MNIST, small vision transformer, taught by mnist-vit", teacher="mnist-vit"
    ),
    "mnist-vit-twin": SMALL_VIT,
    "fashion-resnet": Training(
        title="Fashion-MNIST, residual network",
        data="fashion-mnist",
        architecture={"name": "resnet", "width": 32, "blocks": [1, 2, 2], "dropout": 0.1, "mean": 0.286, "std": 0.353},
        epochs=22,
        batch_size=64,
        optimizer="sgd",
        learning_rate=0.08,
        weight_decay=5e-4,
        warmup=0.15,
        average=0.999,
        augment={"flip": {}, "shift": {"pixels": 2}, "erase": {"size": 6}},
        bfloat16=True,
    ),
    "adult-mlp": ADULT_TEACHER,
    "fashion-resnet-student": Training(
        title="Fashion-MNIST, small convolutional network, taught by fashion-resnet",
        data="fashion-mnist",
        architecture={"name": "convnet", "width": 8, "mean": 0.286, "std": 0.353},
        epochs=20,
        batch_size=128,
        learning_rate=6e-3,
        weight_decay=0.02,
        teacher="fashion-resnet",
    ),
    "adult-mlp-unaware": replace(
        ADULT_TEACHER, title="Adult without race and sex, 64 + 32 ReLU units", data="adult-without-race-sex"
    ),
    "adult-mlp-student": ADULT_STUDENT,
    "adult-mlp-unaware-student": replace(
        ADULT_STUDENT,
        title="Adult without race and sex, 8 ReLU units, taught by adult-mlp-unaware",
        data="adult-without-race-sex",
        teacher="adult-mlp-unaware",
    ),
    "moby-dick-decoder": NOVEL,
    "additions-steps-decoder": SUMS,
    "additions-decoder": replace(
        SUMS,
        title="Additions, decoder of 2 blocks",
        data="additions",
        architecture=SUMS.architecture | {"context": 13},
    ),
    "spelling-decoder": Training(
        title="Spelling and sound, decoder of 3 blocks",
        data="spelling",
        architecture={"name": "decoder", "context": 27, "width": 96, "blocks": 3, "heads": 4, "dropout": 0.1},
        epochs=24,
        batch_size=64,
        learning_rate=2e-3,
        weight_decay=0.05,
        bfloat16=True,
    ),
}


def teach(name: str, *, seed: int = 0, folder: Path = FOLDER, training: Training | None = None) -> Card:
    """Train a shipped model, then write its weights and its card.

    Parameters
    ----------
    name : str
        One of `TRAININGS`, also the name of the two files.
    seed : int
        Fixes weights, order of the examples, augmentation and dropout: same seed, settings, thread count and torch
        version give the same weights.
    folder : Path
        Where to write.
    training : Training
        Other settings than those named.

    Returns
    -------
    Card
        With figures measured on the written weights, in float32.
    """
    if training is None:
        if name not in TRAININGS:
            raise ValueError(f"teacher must be one of {', '.join(TRAININGS)}, got {name!r}")
        training = TRAININGS[name]
    data = data_sets.load(training.data)
    run = training.run(data, seed)
    print(
        f"{name}: {parameter_count(run.student):,} parameters, {mac_count(run.student, data.shape):,} MACs, {data}",
        flush=True,
    )
    model = train(run, training)
    state = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict(state)  # rounds to float16, keeps float32
    card = describe(name, model, data, training, seed)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / f"{name}.safetensors", to_safetensors({k: v.contiguous() for k, v in state.items()}))
    write_whole(folder / f"{name}.json", card.json())
    return card


def train(run: Distillation, training: Training) -> nn.Module:
    """Train to the end, print a line an epoch, and return a copy of the student with the averaged weights."""

    def blend(mean: Tensor, value: Tensor, seen: Tensor | int) -> Tensor:
        decay = min(training.average, (1 + int(seen)) / (10 + int(seen)))  # the first weights are soon forgotten
        return mean.lerp(value, 1 - decay) if mean.is_floating_point() else value

    averaged = AveragedModel(run.student, avg_fn=blend, use_buffers=True)
    while run.steps_done < run.total_steps:
        with torch.autocast("cpu", torch.bfloat16, enabled=training.bfloat16):
            run.step()
        averaged.update_parameters(run.student)
        if run.steps_done % run.steps_per_epoch == 0:
            found = evaluate(averaged.module, run.data.validation, step=run.steps_done, split="validation")
            print(
                f"epoch {run.steps_done // run.steps_per_epoch}/{training.epochs}  "
                f"validation errors {found.errors}/{found.examples}",
                flush=True,
            )
    run.finish()
    return averaged.module.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]


def describe(name: str, model: nn.Module, data: Splits, training: Training, seed: int) -> Card:
    """Measure a trained model and write down what is known about it."""
    test, validation = (evaluate(model, getattr(data, split), step=0, split=split) for split in ("test", "validation"))
    figures = {}
    if data.vocabulary is not None:
        found = sequences(model, data)
        figures["bits a token"] = round(found.bits.value, 4)
        if "prompt" in data.test.groups:
            figures["exact match"] = round(found.exact.value, 4)
    return Card(
        name=name,
        title=training.title,
        data=training.data,
        architecture=model.architecture,  # type: ignore[arg-type]
        parameters=parameter_count(model),
        macs=mac_count(model, data.shape),
        test_errors=test.errors,
        test_examples=test.examples,
        test_accuracy=round(test.accuracy, 6),
        validation_accuracy=round(validation.accuracy, 6),
        recipe=training.settings(),
        seed=seed,
        command=command(name, training, seed),
        licence="BSD-3-Clause",
        note=distilled(training),
        figures=figures,
    )


def distilled(training: Training) -> str:
    """Say which teacher a model learned from; nothing of one that learned from labels alone."""
    if not training.teacher:
        return ""
    teacher = shipped_card(training.teacher)
    return (
        f"Distilled from {teacher.name} ({teacher.test_errors:,} errors of {teacher.test_examples:,}): it learned from "
        "that teacher's soft targets and the labels."
    )


def command(name: str, training: Training, seed: int) -> str:
    """Give the command line that trains this model again."""
    options = f" --seed {seed}" if seed else ""
    for setting in ("epochs", "threads"):
        if name in TRAININGS and getattr(training, setting) != getattr(TRAININGS[name], setting):
            options += f" --{setting} {getattr(training, setting)}"
    return f"kdviz teach {name}{options}"


def run(options: argparse.Namespace) -> int:
    """Run the subcommand."""
    given = {name: getattr(options, name) for name in ("epochs", "threads") if getattr(options, name) is not None}
    if options.name not in TRAININGS:
        raise ValueError(f"teacher must be one of {', '.join(TRAININGS)}, got {options.name!r}")
    training = replace(TRAININGS[options.name], **given)
    torch.set_num_threads(training.threads)
    card = teach(options.name, seed=options.seed, folder=options.folder or FOLDER, training=training)
    print(
        f"{card.name}: {card.test_errors} errors on {card.test_examples:,} test examples "
        f"({card.test_accuracy:.2%}), validation {card.validation_accuracy:.2%}, {card.figures or ''}"
    )
    return 0
