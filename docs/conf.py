"""The documentation: ``make docs``, or ``sphinx-build --fail-on-warning docs build/docs``.

Sphinx with MyST: the docstrings are the reference, every link between pages is checked, the search needs no server.
What it shows needs no network either: formulas are MathML, the theme brings its scripts along.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx
from sphinx.domains.python import PyAttribute, PyMethod, PyProperty, PythonDomain
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

import kdviz  # noqa: E402
from kdviz.app import cli, places  # noqa: E402
from kdviz.app.mathml import mathml  # noqa: E402

LOG = logging.getLogger(__name__)
SOURCE = "https://github.com/kdviz/kdviz/blob/main/"
NOTEBOOKS = SOURCE + "notebooks/"
LINK = re.compile(r"(\]\()([^)\s#]*\.\./[^)\s#]*)([)#])")

project, author, copyright = "kdviz", "kdviz contributors", "kdviz contributors"
version = release = kdviz.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["static"]
show_warning_types = True

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # `name` in a docstring leads there, where there is such a name
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"
maximum_signature_line_length = 90
autodoc_default_options = {"members": True}
autodoc_inherit_docstrings = False  # not torch's notes on forward()
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstring's table names types and shapes
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "kdviz"
html_static_path = ["static", str(places.STATIC / "stix-two-math.woff2")]
html_css_files = ["kdviz.css"]
html_favicon = html_logo = str(places.STATIC / "icon.svg")
html_copy_source = html_show_sourcelink = False
html_show_search_summary = False  # fetched from the pages, which no browser allows from disk
html_show_copyright = html_show_sphinx = False
html_math_renderer = "mathml"
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"
FACE = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
html_theme_options = {  # the colors are those of kdviz's pages: see page.css
    "sidebar_hide_name": False,
    "light_css_variables": {
        "font-stack": FACE,
        "color-brand-primary": "#0b5cad",
        "color-brand-content": "#0b5cad",
        "color-brand-visited": "#0b5cad",
        "color-foreground-primary": "#1d1d1f",
        "color-foreground-secondary": "#5a5a60",
        "color-foreground-muted": "#5a5a60",
        "color-background-secondary": "#f7f7f8",
        "color-background-border": "#d5d5da",
        "color-code-background": "#f2f2f4",
        "color-api-name": "#1d1d1f",
        "color-api-pre-name": "#5a5a60",
    },
    "dark_css_variables": {
        "font-stack": FACE,
        "color-brand-primary": "#7cb8f5",
        "color-brand-content": "#7cb8f5",
        "color-brand-visited": "#7cb8f5",
        "color-foreground-primary": "#f2f2f3",
        "color-foreground-secondary": "#b5b5bb",
        "color-foreground-muted": "#b5b5bb",
        "color-background-primary": "#111111",
        "color-background-secondary": "#1c1c1e",
        "color-background-border": "#44444a",
        "color-code-background": "#29292c",
        "color-api-name": "#f2f2f3",
        "color-api-pre-name": "#b5b5bb",
    },
}


class Commands(SphinxDirective):
    """``kdviz-commands``: what each subcommand of ``kdviz`` says of itself, a section each."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        [subcommands] = [one for one in cli.parser()._actions if one.choices and one.dest == "command"]
        sections: list[nodes.Node] = []
        for name, command in dict(subcommands.choices or {}).items():
            command.formatter_class = lambda prog: cli.argparse.HelpFormatter(prog, width=78)
            section = nodes.section("", nodes.title("", f"kdviz {name}"), ids=[f"kdviz-{name}"], names=[name])
            section += nodes.literal_block("", command.format_help(), language="text")
            sections.append(section)
        return sections


def leave_the_docs(app: Sphinx, page: str, text: list[str]) -> None:
    """Make links to files of the repository that lie beside ``docs`` addresses of it."""

    def address(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), found[2]))
        if target.startswith("docs/"):
            return found[0]
        if not (ROOT / target).exists():
            LOG.warning("%s links to %s, which is not there", page, target)
        return found[1] + SOURCE + target + found[3]

    text[0] = LINK.sub(address, text[0])


