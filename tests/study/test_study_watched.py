"""A study that is watched while it runs, and one that takes up what another left."""

from __future__ import annotations

import pytest

import kdviz as kd


def test_each_epoch_and_each_end_is_reported_by_the_keys_of_its_runs(recipe, digits):
    study = kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=digits)
    heard = []
    study.run(progress=False, n_jobs=1, watch=heard.append)
    assert [(len(news.keys), news.step, news.finished) for news in heard] == [
        (3, 6, False), (3, 12, False), (3, 0, True), (3, 6, False), (3, 12, False), (3, 0, True),
    ]  # fmt: skip
    assert {news.total_steps for news in heard if not news.finished} == {12}
    places = [place for key in heard[0].keys for place in study.places[key]]
    assert sorted(places) == sorted([(arm.name, 0, role) for arm in study.arms for role in ("student", "twin")]), (
        "a twin that arms share stands in each of them"
    )
    last = dict(zip(heard[1].keys, heard[1].errors, strict=True))
    for result in study.results:
        if result.seed == 0:
            assert last[result.outcome["key"]] == result.outcome["moments"]["last"]["validation"]["errors"]


def test_runs_by_themselves_are_reported_too_with_one_seed_of_all_before_the_next(recipe, digits):
    study = kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=digits)
    heard = []
    study.run(progress=False, n_jobs=1, stacked=False, watch=heard.append)
    ended = [study.places[news.keys[0]][0] for news in heard if news.finished]
    assert [seed for _, seed, _ in ended] == [0, 0, 0, 1, 1, 1]
    assert [len(news.errors) for news in heard[:3]] == [1, 1, 0]


def test_a_study_takes_up_the_runs_that_another_left(recipe, digits, tmp_path):
    kd.Study.grid(recipe, temperature=[1, 4], seeds=1, data=digits).run(tmp_path, progress=False, n_jobs=1)
    wider = kd.Study.grid(recipe, temperature=[1, 2, 4], seeds=1, data=digits).load(tmp_path)
    assert wider.left == 1 and len(wider.left_to_do) == 1
    assert wider.compare("temperature 4").mean() > 0
    assert kd.Study.grid(recipe, temperature=[1], seeds=1, data=digits).load(tmp_path / "nowhere").left == 2


def test_what_watches_may_stop_it(recipe, digits, tmp_path):
    study = kd.Study.grid(recipe, temperature=[1, 4], seeds=3, epochs=[200], data=digits)
    study.run(tmp_path, progress=False, n_jobs=1, watch=lambda news: study.cancel())
    assert 0 < study.left <= study.total
    with pytest.raises(ValueError, match="no arm has finished"):
        study.best()
