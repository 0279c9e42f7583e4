import pytest
import torch

import kdviz as kd


def test_every_other_block_and_all_of_the_same_name_are_inherited():
    teacher, student = kd.models.vit(16, 4, 2), kd.models.vit(16, 2, 2, seed=1)
    assert kd.models.inherit(student, teacher) is student
    theirs, ours = teacher.state_dict(), student.state_dict()
    for name, weight in ours.items():
        source = name.replace("block2.", "block3.")
        assert torch.equal(weight, theirs[source]), name
    student.block1.expand.weight.data.zero_()
    assert teacher.block1.expand.weight.abs().sum() > 0  # copies


def test_layers_can_be_named_and_others_stay():
    teacher, student = kd.models.mlp((8, 8), inputs=8, classes=3), kd.models.mlp((8,), inputs=8, classes=3, seed=1)
    kd.models.inherit(student, teacher, {"linear1": "linear2"})
    assert torch.equal(student.linear1.weight, teacher.linear2.weight)
    assert torch.equal(student.logits.weight, teacher.logits.weight)


def test_what_cannot_be_inherited_is_told():
    with pytest.raises(ValueError, match="must have its teacher's width"):
        kd.models.inherit(kd.models.vit(8, 2, 2), kd.models.vit(16, 4, 2))
    with pytest.raises(ValueError, match="the teacher has no layer 'block9' with weights"):
        kd.models.inherit(kd.models.vit(8, 2, 2), kd.models.vit(8, 4, 2), {"block1": "block9"})
    with pytest.raises(ValueError, match="no weight of the same name and shape"):
        kd.models.inherit(kd.models.mlp((4,), inputs=4, classes=3), kd.models.convnet(4))


def test_blocks_in_a_list_are_inherited_too():
    class Deep(torch.nn.Module):
        def __init__(self, blocks: int):
            super().__init__()
            self.body = torch.nn.Module()
            self.body.layer = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(blocks))

    teacher, student = Deep(6), Deep(2)
    kd.models.inherit(student, teacher)
    assert torch.equal(student.body.layer[1].weight, teacher.body.layer[3].weight)
    assert torch.equal(student.body.layer[0].bias, teacher.body.layer[0].bias)
