"""MNIST, Fashion-MNIST, Adult and Moby-Dick as they are handed out."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

import kdviz.data
from kdviz.data import images
from kdviz.data.catalogue import FOLDERS, LOADERS

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
    return [f"{name}/{file}" for name, (_, files) in LOADERS.items() if name not in FOLDERS for file in files]


@pytest.mark.parametrize("path", packed_files())
def test_files_cards_and_code_agree_on_checksums(path: str) -> None:
    content = gzip.decompress((DATASETS / path).read_bytes())
    name, file = path.split("/")
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content).hexdigest()
    assert LOADERS[name][1][file] == sha256
    assert md5 == PUBLISHED_MD5.get(path, md5)
    card = (DATASETS / name / "card.md").read_text(encoding="utf-8")
    assert f"| {file} | {len(content)} | `{md5}` | `{sha256}` |" in card


@pytest.mark.parametrize("name", [name for name, (_, files) in LOADERS.items() if files])
def test_each_card_says_where_the_data_are_from_and_under_which_licence(name: str) -> None:
    name = FOLDERS.get(name, name)
    card = (DATASETS / name / "card.md").read_text(encoding="utf-8")
    for heading in ("**Source**", "**Licence**", "**Attribution**", "## Splits", "## Known problems"):
        assert heading in card
    assert f"[{name}]({name}/card.md)" in (DATASETS / "README.md").read_text(encoding="utf-8")


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
        ("moby-dick", "cb60f7b6fa78f16b"),
        ("given-names", "da7c3e10be2024ae"),
        ("spelling", "f1142036bfb33dd6"),
        ("additions", "4ebdd15a00c30105"),
        ("additions-steps", "a72620271037a4bc"),
        ("definitions", "bfd526ddd5c78add"),
        ("definitions-masked", "2bc5664c4b553f0d"),
    ],
)
def test_splits_are_the_same_for_ever(name: str, beginning: str) -> None:
    assert kdviz.data.load(name).validation.fingerprint()[:16] == beginning


@pytest.mark.parametrize("name", kdviz.data.names("any"))
def test_loading_again_gives_the_same_object(name: str) -> None:
    assert kdviz.data.load(name) is kdviz.data.load(name)
    assert kdviz.data.load(name).title == kdviz.data.title(name)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"data set must be one of mnist, fashion-mnist, adult, .*, additions-steps, .*, got 'cifar'"
    ):
        kdviz.data.load("cifar")


def test_pages_of_classes_are_offered_data_with_classes() -> None:
    classes, text = ("mnist", "fashion-mnist", "adult", "adult-without-race-sex"), kdviz.data.names("text")
    assert kdviz.data.available() == kdviz.data.names() == classes
    assert (
        kdviz.data.available("text") == text == ("moby-dick", "given-names", "spelling", "additions", "additions-steps")
    )
    read = kdviz.data.names("encoder")
    assert kdviz.data.available("encoder") == read == ("definitions", "definitions-masked")
    assert kdviz.data.available("any") == classes + text + read
    assert all(kdviz.data.load(name).vocabulary is not None for name in text + read)
    with pytest.raises(ValueError, match='kind must be "classes", "text", "encoder" or "any", got \'words\''):
        kdviz.data.names("words")


def test_classes_are_named() -> None:
    assert kdviz.data.mnist().classes == tuple("0123456789")
    assert kdviz.data.fashion_mnist().classes[9] == "Ankle boot"
    assert len(images.GARMENTS) == 10
