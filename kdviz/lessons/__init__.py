"""Lessons: questions, predictions and exercises as plain values, kept with the notebook; widgets draw them.

``lesson = kd.lessons.begin("temperature")`` is a lesson of the course; ``lesson.ask("second")`` as the last line of a
cell asks one of its questions, ``lesson.check("softmax", softmax)`` holds what was written against an exercise. For a
lesson of your own write a subclass of :class:`Lesson`, or ``Lesson("mine").add("first", Choice(...))``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
