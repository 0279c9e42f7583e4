"""What of Voila's settings is more than plain values; the others are in jupyter_server_config.json."""

from kdviz import words
from kdviz.app import lesson_pages, places

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # Jupyter gives it
c.VoilaConfiguration.prelaunch_hook = lesson_pages.in_jupyter
c.VoilaConfiguration.resources = {"kdviz": {"words": words.for_script(*places.PAGE_SCRIPTS)}}
