"""Wherever the runs are done, the outcomes are the same; whoever stops them, what had finished is kept."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace

import joblib
import pytest

import kdviz as kd
from kdviz import shared
from kdviz.study import workers

from .conftest import without_clock


@pytest.mark.full
def test_outcomes_are_equal_in_this_process_in_two_others_and_on_a_dask_cluster(recipe, digits, tmp_path):
    import distributed

    def outcomes(**how):
        study = kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=digits)
        study.run(progress=False, stacked=False, **how)
        assert study.left == 0
        return {result.outcome["key"]: without_clock(result.outcome) for result in study.results}

    here = outcomes(n_jobs=1)
    assert len(here) == 6 and all(outcome["state"] == "finished" for outcome in here.values())
    assert outcomes(n_jobs=2) == here
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        assert workers.how_many(None) == 2
        assert outcomes() == here


def test_stacks_are_shared_out_among_the_workers_and_give_the_same(recipe, digits):
    def study(**how):
        return kd.Study.grid(recipe, temperature=[1, 2, 4, 8], seeds=1, data=digits).run(progress=False, **how)

    apart, here, there = study(n_jobs=1, stacked=False), study(n_jobs=1, stacked=True), study(n_jobs=2, stacked=True)
    assert [set(s.frame().stacked) for s in (apart, here, there)] == [{1}, {5}, {2, 3}]
    assert apart.table().equals(here.table()) and apart.table().equals(there.table())


def test_how_many_workers_follows_what_is_given_then_joblibs_configuration(monkeypatch):
    monkeypatch.setattr(workers, "available_cpus", lambda: 5)
    assert workers.how_many(None) == 5
    assert workers.how_many(3) == 3
    with joblib.parallel_config(backend="loky", n_jobs=2):
        assert workers.how_many(None) == 2
        assert workers.how_many(4) == 4


def test_a_worker_that_dies_is_told_in_a_sentence_and_takes_nothing_finished_along(digits, recipe, tmp_path):
    nameless = replace(recipe, student=None)
    parent = os.getpid()

    def student(seed):
        if seed == 1 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return kd.models.mlp((4,), seed=seed)

    study = kd.Study({"Hinton": nameless}, seeds=1, student=student, data=digits)
    study.run(tmp_path, progress=False, n_jobs=1)
    more = kd.Study({"Hinton": nameless}, seeds=2, student=student, data=digits)
    with pytest.raises(RuntimeError, match="a worker process died before its run had finished"):
        more.run(tmp_path, progress=False, n_jobs=2)
    assert more.left == 2 and more.total == 4
    assert more.run(tmp_path, progress=False, n_jobs=1).left == 0


@pytest.mark.skipif(sys.platform == "win32", reason="nobody asks for a place on Windows")
def test_a_unit_waits_for_its_turn_and_leaves_the_line(recipe, digits, tmp_path, monkeypatch):
    monkeypatch.setenv(shared.TRAININGS, f"1:{tmp_path}")
    monkeypatch.setattr(shared, "LOOK_S", 0.0)
    other = shared.place()
    assert other.before() == 0
    study, seen = kd.Study.grid(recipe, temperature=[1, 4], seeds=1, data=digits), []

    def watch(news, then):
        seen.append(news)
        if news.before:
            then()

    study.run(progress=False, n_jobs=1, watch=lambda news: watch(news, study.cancel))
    assert [news.before for news in seen] == [1, 0] and study.left == study.total, "whoever waits can be stopped"
    assert len(list(tmp_path.iterdir())) == 1, "the other's"
    seen.clear()
    study.run(progress=False, n_jobs=1, watch=lambda news: watch(news, other.give_up))
    assert [(news.before, news.step) for news in seen[:2]] == [(1, 0), (0, 0)] and seen[2].step > 0
    assert study.left == 0 and not list(tmp_path.iterdir())
