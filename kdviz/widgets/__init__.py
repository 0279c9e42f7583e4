"""Views drawn in the browser, each a `name.py` beside `name.js` and `name.css`: state in traits, no Python in between."""

from kdviz.widgets.learning_curves import LearningCurves
from kdviz.widgets.setup import Setup
from kdviz.widgets.soft_targets import SoftTargets
from kdviz.widgets.transport import Transport

__all__ = ["LearningCurves", "Setup", "SoftTargets", "Transport"]
