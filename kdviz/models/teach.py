"""Train a shipped model again: ``python -m kdviz.models.teach mnist-convnet``.

Writes NAME.safetensors (float16) and NAME.json (the card) into the folder of weights. The last averaged
weights are kept. Recipes are chosen by the validation part; the test part is only looked at for the card, at
the very end.
mnist-mlp-overfit is a bad teacher on purpose: it has learned 1,000 labels by heart.
The recipes of mnist-mlp-1200 and fashion-resnet are second ones: the first missed the promised test figure.
mnist-vit-student learned from mnist-vit, mnist-vit-twin from the labels alone, all else being equal.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save as to_safetensors
from torch import Generator, Tensor, nn

import kdviz.data
from kdviz.data.augment import erase, flip, shift, warp
from kdviz.data.memory import Examples
from kdviz.losses import soft_targets
from kdviz.models.architecture import build
from kdviz.models.counts import mac_count, parameter_count
from kdviz.models.looking import evaluating
from kdviz.models.shipped import FOLDER, Card, pretrained


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one shipped model is trained.

    Attributes
    ----------
    epochs, batch : int
        Passes over the training part, and examples a step.
    optimiser : str
        "adamw", or "sgd" with Nesterov momentum 0.9.
    learning_rate : float
        Its peak: the rate rises linearly over the first `warmup` of all steps, then falls as a cosine to
        zero.
    weight_decay : float
        On weights of two axes or more only.
    average : float
        Decay a step of the running mean of the weights, which is what is kept.
    shift : int
        Largest shift in whole pixels, which blurs nothing; 0 for none.
    warp : dict
        Arguments of `kdviz.data.augment.warp`; empty for none.
    flip : bool
        Mirror half of the images.
    erase : int
        Side of a blanked square in pixels; 0 for none.
    label_smoothing : float
        0 for all shipped teachers: smoothed labels make better accuracy now and then, but worse teachers
        (Müller, Kornblith, Hinton 2019).
    bfloat16 : bool
        Matrix products and convolutions of training in bfloat16; measuring is always in float32.
    threads : int
        Of torch; another number gives slightly other weights.
    labels : int
        Learn only from ``with_labels(labels, seed=0)``; 0 for the whole training part, which a card does not mention.
    teacher : str
        The shipped model that this one learns from; empty for a model that learns from labels alone.
    temperature, alpha : float
        alpha · KL at T · T² + (1 − alpha) · cross-entropy is the loss of a model with a teacher.
    """

    title: str
    data: str
    architecture: dict[str, Any]
    epochs: int
    batch: int
    optimiser: str
    learning_rate: float
    weight_decay: float
    average: float
    warmup: float = 0.1
    shift: int = 0
    warp: dict[str, float] = field(default_factory=dict)
    flip: bool = False
    erase: int = 0
    label_smoothing: float = 0.0
    bfloat16: bool = True
    threads: int = 2
    labels: int = 0
    teacher: str = ""
    temperature: float = 4.0
    alpha: float = 0.9

    def settings(self) -> dict[str, Any]:
        """Give what a card records beside title, data and architecture."""
        left_out = {"title", "data", "architecture"} | (set() if self.labels else {"labels"})
        left_out |= set() if self.teacher else {"teacher", "temperature", "alpha"}
        return {k: v for k, v in asdict(self).items() if k not in left_out}


SMALL_VIT = Recipe(
    title="MNIST, small vision transformer, labels alone",
    data="mnist",
    architecture={"name": "vit", "width": 32, "depth": 2, "heads": 2, "mean": 0.1307, "std": 0.3081},
    epochs=20,
    batch=128,
    optimiser="adamw",
    learning_rate=3e-3,
    weight_decay=0.05,
    average=0.998,
    warp={"degrees": 10.0, "zoom": 0.1, "shear": 0.1, "pixels": 1.0, "elastic": 0.4},
    bfloat16=False,
    threads=1,
)

