"""XGBoost and LightGBM: classifiers and bare boosters teach networks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch

import kdviz as kd
from kdviz.models.wrap import as_module

RNG = np.random.RandomState(0)
X = RNG.randn(160, 4).astype(np.float32)
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
ROWS, LABELS = torch.from_numpy(X), torch.from_numpy(Y)
FRAME = pd.DataFrame(X, columns=["age", "hours", "gain", "loss"])


def student(seed: int = 0) -> torch.nn.Module:
    return kd.models.mlp((4,), inputs=4, classes=3, seed=seed)


@pytest.mark.parametrize("data", [X, FRAME], ids=["array", "frame"])
def test_xgboost_classifiers_teach(journey, tmp_path, data):
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(data, Y)
    said = model.predict_proba(data)
    assert np.abs(as_module(model, "teacher")(ROWS).softmax(1).numpy() - said).max() < 1e-6
    report = journey(model, student(), (ROWS, LABELS)).everywhere(tmp_path, student)
    assert report.saliency("occlusion", count=4).sentence()


@pytest.mark.parametrize("data", [X, FRAME], ids=["array", "frame"])
def test_lightgbm_classifiers_teach(journey, tmp_path, data):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(data, Y)
    assert np.abs(as_module(model, "teacher")(ROWS).softmax(1).numpy() - model.predict_proba(data)).max() < 1e-6
    journey(model, student(), (ROWS, LABELS)).everywhere(tmp_path, student)


@pytest.mark.parametrize(("objective", "classes"), [
    ("multi:softprob", 3), ("multi:softmax", 3), ("binary:logistic", 2), ("binary:logitraw", 2), ("reg:logistic", 2),
])  # fmt: skip
def test_the_margins_of_a_booster_are_its_logits(objective, classes):
    xgboost = pytest.importorskip("xgboost")
    labels = Y if classes == 3 else (Y > 0).astype(int)
    more = {"num_class": 3} if classes == 3 else {}
    booster = xgboost.train({"objective": objective, **more}, xgboost.DMatrix(X, labels), 4)
    module = as_module(booster, "teacher", classes=tuple("abc"[:classes]))
    margin = booster.predict(xgboost.DMatrix(X), output_margin=True)
    wanted = margin if classes == 3 else np.stack((0 * margin, margin), 1)
    assert np.abs(module(ROWS).numpy() - wanted).max() < 1e-6
    again = pickle.loads(pickle.dumps(module))
    assert torch.equal(again(ROWS), module(ROWS)) and torch.equal(again.mark, module.mark)
    assert torch.equal(copy.deepcopy(module)(ROWS), module(ROWS))


def test_a_booster_finds_its_columns_by_name():
    xgboost = pytest.importorskip("xgboost")
    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3}, xgboost.DMatrix(FRAME, Y), 3)
    names = ("loss", "age", "hours", "gain")
    module = as_module(booster, "teacher", features=names)
    shuffled = torch.tensor(FRAME[list(names)].to_numpy())
    assert torch.equal(module(shuffled), as_module(booster, "teacher")(ROWS))


def test_boosters_of_numbers_and_of_sides():
    xgboost = pytest.importorskip("xgboost")
    matrix = xgboost.DMatrix(X, Y > 0)
    with pytest.raises(TypeError, match=r"objective reg:squarederror, which predicts numbers; .*binary:logistic"):
        as_module(xgboost.train({"objective": "reg:squarederror"}, matrix, 2), "teacher")
    hinge = xgboost.train({"objective": "binary:hinge"}, matrix, 2)
    with pytest.warns(UserWarning, match="only predicts a class.*train it with binary:logistic"):
        module = as_module(hinge, "teacher")
    assert module(ROWS).argmax(1).tolist() == hinge.predict(xgboost.DMatrix(X)).astype(int).tolist()


@pytest.mark.parametrize(("objective", "classes"), [("multiclass", 3), ("binary", 2), ("multiclassova", 3)])
def test_a_lightgbm_booster_teaches(journey, tmp_path, objective, classes):
    lightgbm = pytest.importorskip("lightgbm")
    labels = Y if classes == 3 else (Y > 0).astype(int)
    more = {"num_class": 3} if classes == 3 else {}
    booster = lightgbm.train({"objective": objective, "verbose": -1, **more}, lightgbm.Dataset(X, labels), 3)
    said = booster.predict(X)
    wanted = said / said.sum(1, keepdims=True) if classes == 3 else np.stack((1 - said, said), 1)
    module = as_module(booster, "teacher")
    assert np.abs(module(ROWS).softmax(1).numpy() - wanted).max() < 1e-6
    assert torch.equal(pickle.loads(pickle.dumps(module)).mark, module.mark)
    if objective == "multiclass":
        journey(booster, student(), (ROWS, LABELS)).everywhere(tmp_path, student)


def test_a_lightgbm_regression_is_refused():
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.train({"objective": "regression", "verbose": -1}, lightgbm.Dataset(X, Y), 2)
    with pytest.raises(TypeError, match=r"objective regression, which predicts numbers; .*multiclass or binary"):
        as_module(booster, "teacher")


def test_a_booster_of_other_columns_is_refused():
    xgboost = pytest.importorskip("xgboost")
    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(X, Y > 0), 2)
    with pytest.raises(ValueError, match="was fitted on 4 columns and these examples have 6"):
        as_module(booster, "teacher")(torch.zeros(2, 6))
