"""Fetch Fashion-MNIST once from its publisher into the user's cache."""

from __future__ import annotations

from pathlib import Path

from kdviz.data.files import DamagedFileError, cache_folder

SOURCE = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


def fetch_fashion_mnist() -> Path:
    """Download the four files as they are published, 30 MB.

    Returns
    -------
    Path
        The folder in the user's cache that now holds them.

    Raises
    ------
    FileNotFoundError
        If nothing could be fetched.
    DamagedFileError
        If what came is not Fashion-MNIST as published; it is not kept.
    """
    folder = cache_folder("fashion-mnist")
    try:
        import pooch

        for file, md5 in MD5.items():
            pooch.retrieve(SOURCE + file, known_hash=f"md5:{md5}", fname=file, path=folder)
    except (OSError, ImportError) as error:
        missing = isinstance(error, ImportError)
        way = (
            'pip install "kdviz[app]" to fetch it'
            if missing
            else "connect to the network, as its publisher was not reached"
        )
        raise FileNotFoundError(
            f"Fashion-MNIST is not on this machine: {way}, or put the four *-ubyte.gz files into a "
            "folder fashion-mnist and set KDVIZ_DATASETS to the folder above it"
        ) from error
    except ValueError as error:  # of the checksum
        raise DamagedFileError(f"{SOURCE}{file} is not Fashion-MNIST as published: try again later") from error
    return folder
