"""Taps: the outputs of a model's layers, recorded by hooks that are always removed."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..models.inference import Inputs, bare, call, uncompiled
from ..models.looking import evaluating, of_this_thread

SCORES = ":scores"  # after the name of a module of attention: its scores before the softmax, (B, heads, L, L)
ATTN_MASK = 5  # its place among the inputs of an ``nn.MultiheadAttention``
BY_OTHERS = (("query", "key", "num_attention_heads"), ("q_lin", "k_lin", "n_heads"))  # BERT's kin, and DistilBERT


def taps(model: nn.Module, example: Inputs) -> dict[str, tuple[int, ...]]:
    """List the layers of a model that can be tapped, with the shape of each one's output for ``example``.

    Parameters
    ----------
    model : nn.Module
        Run in eval mode and without gradient; left unchanged.
    example : Tensor, shape (B, ...), or a dict or tuple of tensors
        A batch in the model's format; one example is enough.

    Returns
    -------
    dict of str to tuple
        Dotted module names in the order of their first output. Layers that output no tensor, or run more than once, are
        omitted. The scores of an ``nn.MultiheadAttention``, and of self-attention in the transformers package's BERT
        and its kin, are listed as ``name:scores``: −∞ where a decoder does not look, at later tokens.

    Examples
    --------
    >>> from kdviz import models
    >>> taps(models.mlp((8,), inputs=4, classes=3), torch.zeros(1, 4))
    {'flatten': (1, 4), 'linear1': (1, 8), 'relu1': (1, 8), 'logits': (1, 3)}
    """
    return {name: tap.shape for name, tap in probe(model, example).items() if name and tap.runs == 1}


class Tap(NamedTuple):
    """What one forward pass shows about a layer."""

    shape: tuple[int, ...]
    runs: int  # how often the layer ran
    overwritten: bool  # whether a later layer wrote into its output, so that it has to be copied


def probe(model: nn.Module, example: Inputs) -> dict[str, Tap]:
    """Return the tap of each layer of ``model`` for ``example``, by name, in the order of their outputs.

    The model's own output has an empty name.
    """
    runs: Counter[str] = Counter()
    outputs: dict[str, tuple[Tensor, int]] = {}

    def keep(name: str, out: Tensor) -> None:
        runs[name] += 1
        outputs[name] = (out, out._version)

    inside = bare(model)
    names = [name for name, _ in inside.named_modules(remove_duplicate=False)]
    scored = [name + SCORES for name, module in inside.named_modules() if scores_of(module) is not None]
    with evaluating(model), torch.no_grad(), _hooked(model, [*names, *scored], keep):
        call(uncompiled(model), example)
    return {name: Tap(tuple(out.shape), runs[name], out._version > then) for name, (out, then) in outputs.items()}


@contextmanager
def tapped(model: nn.Module, names: Sequence[str], copied: Sequence[str] = ()) -> Iterator[dict[str, Tensor]]:
    """Record the outputs of the named layers within the block; the hooks are removed after it, whatever happens.

    What another thread asks the model meanwhile is not recorded.

    Parameters
    ----------
    model : nn.Module
    names : sequence of str
        Dotted module names, or ``name:scores``.
    copied : sequence of str
        Those of them whose output a later layer overwrites (``nn.ReLU(inplace=True)``).

    Examples
    --------
    >>> from kdviz import models
    >>> model = models.mlp((8,), inputs=4, classes=3)
    >>> with tapped(model, ["relu1"]) as seen:
    ...     logits = model(torch.zeros(2, 4))
    >>> seen["relu1"].shape, len(model.relu1._forward_hooks)
    (torch.Size([2, 8]), 0)
    """
    seen: dict[str, Tensor] = {}

    def keep(name: str, out: Tensor) -> None:
        seen[name] = out.clone() if name in copied else out

    with _hooked(model, names, keep):
        yield seen


def check_taps(found: dict[str, Tap], names: Sequence[str], who: str) -> None:
    """Raise in one sentence unless each name is a layer that outputs one tensor for an example."""
    for name in names:
        tap = found.get(name)
        if tap is None or not name:
            names_of_layers = [other for other in found if other]
            if not names_of_layers:
                raise ValueError(
                    f"the {who} has no layer that outputs a tensor, so {name!r} cannot be tapped; use terms that "
                    "compare logits, such as kd.SoftTargets"
                )
            near = difflib.get_close_matches(str(name), names_of_layers, n=3, cutoff=0.4) or names_of_layers[:12]
            raise ValueError(
                f"a tap must be the dotted name of a layer of the {who} that outputs a tensor, got {name!r}; "
                f"there are {', '.join(near)} (kd.distill.taps(model, example) lists all)"
            )
        if tap.runs > 1:
            raise ValueError(
                f"the {who}'s layer {name!r} runs {tap.runs} times for one example, so its output is ambiguous; "
                "name a layer that runs once"
            )


def modules_by_name(model: nn.Module) -> dict[str, nn.Module]:
    """Return the layers of a model by dotted name, relative to the wrapped module as well as to the whole.

    TorchScript layers are omitted: they accept no hooks.

    >>> net = nn.Sequential(nn.Linear(4, 2))
    >>> sorted(modules_by_name(nn.DataParallel(net)))
    ['', '0', 'module', 'module.0']
    """
    layers = dict(model.named_modules(remove_duplicate=False))
    layers |= dict(bare(model).named_modules(remove_duplicate=False))
    return {name: module for name, module in layers.items() if not isinstance(module, torch.jit.RecursiveScriptModule)}


@contextmanager
def _hooked(model: nn.Module, names: Sequence[str], keep: Any) -> Iterator[None]:
    """Call ``keep(name, tensor)`` with the output of each named layer, within the block."""
    modules = modules_by_name(model)
    with ExitStack() as hooks:
        for name in names:
            module = modules.get(name.removesuffix(SCORES))
            if module is None:
                continue
            if name.endswith(SCORES):
                hooks.callback(module.register_forward_pre_hook(_scores_to(keep, name), with_kwargs=True).remove)
            else:
                hooks.callback(module.register_forward_hook(_output_to(keep, name)).remove)
        yield


def _output_to(keep: Any, name: str) -> Any:
    def hook(module: nn.Module, inputs: Any, out: Any) -> None:
        first = out[0] if isinstance(out, tuple | list) and len(out) else out
        if isinstance(first, Tensor):
            keep(name, first)

    return of_this_thread(hook)


def _scores_to(keep: Any, name: str) -> Any:
    def hook(module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        if isinstance(module, nn.MultiheadAttention):
            query = inputs[0] if inputs else named["query"]
            key = inputs[1] if len(inputs) > 1 else named["key"]
        else:
            query = key = inputs[0] if inputs else named["hidden_states"]
        scores = scores_of(module)
        assert scores is not None, "only modules of attention are tapped for their scores"
        found = scores(query, key)
        hidden = _hidden_from(module, inputs, named, found)
        keep(name, found if hidden is None else found.masked_fill(hidden, -math.inf))

    return of_this_thread(hook)


def _hidden_from(module: nn.Module, inputs: tuple[Any, ...], named: Mapping[str, Any], scores: Tensor) -> Tensor | None:
    """Return which pairs of query and key a module does not see, whatever the example: those after it in a decoder."""
    if not isinstance(module, nn.MultiheadAttention):
        causal = getattr(module, "is_causal", False) is True
        return torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1) if causal else None
    mask = inputs[ATTN_MASK] if len(inputs) > ATTN_MASK else named.get("attn_mask")
    if mask is None:
        return None
    hidden = mask if mask.dtype == torch.bool else mask <= torch.finfo(mask.dtype).min / 2
    return hidden.view(scores.shape) if hidden.ndim == 3 else hidden


def scores_of(module: nn.Module) -> Callable[[Tensor, Tensor], Tensor] | None:
    """Return what makes a module's attention scores (B, heads, L, L) of query and key; None for another module."""
    if isinstance(module, nn.MultiheadAttention):
        return partial(attention_scores, module)
    for names in BY_OTHERS:
        q, k, heads = (getattr(module, name, None) for name in names)
        if isinstance(q, nn.Linear) and isinstance(k, nn.Linear) and isinstance(heads, int):
            return partial(_products, q, k, heads)
    return None


