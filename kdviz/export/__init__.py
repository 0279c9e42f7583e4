"""What leaves: a model as a file that others run, a run as a script, a card that says what a model is."""

from .card import card
from .files import onnx, program
from .script import script
from .trackers import tensorboard

__all__ = ["card", "onnx", "program", "script", "tensorboard"]
