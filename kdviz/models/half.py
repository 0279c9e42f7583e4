"""A network that sees half of a picture: its teacher may see all of it (privileged information)."""

from __future__ import annotations

from torch import Tensor, nn

from kdviz.models.architecture import Network


class LeftHalf(nn.Module):
    """Set the right half of each picture to 0; the shape stays, so that any network follows.

    Examples
    --------
    >>> import torch
    >>> LeftHalf()(torch.ones(1, 1, 2, 4))[0, 0].tolist()
    [[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim < 3:
            raise ValueError(f"half of a picture can be hidden, got inputs of shape {tuple(x.shape)}")
        seen = x.shape[-1] // 2
        return nn.functional.pad(x[..., :seen], (0, x.shape[-1] - seen))


def seeing_half(network: Network) -> Network:
    """Return a network, with its weights, before which the right half of each picture is set to 0.

    Parameters
    ----------
    network : Network
        As one of kdviz's functions makes it: its first layer takes pictures (B, channels, height, width). It is not to
        be used beside the one returned: they share their weights.

    Returns
    -------
    Network
        Its description has the further entry ``"sees": "left"``, so that recipes and kept runs build it again.

    Raises
    ------
    ValueError
        If it is another model, or sees half of a picture already.

    Notes
    -----
    Distilled from a teacher that sees the whole picture, it learns from knowledge that its own input does not hold:
    privileged information (Vapnik, Vashist 2009; Lopez-Paz et al. 2016, Unifying distillation and privileged
    information, ICLR, arXiv:1511.03643). At test time it sees no more than before.

    Examples
    --------
    >>> from kdviz.models import build, mlp
    >>> student = seeing_half(mlp((8,)))
    >>> student.architecture["sees"], build(student.architecture).left_half
    ('left', LeftHalf())
    """
    architecture = getattr(network, "architecture", None)
    if type(network) is not Network or architecture is None:
        raise ValueError(
            f"seeing_half needs a network of kdviz's own, such as kd.models.mlp(), got {type(network).__name__}; "
            "hide half of the pictures in your model's forward"
        )
    if "sees" in architecture:
        raise ValueError("this network sees half of a picture already")
    layers = {"left_half": LeftHalf(), **dict(network.named_children())}
    return Network({**architecture, "sees": "left"}, layers, seed=network.seed)
