"""CONTRIBUTING says which files each kind of addition touches: one of each is added to a copy, in these files alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLACES = {"FAMILY", "NAME", "SUBJECT", "LANGUAGE"}


def listed() -> dict[str, list[str]]:
    """Return the files of each kind of addition, as CONTRIBUTING has them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| (`[^|]+`) \|$", text.split("## Where to put things")[1], re.MULTILINE)
    return {kind: re.findall(r"`([^`]+)`", files) for kind, files in rows}


class Copy:
    """A copy of the package that takes additions, each in the files that its kind may touch."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[str] = []
        self.touched: set[str] = set()

    def begin(self, kind: str) -> None:
        self.files, self.touched = listed()[kind], set()

    def path(self, wanted: str, name: str = "") -> Path:
        """Return one of the files listed, with a name in its place."""
        assert wanted in self.files, f"{wanted} is not in the list: {self.files}"
        self.touched.add(wanted)
        for place in PLACES:
            wanted = wanted.replace(place, name)
        path = self.root / wanted
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, wanted: str, text: str, name: str) -> None:
        path = self.path(wanted, name)
        assert not path.exists()
        path.write_text(text, encoding="utf-8")

    def append(self, wanted: str, text: str, name: str = "") -> None:
        path = self.path(wanted, name)
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    def put_before(self, wanted: str, line: str, text: str, name: str = "") -> None:
        path = self.path(wanted, name)
        source = path.read_text(encoding="utf-8")
        assert source.count(line) >= 1, line
        path.write_text(source.replace(line, text + line, 1), encoding="utf-8")


ADDITIONS: dict[str, tuple[Callable[[Copy], None], str]] = {}


def adding(kind: str, holds: str) -> Callable[[Callable[[Copy], None]], Callable[[Copy], None]]:
    """Declare how one of a kind is added, and an expression that holds once it is there."""

    def declared(add: Callable[[Copy], None]) -> Callable[[Copy], None]:
        ADDITIONS[kind] = add, holds
        return add

    return declared


@adding("a loss", "'added_loss' in kd.losses.__all__ and float(kd.losses.added_loss(torch.ones(2, 3))) == 3.0")
def add_a_loss(copy: Copy) -> None:
    copy.append(
        "kdviz/losses/FAMILY.py",
        "\n\ndef added_loss(s: Tensor) -> Tensor:\n    return s.sum(1).mean()\n",
        "response",
    )
    line = "from .several_teachers import multi_teacher\n"
    copy.put_before("kdviz/losses/__init__.py", line, "from .response import added_loss\n")
    copy.put_before("kdviz/losses/__init__.py", '    "attention_matrices",\n', '    "added_loss",\n')


@adding(
    "a term and its method",
    "'Added' in kd.__all__ and kd.methods.method('ADD').term(None).name == 'added' "
    "and kd.Objective.from_dict((0.5 * kd.Added()).to_dict()) == 0.5 * kd.Added()",
)
def add_a_term(copy: Copy) -> None:
    text = '''

@dataclass(frozen=True)
class Added(SoftTargets):
    """Added for a test."""

    name: ClassVar[str] = "added"


catalogue(Method(
    "added", "Added (ADD)", "response", "logits", "What is asked.", "s", "Nobody 2026", 1.0, always(lambda: Added(4.0)),
))
'''
    copy.append("kdviz/distill/terms/FAMILY.py", text, "response")
    copy.put_before("kdviz/distill/terms/FAMILY.py", '    "SoftTargets",\n', '    "Added",\n', "response")
    copy.put_before("kdviz/__init__.pyi", "    Adversarial as Adversarial,\n", "    Added as Added,\n")


@adding("a scheme", "kd.schemes.added(3) == 3 and 'added' in dir(kd.schemes)")
def add_a_scheme(copy: Copy) -> None:
    copy.write("kdviz/distill/schemes/NAME.py", "def added(run):\n    return run\n", "added")
    copy.append("kdviz/distill/schemes/__init__.py", '\nfrom .added import added\n\n__all__ += ["added"]\n')


@adding(
    "a number that can change while a student learns",
    "kd.panels.lab.link.from_query('?gamma=2')['gamma'] == 2.0 and kd.widgets.Scene().gamma_range == [0.0, 5.0] "
    "and 'gamma' in kd.widgets.Share().names['lock'] and kd.panels.lab.choices.Choices(gamma=3.0).gamma == 3.0",
)
def add_a_live_number(copy: Copy) -> None:
    line = "\n\ndef _declared()"
    text = '    gamma: float = _live("Gamma", "γ", 0.0, slider=(0.0, 5.0), stops="fine", most_in_a_link=9.0)\n'
    copy.put_before("kdviz/distill/live.py", line, text)


@adding(
    "a form of the soft loss, a penalty",
    "kd.panels.lab.choices.Choices(loss='jensen').objective().terms[0].beta == 0.5 "
    "and 'jensen' in [row['value'] for row in kd.widgets.Setup().losses]",
)
def add_a_variant(copy: Copy) -> None:
    text = (
        "\nfrom .terms import JensenShannon as _JS\n\n"
        "class _Form(SoftTargets):\n    beta = 0.5\n\n"
        'SOFT_LOSSES["jensen"] = SoftLoss(_Form, "A form")\n'
    )
    copy.append("kdviz/distill/variants.py", text)


@adding("a look of the diagnosis", "'added_look' in kd.diagnosis.findings.LOOKS")
def add_a_look(copy: Copy) -> None:
    text = 'from ..findings import look\n\n\n@look("Something is added")\ndef added_look(case):\n    return None\n'
    copy.write("kdviz/diagnosis/looks/SUBJECT.py", text, "added")


@adding(
    "a view",
    "'added' in [one.name for one in kd.widgets.catalogue.tabs()] and 'added' in kd.widgets.Share().names['hide'] "
    "and kd.panels.lab.link.from_query('?view=added')['view'] == 'added' and kd.widgets.Added()._esm",
)
def add_a_view(copy: Copy) -> None:
    code = (
        "from kdviz.widgets import bundle\nfrom kdviz.widgets.catalogue import tab\n"
        "from kdviz.widgets.scene import InViews\n\n\n"
        '@tab("added", "Added")\nclass Added(InViews):\n    """Added."""\n\n    _esm, _css = bundle.view(__file__)\n'
    )
    copy.write("kdviz/widgets/NAME/__init__.py", code, "added")
    copy.write("kdviz/widgets/NAME/view.js", "async function render() {}\n\nexport default { render };\n", "added")
    copy.append("kdviz/widgets/__init__.py", "from kdviz.widgets.added import Added\n")


@adding("a preset", "kd.panels.lab.link.from_query('?preset=added')['preset'] == 'added'")
def add_a_preset(copy: Copy) -> None:
    text = '    Preset("added", "Added", "Is it?", {"units": 8}, "one", "the curves."),\n'
    copy.put_before("kdviz/panels/lab/presets.py", "    Preset(\n", text)


@adding("an experiment", "kd.study.experiment.experiment('added').title == 'Added'")
def add_an_experiment(copy: Copy) -> None:
    known = json.loads((copy.root / "kdviz/study/shipped/hinton-30-units.json").read_text(encoding="utf-8"))
    copy.write("kdviz/study/shipped/NAME.json", json.dumps({**known, "title": "Added"}), "added")


@adding("a data set", "'added' in kd.data.names() and len(kd.data.load('added').train) > 0")
def add_a_data_set(copy: Copy) -> None:
    code = (
        "import torch\n\nfrom kdviz.data.yours import splits\n\n\n"
        "def added():\n    return splits((torch.randn(60, 4), torch.arange(60) % 3))\n"
    )
    copy.write("kdviz/data/NAME.py", code, "added")
    copy.put_before("kdviz/data/catalogue.py", "from kdviz.data.census", "from kdviz.data.added import added\n")
    copy.put_before("kdviz/data/catalogue.py", '    "mnist": (mnist', '    "added": (added, {}),\n')
    copy.write("datasets/NAME/card.md", "# Added\n", "added")


@adding("a teacher", "'added' in kd.models.names() and kd.models.pretrained('added') is not None")
def add_a_teacher(copy: Copy) -> None:
    weights = ROOT / "kdviz" / "models" / "weights"
    card = json.loads((weights / "adult-mlp.json").read_text(encoding="utf-8"))
    copy.write("kdviz/models/weights/NAME.json", json.dumps({**card, "name": "added"}), "added")
    shutil.copy(weights / "adult-mlp.safetensors", copy.path("kdviz/models/weights/NAME.safetensors", "added"))
    copy.append("kdviz/app/teach.py", "\n# its settings\n")


@adding("a card of the Schemes page", "kdviz.panels.schemes.catalogue.schemes()['added'].title == 'Without labels'")
def add_a_card(copy: Copy) -> None:
    card = ROOT / "kdviz" / "panels" / "schemes" / "catalogue" / "label_free.py"
    text = card.read_text(encoding="utf-8").replace('name="label_free"', 'name="added"')
    copy.write("kdviz/panels/schemes/catalogue/NAME.py", text, "added")


@adding("a page", "(root / 'notebooks/dashboards/added.ipynb').is_file()")
def add_a_page(copy: Copy) -> None:
    page = (ROOT / "notebooks" / "dashboards" / "methods.ipynb").read_text(encoding="utf-8")
    copy.write("notebooks/dashboards/NAME.ipynb", page, "added")


@adding("a lesson", "kd.lessons.begin('added', folder=root).parts == ('first',)")
def add_a_lesson(copy: Copy) -> None:
    source = (
        "from ..lesson import Lesson, part\nfrom ..questions import Number\n\n\n"
        'class Added(Lesson):\n    name = "added"\n\n    @part\n'
        '    def first(self):\n        return Number("2 + 2?", 4)\n'
    )
    copy.write("kdviz/lessons/course/NAME.py", source, "added")
    copy.write("notebooks/solutions/NAME.ipynb", "{}", "added")
    copy.write("notebooks/course/NAME.ipynb", "{}", "added")


@adding("a language", "kd.language('fr') == 'fr' and kd.words.t('Train') == 'Entraîner'")
def add_a_language(copy: Copy) -> None:
    text = 'msgid ""\nmsgstr ""\n"Language: fr\\n"\n\nmsgid "Train"\nmsgstr "Entraîner"\n'
    copy.write("kdviz/words/LANGUAGE.po", text, "fr")


CHECK = """
import json, sys
from pathlib import Path
import torch
import kdviz as kd
import kdviz.words, kdviz.panels.lab.link, kdviz.panels.lab.choices, kdviz.diagnosis.findings, kdviz.diagnosis.looks
import kdviz.study.experiment, kdviz.widgets.catalogue, kdviz.panels.schemes.catalogue
root = Path(kd.__file__).parents[1]
wrong = {}
for kind, holds in json.loads(sys.stdin.read()).items():
    try:
        wrong |= {} if eval(holds) else {kind: "it is not there"}
    except Exception as error:
        wrong[kind] = f"{type(error).__name__}: {error}"
