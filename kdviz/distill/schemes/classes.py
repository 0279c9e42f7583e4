"""Classes by name or index."""

from __future__ import annotations

from collections.abc import Sequence


def class_index(which: int | str, classes: Sequence[str]) -> int:
    """Return the index of a class given by name or index.

    Raises
    ------
    ValueError
        If there is no such class.

    Examples
    --------
    >>> class_index("dog", ("cat", "dog")), class_index(0, ("cat", "dog"))
    (1, 0)
    """
    index = classes.index(which) if isinstance(which, str) and which in classes else which
    if not isinstance(index, int) or not 0 <= index < len(classes):
        raise ValueError(
            f"a class must be an index below {len(classes)} or a name ({', '.join(classes)}), got {which!r}"
        )
    return index
