"""The status line: what a terminal, a notebook and a log get to see."""

import io
import sys
import types

import pytest

import mapeq
from mapeq._base import progress
from mapeq._base.progress import Progress, StatusLine


class Terminal(io.StringIO):
    """A terminal of some width, or a stream that is none."""

    def __init__(self, encoding="utf-8", is_terminal=True):
        super().__init__()
        self._encoding = encoding
        self._is_terminal = is_terminal

    encoding = property(lambda self: self._encoding)

    def isatty(self):
        return self._is_terminal

    def lines(self):
        """What was drawn, one after the other, and what is left."""
        return [line.rstrip() for line in self.getvalue().split("\r")]


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set; nothing else draws meanwhile."""
    now = types.SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now.seconds)
    monkeypatch.setattr(progress, "TICK", 1e6)
    monkeypatch.setattr(progress, "is_compiling", lambda: False)
    monkeypatch.setenv("COLUMNS", "100")
    return now


def at(trial, num_passes, modules=12, num_trials=4):
    return Progress(trial, num_trials, num_passes, 4.5, modules)


def test_a_terminal_shows_a_bar_over_the_trials(clock):
    stream = Terminal()
    status = StatusLine(stream)
    for report in (at(1, 1), at(2, 3), at(2, 0), at(4, 0, modules=1)):
        clock.seconds += 1
        status(report)
    status.clear()
    assert stream.lines()[1:] == [
        "|                    | trial 1 of 4, pass 1: 12 modules, 4.50000 bits per step, 1 s",
        "|█████               | trial 2 of 4, pass 3: 12 modules, 4.50000 bits per step, 2 s",
        "|██████████          | trial 2 of 4, recombined: 12 modules, 4.50000 bits per step, 3 s",
        "|████████████████████| trial 4 of 4, recombined: 1 module, 4.50000 bits per step, 4 s",
        "",
        "",
    ]


def test_the_bar_never_goes_back(clock):
    stream = Terminal()
    status = StatusLine(stream)
    for report in (at(4, 1), at(3, 2)):  # trials run side by side
        clock.seconds += 1
        status(report)
    status.clear()
    assert [line.count("█") for line in stream.lines()[1:3]] == [15, 15]


def test_one_trial_needs_no_bar(clock):
    stream = Terminal()
    status = StatusLine(stream)
    status(at(1, 1, num_trials=1))
    status.clear()
    assert stream.lines()[1] == "pass 1: 12 modules, 4.50000 bits per step"


def test_an_old_encoding_gets_a_bar_of_ascii(clock):
    stream = Terminal("latin-1")
    status = StatusLine(stream)
    status.show("neighbours: 50 %", 0.5)
    status.clear()
    assert stream.lines()[1] == "[##########----------] neighbours: 50 %"


@pytest.mark.parametrize("columns", [10, 40, 60, 79, 80, 81, 200])
def test_no_line_is_wider_than_the_terminal(columns, clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(progress, "is_compiling", lambda: True)
    stream = Terminal()
    status = StatusLine(stream)
    clock.seconds += 1000
    status(at(1, 1))
    status.begin("198 nodes, 2,742 links: the random walk ...")
    status.clear()
    assert max(map(len, stream.getvalue().split("\r"))) < columns
    assert stream.getvalue().endswith("\r")
    assert "\n" not in stream.getvalue()


def test_what_is_compiled_is_said_once_it_takes_a_second(clock, monkeypatch):
    monkeypatch.setattr(progress, "is_compiling", lambda: True)
    stream = Terminal()
    status = StatusLine(stream)
    status.begin("reading net.txt ...")
    clock.seconds += 65
    status.show("reading net.txt ...")
    status.begin("the random walk ...")
    status.clear()
    assert stream.lines()[1:4] == [
        "reading net.txt ...",
        "reading net.txt ... 1 min 5 s, compiling (first use only)",
        "the random walk ...",
    ]


def test_the_clock_ticks_while_nothing_is_reported(monkeypatch):
    monkeypatch.setattr(progress, "TICK", 0.01)
    stream = Terminal()
    status = StatusLine(stream)
    status.begin("reading ...")
    status._ticker.join(0.1)
    assert status._ticker.is_alive()
    status.clear()
    assert stream.getvalue().count("reading ...") > 2
    drawn = stream.getvalue()
    assert status._ticker is None
    assert stream.getvalue() == drawn


def test_reports_that_come_fast_are_drawn_now_and_then(clock):
    stream = Terminal()
    status = StatusLine(stream)
    status.show("reading ...")
    for number in range(1, 101):
        clock.seconds += 0.01
        status(at(1, number, num_trials=1))
    status.clear()
    drawn = [line for line in stream.lines() if "pass" in line]
    assert drawn[0].startswith("pass 1:")
    assert len(drawn) <= 25


def test_a_log_gets_the_first_report_one_a_second_and_the_last(clock):
    stream = Terminal(is_terminal=False)
    status = StatusLine(stream)
    status.show("reading ...")
    for number in range(1, 27):
        status(at(1, number, num_trials=1))
        clock.seconds += 0.125
    status.clear()
    status.clear()
    lines = stream.getvalue().splitlines()
    assert [int(line.split(":")[0].removeprefix("pass ")) for line in lines] == [1, 9, 17, 25, 26]


def test_a_notebook_renews_one_line(clock, monkeypatch):
    class OutStream(Terminal):
        """What ipykernel puts in the place of standard error."""

    monkeypatch.setitem(sys.modules, "ipykernel.iostream", types.SimpleNamespace(OutStream=OutStream))
    stream = OutStream(is_terminal=False)
    status = StatusLine(stream)
    status(at(1, 1))
    clock.seconds += 2
    status(at(2, 1))
    status.clear()
    assert len(stream.lines()) == 5
    assert "\n" not in stream.getvalue()


def test_a_search_that_reports_ends_with_its_last_report(capsys):
    reports = []
    mapeq.infomap([(0, 1), (1, 2), (0, 2), (2, 3)], num_trials=2, num_threads=1, progress=reports.append)
    mapeq.infomap([(0, 1), (1, 2), (0, 2), (2, 3)], num_trials=2, num_threads=1, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("trial 1 of 2, pass 1: ")
    assert lines[-1].startswith("trial 2 of 2, recombined: ")
    assert len(lines) <= len(reports)
