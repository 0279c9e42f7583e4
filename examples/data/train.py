"""Train the teacher of the digits again: python examples/data/train.py, a few seconds."""

import kdviz_digits
import torch
from safetensors.torch import save_file

import kdviz as kd
from kdviz.distill.schedules import WarmupCosine

torch.set_num_threads(1)
data = kd.data.load("digits")
student = kd.models.mlp((128, 64), inputs=64, classes=10, dropout=0.2, seed=0)
settings = {"learning_rate": 3e-3, "batch_size": 64, "epochs": 60, "seed": 0}
rate = WarmupCosine(settings["learning_rate"])
run = kd.Distillation(None, student, data, kd.HardLabels(), **settings | {"learning_rate": rate})
run.train(progress=False)
state = {name: value.half() for name, value in student.state_dict().items()}
student.load_state_dict(state)
test, validation = run.evaluate("test"), run.evaluate("validation")
card = kd.models.Card(
    name="digits-mlp",
    title="Digits, 128 + 64 ReLU units",
    data="digits",
    architecture=student.architecture,
    parameters=kd.models.parameter_count(student),
    macs=kd.models.mac_count(student, data.shape),
    test_errors=test.errors,
    test_examples=test.examples,
    test_accuracy=round(test.accuracy, 6),
    validation_accuracy=round(validation.accuracy, 6),
    recipe=settings,
    seed=0,
    command="python examples/data/train.py",
    licence="BSD-3-Clause",
)
save_file(state, kdviz_digits.CARD.with_suffix(".safetensors"))
kdviz_digits.CARD.write_text(card.json(), encoding="utf-8")
print(f"{card.test_errors} errors on {card.test_examples} test examples")