print(json.dumps(wrong))
"""


def test_every_kind_in_the_list_is_tried():
    assert set(listed()) == set(ADDITIONS)
    for files in listed().values():
        for file in files:
            known = file if not PLACES & set(re.findall(r"[A-Z]+", file)) else re.split("|".join(PLACES), file)[0]
            assert (ROOT / known).exists(), file


def test_an_addition_touches_the_files_listed_and_is_there(tmp_path):
    shutil.copytree(ROOT / "kdviz", tmp_path / "kdviz", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "datasets").mkdir()
    for one in (ROOT / "datasets").iterdir():
        if one.is_dir():
            (tmp_path / "datasets" / one.name).symlink_to(one)
    copy = Copy(tmp_path)
    for kind, (add, _) in ADDITIONS.items():
        copy.begin(kind)
        add(copy)
        assert copy.touched == set(copy.files), f"{kind}: CONTRIBUTING lists more than is needed"
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        input=json.dumps({kind: holds for kind, (_, holds) in ADDITIONS.items()}),
        env={**os.environ, "PYTHONPATH": str(tmp_path), "KDVIZ_DATASETS": str(tmp_path / "datasets")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}


@pytest.mark.parametrize("folder", ["kdviz", "tests", "benchmarks", "examples"])
def test_no_file_is_longer_than_five_hundred_lines(folder):
    files = [path for kind in ("py", "js", "css") for path in (ROOT / folder).rglob(f"*.{kind}")]
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > 500} == {}
