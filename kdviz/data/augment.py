"""Random changes to image batches: whole batches at once, repeatable from a generator.

Each function takes images (B, C, H, W), leaves them as they are and returns new ones of the same shape.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor


def shift(x: Tensor, *, pixels: int = 2, generator: Generator | None = None) -> Tensor:
    """Move each image by a random whole number of pixels and fill with zeros.

    Parameters
    ----------
    x : Tensor
        Images (B, C, H, W) of any dtype.
    pixels : int
        Largest shift; rows and columns each move by -pixels ... pixels, drawn evenly.
    generator : torch.Generator
        Source of the draws; torch's global one if None.

    Returns
    -------
    Tensor
        Shape and dtype of `x`.

    References
    ----------
    Hinton, Vinyals, Dean 2015 jitter MNIST by up to two pixels.
    """
    _check_images(x)
    if pixels < 0:
        raise ValueError(f"pixels must be >= 0, got {pixels}")
    batch, _, height, width = x.shape
    moves = torch.randint(2 * pixels + 1, (2, batch), generator=generator)
    padded = F.pad(x, (pixels,) * 4)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (B, C, 2p+1, 2p+1, H, W), a view
    return windows[torch.arange(batch), :, moves[0], moves[1]]  # (B, C, H, W)


def flip(x: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Mirror each image left to right with probability 1/2."""
    _check_images(x)
    mirrored = torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored.to(x.device), x.flip(3), x)


def erase(x: Tensor, *, size: int = 8, generator: Generator | None = None) -> Tensor:
    """Blank a square of `size` pixels around a random pixel of each image (it may reach over the border).

    References
    ----------
    DeVries, Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout".
    """
    _check_images(x)
    batch, _, height, width = x.shape
    top = torch.randint(height, (batch, 1), generator=generator) - size // 2
    left = torch.randint(width, (batch, 1), generator=generator) - size // 2
    rows, columns = torch.arange(height), torch.arange(width)
    in_rows = (rows >= top) & (rows < top + size)  # (B, H)
    in_columns = (columns >= left) & (columns < left + size)  # (B, W)
    return x.masked_fill((in_rows[:, :, None] & in_columns[:, None, :])[:, None].to(x.device), 0)


def warp(
    x: Tensor,
    *,
    degrees: float = 10.0,
    zoom: float = 0.1,
    shear: float = 0.1,
    pixels: float = 2.0,
    elastic: float = 0.0,
    generator: Generator | None = None,
) -> Tensor:
    """Rotate, scale, shear, shift and bend each image at random (bilinear, zeros outside).

    Parameters
    ----------
    x : Tensor
        Float images (B, C, H, W).
    degrees : float
        Largest rotation to either side, in degrees.
    zoom : float
        Largest change of size along each axis, as a fraction.
    shear : float
        Largest shear, as pixels sideways for each pixel down.
    pixels : float
        Largest shift along each axis, in pixels.
    elastic : float
        Standard deviation, in pixels, of a smooth random displacement (drawn on a 7×7 grid).
    generator : torch.Generator
        Source of the draws; torch's global one if None.

    Returns
    -------
    Tensor
        Shape and dtype of `x`.

    Raises
    ------
    ValueError
        If `x` is no stack of images, or not of floats.

    Notes
    -----
    Turned about the centre, in pixels: by as many degrees whatever height and width are.

    References
    ----------
    Simard, Steinkraus, Platt 2003, "Best Practices for Convolutional Neural Networks".
    """
    _check_images(x)
    if not x.is_floating_point():
        raise ValueError(f"warp mixes neighbouring pixels and needs images of floats, got {x.dtype}: use x / 255")
    batch, _, height, width = x.shape
    draws = torch.rand(6, batch, generator=generator) * 2 - 1
    angle = draws[0] * math.radians(degrees)
    across, down = 1 + draws[1] * zoom, 1 + draws[2] * zoom
    slant = draws[3] * shear
    # torch counts from -1 to 1 along either axis, so that a pixel down is height / width of a pixel across
    theta = torch.empty(batch, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = angle.cos() * across, (slant - angle.sin()) * down * (height / width)
    theta[:, 1, 0], theta[:, 1, 1] = angle.sin() * across * (width / height), angle.cos() * down
    theta[:, 0, 2], theta[:, 1, 2] = draws[4] * pixels * 2 / width, draws[5] * pixels * 2 / height
    grid = F.affine_grid(theta, [batch, 1, height, width], align_corners=False)  # (B, H, W, 2), in [-1, 1]
    if elastic:
        coarse = torch.randn(batch, 2, 7, 7, generator=generator)
        coarse = coarse * torch.tensor([elastic * 2 / width, elastic * 2 / height])[:, None, None]
        bend = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
        grid = grid + bend.permute(0, 2, 3, 1)
    kind = torch.float64 if x.dtype == torch.float64 else torch.float32
    moved = F.grid_sample(
        x.to(kind), grid.to(x.device, kind), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    return moved.to(x.dtype)


def _check_images(x: Tensor) -> None:
    if x.ndim != 4:
        raise ValueError(f"images must have shape (B, C, H, W), got {tuple(x.shape)}")
