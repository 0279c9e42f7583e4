"""Models of the transformers package: named inputs, answers in an object, fused attention."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.data import Examples, Splits
from kdviz.data.inputs import rows
from kdviz.measure.attention import attention_matrices, layer_maps
from kdviz.measure.saliency import saliency
from kdviz.models.inference import ask
from kdviz.models.wrap import as_module

transformers = pytest.importorskip("transformers")

N, L, WORDS = 80, 7, 30
DRAW = torch.Generator().manual_seed(0)
IDS = torch.randint(1, WORDS, (N, L), generator=DRAW)
MASK = (torch.arange(L) < torch.randint(3, L + 1, (N, 1), generator=DRAW)).long()
TEXT = {"input_ids": IDS * MASK, "attention_mask": MASK}
Y = torch.arange(N) % 3
IMAGES = torch.rand(48, 3, 16, 16, generator=DRAW)


def bert(width: int, kind: str = "SequenceClassification", **more):
    torch.manual_seed(width)
    config = transformers.BertConfig(
        vocab_size=WORDS, hidden_size=width, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=16, num_labels=3, **more,
    )  # fmt: skip
    return getattr(transformers, f"BertFor{kind}")(config)


def distilbert(width: int):
    torch.manual_seed(width)
    config = transformers.DistilBertConfig(
        vocab_size=WORDS, dim=width, n_layers=1, n_heads=2, hidden_dim=16, max_position_embeddings=16, num_labels=3
    )
    return transformers.DistilBertForSequenceClassification(config)


def vit(width: int):
    torch.manual_seed(width)
    config = transformers.ViTConfig(
        hidden_size=width, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=16,
        patch_size=8, num_labels=3,
    )  # fmt: skip
    return transformers.ViTForImageClassification(config)


def gpt2(width: int, positions: int = 16):
    torch.manual_seed(width)
    config = transformers.GPT2Config(
        vocab_size=WORDS, n_embd=width, n_layer=1, n_head=2, n_positions=positions, bos_token_id=0, eos_token_id=0
    )
    return transformers.GPT2LMHeadModel(config)


def llama(width: int):
    torch.manual_seed(width)
    config = transformers.LlamaConfig(
        vocab_size=WORDS, hidden_size=width, num_hidden_layers=2, num_attention_heads=width // 4, intermediate_size=16,
        max_position_embeddings=16, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config)


def masked_bert(width: int):
    return bert(width, "MaskedLM")


def splits(x, y, classes: int = 3) -> Splits:
    n = len(y)
    ends = (0, n // 2, 3 * n // 4, n)
    parts = [Examples(rows(x, slice(a, b)), y[a:b]) for a, b in pairwise(ends)]
    return Splits("yours", "Yours", tuple(map(str, range(classes))), *parts)


def test_logits_are_those_of_the_model_itself():
    model = bert(8).eval()
    wanted = model(**TEXT).logits
    assert torch.equal(ask(model, TEXT, who="teacher"), wanted)
    assert torch.equal(kd.wrap(model, output="logits")(**TEXT), wanted)
    assert torch.equal(ask(model, IDS, who="teacher"), model(input_ids=IDS).logits)
    assert not torch.allclose(ask(model, {"input_ids": TEXT["input_ids"]}, who="teacher"), wanted), "the mask counts"
    reversed_ = kd.wrap(model, classes=[2, 1, 0])
    assert torch.equal(ask(reversed_, TEXT, who="teacher"), wanted.flip(1))


@pytest.mark.parametrize("student", [bert, distilbert])
def test_text_teaches_with_named_inputs(journey, tmp_path, student):
    way = journey(bert(16).eval(), student(8), splits(TEXT, Y))
    report = way.everywhere(tmp_path, lambda seed: student(8))
    assert report.saliency("input_x_gradient", count=3, checks=2).sentence()  # through the embedding
    assert report.attention(count=6).attention is not None
    report.figures()
    assert report.to_html(tmp_path / "report.html").stat().st_size > 1000


def test_token_ids_alone_teach(journey, tmp_path):
    way = journey(bert(16).eval(), bert(8), splits(IDS, Y))
    assert way.everywhere(tmp_path).saliency("integrated_gradients", count=3, checks=0).sentence()


def test_images_teach_and_their_layers_are_named(journey, tmp_path):
    way = journey(vit(16).eval(), vit(8), (IMAGES, torch.arange(48) % 3))
    report = way.everywhere(tmp_path, lambda seed: vit(8))
    assert "vit.layers.1.attention" in kd.distill.taps(way.run.student, IMAGES[:1])
    assert report.attention(count=6).attention is not None
    named = splits({"pixel_values": IMAGES}, torch.arange(48) % 3)
    journey(vit(16).eval(), vit(8), named).compared()


def test_each_token_teaches(journey, tmp_path):
    labels = torch.where(MASK.bool(), IDS % 3, -1)
    way = journey(bert(16, "TokenClassification").eval(), bert(8, "TokenClassification"), splits(TEXT, labels))
    way.saved_and_loaded(tmp_path)
    way.repeated()


def test_pages_say_that_they_show_one_answer_an_example(journey):
    labels = torch.where(MASK.bool(), IDS % 3, -1)
    way = journey(bert(16, "TokenClassification").eval(), bert(8, "TokenClassification"), splits(TEXT, labels))
    with pytest.raises(ValueError, match="these models answer for each token, and a page shows one answer an example"):
        way.opened()
    with pytest.raises(ValueError, match="these models answer for each token"):
        kd.panels.Methods(way.teacher, way.run.student, way.run.data)
    assert way.run.evaluate("test").examples == int((way.run.data.test.y >= 0).sum())
    part = way.run.data.test
    told = [kd.models.inference.logits(model, part, who="") for model in (way.teacher, way.run.student)]
    counts = part.y >= 0
    found = kd.measure.fidelity.fidelity(told[0][counts], told[1][counts], part.y[counts])
    assert found.agreement == float((told[0].argmax(-1) == told[1].argmax(-1))[counts].double().mean())
    report = kd.compare(way.teacher, way.run.student, way.run.data)
    assert report.sequences["student"].agreement.value == pytest.approx(found.agreement)


def test_a_language_model_teaches_the_next_word(journey, tmp_path):
    following = torch.cat((IDS[:, 1:], torch.full((N, 1), -1)), 1)
    way = journey(gpt2(16).eval(), gpt2(8), splits(IDS, following, WORDS))
    way.saved_and_loaded(tmp_path)
    way.repeated()


@pytest.mark.parametrize("make", [bert, distilbert, gpt2])
def test_attention_is_seen_with_the_fused_kernel_off(make):
    model = make(8).eval()
    assert model.config._attn_implementation == "sdpa"
    before = model(**TEXT).logits
    found = attention_matrices(model, TEXT)
    assert model.config._attn_implementation == "sdpa" and torch.equal(model(**TEXT).logits, before)
    model.set_attn_implementation("eager")
    own = list(model(**TEXT, output_attentions=True).attentions)
    assert len(found) == len(own) and all(torch.allclose(a, b) for a, b in zip(found.values(), own, strict=True))
    seen = layer_maps(model, TEXT)
    last = list(seen)[-1]
    weights = own[-1].mean(1)
    mean = torch.stack([w[m.bool()].mean(0) for w, m in zip(weights, MASK, strict=True)])
    assert torch.allclose(seen[last][:, 0], mean.float(), atol=1e-6), "padding looks at nothing"


def test_images_of_attention_are_patches():
    model = vit(8).eval()
    assert {name: tuple(m.shape) for name, m in layer_maps(model, IMAGES[:2]).items()} == {
        "vit.layers.0.attention": (2, 2, 2),
        "vit.layers.1.attention": (2, 2, 2),
    }


def test_inputs_that_a_student_does_not_take_are_told(journey):
    class Bag(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.EmbeddingBag(WORDS, 3)

        def forward(self, words: torch.Tensor) -> torch.Tensor:
            return self.table(words)

    with pytest.raises(
        ValueError, match=r"the student cannot process inputs input_ids .*its forward takes words; rename"
    ):
        journey(bert(8).eval(), Bag(), splits(TEXT, Y))
    journey(bert(8).eval(), kd.wrap(Bag(), inputs=lambda b: b["input_ids"]), splits(TEXT, Y)).compared()


def test_names_of_classes_in_another_order_are_told():
    model = bert(8, id2label={0: "cat", 1: "dog", 2: "cow"}, label2id={"cat": 0, "dog": 1, "cow": 2}).eval()
    with pytest.warns(UserWarning, match=r"the teacher names its classes cat, dog, cow .*classes=\[0, 2, 1\]"):
        as_module(model, "teacher", classes=("cat", "cow", "dog"))
    told = kd.wrap(model, classes=["cat", "cow", "dog"])
    assert as_module(told, "teacher", classes=("cat", "cow", "dog")) is told
    assert torch.equal(ask(told, TEXT, who="teacher"), model(**TEXT).logits[:, [0, 2, 1]])


def test_a_pipeline_is_told_to_pass_its_model():
    class Pipeline:  # as transformers.pipeline makes them: something that can be called, on text
        def __init__(self) -> None:
            self.model, self.tokenizer = bert(8), object()

        def __call__(self, text):
            raise AssertionError("it takes text")

    with pytest.raises(TypeError, match=r"Pipeline, which holds one; pass its \.model"):
        as_module(Pipeline(), "teacher")


def test_the_pages_show_text():
    page = kd.panels.Compare(bert(16).eval(), bert(8), splits(TEXT, Y))
    words = page.scene.captions[0].split()
    assert len(words) == L and all(word.isdigit() for word in words)
    few = splits(TEXT, Y).test.take(slice(0, 4))
    for view in ("saliency", "attention"):
        assert page.controllers[view].make(bert(16).eval(), bert(8).eval(), few)
        assert page.controllers[view].make_across(bert(16).eval(), bert(8).eval(), few)["across"]["n"] == 4
    page.close()


def test_the_how_to_takes_a_folder_with_a_decoder_and_its_tokenizer(tmp_path, monkeypatch):
    tokenizers = pytest.importorskip("tokenizers")
    monkeypatch.chdir(tmp_path)
    digits = {"<|endoftext|>": 0, " ": 1, **{str(i): i + 2 for i in range(10)}}
    pieces = tokenizers.Tokenizer(tokenizers.models.BPE(digits, []))
    pieces.decoder = tokenizers.decoders.Fuse()
    transformers.PreTrainedTokenizerFast(tokenizer_object=pieces).save_pretrained("my-model")
    gpt2(8, positions=32).save_pretrained("my-model")  # with more logits than there are symbols
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "text.md").read_text(encoding="utf-8")
    _, own, foreign, *_ = re.findall(r"```(?:python)?\n(.*?)```", text, re.DOTALL)
    names = {"kd": kd}
    with pytest.warns(UserWarning, match="no better than always predicting the most common class"):
        exec(own + foreign, names)
    x = names["cut"](names["text"], names["pieces"]).test.x[:2]
    assert names["big"](x).shape == names["small"](x).logits.shape == (2, 32, len(digits))


@pytest.mark.parametrize("make", [gpt2, llama, masked_bert])
def test_two_language_models_are_compared_token_by_token(make, tmp_path):
    y = torch.where(MASK.bool(), IDS, -1) if make is masked_bert else torch.cat((IDS[:, 1:], IDS[:, :1]), 1)
    teacher, student = make(16).eval(), make(8).eval()  # of Llama with four heads and with two
    report = kd.compare(teacher, student, splits(TEXT, y.masked_fill(MASK == 0, -1), WORDS))
    part = report.examples
    whole = {name: part.x[name] for name in TEXT}
    with torch.no_grad():
        own = student(**whole).logits[torch.arange(len(part)), part.x["at"][:, 0]]
    torch.testing.assert_close(report.logits["student"], own)
    report.saliency(count=3, checks=0, progress=False)
    assert report.attention(count=4).heads is not None
    assert report.to_html(tmp_path / "report.html").stat().st_size > 1000
    page = kd.panels.Compare.of(report, view="attention")
    assert page.wait()
    shown = page.tabs["attention"]
    given = page.controllers.counted.examples.inputs(torch.tensor([page.scene.selected]))
    page.close()
    given.pop("at")
    student.set_attn_implementation("eager")
    with torch.no_grad():
        weights = student(**given, output_attentions=True).attentions[-1][0, -1]
    counts, n = given["attention_mask"][0].bool(), len(shown.tokens)
    last = torch.from_numpy(np.frombuffer(shown.student_maps, "<f4")[-n * n :].copy()).view(n, n)
    torch.testing.assert_close(
        last * shown.student_layers[-1]["most"], weights[counts][:, counts], rtol=1e-4, atol=1e-5
    )


def test_integrated_gradients_of_tokens_are_those_of_captum_on_the_embedding():
    layer_of = pytest.importorskip("captum.attr").LayerIntegratedGradients
    model = bert(8).eval()
    found = saliency(model, TEXT, Y, "integrated_gradients", baseline=0.0, steps=20)
    layer = layer_of(lambda ids, mask: model(ids, mask).logits, model.bert.embeddings.word_embeddings)
    ids, mask = TEXT["input_ids"], TEXT["attention_mask"]
    wanted = layer.attribute(ids, 0 * ids, target=Y, additional_forward_args=mask, n_steps=20)
    torch.testing.assert_close(found, wanted.sum(-1).detach().float(), rtol=1e-4, atol=1e-5)
