"""Lightning modules: their forward is asked, their training is left alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import kdviz as kd

lightning = pytest.importorskip("lightning.pytorch")

DATA = torch.randn(90, 4, generator=torch.Generator().manual_seed(0)), torch.arange(90) % 3


class Net(lightning.LightningModule):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.body = nn.Sequential(nn.Linear(4, width), nn.ReLU())
        self.head = nn.Linear(width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))

    def training_step(self, batch, index):
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-2)


@pytest.mark.filterwarnings("ignore")  # Lightning warns of few workers and the like
def test_a_trained_module_teaches_and_another_learns(journey, tmp_path):
    teacher = Net(16)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*DATA), batch_size=30)
    trainer = lightning.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(teacher, loader)
    with pytest.raises(
        TypeError, match=r"the teacher cannot be used: expected a model, got Trainer, which holds one; pass its \.model"
    ):
        journey(trainer, Net(4), DATA)
    way = journey(trainer.model.eval(), Net(4), DATA)
    report = way.everywhere(tmp_path / "run", lambda seed: Net(4))
    assert way.teacher is teacher
    assert list(kd.distill.taps(way.run.student, DATA[0][:1])) == ["body.0", "body.1", "body", "head"]
    assert report.attention(count=6).correspondence.matrix.size
