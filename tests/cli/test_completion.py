"""Shell completion: the scripts, and what bash makes of one."""

import subprocess

import pytest

from mapeq.cli.completion import completion_script
from mapeq.cli.parser import main, parser

#: Completes the words that it is given, the last of them, and prints a candidate a line.
COMPLETES = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
_shtab_mapeq "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def completed(tmp_path_factory):
    """A function from words to what bash would put in place of the last one."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "net.txt").write_text("1 2\n")
    script = folder / "script.bash"
    script.write_text(completion_script(parser(), "bash"))

    def complete(*words):
        command = ["bash", "--norc", "-c", COMPLETES, "bash", str(script), "mapeq", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        return set(done.stdout.split())

    return complete


def test_commands_and_options_are_completed(completed):
    assert completed("") >= {"info", "cluster", "embeddings", "evaluate", "warmup", "completion"}
    assert completed("cl") == {"cluster"}
    assert completed("cluster", "--num-t") == {"--num-trials", "--num-threads"}
    assert "--num-trials" not in completed("info", "--")


def test_values_of_options_are_completed(completed):
    assert completed("cluster", "net.txt", "--flow-model", "un") == {"undirected", "undirdir"}
    assert completed("embeddings", "net.txt", "--metric", "e") == {"euclidean"}
    assert completed("completion", "") >= {"bash", "zsh", "tcsh"}


def test_files_are_completed(completed):
    assert completed("cluster", "ne") == {"net.txt"}
    assert completed("cluster", "net.txt", "-o", "ne") == {"net.txt"}
    assert completed("cluster", "net.txt", "-c", "ne") == {"net.txt"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_the_command_prints_a_script_for_each_shell(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "--flow-model" in script
    assert "outdirdir" in script


def test_completion_does_not_limit_what_the_library_judges(capsys):
    assert main(["cluster", __file__, "-f", "walk"]) == 1
    assert capsys.readouterr().err.startswith("mapeq: --flow-model must be one of undirected, directed")
