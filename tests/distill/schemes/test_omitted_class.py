import pytest
import torch

import kdviz as kd
from kdviz.data import Examples
from kdviz.distill.schemes import best_bias_shift, shift_class_bias


def test_one_logit_is_raised_and_the_model_stays_as_it_was():
    model = kd.models.mlp((8,), inputs=4, classes=3)
    x = torch.randn(5, 4)
    before = model(x).detach().clone()
    raised = shift_class_bias(model, 1, by=2.5)
    torch.testing.assert_close(raised(x) - before, torch.tensor([[0.0, 2.5, 0.0]]).expand(5, 3))
    assert torch.equal(model(x), before) and not raised.training


def test_the_raise_that_suits_is_the_one_with_the_fewest_errors():
    model = kd.models.mlp((), inputs=3, classes=3)
    with torch.no_grad():
        model.logits.weight.copy_(torch.eye(3))
        model.logits.bias.copy_(torch.tensor([0.0, 0.0, -3.0]))
    x = torch.eye(3).repeat(10, 1) * torch.tensor([10.0, 10.0, 6.0])
    x[x.argmax(1) == 2, 0] = 4.0  # a 2 looks a little like a 0: 6 − 3 + r > 4 from r = 1 on; a 0 stays one below r = 13
    examples = Examples(x, torch.arange(3).repeat(10))
    assert (model(x).argmax(1) != examples.y).sum() == 10
    suits = best_bias_shift(model, examples, 2)
    assert suits == 7.25  # the middle of 1.25 ... 13
    assert (shift_class_bias(model, 2, suits)(x).argmax(1) == examples.y).all()


def test_what_cannot_be_raised_is_told():
    with pytest.raises(ValueError, match="of_class must be one of 3 classes"):
        shift_class_bias(kd.models.mlp((), inputs=4, classes=3), 3, by=1.0)
    with pytest.raises(ValueError, match="must have a bias to raise"):
        shift_class_bias(torch.nn.Linear(4, 3, bias=False), 0, by=1.0)
    with pytest.raises(ValueError, match="must have labels"):
        best_bias_shift(kd.models.mlp((), inputs=4, classes=3), Examples(torch.zeros(3, 4), torch.full((3,), -1)), 0)
