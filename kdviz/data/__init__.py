"""Real data sets with fixed splits, held in memory, and the user's own data in the same form."""

from kdviz.data.additions import additions
from kdviz.data.augment import erase, flip, shift, warp
from kdviz.data.catalogue import available, load, names, register, title
from kdviz.data.census import adult
from kdviz.data.faults import marked_corner, noisy_labels, rare_class
from kdviz.data.glosses import definitions, masked_definitions, word_pieces
from kdviz.data.images import fashion_mnist, mnist
from kdviz.data.masking import masked
from kdviz.data.memory import Examples, Splits
from kdviz.data.text import moby_dick, pieces
from kdviz.data.transfer import mixed_in, munge, with_more
from kdviz.data.vocabulary import Vocabulary
from kdviz.data.wordpiece import WordPieces
from kdviz.data.words import given_names, spelling
from kdviz.data.yours import examples, splits

__all__ = [
    "Examples",
    "Splits",
    "Vocabulary",
    "WordPieces",
    "additions",
    "adult",
    "available",
    "definitions",
    "erase",
    "examples",
    "fashion_mnist",
    "flip",
    "given_names",
    "load",
    "marked_corner",
    "masked",
    "masked_definitions",
    "mixed_in",
    "mnist",
    "moby_dick",
    "munge",
    "names",
    "noisy_labels",
    "pieces",
    "rare_class",
    "register",
    "shift",
    "spelling",
    "splits",
    "title",
    "warp",
    "with_more",
    "word_pieces",
]
