"""What an example looks like in a report's file: small pictures with their maps, or a text."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.token_signs import signs_of
from ..measure.one_token import TEXT
from ..models.at_token import AT
from ..models.inference import token_mask

if TYPE_CHECKING:
    from .report import Report

BYTES = 2_500_000  # of all pictures in a file, as text; plotly's own script takes 4.8 MB more
SMALL = 64  # pixels; pictures with sides up to this are not scaled down
SIDES = (192, 128, 96, 64, 48, 32, 24, 16)  # sides to which larger ones are scaled down until all fit


class Pictures:
    """The pictures of the examples shown, and the maps of some of them.

    Parameters
    ----------
    x : Tensor, shape (N, 1 or 3, H, W)
        uint8, or floating point in any range; each picture is then scaled from its darkest to its lightest value.
    shown : sequence of int
        Which examples.
    maps : dict of str to Tensor, shape (M, C, H, W)
        By model.
    """

    def __init__(self, x: Tensor, shown: Sequence[int], maps: dict[str, Tensor]) -> None:
        self.x, self.maps = x, maps
        longest = max(x.shape[2:])
        self.side = longest
        if longest > SMALL:
            few = shown[:: max(1, len(shown) // 16)]
            for self.side in SIDES:  # the first at which all fit, estimated from a sample
                of_one = sum(len(self.picture(i)) for i in few) / max(1, len(few))
                of_maps = sum(4 * (self.side // 2 or 1) ** 2 // 3 for _ in maps)
                if (of_one + of_maps) * len(shown) <= BYTES:
                    break

    @property
    def shape(self) -> list[int]:
        """Channels, height and width of a picture that is not scaled down."""
        return list(self.x.shape[1:])

    @property
    def map_shape(self) -> list[int]:
        """1, height and width of a map."""
        return [1, *self._scaled(self.side // 2 if self.side < max(self.x.shape[2:]) else self.side)]

    def _scaled(self, side: int) -> tuple[int, int]:
        height, width = self.x.shape[2:]
        share = min(1.0, side / max(height, width))
        return max(1, round(height * share)), max(1, round(width * share))

    def picture(self, i: int) -> str:
        """Return one picture: its pixels in base64, or a JPEG as a data URL if it was scaled down."""
        x = self.x[i]
        if x.dtype != torch.uint8:
            low, high = x.amin(), x.amax()
            x = ((x - low) / (high - low).clamp_min(1e-12) * 255).round().to(torch.uint8)
        if max(x.shape[1:]) <= SMALL:
            return base64.b64encode(x.contiguous().numpy().tobytes()).decode()
        from PIL import Image

        small = F.interpolate(x[None].float(), self._scaled(self.side), mode="area")[0].round().to(torch.uint8)
        pixels = small[0] if len(small) == 1 else small.permute(1, 2, 0)
        held = io.BytesIO()
        Image.fromarray(pixels.contiguous().numpy()).save(held, "JPEG", quality=80)
        return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}"

    def map_of(self, who: str, at: int) -> str:
        """Return a map as int8 in base64, summed over channels and scaled to a largest size of 127."""
        values = self.maps[who][at]
        flat = values.sum(0) if values.ndim == 3 else values
        height, width = self.map_shape[1:]
        if flat.shape != (height, width):
            flat = F.interpolate(flat[None, None], (height, width), mode="area")[0, 0]
        scaled = (flat / flat.abs().amax().clamp_min(1e-12) * 127).round().to(torch.int8)
        return base64.b64encode(scaled.contiguous().numpy().tobytes()).decode()


class Texts:
    """The texts of the examples shown, token by token where they have maps.

    Parameters
    ----------
    report : Report
    ids : Tensor, shape (N, L)
        The tokens of its examples.
    """

    def __init__(self, report: Report, ids: Tensor) -> None:
        self.report, self.ids = report, ids

    def row(self, i: int) -> dict[str, Any]:
        """Return the tokens of an example but padding, which of them is asked about, and each model's map of them."""
        report = self.report
        mask = token_mask(report.examples.x, self.ids.shape[1])
        there = (torch.ones_like(self.ids[i], dtype=torch.bool) if mask is None else mask[i]).nonzero().flatten()
        x: Any = report.examples.x
        at = int(x[AT][i, 0]) if isinstance(x, dict) and AT in x else -1
        row: dict[str, Any] = {
            "tokens": signs_of(self.ids[i, there].tolist(), report.vocabulary),
            "at": there.tolist().index(at) if at in there.tolist() else -1,
        }
        if TEXT in report.examples.groups:
            row["text"] = str(report.examples.groups[TEXT][i])
        maps = report.maps
        if maps is not None and i in maps.index:
            place = int((maps.index == i).nonzero()[0, 0])
            scaled = {who: values[place][there].float() for who, values in maps.values.items()}
            row["shades"] = {
                who: [round(float(v), 2) for v in one / one.abs().amax().clamp_min(1e-12)]
                for who, one in scaled.items()
            }
        return row