RECIPES: dict[str, Recipe] = {
    "mnist-mlp-1200": Recipe(
        title="MNIST, 2×1200 ReLU units (Hinton 2015)",
        data="mnist",
        architecture={
            "name": "mlp",
            "hidden": [1200, 1200],
            "inputs": 784,
            "classes": 10,
            "dropout": 0.25,
            "mean": 0.1307,
            "std": 0.3081,
        },
        epochs=100,
        batch=256,
        optimiser="adamw",
        learning_rate=1.5e-3,
        weight_decay=0.01,
        average=0.998,
        warp={"degrees": 10.0, "zoom": 0.1, "shear": 0.1, "pixels": 1.0, "elastic": 0.6},
        threads=1,
    ),
    "mnist-convnet": Recipe(
        title="MNIST, convolutional network",
        data="mnist",
        architecture={"name": "convnet", "width": 32, "dropout": 0.1, "mean": 0.1307, "std": 0.3081},
        epochs=14,
        batch=128,
        optimiser="adamw",
        learning_rate=4e-3,
        weight_decay=0.02,
        average=0.998,
        warp={"degrees": 10.0, "zoom": 0.1, "shear": 0.1, "pixels": 2.0, "elastic": 0.5},
    ),
    "mnist-mlp-overfit": Recipe(
        title="MNIST, 300 units, memorised 1,000 images",
        data="mnist",
        architecture={"name": "mlp", "hidden": [300], "inputs": 784, "classes": 10, "mean": 0.1307, "std": 0.3081},
        epochs=200,
        batch=50,
        optimiser="adamw",
        learning_rate=5e-3,
        weight_decay=0.0,
        average=0.98,
        bfloat16=False,
        threads=1,
        labels=1000,
    ),
    "mnist-vit": replace(
        SMALL_VIT,
        title="MNIST, vision transformer",
        architecture={"name": "vit", "width": 64, "depth": 4, "heads": 4, "mean": 0.1307, "std": 0.3081},
        epochs=20,
        learning_rate=1.5e-3,
    ),
    "mnist-vit-student": replace(
        SMALL_VIT, title="MNIST, small vision transformer, taught by mnist-vit", teacher="mnist-vit"
    ),
    "mnist-vit-twin": SMALL_VIT,
    "fashion-resnet": Recipe(
        title="Fashion-MNIST, residual network",
        data="fashion-mnist",
        architecture={
            "name": "resnet",
            "width": 32,
            "blocks": [1, 2, 2],
            "dropout": 0.1,
            "mean": 0.286,
            "std": 0.353,
        },
        epochs=22,
        batch=64,
        optimiser="sgd",
        learning_rate=0.08,
        weight_decay=5e-4,
        average=0.999,
        warmup=0.15,
        shift=2,
        flip=True,
        erase=6,
        threads=1,
    ),
    "adult-mlp": Recipe(
        title="Adult, 64 + 32 ReLU units",
        data="adult",
        architecture={"name": "mlp", "hidden": [64, 32], "inputs": 0, "classes": 2, "dropout": 0.2},
        epochs=25,
        batch=256,
        optimiser="adamw",
        learning_rate=2e-3,
        weight_decay=0.02,
        average=0.998,
        bfloat16=False,
        threads=1,
    ),
}


def teach(name: str, *, seed: int = 0, folder: Path = FOLDER, recipe: Recipe | None = None) -> Card:
    """Train a teacher, then write its weights and its card.

    Parameters
    ----------
    name : str
        One of `RECIPES`, also the name of the two files.
    seed : int
        Fixes weights, order of the examples, augmentation and dropout: same seed, recipe, thread count and
        torch version give the same weights.
    folder : Path
        Where to write.
    recipe : Recipe
        Another recipe than the one named.

    Returns
    -------
    Card
        With figures measured on the written weights, in float32.
    """
    if recipe is None:
        if name not in RECIPES:
            raise ValueError(f"teacher must be one of {', '.join(RECIPES)}, got {name!r}")
        recipe = RECIPES[name]
    data = kdviz.data.load(recipe.data)
    architecture = dict(recipe.architecture)
    if architecture.get("inputs") == 0:
        architecture["inputs"] = math.prod(data.shape)
    model = build(architecture, seed=seed)
    print(
        f"{name}: {parameter_count(model):,} parameters, {mac_count(model, data.shape):,} MACs, {data}",
        flush=True,
    )
    examples = data.with_labels(recipe.labels, seed=0).train if recipe.labels else data.train
    averaged = train(model, examples, data.validation, recipe, seed)
    state = {key: value.half() if value.is_floating_point() else value for key, value in averaged.state_dict().items()}
    averaged.load_state_dict(state)  # rounds to float16, keeps float32
    card = describe(name, averaged, data, recipe, seed)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{name}.safetensors", to_safetensors({k: v.contiguous() for k, v in state.items()}))
    write(folder / f"{name}.json", card.json().encode())
    return card


def train(model: nn.Module, examples: Examples, validation: Examples, recipe: Recipe, seed: int) -> nn.Module:
    """Train a model by a recipe, print a line an epoch, and give a copy with the averaged weights."""
    order, changes = Generator().manual_seed(seed), Generator().manual_seed(seed + 1)
    steps_an_epoch = math.ceil(len(examples) / recipe.batch)
    total = steps_an_epoch * recipe.epochs
    optimiser = make_optimiser(model, recipe)
    teacher = pretrained(recipe.teacher) if recipe.teacher else None
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step / total, recipe.warmup))
    if examples.x.ndim == 4:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = deepcopy(model)
    begin, step = time.perf_counter(), 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # dropout
        for epoch in range(1, recipe.epochs + 1):
            loss_sum = 0.0
            model.train()
            for index in torch.randperm(len(examples), generator=order).split(recipe.batch):
                x = augment(examples.inputs(index), recipe, changes)
                loss_sum += descend(model, x, examples.y[index], optimiser, recipe, teacher) * len(index)
                schedule.step()
                step += 1
                blend(averaged, model, min(recipe.average, (1 + step) / (10 + step)))
            wrong = errors(averaged, validation)
            seconds = time.perf_counter() - begin
            print(
                f"epoch {epoch}/{recipe.epochs}  loss {loss_sum / len(examples):.4f}  "
                f"validation errors {wrong}/{len(validation)}  {seconds:.0f} s, "
                f"{seconds / epoch * (recipe.epochs - epoch):.0f} s left",
                flush=True,
            )
    return averaged.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]


