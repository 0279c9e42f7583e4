"""One training step: what it asks of both models, and the gradient that the objective makes of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..losses.labels import UNLABELLED
from ..models.inference import answer, device_of, fitted, uncompiled
from ..models.looking import evaluating
from . import auxiliary, checks
from .batches import Batch
from .objective import Term
from .outputs import NOTHING, Outputs
from .plan import Plan
from .randomness import seeded
from .taps import tapped
from .tokens import flat_labels, flattened, positions

LOGIT_BYTES = 2**30  # of a teacher's logits kept for all examples; beyond, the teacher is asked at each step
WeightedNumbers = Sequence[tuple[float, dict[str, float]]]  # the weight and the numbers of each term at a step


class TrainingStep:
    """The models, the terms, and the auxiliary modules that the terms asked for.

    Parameters
    ----------
    plan : Plan
    repeats : bool
        Whether the inputs are the same in each epoch, so that the teacher's answers can be kept.

    Attributes
    ----------
    terms : tuple of (str, Term)
        With the names that the history knows them by.
    auxiliary : nn.ModuleDict
        By those names.
    cached : bool
        Whether batches bring the teacher's answers along; else it is asked at each step, where a term needs it.
    layer_numbers : int
        How many numbers of the teacher's layers a batch brings along, for each example.
    parameters : list of nn.Parameter
        All that learns: the student's and the auxiliary modules'.
    """

    def __init__(self, plan: Plan, *, repeats: bool) -> None:
        examples, student, settings = plan.data.train, plan.student, plan.settings
        objective = settings.objective.for_data(plan.data)
        self.teacher = plan.teacher if objective.needs_teacher else None
        self.student, self.device = student, device_of(student)
        self.terms = tuple(zip(objective.names, objective.terms, strict=True))
        self._plan, self._grouping = plan, plan.grouping
        few = examples.inputs(slice(0, 2))
        self.layers, self.auxiliary = auxiliary.prepare(objective, self.teacher, student, few, settings.seed)
        self._auxiliary_of = dict(self.auxiliary.items())
        layer_bytes = 0
        if self.teacher is not None and self.layers.teacher:
            layer_bytes = self.teacher.layer_bytes(examples, self.layers.teacher)
        fits = layer_bytes <= auxiliary.FEATURE_BYTES
        self.cached = (
            self.teacher is not None and repeats and fits and self.teacher.logit_bytes(examples) <= LOGIT_BYTES
        )
        self.layer_numbers = layer_bytes // (4 * len(examples)) if self.cached else 0
        self.parameters = [p for m in (student, self.auxiliary) for p in m.parameters() if p.requires_grad]
        by_themselves = [
            name
            for name, term in self.terms
            if name in self.auxiliary and type(term).auxiliary_loss is not Term.auxiliary_loss
        ]
        self._by_themselves = {name: list(self.auxiliary[name].parameters()) for name in by_themselves}
        theirs = {id(p) for parameters in self._by_themselves.values() for p in parameters}
        self._taught = [p for p in self.parameters if id(p) not in theirs]

    def outputs(self, batch: Batch) -> Outputs:
        """Ask the student, and the teacher where its answers do not come with the batch."""
        teacher, theirs, ours = batch.teacher, batch.teacher_layers, NOTHING
        if self.teacher is not None and not self.cached:
            teacher, theirs = self.teacher.answer(batch.inputs, self.layers.teacher)
        if self.layers.student:
            with tapped(self.student, self.layers.student, self.layers.copied) as ours:
                student = answer(uncompiled(self.student), batch.inputs, who="student")
        else:
            student = answer(self.student, batch.inputs, who="student")
        labels, labelled = batch.labels, batch.labelled
        if teacher is not None:
            teacher = teacher.to(student.device)
        if student.ndim == 3:
            places = positions(batch.inputs, student)
            student, labels = flattened(student, places), flat_labels(labels, places)
            teacher = None if teacher is None else flattened(teacher, places)
            labelled = int((labels != UNLABELLED).sum())
        groups = 0 if self._grouping is None else len(self._grouping.names)
        return Outputs(
            student,
            teacher,
            labels,
            labelled,
            batch.groups,
            groups,
            batch.inputs,
            ours,
            theirs,
            model=self.student,
            soft=batch.soft,
        )

    def each_term(self, batch: Batch, weighted: WeightedNumbers) -> Iterator[tuple[str, float, Tensor]]:
        """Yield the name, the weight and the value of each term on a batch, with the graph of its gradient."""
        outputs = self.outputs(batch)
        for (name, term), (weight, hyper) in zip(self.terms, weighted, strict=True):
            yield name, weight, term.value(self.for_term(outputs, name), hyper)

    def for_term(self, outputs: Outputs, name: str) -> Outputs:
        """Return what one term may look at: the same, and the auxiliary module that is its own."""
        module = self._auxiliary_of.get(name)
        return outputs if module is None else outputs._replace(auxiliary=module)

    def gradient(self, batch: Batch, weighted: WeightedNumbers) -> tuple[Tensor, list[Tensor]]:
        """Give all that learns its gradient; return the loss and the terms' unweighted values.

        A term of weight 0 has a value and no part in the gradient. Nothing gets a gradient that no term asks for.
        """
        values: list[Tensor] = []
        loss: Tensor | None = None
        outputs = self.outputs(batch)
        for (name, term), (weight, hyper) in zip(self.terms, weighted, strict=True):
            of_term = self.for_term(outputs, name)
            if weight == 0:
                with torch.no_grad():
                    values.append(term.value(of_term, hyper))
                continue
            value = term.value(of_term, hyper)
            values.append(value.detach())
            loss = weight * value if loss is None else loss + weight * value
        for parameter in self.parameters:
            parameter.grad = None
        if self._by_themselves:
            self._auxiliary_by_themselves(outputs, weighted)
        if loss is None:
            return values[0] * 0, values
        loss.backward(inputs=self._taught if self._by_themselves else None)
        return loss.detach(), values

    def _auxiliary_by_themselves(self, outputs: Outputs, weighted: WeightedNumbers) -> None:
        """Give the auxiliary modules that learn by a loss of their own their gradient, and nobody else any."""
        weights = {name: weight for (name, _), (weight, _) in zip(self.terms, weighted, strict=True)}
        for (name, term), (_, hyper) in zip(self.terms, weighted, strict=True):
            if name in self._by_themselves:
                own = term.auxiliary_loss(self.for_term(outputs, name), hyper, weights)
                if own is not None:
                    own.backward(inputs=self._by_themselves[name], retain_graph=True)

    @property
    def cached_layers(self) -> tuple[str, ...]:
        """The teacher's layers that batches bring along."""
        return self.layers.teacher if self.cached else ()

    @property
    def needs_rehearsal(self) -> bool:
        """Whether terms look at more than both models' answers, which have been checked."""
        return bool(self.layers.student or len(self.auxiliary))

    def rehearse(self, weighted: WeightedNumbers) -> None:
        """Have each term judge two examples, so that layers which cannot be compared fail before the first step."""
        data = self._plan.data
        checks.check_batches(self.auxiliary, data, self._plan.settings.batch_size)
        few = data.train.take(slice(0, 2))
        x, y = fitted(few.inputs(), self.student), few.y.to(self.device)
        groups = None if self._grouping is None else self._grouping.codes[:2].to(self.device)
        soft = None if few.soft is None else few.soft.to(self.device)
        batch = Batch(x, y, few.labelled, None, groups, soft=soft)
        if self.teacher is not None:
            logits, layers = self.teacher.answer(x, self.layers.teacher)
            there = {name: given.to(self.device) for name, given in layers.items()}
            batch = batch._replace(teacher=logits.to(self.device), teacher_layers=there)
        with evaluating(self.student), evaluating(self.auxiliary), torch.no_grad(), seeded(0, self.device):
            outputs = self.outputs(batch)
            for (name, term), (_, hyper) in zip(self.terms, weighted, strict=True):
                term.value(self.for_term(outputs, name), hyper)
