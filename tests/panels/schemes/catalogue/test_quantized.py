"""Bits: each lane has its own, fewer take fewer bytes, and rounding afterwards is of the same student."""

from __future__ import annotations

import copy

import torch

from kdviz.distill.schemes import bytes_of, fake_quantized
from kdviz.panels.schemes.catalogue.quantized import BITS, SCHEME


def test_a_lane_for_each_number_of_bits(course_of):
    course = course_of("quantized")
    lanes = {"2": course.own, **{bits: course.lanes[f"bits-{bits}"] for bits in BITS[1:]}}
    assert {bits: int(lane.student.linear1.quantized_bits) for bits, lane in lanes.items()} == {b: int(b) for b in BITS}
    (drawn,) = SCHEME.draw(course)
    rows = {row["name"]: row for row in drawn["rows"]}
    notes = [rows[f"{bits} bits, rounded while it learns"]["note"] for bits in BITS]
    assert notes == [f"{bytes_of(lanes[bits].student).quantized / 1000:,.1f} kB" for bits in BITS]
    model = fake_quantized(copy.deepcopy(course.lanes["hinton"].answer), 2, activation_bits=4)
    with torch.no_grad():
        model.train()(course.setting.data.train.inputs())
    assert rows["2 bits, rounded afterwards"]["text"] == str(course.wrong(model))
    assert len(rows) == 2 * len(BITS) + 1
