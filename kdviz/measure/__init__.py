"""Numbers about models: what they share, how sure they are, where they look, and whether they differ.

Each subject is a module, loaded on first use: ``kdviz.measure.calibration.calibration(logits, y)``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
