"""The 8×8 handwritten digits that come with scikit-learn, and a teacher for them."""

from pathlib import Path

import kdviz as kd

CARD = Path(__file__).with_name("digits-mlp.json")  # its weights lie beside it


def digits() -> kd.data.Splits:
    """1,797 grey images of ten classes; the last fifth is the test part."""
    import torch
    from sklearn.datasets import load_digits

    found = load_digits()
    x = torch.from_numpy((found.images * (255 / 16)).round().astype("uint8"))[:, None]  # (N, 1, 8, 8)
    y = torch.from_numpy(found.target).long()
    return kd.data.splits((x[:1438], y[:1438]), test=(x[1438:], y[1438:]), classes=tuple("0123456789"))


kd.data.register("digits", digits, title="Digits, 8×8")
if CARD.is_file():
    kd.models.register(CARD)
