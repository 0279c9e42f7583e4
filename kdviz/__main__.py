"""``python -m kdviz`` is the command ``kdviz``."""

import sys

from kdviz.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
