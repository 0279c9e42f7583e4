"""Follows the imports of JavaScript modules and puts them into the text that a widget carries.

A view is a folder with ``view.js``, which exports ``{ render }``, and what it imports: modules and style sheets beside
it, and modules of `shared/`. Those travel to a page once, as the text of a :class:`~kdviz.widgets.library.Library`; a
view asks for what it exports. Modules are plain ones, so that an editor, a type checker and Node read them as they are:

* ``import { a, b } from "../shared/elements.js";`` and ``import "./style.css";``, at the start of a line;
* ``export function``, ``export const`` and ``export class``; ``export default { render };`` at the end of ``view.js``.

Each module keeps a scope of its own. The result is text on purpose: anywidget watches a path, and the watcher keeps
every widget alive.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from kdviz import words

SHARED = Path(__file__).parent / "shared"
FROM_OUTSIDE = "kdviz/"  # how a view of another package names a shared module: "kdviz/elements.js"

_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) +([A-Za-z_$][\w$]*))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default \{ render \};\s*\Z", re.MULTILINE)
_COMMENT = re.compile(r"^ *(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)\n", re.MULTILINE)  # whole lines, which no page needs
_FONT = re.compile(r'url\("([^":]+\.woff2)"\)')
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


class Bundle(NamedTuple):
    """What a view carries: the text of its module, and of its style sheet."""

    esm: str
    css: str


class Module(NamedTuple):
    """One file: what it takes from which other, the style sheets it names, what it gives, and its code without that."""

    path: Path
    imports: dict[Path, tuple[str, ...]]
    sheets: tuple[Path, ...]
    exports: tuple[str, ...]
    code: str


def view(file: str) -> Bundle:
    """Return the text of the view whose ``view.js`` lies beside a Python file.

    Parameters
    ----------
    file : str
        ``__file__`` of the module that defines the widget.

    Raises
    ------
    FileNotFoundError
        If it, or something that it imports, is not there.
    ValueError
        In one sentence, if a module does not follow the form above.
    """
    return _view(Path(file).parent / "view.js")


@cache
def _view(entry: Path) -> Bundle:
    own = [module for module in _in_order(entry) if SHARED not in module.path.parents]
    if "render" not in own[-1].exports:
        raise ValueError(f'{entry} must end in "export default {{ render }};"')
    scopes = "\n".join(f"  const {_name(i)} = {_scope(module, own)};" for i, module in enumerate(own))
    asking = alone(Path(__file__).with_name("shared_once.js"))
    sheets = dict.fromkeys(sheet for module in own for sheet in module.sheets)
    return Bundle(
        f"const drawnWith = (shared) => {{\n{scopes}\n  return {_name(len(own) - 1)};\n}};\n{asking}",
        "\n".join(map(_sheet, sheets)),
    )


def alone(file: Path) -> str:
    """Return a module that imports nothing but what the module of every widget begins with."""
    begins, goes_on = (path.read_text(encoding="utf-8") for path in (Path(__file__).with_name("patient.js"), file))
    return _COMMENT.sub("", _EXPORT.sub("", begins) + _IMPORT.sub("", goes_on))


@cache
def library(language: str = words.ENGLISH) -> Bundle:
    """Return the text of a widget that exports the shared modules, with a language's texts, and their one sheet."""
    modules: dict[Path, Module] = {}
    for path in sorted(SHARED.glob("*.js")):
        modules |= {module.path: module for module in _in_order(path)}
    own = list(modules.values())
    scopes = "\n".join(f"shared[{module.path.stem!r}] = {_scope(module, own)};" for module in own)
    sheets = [SHARED / "theme.css", *sorted(set(SHARED.glob("*.css")) - {SHARED / "theme.css"})]
    given = 'initialize: ({ model }) => ({ shared, style: model.get("style"), mark: model.get("mark") })'
    text = f"{_texts(language)}const shared = {{}};\n{scopes}\nexport default {{ {given} }};\n"
    return Bundle(text, "\n".join(map(_sheet, sheets)))


def _sheet(path: Path) -> str:
    """Return a style sheet with the fonts that it names inside: a widget has no address of its own."""

    def font(match: re.Match[str]) -> str:
        data = base64.b64encode((path.parent / match[1]).read_bytes()).decode()
        return f'url("data:font/woff2;base64,{data}")'

    return _FONT.sub(font, path.read_text(encoding="utf-8"))


