"""README.md and the pages in docs/ show what runs.

Each page has one namespace and one folder, which holds `examples`; its blocks run in order:

- ``python``: with ``>>>`` a session whose outputs are compared; without, statements. A comment after a ``print`` is
  what it prints.
- ``console``: a line ``$ command`` runs in bash; its output, errors included, is compared, but for seconds.
- ``sh``: commands that run. Lines that begin with make, pip or source do not.
- ``text``, ``math`` and directives of the site (in braces) are only shown.

``<!-- not run: why -->`` above a block of any language says that it does not run. Dots (``...``) stand for any output.
"""

import ast
import contextlib
import doctest
import inspect
import io
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

import mapeq
from mapeq.cli.parser import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(
    r"^(?P<mark> *<!-- not run: .+ -->\n)?(?P<indent> *)```(?P<language>.*)\n(?P<code>(?:.*\n)*?) *```$", re.MULTILINE
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    page: str
    line: int  #: of its first line, from 0
    language: str
    code: str
    is_run: bool

    @property
    def place(self) -> str:
        return f"{self.page}, line {self.line + 1}"


def text_of(page):
    return (ROOT / page).read_text()


def blocks(page):
    text = text_of(page)
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start("code"))
        yield Block(page, line, found["language"], textwrap.dedent(found["code"]), found["mark"] is None)


# Blocks run -----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, with the examples, and with the folder that ``make demo`` makes."""
    (tmp_path / "out").mkdir()
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_blocks_run(page, folder):
    names = {"__name__": "__main__"}
    run = {"python": run_python, "console": run_console, "sh": run_shell, "text": only_shown, "math": only_shown}
    for block in blocks(page):
        if block.is_run and not block.language.startswith("{"):
            assert block.language in run, f"{block.place}: {block.language!r} neither runs nor is marked"
            run[block.language](block, names)
    if page == "README.md":
        assert untracked(folder) == ["examples"]


def untracked(folder):
    """What git would call untracked if the repository were here."""
    git = ["git", "-C", str(folder), "-c", f"core.excludesFile={ROOT / '.gitignore'}"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    shown = subprocess.run([*git, "status", "--porcelain", "-uall"], capture_output=True, text=True, check=True).stdout
    return [line.removeprefix("?? ") for line in shown.splitlines()]


def only_shown(block, names):
    """Nothing runs."""


def run_python(block, names):
    if block.code.startswith(">>> "):
        examples = doctest.DocTestParser().get_examples(block.code, block.page)
        session = doctest.DocTest(examples, names, block.page, block.page, block.line, block.code)
        report = io.StringIO()
        doctest.DocTestRunner(optionflags=FLAGS).run(session, out=report.write, clear_globs=False)
        names.update(session.globs)
        assert not report.getvalue(), report.getvalue()
        return
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * block.line + block.code, block.page, "exec"), names)
    promised = re.findall(r"^ *print\(.*\) +# (.*)$", block.code, re.MULTILINE)
    if promised:
        assert_shown("\n".join(promised), printed.getvalue(), block)


def run_console(block, names):
    for command, shown in re.findall(r"^\$ (.*\n(?:> .*\n)*)((?:(?!\$ ).*\n)*)", block.code, re.MULTILINE):
        assert_shown(shown, in_bash(command.replace("\n> ", "\n"), block), block)


def run_shell(block, names):
    lines = block.code.splitlines()
    in_bash("\n".join(line for line in lines if not line.startswith(("make", "pip", "source"))), block)


def in_bash(commands, block):
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{commands}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    # Pages show wrong input, too, which exits with 1; its output is compared.
    assert done.returncode in ((0, 1) if block.language == "console" else (0,)), f"{block.place}: {done.stdout}"
    assert "Traceback" not in done.stdout, f"{block.place}: {done.stdout}"
    return done.stdout


def assert_shown(shown, output, block):
    shown, output = (re.sub(r"\b\d+\.\d+ s\b", "# s", text) for text in (shown, output))
    is_same = doctest.OutputChecker().check_output(shown, output, FLAGS)
    assert is_same, f"{block.place} shows\n{shown}but it is\n{output}"


@pytest.mark.parametrize("page", PAGES)
def test_sessions_are_in_blocks(page):
    assert not re.search(r"^ *>>> ", FENCE.sub("", text_of(page)), re.MULTILINE)


# Pages are complete ---------------------------------------------------------------------------


def rows(page):
    """The rows of the tables of a page, by cell."""
    return [line.strip("|").split("|") for line in text_of(page).splitlines() if line.startswith("|")]


def code_spans(text):
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("option", list(inspect.signature(mapeq.infomap).parameters.values())[1:], ids=str)
def test_every_option_of_a_search_has_a_row_with_its_default_and_its_flags(option):
    found = []
    for row in rows("docs/options.md"):
        for name, _, default in (span.partition("=") for span in code_spans(row[0])):
            if name == option.name and default and ast.literal_eval(default) == option.default:
                found.append(row)
    assert found, f"`{option.name}={option.default!r}` has no row of its own"
    flags = {flag for action in commands()["cluster"]._actions if action.dest == option.name
             for flag in action.option_strings}  # fmt: skip
    assert any(flags <= set(code_spans(row[1])) for row in found), flags


def commands():
    (subparsers,) = (action for action in parser()._actions if hasattr(action, "choices") and action.choices)
    return subparsers.choices


@pytest.mark.parametrize("command", commands())
def test_every_option_of_the_command_is_explained(command):
    page = FENCE.sub("", text_of("docs/options.md") + text_of("docs/shell.md"))
    assert f"mapeq {command}" in page
    spans = set(code_spans(page))
    for action in commands()[command]._actions:
        if action.option_strings and action.dest != "help":
            assert action.option_strings[-1] in spans, action.option_strings


def test_every_public_name_is_in_the_reference():
    page = text_of("docs/api.md")
    for name in {
        *mapeq.__all__,
        "InfomapClustering",
        "tl.infomap",
        "spark.infomap",
        "compat.Infomap",
        "compat.Result",
    } - {"__version__"}:
        assert f":: mapeq.{name}\n" in page, name


# Links ----------------------------------------------------------------------


def anchors(page):
    """The anchors that a code host gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page):
    for link in re.findall(r"\]\(([^)]+)\)", FENCE.sub("", text_of(page))):
        if not link.startswith(("http://", "https://")):
            path, _, anchor = link.partition("#")
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), link
            if anchor and target.suffix == ".md":
                assert anchor in anchors(target.resolve().relative_to(ROOT).as_posix()), link
