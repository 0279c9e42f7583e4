"""Try the pages in other hosts: ``python .ci/hosts.py [name ...]``, which is what ``make hosts`` does.

Each host gets an environment in build/hosts that sees the packages of the Python that runs this, and the host itself
in its own version. Then tests/app/test_other_hosts.py runs, in those that could be installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "hosts"

# Jupyter's own pages look for their parts beside them: what is installed already does not serve.
BESIDE = ("--ignore-installed", "--no-deps")
HOSTS: dict[str, tuple[str, ...]] = {
    "jupyterlab-4.4": (*BESIDE, "jupyterlab~=4.4.0"),
    "jupyterlab-4.5": (*BESIDE, "jupyterlab~=4.5.0"),
    "notebook-7": (*BESIDE, "notebook~=7.6.0", "jupyterlab~=4.6.0"),
    "marimo": ("marimo>=0.25",),
}


def make(host: str) -> bool:
    """Whether a host's environment is there, which is made if it is not."""
    home = FOLDER / host
    done = home / "installed"
    if done.exists():
        return True
    venv.create(home, clear=True, with_pip=True, symlinks=os.name != "nt")
    python = python_of(host)
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    Path(where.stdout.strip(), "others.pth").write_text(sysconfig.get_path("purelib"))
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, *HOSTS[host]]).returncode:
        return False
    done.touch()
    return True


def python_of(host: str) -> str:
    """Return the Python of a host's environment."""
    return str(FOLDER / host / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - set(HOSTS):
        sys.exit(f"expected hosts of {', '.join(HOSTS)}, got {', '.join(sorted(unknown))}")
    missing = [host for host in sys.argv[1:] or HOSTS if not make(host)]
    print(*(f"{host} could not be installed; its tests are left out." for host in missing), sep="\n")
    tests = [sys.executable, "-m", "pytest", "-n", "0", "-v", "-p", "no:cacheprovider", "tests/app/test_other_hosts.py"]
    if sys.argv[1:]:
        tests += ["-k", " or ".join(sys.argv[1:])]
    environment = {**os.environ, "KDVIZ_FULL": "1", "KDVIZ_HOSTS": str(FOLDER)}
    sys.exit(subprocess.run(tests, cwd=ROOT, env=environment).returncode)