def lead_to_lessons(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Let links to notebooks lead to their pages, where `make site` has put them beside the documentation."""
    for link in tree.findall(nodes.reference):
        address = link.get("refuri", "")
        if address.startswith(NOTEBOOKS) and address.endswith(".ipynb"):
            target = f"lessons/{address.removeprefix(NOTEBOOKS).removesuffix('.ipynb')}.html"
            if (Path(app.outdir) / target).is_file():
                link["refuri"] = posixpath.relpath(target, posixpath.dirname(page) or ".")


def define_terms(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Let a link into the glossary show on hover what the word means."""
    glossary = "reference/glossary"
    for link in tree.findall(nodes.reference) if page != glossary else ():
        address, _, term = link.get("refuri", "").partition("#")
        if term and posixpath.normpath(posixpath.join(posixpath.dirname(page), address)) == f"{glossary}.html":
            meanings = app.env.get_doctree(glossary).findall(nodes.section)
            meaning = next((one for one in meanings if term in one["ids"]), None)
            if meaning is not None:
                link["reftitle"] = next(meaning.findall(nodes.paragraph)).astext()
                link["classes"].append("term")


class Exact(PythonDomain):
    """Names lead to what has this very name here, or is one of the first names; not to what merely ends in it."""

    def find_obj(self, env: Any, module: Any, owner: Any, name: str, kind: Any, searchmode: int = 0) -> Any:
        """Return the matches: none, or one."""
        name = re.sub(r"^kdviz\.(methods|schemes)\b", r"kdviz.distill.\1", name)
        found = super().find_obj(env, module, owner, name, kind, 0)
        return found or super().find_obj(env, "kdviz", None, name, kind, 0)


def report_missing(app: Sphinx, env: Any, node: Any, content: Any) -> None:
    """Warn of a name that was meant as a link, such as :func:`kdviz.hint`, and leads nowhere."""
    if node.get("refdomain") == "py" and not node.get("refspecific") and node["reftype"] != "obj":
        LOG.warning("%s leads nowhere", node["reftarget"], location=node)


def unless_at_home(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out of a module's page what stands on another, and of views the traits that they and Python share."""
    module = app.env.current_document.get("autodoc:module", "")
    first = name in kdviz.__all__ and module != "kdviz" and getattr(kdviz, name) is value
    of_models = module != "kdviz.models" and name in kdviz.models.__all__ and getattr(kdviz.models, name) is value
    of_view = what == "class" and module == "kdviz.widgets"
    return True if of_view or (what == "module" and (first or of_models)) else None


def plain_bar(inliner: Inliner, bar: re.Match[str], line: int) -> tuple[str, list[Any], str, list[Any]]:
    """Leave |x| as it is: in a docstring it is the size of x, and no substitution."""
    return bar.string[: bar.end()], [], bar.string[bar.end() :], []


def setup(app: Sphinx) -> None:
    """Add what Sphinx does not have."""
    app.add_directive("kdviz-commands", Commands)
    app.connect("source-read", leave_the_docs)
    app.connect("doctree-resolved", lead_to_lessons)
    app.connect("doctree-resolved", define_terms)
    app.connect("autodoc-skip-member", unless_at_home)
    app.connect("missing-reference", report_missing)
    app.connect("html-page-context", let_tables_scroll)
    app.add_domain(Exact, override=True)
    for part in (PyAttribute, PyMethod, PyProperty):
        part._toc_entry_name = lambda self, node: ""  # beside a page stand its classes and functions
    Inliner.dispatch["|"] = plain_bar
    app.add_html_math_renderer("mathml", (inline_formula, None), (block_formula, None))


def let_tables_scroll(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Let whoever has no mouse scroll a table that is wider than the page."""
    wrapper = 'class="table-wrapper'
    context["body"] = context.get("body", "").replace(f"<div {wrapper}", f'<div tabindex="0" {wrapper}')


def inline_formula(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block_formula(writer: Any, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode
