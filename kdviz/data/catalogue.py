"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kdviz.data.census import ADULT_FILES, adult
from kdviz.data.files import locate
from kdviz.data.images import FASHION_FILES, MNIST_FILES, fashion_mnist, mnist
from kdviz.data.memory import Splits

LOADERS: dict[str, tuple[Callable[[], Splits], Mapping[str, str]]] = {
    "mnist": (mnist, MNIST_FILES),
    "fashion-mnist": (fashion_mnist, FASHION_FILES),
    "adult": (adult, ADULT_FILES),
}


def load(name: str) -> Splits:
    """Load a data set by name.

    Parameters
    ----------
    name : str
        One of `names()`.

    Raises
    ------
    ValueError
        If the name is not known or a file is damaged.
    FileNotFoundError
        If the files are not here and cannot be fetched.
    """
    if name not in LOADERS:
        raise ValueError(f"data set must be one of {', '.join(LOADERS)}, got {name!r}")
    return LOADERS[name][0]()


def names() -> tuple[str, ...]:
    """List the data sets that `load` knows."""
    return tuple(LOADERS)


def available() -> tuple[str, ...]:
    """List the data sets whose files are on this machine, so that `load` needs no download."""
    return tuple(name for name, (_, files) in LOADERS.items() if locate(name, files) is not None)
