"""Classes by name or index."""

from __future__ import annotations

from collections.abc import Sequence


def class_index(which: int | str, classes: Sequence[str]) -> int:
    """Return a class that is named, or given by its index, as an index.

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
            f"a class must be given by index below {len(classes)} or by name ({', '.join(classes)}), got {which!r}"
        )
    return index
