"""Tests stand where their modules do: kdviz/<folder>/<module>.py has tests/<folder>/test_<module>*.py."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, TESTS = ROOT / "kdviz", ROOT / "tests"

# Tested through others so far. The list only shrinks: whatever has a test file of its name leaves it.
WITHOUT = [
    "app/experiments.py",
    "app/inside.py",
    "app/places.py",
    "app/server.py",
    "data/filed.py",
    "data/found.py",
    "data/missing.py",
    "diagnosis/again.py",
    "distill/outputs.py",
    "distill/randomness.py",
    "distill/schemes/assistant_chain.py",
    "distill/schemes/classes.py",
    "distill/schemes/term_of.py",
    "distill/settings.py",
    "distill/terms/hinton.py",
    "distill/variants.py",
    "export/traced.py",
    "figures/named_axes.py",
    "figures/one_file.py",
    "figures/palette.py",
    "measure/confidence.py",
    "measure/error_words.py",
    "measure/inverted_test.py",
    "models/boosters.py",
    "models/foreign.py",
    "models/onnx_session.py",
    "models/randomness.py",
    "outside.py",
    "panels/live/checks.py",
    "panels/live/memory.py",
    "panels/live/page.py",
    "panels/live/panel.py",
    "panels/live/parameters.py",
    "panels/live/roster.py",
    "panels/live/status_text.py",
    "panels/methods/choices.py",
    "panels/soft_targets.py",
    "panels/views/controller.py",
    "panels/views/controllers.py",
    "panels/views/probes.py",
    "report/definitions.py",
    "report/rows.py",
    "study/comparison.py",
    "widgets/catalogue.py",
    "widgets/from_page.py",
    "widgets/library.py",
    "widgets/live_traits.py",
    "widgets/measured.py",
    "widgets/stand_in.py",
]

# What spans modules, or no module of kdviz is behind, and why.
SPANNING = {
    "app/test_connection.py": "a page whose kernel or server is gone: sockets, frames, JavaScript",
    "app/test_empty_environment.py": "the wheel in an environment of its own",
    "app/test_installation.py": "constraints, Binder's files, the wheel",
    "app/test_other_hosts.py": "panels in hosts that kdviz does not bring along",
    "data/test_anything.py": "whatever splits is given, through all that reads data",
    "distill/schemes/test_seeds_and_labels.py": "what holds for every scheme",
    "examples": "the example packages",
    "foreign": "models of other packages, each walked through all of kdviz",
    "losses/test_other_libraries.py": "losses of several families beside what other libraries computed",
    "losses/test_ruled_out.py": "classes that are ruled out, in every loss",
    "measure/attention/test_refused.py": "refusals of all measures of attention, in one table",
    "measure/test_coverage.py": "intervals of all measures, by simulation",
    "notebooks": "the notebooks, run",
    "panels/lab/test_fairness.py": "one penalty through all parts of the Lab",
    "panels/lab/test_ipykernel_6.py": "the Lab on an older ipykernel",
    "panels/test_closed_panels.py": "what every panel leaves behind",
    "panels/test_hostile_pages.py": "what a browser may send to any panel",
    "panels/test_states.py": "damaged states and links of every panel",
    "widgets/test_german.py": "every view in German",
    "widgets/test_numbers.py": "how all views write numbers",
    "widgets/test_type.py": "sizes of type in every style sheet",
    "widgets/test_view_switch.py": "going from view to view",
    "words/test_catalogue.py": "translations against all texts of Python and JavaScript",
}


def names_in(folder: Path) -> set[str]:
    """Names that a test file beside may begin with: modules, folders, and the folder itself."""
    return {folder.name} | {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}


def is_of(test: str, name: str) -> bool:
    return test == f"test_{name}" or test.startswith(f"test_{name}_")


def has_tests(module: Path) -> bool:
    folder = TESTS / module.parent.relative_to(PACKAGE)
    return (folder / module.stem).is_dir() or any(is_of(test.stem, module.stem) for test in folder.glob("test_*.py"))


def test_modules_without_a_test_file_are_those_listed():
    modules = [module for module in PACKAGE.rglob("*.py") if module.name != "__init__.py"]
    without = sorted(module.relative_to(PACKAGE).as_posix() for module in modules if not has_tests(module))
    assert without == WITHOUT


def test_a_test_file_is_named_after_a_module_or_listed_with_a_reason():
    strange = set()
    for test in TESTS.glob("*/**/test_*.py"):
        place = test.relative_to(TESTS)
        folder = PACKAGE / place.parent
        if not folder.is_dir():
            strange.add(place.parts[0])
        elif not any(is_of(test.stem, name) for name in names_in(folder)):
            strange.add(place.as_posix())
    assert sorted(strange) == list(SPANNING)
