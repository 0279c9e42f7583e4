"""The public names of kdviz.lessons."""

from .catalogue import begin, names
from .exercises import Checked, Exercise
from .lesson import Lesson, part
from .predictions import Axis, Bars, Curve, HeatMap, Point
from .questions import Choice, Number, Order, Several, Text
from .reply import Reply

__all__ = [
    "Axis",
    "Bars",
    "Checked",
    "Choice",
    "Curve",
    "Exercise",
    "HeatMap",
    "Lesson",
    "Number",
    "Order",
    "Point",
    "Reply",
    "Several",
    "Text",
    "begin",
    "names",
    "part",
]
