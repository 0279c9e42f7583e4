"""Estimators in the manner of scikit-learn, asked as modules."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import kdviz as kd
from kdviz.models.estimator import Estimator, column_places
from kdviz.models.wrap import as_module

RNG = np.random.RandomState(0)
X = RNG.randn(240, 4).astype(np.float32)
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)  # three classes
FRAME = pd.DataFrame(X, columns=["age", "hours", "gain", "loss"])
ROWS = torch.from_numpy(X)


def fitted(estimator, data=X, labels=Y):
    return estimator.fit(data, labels)


@pytest.mark.parametrize("data", [X, FRAME], ids=["array", "frame"])
@pytest.mark.parametrize("estimator", [
    RandomForestClassifier(5, random_state=0),
    HistGradientBoostingClassifier(max_iter=3),
    make_pipeline(StandardScaler(), LogisticRegression()),
    GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2),
    KNeighborsClassifier(3),
    GaussianNB(),
], ids=lambda e: type(e).__name__)  # fmt: skip
def test_it_answers_what_predict_proba_says(estimator, data):
    estimator = fitted(copy.deepcopy(estimator), data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # scikit-learn warns where a frame's names are missing
        module = as_module(estimator, "teacher", classes=("0", "1", "2"))
        logits = module(ROWS.double())
    said = estimator.predict_proba(data.astype(np.float64))
    assert logits.dtype == torch.float64 and bool(logits.isfinite().all())
    assert np.abs(logits.softmax(1).numpy() - said).max() < 1e-9
    assert module(ROWS).dtype == torch.float32 and not module.training and not list(module.parameters())


def test_images_are_rows():
    forest = fitted(RandomForestClassifier(3, random_state=0))
    assert torch.equal(Estimator(forest)(ROWS.view(-1, 1, 2, 2)), Estimator(forest)(ROWS))
    named = {name: ROWS[:, k] for k, name in enumerate(FRAME.columns)}
    of_frame = Estimator(fitted(RandomForestClassifier(3, random_state=0), FRAME))
    backwards = dict(reversed(named.items()))
    assert torch.equal(of_frame(**backwards), of_frame(ROWS)), "columns are found by name"


def test_it_is_known_again_by_what_it_answers():
    one, other = (fitted(RandomForestClassifier(5, random_state=seed)) for seed in (0, 1))
    mark = Estimator(one).mark
    assert torch.equal(mark, Estimator(pickle.loads(pickle.dumps(one))).mark)
    assert not torch.equal(mark, Estimator(other).mark)
    neighbours = fitted(KNeighborsClassifier())
    mark = Estimator(neighbours).mark
    neighbours.predict(X[:3])
    assert torch.equal(mark, Estimator(neighbours).mark)
    module = Estimator(one)
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again(ROWS), module(ROWS))


def test_classes_are_found_by_name():
    names = np.array(["cat", "cow", "dog"])
    forest = fitted(RandomForestClassifier(5, random_state=0), labels=names[Y])
    said = forest.predict_proba(X)
    module = as_module(forest, "teacher", classes=("dog", "cat", "cow"))
    assert np.abs(module(ROWS).softmax(1).numpy() - said[:, [2, 0, 1]]).max() < 1e-6
    assert module.ordered(("dog", "cat", "cow"), "teacher") is module
    assert not torch.equal(module.columns, Estimator(forest).columns)
    eleven = np.arange(12).astype(str)
    labels = eleven[RNG.randint(0, 12, 240)]
    forest = fitted(RandomForestClassifier(2, random_state=0), labels=labels)
    in_order = as_module(forest, "teacher", classes=tuple(eleven))(ROWS).softmax(1)
    assert forest.classes_.tolist()[:3] == ["0", "1", "10"]
    assert np.abs(in_order[:, 2].numpy() - forest.predict_proba(X)[:, forest.classes_.tolist().index("2")]).max() < 1e-6


@pytest.mark.parametrize(("names", "classes", "places"), [
    (("0", "1", "2"), ("cat", "dog", "cow"), [0, 1, 2]),
    (("-1", "1"), ("-1", "1"), [0, 1]),
    (("0", "1"), ("0", "1"), [0, 1]),
    (("b", "a"), ("a", "b"), [1, 0]),
])  # fmt: skip
def test_columns_belong_to_classes(names, classes, places):
    assert column_places(names, classes, "it") == places


@pytest.mark.parametrize(("labels", "names"), [
    ([0.0, 1.0], ("0", "1")), ([False, True], ("0", "1")), ([-1, 1], ("-1", "1")), (["a", "b"], ("a", "b")),
])  # fmt: skip
def test_labels_are_spelt_as_the_data_spell_them(labels, names):
    assert Estimator(DummyClassifier().fit([[0], [0]], labels)).names == names


def test_other_classes_are_refused_and_the_advice_works():
    forest = fitted(RandomForestClassifier(5, random_state=0), labels=Y + 1)
    with pytest.raises(
        ValueError, match=r"the teacher, a RandomForestClassifier, knows the classes 1, 2, 3 and .* cat"
    ):
        as_module(forest, "teacher", classes=("cat", "dog", "cow"))
    told = kd.wrap(forest, classes=[2, 0, 1])
    assert np.abs(told(ROWS).softmax(1).numpy() - forest.predict_proba(X)[:, [2, 0, 1]]).max() < 1e-6
    assert torch.equal(kd.wrap(forest, classes=["3", "1", "2"])(ROWS), told(ROWS))
    two_ways = fitted(RandomForestClassifier(5), labels=(Y > 0).astype(int))
    with pytest.raises(ValueError, match="which may match by name or by order"):
        as_module(two_ways, "teacher", classes=("1", "0"))


def test_a_class_it_never_saw_has_no_probability():
    forest = fitted(RandomForestClassifier(5, random_state=0), labels=np.where(Y == 1, 0, Y))
    with pytest.warns(UserWarning, match=r"never saw the class 1, so its probability of it is 0"):
        module = as_module(forest, "teacher", classes=("0", "1", "2"))
    p = module(ROWS.double()).softmax(1)
    assert p.shape == (240, 3) and float(p[:, 1].max()) < 1e-15
    assert np.abs(p[:, [0, 2]].numpy() - forest.predict_proba(X)).max() < 1e-9


def test_who_names_classes_alone_says_so_and_the_advice_works():
    for estimator in (LinearSVC(), RidgeClassifier()):
        with pytest.warns(UserWarning, match=r"only predicts a class.*CalibratedClassifierCV\(estimator\)"):
            module = as_module(fitted(estimator), "teacher")
        assert module(ROWS).argmax(1).tolist() == estimator.predict(X).tolist()
    named = fitted(LinearSVC(), labels=np.array(["x", "y", "z"])[Y])
    with pytest.warns(UserWarning, match="only predicts a class"):
        assert as_module(named, "teacher")(ROWS).argmax(1).tolist() == [list("xyz").index(c) for c in named.predict(X)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrated = as_module(fitted(CalibratedClassifierCV(LinearSVC())), "teacher")
    assert calibrated(ROWS).softmax(1).max() < 1


@pytest.mark.parametrize(("estimator", "kind", "match"), [
    (RandomForestClassifier(), ValueError, r"the RandomForestClassifier is not fitted; call its fit\(X, y\)"),
    (make_pipeline(StandardScaler(), LogisticRegression()), ValueError, "the Pipeline is not fitted"),
    (GridSearchCV(LogisticRegression(), {"C": [1, 2]}), ValueError, "the GridSearchCV is not fitted"),
    (RandomForestClassifier, TypeError, r"pass RandomForestClassifier\(\).fit"),
    (RandomForestRegressor(2).fit(X, Y), TypeError, "expected a classifier, got the RandomForestRegressor"),
    (KNeighborsClassifier().fit(X, np.stack((Y, Y), 1)), TypeError, "with 2 outputs"),
    (DummyClassifier().fit(X, np.zeros(240)), ValueError, "expected at least two classes"),
])  # fmt: skip
def test_what_cannot_classify_is_refused(estimator, kind, match):
    with pytest.raises(kind, match="the teacher cannot be used: .*" + match):
        as_module(estimator, "teacher")


def test_other_columns_are_refused_and_the_advice_works():
    forest = fitted(RandomForestClassifier(5, random_state=0), FRAME)
    wide = torch.cat((ROWS, ROWS), 1)
    with pytest.raises(ValueError, match=r"fitted on a frame of 4 columns \(age, hours, gain, loss\) and .* have 8"):
        Estimator(forest)(wide)
    chosen = kd.wrap(forest, inputs=lambda x: pd.DataFrame(x[:, :4].numpy(), columns=FRAME.columns))
    assert torch.equal(chosen(wide), Estimator(forest)(ROWS))


def test_a_frame_of_words_is_made_by_the_user():
    words = FRAME.assign(job=np.where(X[:, 2] > 0, "cook", "clerk"))
    pipeline = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough"), LogisticRegression()
    ).fit(words, Y)
    plain = as_module(pipeline, "teacher")
    numbers = torch.cat((ROWS, (ROWS[:, 2:3] > 0).float()), 1)
    with pytest.raises(ValueError, match=r"cannot process .*fitted on a frame of 5 columns.*inputs="):
        plain(numbers)

    def frame(x):
        made = pd.DataFrame(x[:, :4].numpy(), columns=FRAME.columns)
        return made.assign(job=np.where(x[:, 4].numpy() > 0, "cook", "clerk"))

    told = kd.wrap(pipeline, inputs=frame)(numbers)
    assert np.abs(told.softmax(1).numpy() - pipeline.predict_proba(words)).max() < 1e-6


def test_columns_of_the_data_are_found_by_name():
    forest = fitted(RandomForestClassifier(5, random_state=0), FRAME)
    names = ("loss", "age", "hours", "gain")
    shuffled = torch.tensor(FRAME[list(names)].to_numpy())
    module = as_module(forest, "teacher", features=names)
    assert torch.equal(module(shuffled), Estimator(forest)(ROWS))
    assert as_module(forest, "teacher", features=tuple(FRAME.columns)).take is None
    with pytest.warns(UserWarning, match=r"fitted on the columns age, .* the data's are a, b, c, d, so .* in order"):
        as_module(forest, "teacher", features=("a", "b", "c", "d"))
    of_array = as_module(fitted(RandomForestClassifier(2)), "teacher", features=names)
    assert of_array.take is None


def test_an_object_with_predict_proba_alone_is_asked():
    class Mine:
        def predict_proba(self, rows):
            return np.stack((1 - rows[:, 0].clip(0, 1), rows[:, 0].clip(0, 1)), 1)

    p = as_module(Mine(), "teacher")(ROWS).softmax(1)
    assert torch.allclose(p[:, 1], ROWS[:, 0].clip(0, 1), atol=1e-6)
