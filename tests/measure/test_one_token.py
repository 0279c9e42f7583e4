"""One token of each text as an example."""

import pytest
import torch

import kdviz as kd
from kdviz.data import Examples
from kdviz.measure.one_token import answers, asked_at, by_token, one_token

IDS = torch.randint(1, 9, (400, 6), generator=torch.Generator().manual_seed(0))


def test_each_labelled_token_is_as_likely_and_no_other_is_drawn():
    y = torch.full((400, 6), -1)
    y[:, 2], y[:, 4] = IDS[:, 3], IDS[:, 5]
    y[7] = -1  # of a text without a label every token counts
    found = one_token(Examples(IDS, y))
    places = found.x["at"][:, 0]
    labelled = torch.arange(400) != 7
    assert set(places[labelled].tolist()) == {2, 4}
    assert 150 < int((places == 2).sum()) < 250
    assert torch.equal(found.y[labelled], y.gather(1, places[:, None])[labelled, 0]) and found.y[7] == -1


def test_padding_is_not_asked_about_and_texts_without_a_token_are_left_out():
    mask = torch.arange(6) < torch.arange(400)[:, None] % 4
    data = Examples({"input_ids": IDS, "attention_mask": mask}, torch.full((400,), -1), {"site": [*range(400)]})
    found = one_token(data)
    assert len(found) == 300 and bool(mask[found.groups["site"]].gather(1, found.x["at"]).all())


def test_one_of_two_that_answers_otherwise_is_told_and_labels_an_example_too():
    data = Examples(IDS[:4], torch.zeros(4, dtype=torch.int64))
    tokens, classes = kd.models.decoder(9, 6, 8, 1, 2).eval(), kd.models.encoder(9, 6, 8, 1, 2, classes=3).eval()
    asked = {who: answers(m, data, who=who) for who, m in {"teacher": tokens, "student": classes}.items()}
    with pytest.raises(ValueError, match="the teacher answers for each token and the student once an example"):
        by_token(asked)
    with pytest.raises(ValueError, match="answer token by token and the labels are one an example"):
        one_token(data)
    with pytest.raises(ValueError, match="got several in order; name them"):
        one_token(Examples((IDS, IDS), torch.full((400, 6), -1)))
    assert set(asked_at({"teacher": tokens}, data)) == {"teacher"}


def test_the_tokens_are_found_among_named_inputs_in_any_order_and_what_has_none_is_told():
    y = IDS.roll(-1, 1)
    y[:, -1] = -1
    mask = torch.ones_like(IDS)
    first, last = (
        one_token(Examples(x, y))
        for x in ({"attention_mask": mask, "input_ids": IDS}, {"input_ids": IDS, "attention_mask": mask})
    )
    assert first.groups["text"].tolist() == last.groups["text"].tolist()
    assert first.groups["text"][0].startswith(str(int(IDS[0, 0])))
    with pytest.raises(ValueError, match=r"hold no tokens, .* got float32 inputs of shape \(6, 4\).*\.sequences\("):
        one_token(Examples(torch.zeros(3, 6, 4), y[:3]))
    with pytest.raises(ValueError, match="no token of 400 texts counts, as the attention_mask leaves all of them out"):
        one_token(Examples({"input_ids": IDS, "attention_mask": 0 * mask}, y))
