"""Data-free distillation: a transfer set made from the teacher alone.

Not one real example is at hand. The teacher's last layer still says which classes are alike for it. From that, answers
are drawn that it might give, and inputs are sought to which it gives them: "data impressions". They need not look like
anything; the student learns the teacher's softened answers to them.

1. C_ij = cos(w_i, w_j) of the last layer's weights, each row scaled to [0, 1]: what class i is taken for.
2. For class k draw y ~ Dirichlet(β · C_k), for large and for small β.
3. x = argmin_x CE(y, σ_T(t(x))), by gradient descent from noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...data import Examples, Splits, splits
from ...models.inference import answer, bare
from ...models.looking import evaluating
from ...models.wrap import as_module
from ..distillation import Distillation
from ..objective import Objective
from ..randomness import mix
from ..teacher import device_of
from ..terms import SoftTargets, Term

SMALLEST = 1e-4  # added to each concentration, as in the authors' code: a Dirichlet's must be above 0
AT_ONCE = 256  # inputs that are sought together


def data_free(
    teacher: nn.Module,
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    count: int = 2000,
    temperature: float = 4.0,
    steps: int = 100,
    step_size: float = 0.05,
    scales: Sequence[float] = (1.0, 0.1),
    bounds: tuple[float, float] | None = (0.0, 1.0),
    last_layer: str | None = None,
    **training: Any,
) -> Distillation:
    """Return a run that learns from data impressions of its teacher.

    Parameters
    ----------
    teacher, student : nn.Module
    data : Splits, (X, y), Dataset or DataLoader
        Says the shape of an example, and measures: its validation and test parts stay. No training example is seen.
    objective : Objective or Term, optional
        Default ``SoftTargets(temperature=20)``, as in the paper.
    count, temperature, steps, step_size, scales, bounds, last_layer
        As in :func:`data_impressions`.
    **training
        Arguments of :class:`kdviz.Distillation`. Its seed fixes the impressions as well.

    Returns
    -------
    Distillation
        Its twin does not exist: there are no labels.

    Raises
    ------
    ValueError
        As :func:`data_impressions` does.

    Notes
    -----
    What this buys depends on the teacher more than on the numbers above. Test accuracy on MNIST, with 100 steps of
    0.05, two or three seeds of the student:

    - LeNet-5 (98.5 %) teaches one of half its width by 4,000 impressions: 85 to 87 %; 56 to 60 % with ``bounds=None``;
      63 to 83 % at T = 20. By Gaussian noise: 29 and 44 %; by 4,000 real images without labels: 97 %.
    - A perceptron of 256 units (97 %) teaches one of 64 by 5,000 impressions (60 steps, ``bounds=None``): 75 to 77 %.
      By Gaussian noise: 74 to 79 %, so nothing is bought; by 5,000 real images: 95 %.
    - The shipped ``mnist-convnet``, with batch normalisation, teaches one of 4 filters by 1,000 impressions (60 steps,
      T = 20): 10 to 11 %, which is chance.

    The paper, with many more impressions and steps, reports far more. So look at the run's accuracy beside that of
    :func:`label_free <kdviz.distill.schemes.label_free>` on real inputs before believing in it.

    To load a saved run, pass ``data=run.data`` of another run of the same call.

    References
    ----------
    Nayak, Mopuri, Shaj, Babu, Chakraborty (2019), Zero-Shot Knowledge Distillation in Deep Networks, ICML,
    arXiv:1905.08114.

    Examples
    --------
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> run = data_free(teacher, models.mlp((4,), inputs=4, classes=3), (X, y), count=30, steps=5, epochs=1)
    >>> run.data.train
    Examples(30×4 float32, 0 labelled)
    """
    data = splits(data)
    teacher = as_module(teacher, "teacher", classes=data.classes)
    made = data_impressions(
        teacher,
        data.shape,
        count,
        temperature=temperature,
        steps=steps,
        step_size=step_size,
        scales=scales,
        bounds=bounds,
        last_layer=last_layer,
        seed=int(training.get("seed", 0)),
    )
    objective = SoftTargets(temperature=20.0) if objective is None else objective
    return Distillation(teacher, student, _instead_of(data, made), objective, **training)


def _instead_of(data: Splits, made: Examples) -> Splits:
    title = f"impressions instead of {data.title}"
    return replace(data, name=f"{data.name}-impressions", title=title, train=made, draw=None)


def data_impressions(
    teacher: nn.Module,
    shape: Sequence[int],
    count: int,
    *,
    temperature: float = 4.0,
    steps: int = 100,
    step_size: float = 0.05,
    scales: Sequence[float] = (1.0, 0.1),
    bounds: tuple[float, float] | None = (0.0, 1.0),
    last_layer: str | None = None,
    seed: int = 0,
) -> Examples:
    """Return inputs to which a teacher gives answers that it might give to real ones.

    Parameters
    ----------
    teacher : nn.Module
        Asked in eval mode, never changed.
    shape : sequence of int
        Of one example, such as (1, 28, 28).
    count : int
        How many: as many of each class and scale, one more or less.
    temperature : float
        T > 0 of the answers.
    steps : int
        Adam steps for each input.
    step_size : float
        > 0, of Adam, in units of the input.
    scales : sequence of float
        β > 0 of the Dirichlet distribution: 1 gives answers spread over similar classes, 0.1 nearly sure ones.
    bounds : (float, float) or None
        Range of the inputs, which they are kept in and begin in, evenly spread: that of pixels by default. None: they
        begin as standard normal numbers and go where they will, as suits standardized columns.
    last_layer : str, optional
        Dotted name of the layer that gives the logits; default the last ``nn.Linear``.
    seed : int
        Fixes answers and noise.

    Returns
    -------
    Examples
        float32, without labels; the classes take turns.

    Raises
    ------
    ValueError
        If a number is out of range, or there is no linear last layer to read the classes' likeness from.

    Notes
    -----
    C_ij = w_iᵀw_j / (‖w_i‖ ‖w_j‖); α^k = β · (C_k − min C_k) / (max C_k − min C_k); y ~ Dir(α^k);
    x = argmin_x CE(y, σ_T(t(x))).

    The paper takes T = 20, β = 1 for half of the impressions and 0.1 for the others, and 1,500 steps of Adam. Its
    public code differs: it scales each batch of inputs to [0, 1] at each step where this cuts them off; and it scales
    each row of C to [0, 1] after β was multiplied in, which takes β out again, so that it is 1 for all.

    At T = 20 an answer with p against q asks for logits 20 · ln(p / q) apart, far more than a teacher gives to real
    inputs; the default T = 4 asks for less. Ask the teacher what it says of the impressions.

    References
    ----------
    Nayak et al. (2019), arXiv:1905.08114.

    Examples
    --------
    >>> from kdviz import models
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> data_impressions(teacher, (4,), 10, steps=3)
    Examples(10×4 float32, 0 labelled)
    """
    _check(count=count, steps=steps)
    for what, number in (("temperature", temperature), ("step_size", step_size), *(("scales", s) for s in scales)):
        if not 0 < number < math.inf:
            raise ValueError(f"{what} must be finite and > 0, got {number}")
    if not scales:
        raise ValueError("scales must hold at least one number, such as 1.0, got none")
    if bounds is not None and not bounds[0] < bounds[1]:
        raise ValueError(f"bounds must be (lowest, highest), got {bounds}")
    likeness = class_likeness(teacher, last_layer)
    generator = torch.Generator().manual_seed(mix(seed, 10))
    wanted = _answers_drawn(likeness, count, scales, generator)
    noise = torch.randn if bounds is None else torch.rand
    x = noise((count, *shape), generator=generator)
    if bounds is not None:
        x = bounds[0] + (bounds[1] - bounds[0]) * x
    found = [
        _sought(teacher, x[i : i + AT_ONCE], wanted[i : i + AT_ONCE], temperature, steps, step_size, bounds)
        for i in range(0, count, AT_ONCE)
    ]
    return Examples(torch.cat(found), torch.full((count,), -1))


def _check(**counts: int) -> None:
    for what, number in counts.items():
        if number < 1:
            raise ValueError(f"{what} must be at least 1, got {number}")


def class_likeness(teacher: nn.Module, last_layer: str | None = None) -> Tensor:
    """Return how alike the classes are for a model, (C, C), each row scaled to [0, 1].

    Parameters
    ----------
    teacher : nn.Module
    last_layer : str, optional
        As in :func:`data_impressions`.

    Examples
    --------
    >>> layer = nn.Linear(2, 3)
    >>> with torch.no_grad():
    ...     _ = layer.weight.copy_(torch.tensor([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.0]]))
    >>> class_likeness(nn.Sequential(layer))
    tensor([[1.0000, 0.8536, 0.0000],
            [0.8284, 1.0000, 0.0000],
            [0.0000, 0.1464, 1.0000]], dtype=torch.float64)
    """
    linear = {name: module for name, module in bare(teacher).named_modules() if isinstance(module, nn.Linear)}
    if last_layer is None:
        last_layer = next(reversed(linear), None)
    if last_layer not in linear:
        raise ValueError(
            f"the likeness of classes is read from the weights of a linear last layer, got {last_layer!r}; the teacher "
            f"has {', '.join(linear) or 'none'}"
        )
    w = F.normalize(linear[last_layer].weight.detach().double().cpu(), dim=1)
    cosines = w @ w.T
    lowest, highest = cosines.amin(1, keepdim=True), cosines.amax(1, keepdim=True)
    return (cosines - lowest) / (highest - lowest).clamp(min=torch.finfo(w.dtype).tiny)


def _answers_drawn(likeness: Tensor, count: int, scales: Sequence[float], generator: torch.Generator) -> Tensor:
    """Return answers (count, C), class by class in turn, and scale by scale after each round of classes."""
    number = torch.arange(count)
    k = number % len(likeness)
    beta = torch.tensor(list(scales), dtype=torch.float64)[number // len(likeness) % len(scales)]
    concentration = beta[:, None] * likeness[k] + SMALLEST
    gammas = torch._standard_gamma(concentration, generator=generator).clamp(min=torch.finfo(torch.float64).tiny)
    return (gammas / gammas.sum(1, keepdim=True)).float()


def _sought(
    teacher: nn.Module,
    x: Tensor,
    wanted: Tensor,
    temperature: float,
    steps: int,
    step_size: float,
    bounds: tuple[float, float] | None,
) -> Tensor:
    """Return inputs, from ``x`` on, to which the teacher's softened answers are near to those wanted."""
    device = device_of(teacher)
    x = x.to(device).requires_grad_(True)
    wanted = wanted.to(device)
    optimizer = torch.optim.Adam([x], lr=step_size)
    with evaluating(teacher), torch.enable_grad():
        for _ in range(steps):
            # Summed: each input has a gradient of its own, as if it were sought alone.
            loss = F.cross_entropy(answer(teacher, x, who="teacher") / temperature, wanted, reduction="sum")
            (x.grad,) = torch.autograd.grad(loss, [x])
            optimizer.step()
            if bounds is not None:
                with torch.no_grad():
                    x.clamp_(*bounds)
    return x.detach().cpu()
