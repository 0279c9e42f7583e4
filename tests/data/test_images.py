"""MNIST and Fashion-MNIST are the published images."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import torch

import kdviz.data
from kdviz.data.files import read_idx

DATASETS = Path(__file__).resolve().parents[2] / "datasets"


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_image_splits_share_nothing_and_are_the_published_images(name: str) -> None:
    data = kdviz.data.load(name)
    assert (len(data.train), len(data.validation), len(data.test)) == (55_000, 5_000, 10_000)
    assert data.shape == (1, 28, 28)
    assert data.train.x.dtype == torch.uint8
    published = read_idx(gzip.decompress((DATASETS / name / "train-images-idx3-ubyte.gz").read_bytes()))
    here = torch.cat([data.train.x, data.validation.x]).numpy()
    digests = [sorted(hash(image.tobytes()) for image in stack) for stack in (published, here)]
    assert digests[0] == digests[1]  # each image once, in one part


def test_first_images_have_their_known_labels() -> None:
    assert kdviz.data.mnist().test.y[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert kdviz.data.fashion_mnist().test.y[:5].tolist() == [9, 2, 1, 1, 6]
