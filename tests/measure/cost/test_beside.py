"""Costs of models beside one another: numbers by hand, and what is said of them."""

from __future__ import annotations

import gzip
import warnings

import pytest
import torch
from torch import nn

from kdviz.data import Examples
from kdviz.distill.schemes import fake_quantized
from kdviz.measure.cost import Latency, Turns, cost, costs, share
from kdviz.measure.cost.beside import Costs
from kdviz.measure.cost.sizes import file_of
from kdviz.models import convnet, mlp, wrap
from kdviz.words import language


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


def test_numbers_are_those_by_hand_for_what_a_data_set_gives():
    examples = Examples(torch.zeros(3, 1, 28, 28, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64))
    student = mlp((30,))
    found = costs({"teacher": mlp((300,)), "student": student}, examples, seconds=0)
    assert [(one.parameters, one.macs) for one in found.values()] == [
        (784 * 300 + 300 + 300 * 10 + 10, 784 * 300 + 300 * 10),
        (784 * 30 + 30 + 30 * 10 + 10, 784 * 30 + 30 * 10),
    ]
    one = found["student"]
    assert one.bytes == len(file_of(student)) and one.gzipped == len(gzip.compress(file_of(student), 6, mtime=0))
    assert one.memory == {n: 4 * (23_860 + n * (784 + 30 + 30)) for n in (1, 64)} and not one.latency


def test_zeros_of_a_pruned_model_show_in_the_gzipped_file():
    model = mlp((100,))
    with torch.no_grad():
        model.linear1.weight[:, ::2] = 0
    whole, pruned = (cost(one, torch.rand(1, 1, 28, 28), seconds=0) for one in (mlp((100,)), model))
    assert pruned.bytes == whole.bytes and pruned.gzipped < 0.6 * whole.gzipped


def test_torchs_own_quantized_convolution_and_linear_layer_are_counted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.ao is on its way into another package
        conv, linear = torch.ao.nn.quantized.Conv2d(2, 4, 3), torch.ao.nn.quantized.Linear(4 * 8 * 8, 5)
        model = nn.Sequential(
            torch.ao.nn.quantized.Quantize(torch.tensor([0.1]), torch.tensor([0]), torch.quint8),
            *(conv, nn.Flatten(), linear, torch.ao.nn.quantized.DeQuantize()),
        )
        found = cost(model, torch.rand(1, 2, 10, 10), seconds=0)
    assert found.macs == 4 * 64 * 18 + 256 * 5
    assert found.parameters == 4 * 18 + 4 + 256 * 5 + 5


def test_it_says_what_the_student_keeps_and_what_a_time_is_not():
    models = {"teacher": mlp((240,)), "student": fake_quantized(mlp((10,)), bits=4)}
    found = costs(models, torch.rand(1, 1, 28, 28), seconds=0)
    latency = {who: Latency((1.0,), 1, 1) for who in models}
    turns = {"teacher": (9.0,) * 3 + (9.9,) * 15 + (12.0,) * 3, "student": (1.0,) * 21}
    timed = Costs(found.each, {1: Turns(latency, turns)})
    assert plain(timed.sentence(0.992)) == (
        "The student keeps 99.2 % of the teacher's accuracy, with 1/24 of its weights and 1/9.9 of its time "
        "(one example at a time, in turns; 95 % CI 1/9.9 to 1/9.9)."
    )
    assert plain(timed.sentence()).startswith("The student has 1/24 of the teacher's weights and takes 1/9.9 of its")
    assert plain(found.sentence(0.992)) == (
        "The student keeps 99.2 % of the teacher's accuracy, with 1/24 of its weights."
    )
    assert found.notes() == [
        "Student: rounded to 4 bits in float32 arithmetic here; its time is that of the imitation, not of integers."
    ]
    language("de")
    try:
        assert "99,2 %" in plain(timed.sentence(0.992)) and "student" not in timed.sentence(0.992)
    finally:
        language("en")


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (1 / 24, "1/24"),
        (1 / 1234, "1/1,234"),
        (0.5, "1/2.0"),
        (0.9, "90 %"),
        (1, "100 %"),
        (41.3, "4,130 %"),
    ],
)
def test_shares_are_written_as_people_say_them(part, written):
    assert plain(share(part)) == written


def test_a_model_that_is_no_network_has_a_size_on_disk_and_a_time():
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(torch.eye(4).numpy(), [0, 1, 2, 3])
    found = costs({"teacher": fitted, "student": nn.Linear(4, 4)}, torch.rand(2, 4), batches=(2,), seconds=0.02)
    assert found["teacher"].parameters is None and found["teacher"].bytes > 100
    assert found["teacher"].latency[2].median > 0 and found.sentence(0.5) == ""
    assert found.notes() == [
        "Teacher: neither a torch module nor an ONNX session; its parameters and multiply-adds are unknown."
    ]


def test_all_numbers_are_in_one_table():
    found = costs({"teacher": mlp((8,)), "student": mlp((4,))}, torch.rand(1, 1, 28, 28), batches=(1, 4), seconds=0.02)
    table = found.frame().set_index(["model", "measure", "batch"]).sort_index()
    row = table.loc[("student", "time / teacher's", 4)]
    assert row.low <= row.value <= row.high and row.value == found.ratio(batch=4).value
    assert table.loc[("teacher", "p95 latency", 1)].value >= found["teacher"].latency[1].median


def test_times_alone_leave_the_rest_uncounted():
    found = costs({"teacher": mlp((4,))}, torch.rand(1, 1, 28, 28), batches=(1,), seconds=0.01, counted=False)
    one = found["teacher"]
    assert (one.parameters, one.macs, one.bytes, one.memory) == (3190, None, None, {}) and one.latency[1].median > 0


def test_progress_runs_through_and_what_cannot_be_measured_is_answered_in_a_sentence():
    seen: list[tuple[int, int]] = []
    x = torch.rand(1, 1, 28, 28)
    costs({"teacher": mlp((4,))}, x, seconds=0.01, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] and [done for done, _ in seen] == sorted(done for done, _ in seen)
    with pytest.raises(ValueError, match=r"batches must be whole numbers from 1 on, such as \(1, 64\), got \(\)"):
        cost(mlp((4,)), x, batches=())
    with pytest.raises(ValueError, match="the student cannot process float32 inputs of shape"):
        costs({"teacher": convnet(4), "student": nn.Linear(3, 2)}, x)
    with pytest.raises(TypeError, match="the model cannot be used"):
        cost("resnet", x)
    with pytest.raises(ValueError, match="expected a batch of none, got 1"):
        costs({"teacher": wrap(nn.Linear(3, 2))}, torch.rand(1, 3), seconds=0).ratio()
