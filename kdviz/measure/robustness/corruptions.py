"""Corruptions: noise, blur, rotation, contrast and occlusion of pictures, each at five severities.

Every function takes pictures (N, C, H, W) of floats within [0, 1], leaves them as they are and returns new ones there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ...models.attack import check_bounds
from ...models.randomness import mix

SEVERITIES = (1, 2, 3, 4, 5)


def noise(x: Tensor, sd: float, generator: Generator | None = None) -> Tensor:
    """Add normal noise of standard deviation ``sd`` to each pixel; what leaves [0, 1] is cut off."""
    drawn = torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return (x + sd * drawn.to(x.device)).clamp(0, 1)


def blur(x: Tensor, sd: float, generator: Generator | None = None) -> Tensor:
    """Take means with normal weights of standard deviation ``sd`` pixels, out to 4 sd; edges are continued."""
    reach = int(4 * sd + 0.5)
    at = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    weights = torch.exp(-0.5 * (at / sd) ** 2)
    weights = weights / weights.sum()
    n, channels, height, width = x.shape
    flat = x.reshape(n * channels, 1, height, width)
    flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), weights.view(1, 1, -1, 1))
    flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), weights.view(1, 1, 1, -1))
    return flat.reshape(x.shape).clamp(0, 1)


def rotation(x: Tensor, degrees: float, generator: Generator | None = None) -> Tensor:
    """Turn about the middle, bilinear, zeros outside; each picture one way or the other, drawn at random.

    Without a generator all turn counter-clockwise.
    """
    n, _, height, width = x.shape
    sign = torch.ones(n, dtype=x.dtype)
    if generator is not None:
        sign = 2.0 * torch.randint(2, (n,), generator=generator).to(x.dtype) - 1
    angle = sign.to(x.device) * math.radians(degrees)
    cos, sin, none = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # affine_grid takes coordinates in which each side is 2 long: of a picture that is no square the turn is undone
    rows = torch.stack((cos, -sin * height / width, none, sin * width / height, cos, none), 1).view(n, 2, 3)
    grid = F.affine_grid(rows, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False).clamp(0, 1)


def contrast(x: Tensor, factor: float, generator: Generator | None = None) -> Tensor:
    """Bring all pixels nearer to the mean of their picture and channel: (x − mean) · factor + mean."""
    mean = x.mean((2, 3), keepdim=True)
    return ((x - mean) * factor + mean).clamp(0, 1)


def occlusion(x: Tensor, share: float, generator: Generator | None = None) -> Tensor:
    """Set to 0 a square as wide as a ``share`` of the shorter side, wholly inside and at a random place.

    Without a generator it is in the middle.
    """
    n, _, height, width = x.shape
    side = round(share * min(height, width))
    room = torch.tensor([height - side, width - side])
    place = room.expand(n, 2) // 2
    if generator is not None:
        place = torch.stack([torch.randint(int(r) + 1, (n,), generator=generator) for r in room], 1)
    top, left = place.to(x.device)[:, :, None].unbind(1)  # (N, 1) each
    rows, columns = torch.arange(height, device=x.device), torch.arange(width, device=x.device)
    inside = ((rows >= top) & (rows < top + side))[:, :, None] & ((columns >= left) & (columns < left + side))[:, None]
    return x.masked_fill(inside[:, None], 0)


Corruption = Callable[[Tensor, float, "Generator | None"], Tensor]
CORRUPTIONS: Mapping[str, tuple[Corruption, tuple[float, ...]]] = MappingProxyType(
    {
        "noise": (noise, (0.08, 0.12, 0.18, 0.26, 0.38)),  # as ImageNet-C
        "blur": (blur, (0.5, 1.0, 1.5, 2.0, 3.0)),
        "rotation": (rotation, (10, 20, 30, 40, 50)),
        "contrast": (contrast, (0.4, 0.3, 0.2, 0.1, 0.05)),  # as ImageNet-C
        "occlusion": (occlusion, (0.15, 0.25, 0.35, 0.45, 0.55)),
    }
)
KINDS = tuple(CORRUPTIONS)


def strength(kind: str, severity: int) -> float:
    """Return the number behind a severity: sd of the noise or blur, degrees, factor, share of the side.

    >>> strength("rotation", 5)
    50
    """
    if kind not in CORRUPTIONS:
        raise ValueError(f"a corruption must be one of {', '.join(KINDS)}, got {kind!r}")
    if severity not in SEVERITIES:
        raise ValueError(f"severity must be one of 1 to 5, got {severity!r}")
    return CORRUPTIONS[kind][1][severity - 1]


def corrupt(x: Tensor, kind: str, severity: int, *, seed: int = 0) -> Tensor:
    """Return corrupted pictures.

    Parameters
    ----------
    x : Tensor of floats, shape (N, C, H, W)
        Within [0, 1].
    kind : {"noise", "blur", "rotation", "contrast", "occlusion"}
    severity : {1, 2, 3, 4, 5}
        What each is: ``CORRUPTIONS``.
    seed : int
        Of noise, directions and places; the same for the same seed and kind, whatever the severity.

    Raises
    ------
    ValueError
        If there is no such corruption or severity, or ``x`` are no such pictures.

    Notes
    -----
    Noise and contrast have the numbers of ImageNet-C. Its blur is for pictures of 224 pixels; here it is for 28. The
    rotations are those that small pictures are usually turned by, and occlusion is the grey square of Zeiler and Fergus
    in black, from a seventh of the side to more than half.

    References
    ----------
    Hendrycks, Dietterich (2019), Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, ICLR,
    arXiv:1903.12261. Mu, Gilmer (2019), MNIST-C, arXiv:1906.02337. Zeiler, Fergus (2014), arXiv:1311.2901.

    Examples
    --------
    >>> corrupt(torch.ones(1, 1, 4, 4), "occlusion", 5).sum()
    tensor(12.)
    """
    by = strength(kind, severity)
    if x.ndim != 4 or not x.is_floating_point():
        raise ValueError(f"a corruption needs pictures of floats (N, channels, height, width), got {tuple(x.shape)}")
    check_bounds(x, (0.0, 1.0))
    return CORRUPTIONS[kind][0](x, by, torch.Generator().manual_seed(mix(seed, KINDS.index(kind))))
