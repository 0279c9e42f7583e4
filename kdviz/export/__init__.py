"""What leaves: a model as a file that others run, a run as a script, a card that says what a model is."""

from .files import onnx, program

__all__ = ["onnx", "program"]
