"""Views drawn in the browser, each a `name.py` beside `name.js` and `name.css`.

Their whole state is in traits. What follows a dragged slider is computed in the browser.
"""

from kdviz.widgets.examples import Examples
from kdviz.widgets.learning_curves import LearningCurves
from kdviz.widgets.question import Question
from kdviz.widgets.setup import Setup
from kdviz.widgets.soft_targets import SoftTargets
from kdviz.widgets.transport import Transport
from kdviz.widgets.views import Views

__all__ = ["Examples", "LearningCurves", "Question", "Setup", "SoftTargets", "Transport", "Views"]
