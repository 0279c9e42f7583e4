"""Numbers about models: what they share, how sure they are, where they look, and what a difference of two is worth.

Each subject is a module, loaded when it is first named: ``kdviz.measure.calibration.calibration(logits, y)``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
