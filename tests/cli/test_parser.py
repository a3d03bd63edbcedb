"""Options of the command: how they are written, and what is wrong usage."""

import pytest
from command import JAZZ, run

from mapeq.cli.parser import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    {
        "-s -1": "--seed must be a whole number, 0 or more, not -1",
        "--seed -2": "--seed must be a whole number, 0 or more, not -2",
        "-N -2 -2": "--num-trials must be a whole number, 1 or more, not -2",
        "--num-trials -2 -2": "--num-trials must be a whole number, 1 or more, not -2",
        "-d -p -.5": "--teleportation-probability must be a number from 0 to 1, not -0.5",
        "--clu-level -2": "--clu-level must be a whole number, 1 or more, or -1, not -2",
        "-f precomputed": "--flow-model='precomputed' takes the visit rates from node weights, but the network has "
        "none",
    }.items(),
)
def test_values_below_zero_are_values_and_options_are_called_as_they_are_typed(arguments, message, capsys):
    assert main(["cluster", JAZZ, *arguments.split()]) == 1
    assert capsys.readouterr() == ("", f"mapeq: {message}\n")


def test_an_option_without_a_value_may_stand_before_one_that_is_a_number(capsys):
    assert main(["cluster", JAZZ, "-q", "-2", "-s", "3"]) == main(["cluster", JAZZ, "-q", "-s", "3", "-2"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[:198] == rows[198:]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["cluster"],
        ["cluster", JAZZ, "--no-such-option"],
        ["cluster", JAZZ, "-N", "x"],
        ["cluster", JAZZ, "--two-level", "--multilevel"],
        ["cluster", JAZZ, "--markov-time", "long"],
        ["cluster", JAZZ, "--weight", "0"],
        ["cluster", JAZZ, "--weight", "3", "--unweighted"],
        ["evaluate", JAZZ, JAZZ, "--markov-time", "auto"],
        ["embeddings"],
        ["guess"],
        ["completion", "cmd"],
    ],
)
def test_wrong_usage_is_exit_code_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage: mapeq")
    assert done.stderr.count(b"\n") == 2


MISSPELT = {
    "clustr x": "'clustr' is none of info, convert, cluster, embeddings, evaluate, compare, plot, profile, "
    "stability, warmup, completion; did you mean cluster?",
    "cluster --multilevl x": "mapeq cluster: error: there is no option '--multilevl'; did you mean --multilevel?",
    "embeddings x --metrik=cosine": "there is no option '--metrik=cosine'; did you mean --metric?",
    "evaluate a b --zzz": "mapeq evaluate: error: there is no option '--zzz'\n",
    "cluster x y": "unexpected argument 'y'",
    "cluster x --multilev": "mapeq cluster: error: there is no option '--multilev'; did you mean --multilevel?",
    "cluster x -N many": "argument -N/--num-trials: it must be a whole number, not 'many'",
    "cluster x --time-limit soon": "argument --time-limit: it must be a number, not 'soon'",
    "cluster x --relax-limit=-1": "argument --relax-limit/--multilayer-relax-limit: it must be a whole number, 0 or "
    "more, or two, such as 0:1 for earlier and later layers, not '-1'",
    "cluster x --relax-limit :": "not ':'",
    "cluster x --relax-limit 1:2:3": "not '1:2:3'",
    "completion bsh": "'bsh' is none of bash, zsh, tcsh; did you mean bash?",
}


@pytest.mark.parametrize(("line", "message"), MISSPELT.items(), ids=MISSPELT)
def test_misspelt_commands_and_options_suggest_the_right_one(line, message):
    done = run(*line.split())
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_errors_repeat_the_number_of_a_column_as_typed(tmp_path):
    (tmp_path / "links.csv").write_text("source,target\na,b\n")
    (tmp_path / "links.txt").write_text("1 2 3\n2 3 4\n")
    for name, columns in (("links.csv", "'source', 'target'"), ("links.txt", "1, 2, 3")):
        for command in ("cluster", "info"):
            done = run(command, tmp_path / name, "--weight", "7")
            assert f"there is no column 7 for the weights; the columns are {columns}: " in done.stderr.decode()


@pytest.mark.parametrize("command", ["", "info", "cluster", "embeddings", "evaluate", "plot"])
def test_help_names_the_documentation(command):
    assert "documentation: docs/shell.md" in " ".join(run(*command.split(), "--help").stdout.decode().split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["cluster", "--help"], ["evaluate", "--help"], ["embeddings", "--help"], ["--version"]]
)
def test_help_and_version(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"mapeq" in done.stdout
