"""One training step: the outputs of both models, and the gradient of the objective on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ..losses.labels import UNLABELLED
from ..models.inference import answer, device_of, fitted, no_answer, uncompiled
from ..models.looking import evaluating
from . import auxiliary, checks
from .batches import Batch
from .objective import Term
from .outputs import NOTHING, Outputs
from .plan import Plan
from .randomness import seeded
from .taps import tapped
from .tokens import flat_labels, flattened, positions

LOGIT_BYTES = 2**30  # of a teacher's logits, cached for all examples; above this, the teacher is run at each step
WeightedNumbers = Sequence[tuple[float, dict[str, float]]]  # the weight and the numbers of each term at a step


class TrainingStep:
    """The models, the terms, and the auxiliary modules of the terms.

    Parameters
    ----------
    plan : Plan
    repeats : bool
        Whether the inputs are the same in each epoch, so that the teacher's outputs can be cached.

    Attributes
    ----------
    terms : tuple of (str, Term)
        With their names in the history.
    auxiliary : nn.ModuleDict
        By the same names.
    cached : bool
        Whether batches contain the teacher's outputs; otherwise it is run at each step, where a term needs it.
    layer_numbers : int
        How many numbers of the teacher's layers a batch holds for each example.
    parameters : list of nn.Parameter
        All trainable parameters: the student's and the auxiliary modules'.
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
        self._answers = any(term.needs_teacher and not term.asks_itself for term in objective.terms)
        layer_bytes = 0
        if self.teacher is not None and self.layers.teacher:
            layer_bytes = self.teacher.layer_bytes(examples, self.layers.teacher)
        fits = layer_bytes <= auxiliary.FEATURE_BYTES
        self.cached = (
            self.teacher is not None
            and self._answers
            and repeats
            and fits
            and self.teacher.logit_bytes(examples) <= LOGIT_BYTES
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
        """Run the student, and the teacher where its outputs are not cached in the batch."""
        teacher, theirs, ours = batch.teacher, batch.teacher_layers, NOTHING
        if self.teacher is not None and self._answers and not self.cached:
            teacher, theirs = self.teacher.answer(batch.inputs, self.layers.teacher)
        if self.layers.student:
            with tapped(self.student, self.layers.student, self.layers.copied) as ours:
                student = answer(uncompiled(self.student), batch.inputs, who="student")
        else:
            student = answer(self.student, batch.inputs, who="student")
        labels, labelled = batch.labels, batch.labelled
        if teacher is not None:
            teacher = teacher.to(student.device)
        tokens = None
        if student.ndim == 3:
            tokens = labels
            places = positions(batch.inputs, student, None if self._plan.data.everywhere else labels)
            labels = flat_labels(labels, places, student.shape[1])
            student = flattened(student, places)
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
            ask=self.teacher,
            tokens=tokens,
            everywhere=self._plan.data.everywhere,
        )

    def without_answer(self, batch: Batch) -> tuple[int, int]:
        """Return for how many examples (or tokens) of a batch the teacher's logits are not finite, and of how many."""
        if self.teacher is None:
            return 0, 0
        logits = self.teacher(batch.inputs) if batch.teacher is None else batch.teacher
        y = None if self._plan.data.everywhere else batch.labels.to(logits.device)
        wrong = no_answer(flattened(logits, positions(batch.inputs, logits, y)))
        return int(wrong.sum()), len(wrong)

    def each_term(self, batch: Batch, weighted: WeightedNumbers) -> Iterator[tuple[str, float, Tensor]]:
        """Yield the name, the weight and the value of each term on a batch, with the graph of its gradient."""
        outputs = self.outputs(batch)
        for (name, term), (weight, hyper) in zip(self.terms, weighted, strict=True):
            yield name, weight, term.value(self.for_term(outputs, name), hyper)

    def for_term(self, outputs: Outputs, name: str) -> Outputs:
        """Return the outputs for one term: the same, with its own auxiliary module."""
        module = self._auxiliary_of.get(name)
        return outputs if module is None else outputs._replace(auxiliary=module)

    def gradient(self, batch: Batch, weighted: WeightedNumbers) -> tuple[Tensor, list[Tensor]]:
        """Compute gradients for every trainable parameter; return the loss and the terms' unweighted values.

        A term of weight 0 has a value but no part in the gradient. A parameter that no term uses gets no gradient.
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
        """Compute the gradients of the auxiliary modules that have a loss of their own, and no others."""
        weights = {name: weight for (name, _), (weight, _) in zip(self.terms, weighted, strict=True)}
        for (name, term), (_, hyper) in zip(self.terms, weighted, strict=True):
            if name in self._by_themselves:
                own = term.auxiliary_loss(self.for_term(outputs, name), hyper, weights)
                if own is not None:
                    own.backward(inputs=self._by_themselves[name], retain_graph=True)

    @property
    def cached_layers(self) -> tuple[str, ...]:
        """The teacher's layers that batches contain."""
        return self.layers.teacher if self.cached else ()

    @property
    def needs_rehearsal(self) -> bool:
        """Whether terms use more than both models' logits, which have been checked."""
        return bool(self.layers.student or len(self.auxiliary))

    def rehearse(self, weighted: WeightedNumbers) -> None:
        """Compute each term on two examples, so that incompatible layers fail before the first step."""
        data = self._plan.data
        checks.check_batches(self.auxiliary, data, self._plan.settings.batch_size)
        few = data.train.take(slice(0, 2))
        x, y = fitted(few.inputs(), self.student), few.y.to(self.device)
        groups = None if self._grouping is None else self._grouping.codes[:2].to(self.device)
        soft = None if few.soft is None else few.soft.to(self.device)
        batch = Batch(x, y, few.labelled, None, groups, soft=soft)
        if self.teacher is not None:
            logits, layers = self.teacher.answer(x, self.layers.teacher)
            moved = {name: features.to(self.device) for name, features in layers.items()}
            batch = batch._replace(teacher=logits.to(self.device), teacher_layers=moved)
        with evaluating(self.student), evaluating(self.auxiliary), torch.no_grad(), seeded(0, self.device):
            outputs = self.outputs(batch)
            for (name, term), (_, hyper) in zip(self.terms, weighted, strict=True):
                term.value(self.for_term(outputs, name), hyper)
