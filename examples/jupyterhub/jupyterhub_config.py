"""A JupyterHub on one machine: kdviz's pages at /user/NAME/kdviz/, its lessons in JupyterLab, answers in one folder."""

import os
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub gives it
place = Path(os.environ["KDVIZ_HUB"]).resolve()  # what the hub and its users write lies below it
answers = place / "answers"

# Who gets in: whoever knows the class's password, under a name of their own. Behind a course system or a university's
# login another authenticator stands here.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["KDVIZ_HUB_PASSWORD"]  # 8 characters at least
c.Authenticator.allow_all = True

# What starts a user's server. "simple" needs no accounts and no containers, and keeps no user from another's files: it
# is there to try this with. DockerSpawner, KubeSpawner and SystemdSpawner take the lines from here on as they stand.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(place / "homes" / "{username}")
c.Spawner.default_url = "/lab"  # /kdviz/ for the pages alone
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.mem_limit, c.Spawner.cpu_limit = "2G", 1.0  # "simple" only tells the server; see the guide for the figures

# Where answers go: a notebook's and a page's into the same file, answers/NAME/LESSON.answers.json.
c.Spawner.environment = {
    "KDVIZ_ANSWERS": lambda spawner: str(answers / spawner.user.name),
    "KDVIZ_COLLECT": str(answers),
}

c.JupyterHub.db_url = f"sqlite:///{place / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(place / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(place / "proxy.pid")
