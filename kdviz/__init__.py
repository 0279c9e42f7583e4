"""kdviz: see, teach and analyse knowledge distillation.

Five doors:

* ``kd.Distillation(teacher, student, data, objective)`` is a run: train, edit, go back, branch, save.
* ``kd.panels.Lab()``, ``Methods()`` and ``Compare()`` are the pages, in a notebook or under ``kdviz serve``.
* ``kd.compare(teacher, student, data)`` measures any two models; ``kd.diagnose(...)`` says why it did not help.
* ``kd.Study(recipe, ...)`` runs many against each other, with seeds and the noise of what comes out.
* ``kd.methods.method("DKD")`` finds a method of the field; ``kd.losses`` are their formulas, on tensors alone.

An objective is a sum of terms:

>>> import kdviz as kd
>>> objective = 0.9 * kd.SoftTargets(temperature=4) + 0.1 * kd.HardLabels()
>>> print(objective)
0.9 * SoftTargets(temperature=4.0) + 0.1 * HardLabels()

Importing the package loads nothing heavy: torch, plotly and the widgets come with the first name that needs them. The
names are listed in ``__init__.pyi``.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
