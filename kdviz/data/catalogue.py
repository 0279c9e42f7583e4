"""Data sets by name: kdviz's own, and those registered by packages and notebooks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from kdviz import outside
from kdviz.data.additions import additions
from kdviz.data.census import ADULT_FILES, adult
from kdviz.data.files import locate
from kdviz.data.glosses import DEFINITIONS_FILES, definitions, masked_definitions
from kdviz.data.images import FASHION_FILES, MNIST_FILES, fashion_mnist, mnist
from kdviz.data.memory import Splits
from kdviz.data.text import MOBY_DICK_FILES, moby_dick
from kdviz.data.words import GIVEN_NAMES_FILES, SPELLING_FILES, given_names, spelling
from kdviz.data.yours import splits
from kdviz.words import mark

LOADERS: dict[str, tuple[Callable[[], Splits], Mapping[str, str]]] = {
    "mnist": (mnist, MNIST_FILES),
    "fashion-mnist": (fashion_mnist, FASHION_FILES),
    "adult": (adult, ADULT_FILES),
    "adult-without-race-sex": (partial(adult, without=("race", "sex")), ADULT_FILES),
    "moby-dick": (moby_dick, MOBY_DICK_FILES),
    "given-names": (given_names, GIVEN_NAMES_FILES),
    "spelling": (spelling, SPELLING_FILES),
    "additions": (additions, {}),
    "additions-steps": (partial(additions, steps=True), {}),
    "definitions": (definitions, DEFINITIONS_FILES),
    "definitions-masked": (masked_definitions, DEFINITIONS_FILES),
}
TEXTS = ("moby-dick", "given-names", "spelling", "additions", "additions-steps")
ENCODED = ("definitions", "definitions-masked")
FOLDERS = {"adult-without-race-sex": "adult", "definitions-masked": "definitions"}  # of those that lie in another's
TITLES = {
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "adult": "Adult",
    "adult-without-race-sex": "Adult, without race and sex",
    "moby-dick": "Moby-Dick",
    "given-names": mark("Given names"),
    "spelling": mark("Spelling and sound"),
    "additions": mark("Additions"),
    "additions-steps": mark("Additions with steps"),
    "definitions": mark("WordNet definitions"),
    "definitions-masked": mark("WordNet definitions, masked"),
}


@dataclass
class Registered:
    """A third-party data set, loaded once."""

    name: str
    title: str | None
    loader: Callable[[], Any]
    here: Callable[[], bool]

    @cached_property
    def splits(self) -> Splits:
        """The data.

        Raises
        ------
        ValueError
            If the loader fails, or its result is unusable.
        """
        try:
            found = splits(self.loader())
            return replace(found, name=self.name, title=self.title or found.title)
        except Exception as error:  # whatever another package raises
            raise ValueError(f"the data set {self.name!r} cannot be loaded: {outside.reason(error)}") from error

    @cached_property
    def available(self) -> bool:
        """Whether its files are here and it can be loaded; warns once if it fails."""
        try:
            return bool(self.here()) and bool(self.splits)
        except Exception as error:
            warnings.warn(f"a data set is left out: {outside.reason(error)}", UserWarning, stacklevel=5)
            return False


_ADDED: outside.Added[Registered] = outside.Added("data set", "kdviz.data", lambda: LOADERS)


def register(
    name: str, loader: Callable[[], Any], *, title: str | None = None, here: Callable[[], bool] = lambda: True
) -> None:
    """Add a data set of your own, so that `load`, recipes and the pages find it by name.

    Call it in a notebook, or in a module that a package names in the entry point ``kdviz.data``.

    Parameters
    ----------
    name : str
        Lower-case letters, digits, "-" and "_", such as "digits".
    loader : callable
        Returns anything that `splits` accepts: a `Splits`, (X, y), a Dataset ... Called once, on first use.
    title : str, optional
        For readers; default that of the `Splits`.
    here : callable, optional
        Whether the files are on this machine, for a loader that would fetch them.

    Raises
    ------
    ValueError
        If the name is invalid or taken.

    Examples
    --------
    In a notebook::

        kd.data.register("ward", lambda: (X, y), title="Ward 7")
        kd.data.load("ward")
    """
    if not callable(loader):
        raise ValueError(f"loader must be a function that returns the data, got {type(loader).__name__}")
    _ADDED.add(name, Registered(name, title, loader, here), loader)


def load(name: str) -> Splits:
    """Load a data set by name.

    Parameters
    ----------
    name : str
        One of `names()` or `names("text")`.

    Raises
    ------
    ValueError
        If the name is unknown, a file is damaged, or the loader of a registered data set fails.
    FileNotFoundError
        If its files are in none of the folders looked in.
    """
    if name in LOADERS:
        return LOADERS[name][0]()
    registered = _ADDED.all().get(name)
    if registered is None:
        raise ValueError(f"data set must be one of {', '.join(names('any'))}, got {name!r}")
    return registered.splits


def title(name: str) -> str:
    """Give the title of a data set, of kdviz's own without loading it: a page lists all and shows one.

    Parameters
    ----------
    name : str
        One of `names()` or `names("text")`.

    Raises
    ------
    ValueError
        As `load` does.

    Examples
    --------
    >>> title("fashion-mnist")
    'Fashion-MNIST'
    """
    return TITLES.get(name) or load(name).title


def names(kind: str = "classes") -> tuple[str, ...]:
    """List the data sets that `load` knows.

    Parameters
    ----------
    kind : "classes", "text", "encoder" or "any"
        "classes": pictures and rows of a table, one label each, and all registered ones; "text": token ids, of which a
        model predicts the next; "encoder": token ids with a mask, which a model reads as a whole; "any": all.

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> names("text")
    ('moby-dick', 'given-names', 'spelling', 'additions', 'additions-steps')
    """
    if kind not in ("classes", "text", "encoder", "any"):
        raise ValueError(f'kind must be "classes", "text", "encoder" or "any", got {kind!r}')
    if kind in ("text", "encoder"):
        return TEXTS if kind == "text" else ENCODED
    own = tuple(name for name in LOADERS if kind == "any" or name not in (*TEXTS, *ENCODED))
    return (*own, *_ADDED.all())


def available(kind: str = "classes") -> tuple[str, ...]:
    """List the data sets whose files are on this machine.

    Registered ones are loaded once to find out; one that fails is left out with a warning.

    Parameters
    ----------
    kind : "classes", "text", "encoder" or "any"
        As for `names`.
    """
    return tuple(name for name in names(kind) if _here(name))


def _here(name: str) -> bool:
    if name in LOADERS:
        files = LOADERS[name][1]
        return not files or locate(FOLDERS.get(name, name), files) is not None
    return _ADDED.all()[name].available
