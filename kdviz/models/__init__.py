"""Small teachers and students, their sizes, shipped pretrained models, and loading of others."""

from kdviz.models.adapter import LogitsOf
from kdviz.models.architecture import build
from kdviz.models.convolutional import convnet
from kdviz.models.counts import mac_count, parameter_count
from kdviz.models.encoders import encoder
from kdviz.models.ensemble import Ensemble
from kdviz.models.estimator import Estimator
from kdviz.models.function import Function, Service
from kdviz.models.generation import generate
from kdviz.models.half import seeing_half
from kdviz.models.inheritance import inherit
from kdviz.models.loading import load
from kdviz.models.mobile import mobile
from kdviz.models.onnx_session import OnnxSession
from kdviz.models.perceptron import mlp
from kdviz.models.residual import resnet
from kdviz.models.sequences import decoder, gru
from kdviz.models.series import conv1d, recurrent
from kdviz.models.shipped import Card, card, names, pretrained, register
from kdviz.models.tempered import Tempered
from kdviz.models.transformer import vit
from kdviz.models.wrap import wrap

__all__ = [
    "Card",
    "Ensemble",
    "Estimator",
    "Function",
    "LogitsOf",
    "OnnxSession",
    "Service",
    "Tempered",
    "build",
    "card",
    "conv1d",
    "convnet",
    "decoder",
    "encoder",
    "generate",
    "gru",
    "inherit",
    "load",
    "mac_count",
    "mlp",
    "mobile",
    "names",
    "parameter_count",
    "pretrained",
    "recurrent",
    "register",
    "resnet",
    "seeing_half",
    "vit",
    "wrap",
]
