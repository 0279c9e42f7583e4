"""Lessons: questions, predictions and exercises as plain values, kept with the notebook; widgets draw them.

``lesson = kd.lessons.begin("temperature")`` is a lesson of the course; ``lesson.ask("second")`` as the last line of a
cell asks one of its questions, ``lesson.check("softmax", softmax)`` holds what was written against an exercise. For a
lesson of your own write a subclass of :class:`Lesson`, or ``Lesson("mine").add("first", Choice(...))``.
"""

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
