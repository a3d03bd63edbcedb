"""``--size``, ``--dpi``, ``--title`` and ``--dark`` of the commands that draw other pictures than networks."""

import pytest
from command import JAZZ, refused, run
from drawings import Drawing, pixels

import mapeq

DARK = [0x11, 0x13, 0x17]


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """What each command needs, but for its outputs."""
    folder = tmp_path_factory.mktemp("looks")
    for name, time in (("short", 0.8), ("one", 1)):
        mapeq.infomap(JAZZ, markov_time=time).write(folder / f"{name}.tree")
    return {
        "compare": ["compare", folder / "short.tree", folder / "one.tree", "-q"],
        "profile": ["profile", JAZZ, "-q", "-t", "1", "1.5", "2"],
        "stability": ["stability", JAZZ, "-q", "-N", "3"],
    }


@pytest.mark.parametrize("command", ["compare", "profile", "stability"])
def test_pictures_have_the_looks_that_are_asked_for(commands, command, tmp_path):
    outputs = ["-o", tmp_path / "x.png", "-o", tmp_path / "x.svg"]
    looks = ["--size", "4x3", "--dpi", "150", "--title", "Figure 1", "--dark"]
    done = run(*commands[command], *outputs, *looks)
    assert (done.returncode, done.stderr) == (0, b"")
    image = pixels(tmp_path / "x.png")
    assert image.shape[:2] == (450, 600)
    assert image[0, 0].tolist() == DARK
    assert "Figure 1" in Drawing(tmp_path / "x.svg").texts


@pytest.mark.parametrize("command", ["profile", "stability"])
def test_titles_may_be_left_out(commands, command, tmp_path):
    for flags, count in (([], 1), (["--no-title"], 0)):
        assert run(*commands[command], "-o", tmp_path / "x.svg", *flags).returncode == 0
        assert sum(text.startswith("jazz.txt.gz: ") for text in Drawing(tmp_path / "x.svg").texts) == count


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--size", "4x3"], "--size must be omitted, because no output is a .png, .svg or .pdf file, not (4.0, 3.0)"),
        (["--dpi", "200"], "--dpi must be omitted, because no output is a .png, .svg or .pdf file, not 200.0"),
        (["--title", "A"], "--title must be omitted, because no output is a .png, .svg or .pdf file, not 'A'"),
        (["--no-title"], "--no-title must be omitted, because no output is a .png, .svg or .pdf file"),
        (["--dark"], "--dark must be omitted, because no output is a .png, .svg or .pdf file"),
    ],
)
def test_looks_without_a_picture_are_refused(commands, flags, message, tmp_path):
    outcome = run(*commands["profile"], "-o", tmp_path / "x.csv", *flags)
    assert refused(outcome, message)
    assert b"not True" not in outcome.stderr  # a flag has no value
    assert not list(tmp_path.iterdir())


def test_bad_looks(commands, tmp_path):
    for command in commands.values():
        assert refused(run(*command, "-o", tmp_path / "x.png", "--dpi", "1"), "--dpi must be a number of pixels per in")
    assert not list(tmp_path.iterdir())
