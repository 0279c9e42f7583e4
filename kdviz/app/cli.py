"""The ``kdviz`` command. A subcommand imports what it needs when it is called: ``--help`` is instant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The parser of the ``kdviz`` command.

    Returns
    -------
    argparse.ArgumentParser
        With a subcommand for each thing that can be done.
    """
    top = argparse.ArgumentParser(prog="kdviz", description="Watch knowledge distillation happen.", allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"kdviz {version('kdviz')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_site(commands)
    _add_run(commands)
    _add_doctor(commands)
    _add_teach(commands)
    _add_answers(commands)
    _add_student(commands)
    return top


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser(
        "serve",
        help="open the dashboards and lessons as web pages",
        description="Serve dashboards and lessons as web pages on this machine. Without a path: all that come with "
        "kdviz, beginning with the Distillation Lab.",
    )
    serve.add_argument("path", nargs="?", help="a notebook, or a folder of notebooks")
    serve.add_argument("--port", type=int, default=8866, help="port to listen on (8866); 0 takes any free one")
    serve.add_argument("--ip", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)")
    serve.add_argument("--anyone", action="store_true", help="allow an --ip that other machines can reach")
    serve.add_argument(
        "--token",
        help="what visitors must present: your own text, 'new' to generate one (as --anyone does), '' for none",
    )
    serve.add_argument(
        "--base-url", default="/", help="what stands before each address, behind a proxy that keeps it (/)"
    )
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serve.add_argument(
        "--no-preheat",
        action="store_true",
        help="start no kernel before a page needs it, and each from nothing: slower, and four times the memory",
    )
    many = serve.add_argument_group(
        "a class",
        "Nothing of this is bounded or collected unless asked for. With --viewers or --anyone, what is not given is as "
        "large as the machine allows, and the address of a page for the lecturer is printed: who is there, what they "
        "take, a button that ends a page.",
    )
    many.add_argument(
        "--answers",
        type=Path,
        metavar="FOLDER",
        help="collect what is answered in lessons, under the name that each viewer gives or a hub knows",
    )
    many.add_argument(
        "--viewers",
        type=int,
        metavar="N",
        help="pages open at once, 1 to 90 (what fits in memory); others wait in line",
    )
    many.add_argument(
        "--trainings", type=int, metavar="N", help="runs that train at once, in turn (one for each CPU); 0 for all"
    )
    many.add_argument("--steps", type=int, metavar="N", help="steps of a run at most (50000); 0 for no bound")
    many.add_argument(
        "--memory", type=int, metavar="MB", help="memory of a page's kernel, where kernels are forked; 0 for no bound"
    )
    serve.add_argument("--theme", choices=("auto", "light", "dark"), default="auto", help="colors (auto)")
    serve.add_argument("--debug", action="store_true", help="log requests, show tracebacks in pages")
    serve.set_defaults(run=_serve)


def _add_site(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    site = commands.add_parser(
        "site",
        help="write the lessons as a website of static pages",
        description="Run the lessons and write them, the Lab with a recorded run and an index as static pages, which "
        "open from disk and from any web server. Sliders, films, predictions and quizzes stay alive in them. "
        "KDVIZ_QUICK=1 runs each lesson in its short form.",
    )
    site.add_argument("out", help="a folder that is not there yet, is empty, or holds an earlier site")
    site.add_argument("--lesson", action="append", metavar="NAME", help="this lesson alone; can be given again")
    site.add_argument("--notebooks", metavar="FOLDER", help="other notebooks: those in its folder 'course'")
    site.add_argument("--no-lab", action="store_true", help="leave out the Lab")
    site.add_argument("--docs", metavar="ADDRESS", help="where the documentation is, for a link on the index")
    site.add_argument("--base", metavar="ADDRESS", help="where the site will stand, for a sitemap.xml")
    site.set_defaults(run=_site)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="run a shipped experiment and print its table",
        description="Run an experiment by name, or from a JSON file, and print its table beside what the paper "
        "reports. Finished runs are kept and not repeated. Without a name: the list of experiments.",
    )
    run.add_argument("name", nargs="?", help="an experiment, or a JSON file that describes one")
    run.add_argument("--folder", help="where outcomes are kept (runs/NAME)")
    run.add_argument("--jobs", type=int, help="worker processes (as many as there are CPUs)")
    run.add_argument("--quick", action="store_true", help="500 labels, one epoch, one seed: does it run at all?")
    run.add_argument(
        "--write",
        metavar="FILE",
        help="also put the table into this Markdown file; docs/results.md of a "
        "source tree has its record in kdviz/study/recorded as well",
    )
    run.add_argument("--quiet", action="store_true", help="no progress bar")
    run.set_defaults(run=_run)


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="report what is installed, what is missing and what to do about it",
        description="Check what kdviz needs and report what is missing. Exit status 1 if something needed is.",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument("--port", type=int, default=8866, help="the port to try (8866)")
    doctor.set_defaults(run=_doctor)


def _add_teach(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    teach = commands.add_parser("teach", help="train a shipped model again", description="Train a shipped model again.")
    teach.add_argument("name", help="one of the shipped models, such as mnist-convnet")
    teach.add_argument("--seed", type=int, default=0, help="seed of weights, batches, augmentation and dropout (0)")
    teach.add_argument("--threads", type=int, help="number of torch threads, instead of the model's own")
    teach.add_argument("--epochs", type=int, help="number of epochs, instead of the model's own")
    teach.add_argument("--folder", type=Path, help="where to write (the package's weights)")
    teach.set_defaults(run=_teach)


def _add_answers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    answers = commands.add_parser(
        "answers",
        help="write the answers of a class as one CSV",
        description="Find the files of answers (*.answers.json) that learners have handed in, below a folder, and "
        "write them as one CSV: a row for each answer, with the learner (the folder that the file lies in), what is "
        "right, and what could not be read.",
    )
    answers.add_argument("folder", type=Path, help="where they lie, a folder for each learner")
    answers.add_argument("--out", type=Path, metavar="FILE", help="write to this file (the screen)")
    answers.add_argument("--unmarked", action="store_true", help="do not work out what is right")
    answers.set_defaults(run=_answers)


def _add_student(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    student = commands.add_parser(
        "student",
        help="make lessons for students from full ones",
        description="Make the student's version of each notebook of a folder: what stands between ### BEGIN SOLUTION "
        "and ### END SOLUTION becomes a gap, cells tagged 'solution' and all outputs go.",
    )
    student.add_argument("source", type=Path, help="the folder of full notebooks")
    student.add_argument("target", type=Path, help="where to write; notebooks of the same names are replaced")
    grader = student.add_mutually_exclusive_group()
    grader.add_argument("--nbgrader", action="store_true", help="nbgrader's source versions instead, with solutions")
    grader.add_argument("--otter", action="store_true", help="with tests of otter-grader in TARGET/tests/NAME")
    student.add_argument("--points", type=int, default=1, help="points of each exercise, for a grader (1)")
    student.set_defaults(run=_student)


def _serve(options: argparse.Namespace) -> int:
    from kdviz.app import formats

    formats.without_grammars()  # before anything of Jupyter's
    from kdviz.app import serve

    return serve.run(options)


def _site(options: argparse.Namespace) -> int:
    from kdviz.app.site import build

    return build.run(options)


def _run(options: argparse.Namespace) -> int:
    from kdviz.app import experiments

    return experiments.run(options)


def _doctor(options: argparse.Namespace) -> int:
    from kdviz.app import doctor

    return doctor.run(port=options.port, as_json=options.json)


def _teach(options: argparse.Namespace) -> int:
    from kdviz.app import teach

    return teach.run(options)


def _answers(options: argparse.Namespace) -> int:
    from kdviz.lessons import gradebook

    return gradebook.run(options.folder, options.out, marked=not options.unmarked)


def _student(options: argparse.Namespace) -> int:
    from kdviz.lessons import graders, student

    more = {"points": options.points}
    if options.nbgrader:
        written = graders.nbgrader_written(options.source, options.target, **more)
    elif options.otter:
        written = graders.otter_written(options.source, options.target, **more)
    else:
        written = student.written(options.source, options.target)
    print("\n".join(str(path) for path in written))
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``kdviz`` command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; `sys.argv` by default.

    Returns
    -------
    int
        The exit status.
    """
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (ValueError, OSError, ImportError) as error:
        print(f"kdviz {options.command}: {error}", file=sys.stderr)
        return 1


def jupyter() -> int:
    """Run ``jupyter kdviz``: what ``kdviz serve`` does, with the same options.

    Returns
    -------
    int
        The exit status.
    """
    return main(["serve", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
