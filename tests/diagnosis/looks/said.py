"""What a diagnosis said, by name."""

from __future__ import annotations


def names(diagnosis):
    return [found.name for found in diagnosis.findings]


def only(diagnosis, name, severity="fault"):
    assert [f.name for f in diagnosis.findings if f.severity == severity] == [name], str(diagnosis)
    return diagnosis[name]
