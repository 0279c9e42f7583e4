"""Packages that others write models with: each is walked through all of kdviz, on tiny models of random weights."""

from __future__ import annotations

import copy
import importlib
import importlib.machinery
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.distill.state import copied


@pytest.fixture(autouse=True)
def one_torch_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class _Anything(type):
    """A class that has every attribute, each such a class again."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})


class _StandIn:
    """Finds torchvision and all that is in it, as modules that hold whatever is looked up in them."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] != "torchvision":
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: getattr(_Anything("torchvision", (), {}), name)  # type: ignore[method-assign]
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        pass


@pytest.fixture(scope="session")
def timm() -> types.ModuleType:
    """The package timm, which imports torchvision for its transforms: a stand-in serves where there is none."""
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if importlib.util.find_spec("torchvision") is not None:
            return importlib.import_module("timm")
        finder = _StandIn()
        sys.meta_path.append(finder)  # type: ignore[arg-type]
        try:
            return importlib.import_module("timm")
        finally:
            sys.meta_path.remove(finder)  # type: ignore[arg-type]
            for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
                del sys.modules[name]


class Journey:
    """One teacher and one student on their way through kdviz; each stop is checked."""

    def __init__(self, teacher: Any, student: nn.Module, data: Any, **training: Any) -> None:
        self.given = teacher, copied(student), data
        self.run = kd.Distillation(
            teacher, student, data, epochs=1, batch_size=16, allow_weaker_teacher=True, **training
        )
        before = copy.deepcopy(self.run.student.state_dict())
        self.run.train(progress=False)
        assert self.run.steps_done > 0
        now = self.run.student.state_dict()
        assert any(not torch.equal(now[name], before[name]) for name in now), "the student learned nothing"

    @property
    def teacher(self) -> nn.Module:
        assert self.run.teacher is not None
        return self.run.teacher.module

    def saved_and_loaded(self, folder: Any) -> None:
        """The run goes on from the disk with the very weights it had."""
        teacher, student, data = self.given
        self.run.save(folder)
        loaded = kd.Distillation.load(folder, teacher=teacher, student=student, data=data)
        assert same(loaded.student, self.run.student) and loaded.steps_done == self.run.steps_done

    def repeated(self) -> None:
        """Twin and branch work, and a step of the past is made again bit for bit."""
        assert self.run.twin().train(progress=False).steps_done == self.run.steps_done
        branch = self.run.branch(1).train(progress=False)
        assert same(branch.student, self.run.student)

    def compared(self) -> kd.report.Report:
        """Return the report on both models; its teacher agrees with itself."""
        splits = self.run.data
        report = kd.compare(self.teacher, self.run.student, splits)
        assert len(report.sentences("fidelity")) >= 1
        itself = kd.compare(self.teacher, self.teacher, splits)
        assert itself.fidelity.agreement == 1
        return report

    def opened(self) -> None:
        """The Lab shows the run."""
        kd.panels.Lab(self.run).close()

    def studied(self, student: Callable[[int], nn.Module]) -> None:
        """A study of two arms runs with these models."""
        teacher, _, data = self.given
        study = kd.Study.grid(self.run.recipe, temperature=[1, 4], seeds=1, teacher=teacher, student=student, data=data)
        study.run(progress=False, n_jobs=1)
        assert len(study.table()) == 2

    def everywhere(self, folder: Any, student: Callable[[int], nn.Module] | None = None) -> kd.report.Report:
        """Make every stop that asks nothing of the inputs' kind; return the report."""
        report = self.compared()
        self.saved_and_loaded(folder)
        self.repeated()
        self.opened()
        if student is not None:
            self.studied(student)
        return report


def same(a: nn.Module, b: nn.Module) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def journey() -> type[Journey]:
    return Journey
