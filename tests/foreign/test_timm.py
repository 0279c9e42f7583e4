"""Models of timm: vision transformers, heads of two answers, residual networks."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.measure.attending import attending
from kdviz.measure.attention import attention_matrices

DATA = torch.rand(48, 3, 16, 16, generator=torch.Generator().manual_seed(0)), torch.arange(48) % 3


@pytest.fixture
def vit(timm):
    def make(width: int, kind: str = "vision_transformer.VisionTransformer", **more):
        torch.manual_seed(width)
        module, _, name = kind.partition(".")
        made = getattr(getattr(timm.models, module), name)
        return made(img_size=16, patch_size=8, embed_dim=width, depth=2, num_heads=2, num_classes=3, **more)

    return make


def test_a_vision_transformer_teaches_and_learns(journey, vit, tmp_path):
    way = journey(vit(16).eval(), vit(8), DATA)
    report = way.everywhere(tmp_path, lambda seed: vit(8))
    assert list(kd.distill.taps(way.run.student, DATA[0][:1])).count("blocks.1.attn") == 1
    assert report.saliency("input_x_gradient", count=3, checks=0).sentence()
    assert report.attention(count=6).attention is not None


def test_its_attention_is_seen_with_the_fused_kernel_off(vit):
    model = vit(8).eval()
    assert attending(model) == {"blocks.0.attn": 2, "blocks.1.attn": 2} and model.blocks[0].attn.fused_attn
    before = model(DATA[0][:4])
    found = attention_matrices(model, DATA[0][:4])
    assert {name: tuple(A.shape) for name, A in found.items()} == dict.fromkeys(attending(model), (4, 2, 5, 5))
    qkv = model.blocks[0].attn.qkv(
        model.blocks[0].norm1(model.norm_pre(model._pos_embed(model.patch_embed(DATA[0][:4]))))
    )
    q, k, _ = qkv.view(4, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
    wanted = (q @ k.transpose(-2, -1) / 2).softmax(-1)  # √4
    assert torch.allclose(found["blocks.0.attn"], wanted, atol=1e-6)
    assert model.blocks[0].attn.fused_attn and torch.equal(model(DATA[0][:4]), before)
    assert not model.blocks[0].attn.attn_drop._forward_pre_hooks


def test_a_head_with_two_answers_says_which_to_learn_from(journey, vit, tmp_path):
    def distilled(width: int):
        model = vit(width, "deit.VisionTransformerDistilled")
        model.set_distilled_training(True)
        return model

    with pytest.raises(TypeError, match=r"the student returned 2 things, expected .*kd.wrap\(model, output=0\)"):
        journey(distilled(16).eval(), distilled(8), DATA)
    for told in ({"output": 0}, {"training": 0}, {"training": 1}, {"training": "mean"}):
        journey(distilled(16).eval(), kd.wrap(distilled(8), **told), DATA)
    student = kd.wrap(distilled(8), training="mean")
    both = student.module.train()(DATA[0])
    assert torch.allclose(student.train()(DATA[0]), (both[0] + both[1]) / 2)
    way = journey(distilled(16).eval(), kd.wrap(distilled(8), training="mean"), DATA)
    way.everywhere(tmp_path, lambda seed: kd.wrap(distilled(8), training="mean"))
    assert "blocks.1.attn" in kd.distill.taps(way.run.student, DATA[0][:1])


def test_a_residual_network_teaches_at_another_resolution(journey, timm, vit, tmp_path):
    teacher = timm.create_model("resnet10t", pretrained=False, num_classes=3).eval()
    larger = kd.wrap(teacher, inputs=lambda x: torch.nn.functional.interpolate(x, 32))
    way = journey(larger, vit(8), DATA)
    assert torch.equal(way.teacher(DATA[0][:2]), teacher(torch.nn.functional.interpolate(DATA[0][:2], 32)))
    way.everywhere(tmp_path)


def test_an_input_of_another_size_is_told(vit):
    with pytest.raises(
        ValueError, match=r"the teacher cannot process float32 inputs of shape \(3, 20, 20\) \(AssertionError"
    ):
        kd.compare(vit(8), vit(8), (torch.rand(12, 3, 20, 20), torch.arange(12) % 3))
    told = kd.wrap(vit(8).eval(), inputs=lambda x: x[..., :16, :16])
    kd.compare(told, told, (torch.rand(12, 3, 20, 20), torch.arange(12) % 3))