def _texts(language: str) -> str:
    """Return what `words.js` looks for; English needs nothing."""
    if language == words.ENGLISH:
        return ""
    known = {"language": language, "texts": words.for_page(language)}
    return f"const kdvizWords = {json.dumps(known, ensure_ascii=False)};\n"


def mark(bundle: Bundle) -> str:
    """Return what tells a bundle from one of another version."""
    return hashlib.blake2b("\0".join(bundle).encode(), digest_size=8).hexdigest()


def script(*files: Path) -> str:
    """Return modules that import no library, and what they import, as one module that exports all they export.

    For a page without widgets, and for numbers that are tested alone.
    """
    modules: dict[Path, Module] = {}
    for file in files:
        modules |= {module.path: module for module in _in_order(file)}
    wanted = {file.resolve() for file in files}
    own = list(modules.values())
    lines = ["const shared = {};"]
    for i, module in enumerate(own):
        lines.append(f"const {_name(i)} = {_scope(module, own)};")
        lines.append(f"shared[{module.path.stem!r}] = {_name(i)};")
    given = {name: i for i, module in enumerate(own) if module.path in wanted for name in module.exports}
    lines += [f"export const {name} = {_name(i)}.{name};" for name, i in given.items()]
    return "\n".join(lines) + "\n"


def _name(index: int) -> str:
    return f"module{index}"


def _scope(module: Module, own: list[Module]) -> str:
    """Return a module as an expression: a function's scope that gives what it exports."""
    place = {other.path: i for i, other in enumerate(own)}
    taken = []
    for path, names in module.imports.items():
        shared = SHARED in path.parents
        where = f"shared[{path.stem!r}]" if shared else _name(place[path])
        taken.append(f"const {{ {', '.join(name.replace(' as ', ': ') for name in names)} }} = {where};")
    given = f"return {{ {', '.join(module.exports)} }};"
    return "(() => {\n" + "\n".join([*taken, module.code.strip("\n"), given]) + "\n})()"


def _in_order(entry: Path) -> Iterator[Module]:
    """Yield a module and all it imports, each after what it imports."""
    done: dict[Path, Module] = {}
    _visit(entry.resolve(), (), done)
    yield from done.values()


def _visit(path: Path, under_way: tuple[Path, ...], done: dict[Path, Module]) -> None:
    if path in done:
        return
    if path in under_way:
        circle = " → ".join(p.name for p in (*under_way[under_way.index(path) :], path))
        raise ValueError(f"modules import one another in a circle ({circle}); move what both need into a third")
    module = read(path)
    for imported, names in module.imports.items():
        _visit(imported, (*under_way, path), done)
        missing = {name.split(" as ")[0] for name in names} - set(done[imported].exports)
        if missing:
            raise ValueError(f"{path.name} imports {min(missing)}, which {imported.name} does not export")
    done[path] = module


@cache
def read(path: Path) -> Module:
    """Return one module, taken apart.

    Raises
    ------
    FileNotFoundError, ValueError
        In one sentence, if it, or a file it imports, is not there, or is not in the form of this module's docstring.
    """
    text = path.read_text(encoding="utf-8")
    imports: dict[Path, tuple[str, ...]] = {}
    sheets = []
    for names, target in _IMPORT.findall(text):
        found = _resolved(path, target)
        if target.endswith(".css"):
            sheets.append(found)
        else:
            imports[found] = tuple(name.strip() for name in names.split(",") if name.strip())
    code = _COMMENT.sub("", _IMPORT.sub("", text))
    exports = [match[1] for match in _EXPORT.finditer(code)]
    code = _EXPORT.sub("", code)
    if _DEFAULT.search(code):
        code = _DEFAULT.sub("", code)
        exports.append("render")
    left = _LEFT.search(code)
    if left:
        raise ValueError(
            f"{path} has {left[0][:80]!r}; import names from a file, or a style sheet, and export functions, constants "
            "and classes where they are defined"
        )
    return Module(path, imports, tuple(sheets), tuple(exports), code)


def _resolved(path: Path, target: str) -> Path:
    found = SHARED / target.removeprefix(FROM_OUTSIDE) if target.startswith(FROM_OUTSIDE) else path.parent / target
    if not found.is_file():
        there = ", ".join(sorted(p.name for p in found.parent.glob(f"*{found.suffix}"))) or "nothing of that kind"
        raise FileNotFoundError(f"{path.name} imports {target!r}, which is not there; beside it are {there}")
    return found.resolve()
