"""MNIST, Fashion-MNIST and Adult as they are handed out."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import kdviz.data
from kdviz.data import census, images
from kdviz.data.catalogue import LOADERS
from kdviz.data.files import read_idx

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
PUBLISHED_MD5 = {  # of the unpacked files
    "mnist/train-images-idx3-ubyte.gz": "6bbc9ace898e44ae57da46a324031adb",
    "mnist/train-labels-idx1-ubyte.gz": "a25bea736e30d166cdddb491f175f624",
    "mnist/t10k-images-idx3-ubyte.gz": "2646ac647ad5339dbf082846283269ea",
    "mnist/t10k-labels-idx1-ubyte.gz": "27ae3e4e09519cfbb04c329615203637",
    "adult/adult.data.gz": "5d7c39d7b8804f071cdd1f2a7c460872",
    "adult/adult.test.gz": "35238206dfdf7f1fe215bbb874adecdc",
}


def packed_files() -> list[str]:
    return [f"{name}/{file}" for name, (_, files) in LOADERS.items() for file in files]


@pytest.mark.parametrize("path", packed_files())
def test_files_cards_and_code_agree_on_checksums(path: str) -> None:
    content = gzip.decompress((DATASETS / path).read_bytes())
    name, file = path.split("/")
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest()
    assert LOADERS[name][1][file] == sha256
    assert md5 == PUBLISHED_MD5.get(path, md5)
    card = (DATASETS / name / "card.md").read_text(encoding="utf-8")
    assert f"| {file} | {len(content)} | `{md5}` | `{sha256}` |" in card


@pytest.mark.parametrize("name", kdviz.data.names())
def test_each_card_says_where_the_data_are_from_and_under_which_licence(name: str) -> None:
    card = (DATASETS / name / "card.md").read_text(encoding="utf-8")
    for heading in ("**Source**", "**Licence**", "**Attribution**", "## Splits", "## Known problems"):
        assert heading in card
    assert f"[{name}]({name}/card.md)" in (DATASETS / "README.md").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("name", kdviz.data.names())
def test_validation_has_the_proportions_of_training(name: str) -> None:
    data = kdviz.data.load(name)
    shares = [part.y.bincount() / len(part) for part in (data.train, data.validation)]
    assert (shares[0] - shares[1]).abs().max() < 0.001
    assert len(data.classes) == len(shares[0])


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("mnist", "46172b5d4aa5b2d7"),
        ("fashion-mnist", "2dbffebe8d1708ba"),
        ("adult", "903b80b8f6023236"),
    ],
)
def test_splits_are_the_same_for_ever(name: str, beginning: str) -> None:
    assert kdviz.data.load(name).validation.fingerprint()[:16] == beginning


def test_first_images_have_their_known_labels() -> None:
    assert kdviz.data.mnist().test.y[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert kdviz.data.fashion_mnist().test.y[:5].tolist() == [9, 2, 1, 1, 6]


@pytest.mark.parametrize("name", kdviz.data.names())
def test_loading_again_gives_the_same_object(name: str) -> None:
    assert kdviz.data.load(name) is kdviz.data.load(name)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="data set must be one of mnist, fashion-mnist, adult, got 'cifar'"):
        kdviz.data.load("cifar")
    assert kdviz.data.available() == ("mnist", "fashion-mnist", "adult")


def adult_rows(file: str) -> list[list[str]]:
    with gzip.open(DATASETS / "adult" / file, "rt") as lines:
        return [row for row in csv.reader(lines, skipinitialspace=True) if len(row) == 15]


def test_adult_test_rows_are_the_official_file_in_order() -> None:
    data, rows = kdviz.data.adult(), adult_rows("adult.test.gz")
    assert len(data.test) == len(rows) == 16_281
    assert data.test.y.tolist() == [int(row[-1] == ">50K.") for row in rows]
    assert data.test.groups["age"].tolist() == [int(row[0]) for row in rows]
    assert data.test.groups["sex"].tolist() == [row[9] for row in rows]
    column = data.features.index("race=Black")
    assert data.test.x[:, column].tolist() == [float(row[8] == "Black") for row in rows]


def test_adult_groups_belong_to_the_rows_they_stand_beside() -> None:
    data = kdviz.data.adult()
    for part in (data.train, data.validation, data.test):
        women = part.x[:, data.features.index("sex=Female")].numpy() == 1
        assert np.array_equal(part.groups["sex"] == "Female", women)


def test_adult_numbers_are_standardized_on_the_training_part_alone() -> None:
    train = kdviz.data.adult().train.x[:, : len(census.NUMERIC)]
    torch.testing.assert_close(train.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(0), torch.ones(5), atol=1e-4, rtol=0)


def test_adult_categories_are_one_hot() -> None:
    data = kdviz.data.adult()
    assert len(data.features) == data.shape[0] == 91
    hot = data.train.x[:, len(census.NUMERIC) :]
    assert set(hot.unique().tolist()) == {0.0, 1.0}
    assert (hot.sum(1) == len(census.CATEGORICAL)).all()
    assert not [name for name in data.features if re.match("fnlwgt|education=", name)]


def test_classes_are_named() -> None:
    assert kdviz.data.mnist().classes == tuple("0123456789")
    assert kdviz.data.fashion_mnist().classes[9] == "Ankle boot"
    assert len(images.GARMENTS) == 10
