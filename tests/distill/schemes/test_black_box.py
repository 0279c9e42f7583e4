"""A teacher that names classes and gives nothing else away."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import black_box, labelled_by
from kdviz.distill.teacher import Cancelled
from kdviz.models import inference

from ..conftest import same_weights, small


def test_the_student_learns_the_teachers_labels_right_or_wrong(teacher, clouds):
    run = black_box(teacher, small(), clouds)
    told = inference.logits(teacher, clouds.train).argmax(1)
    assert torch.equal(run.data.train.y, told) and not torch.equal(told, clouds.train.y)
    assert run.data.test is clouds.test


def test_logits_never_reach_the_loss(clouds, teacher):
    class Loud(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = teacher

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 7 * self.inside(x) + 3  # other logits, the same choice

    runs = [black_box(t, small(), clouds, epochs=2).train(progress=False) for t in (teacher, Loud().eval())]
    assert same_weights(runs[0].student, runs[1].student)
    assert runs[0].history.rows.tobytes() == runs[1].history.rows.tobytes()
    with pytest.raises(ValueError, match="a black box returns only labels and the objective"):
        black_box(teacher, small(), clouds, kd.SoftTargets())


def test_a_callable_is_as_good_as_a_module(teacher, clouds):
    def service(inputs: torch.Tensor) -> list[int]:
        with torch.no_grad():
            return teacher(inputs).argmax(1).tolist()

    a, b = (black_box(t, small(), clouds, epochs=2).train(progress=False) for t in (teacher, service))
    assert same_weights(a.student, b.student)
    assert b.teacher is None and a.history.evaluated()[-1].agreement is not None


@pytest.mark.parametrize("says", [lambda x: x, lambda x: torch.full((len(x),), 3), lambda x: torch.zeros(len(x))])
def test_a_callable_must_give_classes(says, clouds):
    with pytest.raises(ValueError, match="must return one whole number below 3 for each of"):
        black_box(says, small(), clouds)


def test_many_draws_add_up_to_the_soft_targets(teacher, clouds):
    draws = 400
    told = labelled_by(teacher, clouds, labels="sampled", temperature=2.0, draws=draws).train
    n = len(clouds.train)
    assert torch.equal(told.x[:n], clouds.train.x) and torch.equal(told.x[n : 2 * n], clouds.train.x)
    shares = torch.nn.functional.one_hot(told.y.view(draws, n), 3).double().mean(0)
    p = torch.softmax(inference.logits(teacher, clouds.train).double() / 2.0, 1)
    assert (shares - p).abs().max() < 6 * (0.25 / draws) ** 0.5  # six standard errors at their widest


def test_the_seed_fixes_the_draws(teacher, clouds):
    def drawn(seed: int) -> torch.Tensor:
        return black_box(teacher, small(), clouds, labels="sampled", temperature=5.0, seed=seed).data.train.y

    assert torch.equal(drawn(0), drawn(0)) and not torch.equal(drawn(0), drawn(1))


def test_examples_without_a_label_get_one(teacher, clouds):
    part = kd.data.splits((clouds.train.inputs(), clouds.train.y), name="part").with_labels(9, keep_unlabelled=True)
    assert labelled_by(teacher, part).train.labelled == len(part.train)


@pytest.mark.parametrize(("more", "match"), [
    ({"labels": "soft"}, 'labels must be "argmax" or "sampled"'),
    ({"draws": 2}, 'more than 1 needs labels="sampled"'),
    ({"labels": "sampled", "temperature": 0}, "temperature must be a finite number > 0, got 0"),
])  # fmt: skip
def test_settings_out_of_range_are_refused(teacher, clouds, more, match):
    with pytest.raises(ValueError, match=match):
        labelled_by(teacher, clouds, **more)
    with pytest.raises(ValueError, match="this teacher returns classes"):
        labelled_by(lambda x: x[:, 0].long(), clouds, labels="sampled")


def test_a_saved_run_loads_with_the_same_labels_and_no_others(teacher, clouds, tmp_path):
    black_box(teacher, small(), clouds, epochs=1).train(progress=False).save(tmp_path)
    assert kd.Distillation.load(tmp_path, data=labelled_by(teacher, clouds)).steps_done > 0
    with pytest.raises(ValueError, match="the data are not those the run learned from"):
        kd.Distillation.load(tmp_path, data=clouds)


class Service:
    """Somebody else's: counts what it is asked and fails at one of the calls."""

    def __init__(self, fails_at: int = 0) -> None:
        self.asked: list[int] = []
        self.fails_at = fails_at

    def __call__(self, x: torch.Tensor) -> list[int]:
        self.asked.append(len(x))
        if len(self.asked) == self.fails_at:
            raise ConnectionError("503")
        return (x[:, 0] > 0).long().tolist()


def test_a_service_that_fails_once_is_asked_for_the_rest_alone(clouds):
    service, n = Service(fails_at=3), len(clouds.train)
    with pytest.raises(ConnectionError, match="503"):
        black_box(service, small(), clouds)
    run = black_box(service, small(), clouds)
    assert torch.equal(run.data.train.y, (clouds.train.inputs()[:, 0] > 0).long())
    assert sum(service.asked) - service.asked[2] == n  # the call that failed answered nothing
    black_box(service, small(seed=1), clouds)
    labelled_by(service, clouds)
    assert sum(service.asked) - service.asked[2] == n
    labelled_by(service, clouds, cache=False)
    assert sum(service.asked) - service.asked[2] == 2 * n


def test_answers_kept_in_a_folder_serve_another_object(clouds, tmp_path):
    first = labelled_by(Service(), clouds, cache=tmp_path)
    silent = Service(fails_at=1)
    assert torch.equal(labelled_by(silent, clouds, cache=str(tmp_path)).train.y, first.train.y)
    assert silent.asked == []


@pytest.mark.parametrize("kind", ["service", "module"])
def test_asking_tells_how_far_it_is_and_can_be_stopped(teacher, clouds, kind):
    asked, n = Service() if kind == "service" else teacher, len(clouds.train)
    steps = []

    def stop_at_second(done: int, total: int) -> bool:
        steps.append((done, total))
        return len(steps) < 2

    with pytest.raises(Cancelled, match=f"stopped after 256 of {n}"):
        labelled_by(asked, clouds, progress=stop_at_second)
    assert steps == [(128, n), (256, n)]
    labelled_by(asked, clouds, progress=lambda done, total: steps.append((done, total)) or True)
    assert steps[-1] == (n, n)
    if kind == "service":
        assert sum(asked.asked) == n
