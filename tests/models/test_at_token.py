"""A model of text asked about one token of each row."""

import pytest
import torch

import kdviz as kd
from kdviz.measure.attending import attending
from kdviz.models.at_token import AtToken
from kdviz.models.inference import ask

IDS = torch.randint(1, 9, (3, 6), generator=torch.Generator().manual_seed(0))
AT = torch.tensor([[5], [0], [2]])


def test_logits_are_those_of_the_place_and_layers_keep_their_names():
    model = kd.models.decoder(9, 6, 8, 1, 2).eval()
    asked = AtToken(model, alone=True)
    whole = model(IDS)
    assert torch.equal(ask(asked, {"input_ids": IDS, "at": AT}, who="model"), whole[torch.arange(3), AT[:, 0]])
    assert attending(asked) == {"block1.attention": 2} and not asked.training
    named = AtToken(kd.models.encoder(9, 6, 8, 1, 2).eval(), alone=False)
    mask = torch.arange(6) < 4
    given = {"input_ids": IDS, "attention_mask": mask.expand(3, 6), "at": AT}
    wanted = named.module(IDS, mask.expand(3, 6))[torch.arange(3), AT[:, 0]]
    assert torch.equal(ask(named, given, who="model"), wanted)


def test_what_it_cannot_answer_is_told():
    asked = AtToken(kd.models.decoder(9, 6, 8, 1, 2).eval(), alone=True)
    with pytest.raises(ValueError, match=r"one token of each row needs its place, at \(rows, 1\)"):
        ask(asked, {"input_ids": IDS}, who="model")
    classifier = AtToken(kd.models.encoder(9, 6, 8, 1, 2, classes=3).eval(), alone=True)
    with pytest.raises(ValueError, match=r"expected logits for each token, .* got shape \(3, 3\)"):
        ask(classifier, {"input_ids": IDS, "at": AT}, who="model")
