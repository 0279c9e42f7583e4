"""Encoders of the transformers package: ours gives the same numbers, and theirs are distilled by the same schemes."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.distill.pairing import layer_pairs
from kdviz.distill.schemes import General, distilbert, tinybert, train_each

transformers = pytest.importorskip("transformers")

WORDS, L, WIDTH = 30, 8, 12
DRAW = torch.Generator().manual_seed(0)
IDS = torch.randint(5, WORDS, (48, L), generator=DRAW)
MASK = (torch.arange(L) < torch.randint(3, L + 1, (48, 1), generator=DRAW)).long()
TEXT = {"input_ids": IDS * MASK, "attention_mask": MASK}


def bert(kind: str, blocks: int, width: int = WIDTH, seed: int = 0):
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=WORDS, hidden_size=width, num_hidden_layers=blocks, num_attention_heads=3,
        intermediate_size=4 * width, max_position_embeddings=L, num_labels=3, initializer_range=0.3,
    )  # fmt: skip
    model = getattr(transformers, f"BertFor{kind}")(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(std=0.1)  # they begin at 0, where a mistake hides
    return model


def distil(blocks: int, width: int = WIDTH):
    torch.manual_seed(1)
    config = transformers.DistilBertConfig(
        vocab_size=WORDS, dim=width, n_layers=blocks, n_heads=3, hidden_dim=4 * width, max_position_embeddings=L
    )
    return transformers.DistilBertForMaskedLM(config)


def ours(theirs, blocks: int, classes: int | None):
    """Our encoder with the weights of theirs."""
    model, given = kd.models.encoder(WORDS, L, WIDTH, blocks, 3, classes=classes).double(), theirs.state_dict()
    front = "bert.embeddings."
    weights = {"embed.word.weight": given[front + "word_embeddings.weight"]}
    sentence = given[front + "token_type_embeddings.weight"][0]
    weights["embed.position.weight"] = given[front + "position_embeddings.weight"] + sentence
    names = {"embed.norm": front + "LayerNorm"}
    for i in range(blocks):
        layer, block = f"bert.encoder.layer.{i}.", f"block{i + 1}."
        for part in ("weight", "bias"):
            three = [given[f"{layer}attention.self.{which}.{part}"] for which in ("query", "key", "value")]
            weights[f"{block}attention.in_proj_{part}"] = torch.cat(three)
        names |= {
            f"{block}attention.out_proj": f"{layer}attention.output.dense",
            f"{block}norm1": f"{layer}attention.output.LayerNorm",
            f"{block}expand": f"{layer}intermediate.dense",
            f"{block}contract": f"{layer}output.dense",
            f"{block}norm2": f"{layer}output.LayerNorm",
        }
    if classes is None:
        head = "cls.predictions."
        names |= {"masked.transform": head + "transform.dense", "masked.norm": head + "transform.LayerNorm"}
        weights["masked.bias"] = given[head + "bias"]
    else:
        names |= {"pool": "bert.pooler.dense", "logits": "classifier"}
    weights |= {f"{a}.{part}": given[f"{b}.{part}"] for a, b in names.items() for part in ("weight", "bias")}
    model.load_state_dict(weights)
    return model.eval()


@pytest.mark.parametrize(("kind", "classes"), [("MaskedLM", None), ("SequenceClassification", 3)])
def test_the_encoder_gives_the_numbers_of_bert_with_the_same_weights(kind, classes):
    theirs = bert(kind, 3).double().eval()
    theirs.set_attn_implementation("eager")
    model = ours(theirs, 3, classes)
    with torch.no_grad():
        wanted, found = theirs(**TEXT, output_hidden_states=True), model(**TEXT)
        layers = ["embed", "block1", "block2", "block3"]
        with kd.distill.tapped(model, layers) as seen:
            model(**TEXT)
    counts = MASK.bool()
    if classes is None:
        assert float((found - wanted.logits)[counts].abs().max()) < 1e-9
    else:
        assert float((found - wanted.logits).abs().max()) < 1e-9
    for name, hidden in zip(layers, wanted.hidden_states, strict=True):
        assert float((seen[name] - hidden)[counts].abs().max()) < 1e-9, name


def masked(labels: bool = True) -> kd.data.Splits:
    y = torch.where((torch.arange(48 * L).view(48, L) % 3 == 0) & MASK.bool(), IDS, -1) if labels else IDS[:, 1] % 3
    parts = [
        kd.data.Examples({k: v[s] for k, v in TEXT.items()}, y[s]) for s in (slice(0, 32), slice(32, 40), slice(40, 48))
    ]
    return kd.data.Splits("lines", "Lines", tuple(map(str, range(WORDS if labels else 3))), *parts)


def test_distilbert_teaches_theirs_and_blocks_in_lists_are_inherited():
    teacher, student = bert("MaskedLM", 4).eval(), bert("MaskedLM", 2, seed=3)
    run = distilbert(teacher, student, masked(), batch_size=16, epochs=2, allow_weaker_teacher=True)
    part = "intermediate.dense.weight"
    assert torch.equal(
        student.bert.encoder.layer[1].get_parameter(part), teacher.bert.encoder.layer[2].get_parameter(part)
    )
    assert torch.equal(student.cls.predictions.bias, teacher.cls.predictions.bias)
    assert run.objective.terms[2].student == ("bert.encoder.layer.1",)
    batch, student = run._batches[0], run.at(0).train(False)
    with (
        kd.distill.tapped(student, ["bert.encoder.layer.1"]) as s,
        kd.distill.tapped(teacher, ["bert.encoder.layer.3"]) as t,
    ):
        student(**batch.inputs), teacher(**batch.inputs)
    cosine = 1 - torch.nn.functional.cosine_similarity(*(next(iter(x.values())) for x in (s, t)), dim=-1)
    wanted = cosine[batch.inputs["attention_mask"].bool()].mean().item()
    for module in run.student.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    run.train(progress=False)
    assert float(run.history.column("cosine")[0]) == pytest.approx(wanted, rel=1e-4)


def test_a_bert_teaches_a_distilbert_of_its_own_weights():
    run = distilbert(
        bert("MaskedLM", 4).eval(), distil(2), masked(), inherited=False, epochs=1, allow_weaker_teacher=True
    )
    assert run.objective.terms[2].student == ("distilbert.transformer.layer.1",)
    assert run.train(progress=False).steps_done == 1


@pytest.mark.parametrize("width", [WIDTH, 6])
def test_tinybert_goes_through_all_its_stages_with_theirs(width):
    general = General(bert("MaskedLM", 4).eval(), bert("MaskedLM", 2, width), masked())
    kind = "SequenceClassification"
    runs = tinybert(
        bert(kind, 4).eval(), bert(kind, 2, width), masked(labels=False), general,
        epochs=1, allow_weaker_teacher=True,
    )  # fmt: skip
    first, *_, last = train_each(runs, progress=False)
    assert first.objective.names == ("embeddings", "hidden_states", "attention_matrices")
    assert last.evaluate("test").examples == 8


def test_their_scores_are_what_their_attention_is_made_of():
    model = bert("SequenceClassification", 2).eval()
    model.set_attn_implementation("eager")
    names = [f"bert.encoder.layer.{i}.attention.self:scores" for i in range(2)]
    with kd.distill.tapped(model, names) as seen:
        weights = model(**TEXT, output_attentions=True).attentions
    hidden = (MASK == 0)[:, None, None, :]
    for name, found in zip(names, weights, strict=True):
        torch.testing.assert_close(seen[name].masked_fill(hidden, -torch.inf).softmax(-1), found, rtol=1e-4, atol=1e-6)
    pairs = layer_pairs(distil(2), bert("MaskedLM", 2), TEXT)
    assert pairs.attention[0] == ("distilbert.transformer.layer.0.attention", "bert.encoder.layer.0.attention.self")
    assert pairs.embeddings == ("distilbert.embeddings", "bert.embeddings") and len(pairs.tokens) == 2
