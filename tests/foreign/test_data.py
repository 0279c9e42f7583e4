"""Data sets of Hugging Face and tables of polars and pyarrow, as they come out of their own packages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from kdviz.data import splits

N = 60
RANDOM = np.random.RandomState(0)
IDS = RANDOM.randint(0, 999, (N, 5))
Y = np.arange(N) % 3
NAMES = ["negative", "neutral", "positive"]


@pytest.fixture(scope="module")
def hf() -> Any:
    package = pytest.importorskip("datasets")
    if not hasattr(package, "Dataset"):  # the folder of that name in a clone
        pytest.skip("datasets is not installed")
    return package


@pytest.fixture(scope="module")
def polars() -> Any:
    return pytest.importorskip("polars")


def sentiment(hf: Any, at: range = range(N), labels: Any = Y) -> Any:
    columns = {"input_ids": IDS[at].tolist(), "attention_mask": [[1] * 5 for _ in at], "label": labels[at].tolist()}
    kinds = {name: hf.Sequence(hf.Value("int64")) for name in ("input_ids", "attention_mask")}
    return hf.Dataset.from_dict(columns, features=hf.Features({**kinds, "label": hf.ClassLabel(names=NAMES)}))


def test_a_tokenised_data_set_brings_inputs_and_class_names(hf: Any) -> None:
    whole = splits(({"input_ids": IDS, "attention_mask": np.ones_like(IDS)}, Y))
    held = sentiment(hf)
    forms = (held, held.with_format("torch"), held.with_format("numpy"), held.to_iterable_dataset())
    for given in (*forms, DataLoader(held.with_format("torch"), batch_size=7, shuffle=True)):
        data = splits(given)
        assert data.train.fingerprint() == whole.train.fingerprint()
        assert data.classes == tuple(NAMES)


def test_parts_of_a_dict_are_kept_and_one_without_labels_is_drawn(hf: Any) -> None:
    parts = {"train": sentiment(hf, range(40)), "validation": sentiment(hf, range(40, 50))}
    data = splits(hf.DatasetDict({**parts, "test": sentiment(hf, range(50, 60))}))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [40, 10, 10]
    with pytest.warns(UserWarning, match="the test part has no labels, so it is drawn from the training part"):
        data = splits(hf.DatasetDict({**parts, "test": sentiment(hf, range(50, 60), np.full(N, -1))}))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [36, 10, 4]


def test_text_is_left_out_or_refused(hf: Any) -> None:
    text = hf.Dataset.from_dict({"text": ["a b"] * N, "label": Y.tolist()})
    with pytest.raises(ValueError, match=r"inputs hold text alone \(text\): turn it into numbers first, tokenizer"):
        splits(text)
    both = hf.Dataset.from_dict({"text": ["a b"] * N, "input_ids": IDS.tolist(), "label": Y.tolist()})
    with pytest.warns(UserWarning, match=r"text \(text\) was left out of the inputs, which are input_ids"):
        assert splits(both).train.describe() == "input_ids (5,) int64"
    ragged = hf.Dataset.from_dict({"input_ids": [[1] * (i % 4 + 1) for i in range(N)], "label": Y.tolist()})
    for given in (ragged, ragged.with_format("torch"), ragged.with_format("numpy")):
        with pytest.raises(ValueError, match="input 'input_ids' must all have the same length, got several: pad them"):
            splits(given)


def test_pictures_and_transforms(hf: Any) -> None:
    pictures = [Image.fromarray(RANDOM.randint(0, 256, (8, 8), dtype=np.uint8)) for _ in range(N)]
    held = hf.Dataset.from_dict({"image": pictures, "label": Y.tolist()})
    assert splits(held).train.shape == (1, 8, 8)

    def noise(batch: Any) -> Any:
        return {"image": [torch.rand(4) for _ in batch["image"]], "label": batch["label"]}

    with pytest.warns(UserWarning, match="draws anew at each access: inputs"):
        data = splits(held.with_transform(noise))
    assert data.train.redraw is not None
    at = torch.tensor([4])
    assert torch.equal(data.train.redraw(at, 1), data.train.redraw(at, 1))


def test_tables_of_polars_and_their_advice(polars: Any) -> None:
    pl = polars
    table = pl.DataFrame({"age": RANDOM.rand(N), "member": Y > 1, "y": Y})
    data = splits(table)
    assert data.features == ("age", "member") and len(data.classes) == 3
    assert splits((table.drop("y"), table["y"])).train.fingerprint() == data.train.fingerprint()
    kinds = {
        "text": ["a", "b", "c"] * 20,
        "gaps": [None, 1, 2] * 20,
        "dates": pl.Series([1, 2, 3] * 20).cast(pl.Date),
        "kind": pl.Series(["a", "b", "c"] * 20, dtype=pl.Categorical),
        "took": pl.Series([1, 2, 3] * 20).cast(pl.Duration("ms")),
    }
    for name, values in kinds.items():
        frame = table.with_columns(pl.Series(name, values))
        with pytest.raises(ValueError, match=f"column '{name}' (holds|misses)") as caught:
            splits(frame)
        code = "frame" + str(caught.value).split("frame", 1)[1].split(", or ")[0]
        assert splits(eval(code, {"frame": frame, "pl": pl}), label="y").train.labelled == 48, code


def test_tables_of_pyarrow() -> None:
    pa = pytest.importorskip("pyarrow")
    data = splits(pa.table({"age": AGE, "y": Y}))
    assert data.features == ("age",) and data.train.x[:, 0].tolist() == pytest.approx(
        splits((AGE[:, None], Y)).train.x[:, 0].tolist()
    )


AGE = RANDOM.rand(N)