def make_optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the recipe's optimiser; biases and normalisation are not decayed."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=0.9, nesterov=True, fused=True)
    raise ValueError(f"optimiser must be adamw or sgd, got {recipe.optimiser!r}")


def rate(progress: float, warmup: float) -> float:
    """Give the factor on the learning rate: linear warm-up, then half a cosine down to zero."""
    if progress < warmup:
        return progress / warmup
    return 0.5 * (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup)))


def augment(x: Tensor, recipe: Recipe, generator: Generator) -> Tensor:
    """Change a batch at random as the recipe says."""
    if recipe.flip:
        x = flip(x, generator=generator)
    if recipe.shift:
        x = shift(x, pixels=recipe.shift, generator=generator)
    if recipe.warp:
        x = warp(x, **recipe.warp, generator=generator)
    if recipe.erase:
        x = erase(x, size=recipe.erase, generator=generator)
    return x


def descend(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    optimiser: torch.optim.Optimizer,
    recipe: Recipe,
    teacher: nn.Module | None = None,
) -> float:
    """Take one optimiser step and give the loss."""
    with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
        logits = model(channels_last(x))  # (B, C)
    loss = F.cross_entropy(logits.float(), y, label_smoothing=recipe.label_smoothing)
    if teacher is not None:
        with torch.no_grad():
            answer = teacher(x)  # (B, C)
        soft = soft_targets(logits.float(), answer, recipe.temperature)
        loss = recipe.alpha * soft + (1 - recipe.alpha) * loss
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def blend(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    """Move the running mean of weights and statistics one step: mean ← decay · mean + (1 − decay) · model."""
    for mean, value in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


@torch.no_grad()
def errors(model: nn.Module, examples: Examples, batch: int = 100) -> int:
    """Count the examples that a model gets wrong, in eval mode and float32."""
    with evaluating(model):
        return sum(int((model(x).argmax(1) != y).sum()) for x, y in in_batches(examples, batch))


def in_batches(examples: Examples, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Give inputs and labels in order, a batch at a time."""
    for start in range(0, len(examples), batch):
        part = slice(start, start + batch)
        yield channels_last(examples.inputs(part)), examples.y[part]


def channels_last(x: Tensor) -> Tensor:
    """Lay images out with channels last, which convolutions on a CPU like best; leave all else."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x


def describe(name: str, model: nn.Module, data: kdviz.data.Splits, recipe: Recipe, seed: int) -> Card:
    """Measure a trained model and write down what is known about it."""
    wrong = errors(model, data.test)
    return Card(
        name=name,
        title=recipe.title,
        data=recipe.data,
        architecture=model.architecture,  # type: ignore[arg-type]
        parameters=parameter_count(model),
        macs=mac_count(model, data.shape),
        test_errors=wrong,
        test_examples=len(data.test),
        test_accuracy=round(1 - wrong / len(data.test), 6),
        validation_accuracy=round(1 - errors(model, data.validation) / len(data.validation), 6),
        recipe=recipe.settings(),
        seed=seed,
        command=command(name, recipe, seed),
        licence="BSD-3-Clause",
    )


def command(name: str, recipe: Recipe, seed: int) -> str:
    """Give the command line that trains this teacher again."""
    options = f" --seed {seed}" if seed else ""
    for setting in ("epochs", "threads"):
        if name in RECIPES and getattr(recipe, setting) != getattr(RECIPES[name], setting):
            options += f" --{setting} {getattr(recipe, setting)}"
    return f"python -m kdviz.models.teach {name}{options}"


def write(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m kdviz.models.teach", description="Train a shipped teacher again.")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="another number of torch threads than the recipe's")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: the package's weights)")
    parser.add_argument("--epochs", type=int, help="another number of epochs than the recipe's")
    chosen = parser.parse_args(arguments)
    changed = {k: v for k, v in (("epochs", chosen.epochs), ("threads", chosen.threads)) if v is not None}
    recipe = replace(RECIPES[chosen.name], **changed)
    torch.set_num_threads(recipe.threads)
    card = teach(chosen.name, seed=chosen.seed, folder=chosen.folder, recipe=recipe)
    print(
        f"{card.name}: {card.test_errors} errors on {card.test_examples:,} test examples "
        f"({card.test_accuracy:.2%}), validation {card.validation_accuracy:.2%}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
