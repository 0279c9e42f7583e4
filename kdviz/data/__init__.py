"""Real data sets with fixed splits, held in memory, and the user's own data in the same form."""

from kdviz.data.augment import erase, flip, shift, warp
from kdviz.data.catalogue import available, load, names
from kdviz.data.images import fashion_mnist, mnist
from kdviz.data.memory import Examples, Splits

__all__ = [
    "Examples",
    "Splits",
    "available",
    "erase",
    "fashion_mnist",
    "flip",
    "load",
    "mnist",
    "names",
    "shift",
    "warp",
]
