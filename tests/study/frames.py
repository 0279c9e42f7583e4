"""Errors read from a frame."""

from __future__ import annotations


def errors_of(frame, arm, role, split="test", moment="last"):
    rows = frame[(frame.arm == arm) & (frame.role == role) & (frame.split == split) & (frame.moment == moment)]
    return rows.set_index("seed").errors.to_dict()