def _products(q: nn.Linear, k: nn.Linear, heads: int, query: Tensor, key: Tensor) -> Tensor:
    by_head = [layer(x).unflatten(-1, (heads, -1)).transpose(1, 2) for layer, x in ((q, query), (k, key))]
    return by_head[0] @ by_head[1].transpose(-2, -1) / math.sqrt(by_head[0].shape[-1])  # (B, heads, L, L)


def attention_scores(module: nn.MultiheadAttention, query: Tensor, key: Tensor) -> Tensor:
    """Return Q·Kᵀ/√d of each head, before mask and softmax, shape (B, heads, L_query, L_key).

    Parameters
    ----------
    module : nn.MultiheadAttention
    query, key : Tensor, shape (B, L, D), or (L, B, D) where the module is not ``batch_first``
    """
    if not module.batch_first:
        query, key = query.transpose(0, 1), key.transpose(0, 1)
    together: Tensor | None = module.in_proj_weight
    w_q, w_k = (module.q_proj_weight, module.k_proj_weight) if together is None else together.chunk(3)[:2]
    bias: Tensor | None = module.in_proj_bias
    b_q, b_k, _ = (None, None, None) if bias is None else bias.chunk(3)
    q = nn.functional.linear(query, w_q, b_q).unflatten(-1, (module.num_heads, -1)).transpose(1, 2)  # (B, nh, L, d)
    k = nn.functional.linear(key, w_k, b_k).unflatten(-1, (module.num_heads, -1)).transpose(1, 2)  # (B, nh, L, d)
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
