import gzip
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import assert_same, links

from mapeq._base.errors import FormatError
from mapeq.io.files.networks import read_network, read_source
from mapeq.io.files.source import Source, text_lines
from mapeq.network.network import Network

TEXT = b"1 2 1\n2 3 0.5\n"
EXPECTED = [(1, 2, 1.0), (2, 3, 0.5)]


@pytest.fixture
def file(tmp_path):
    """Write a file, and tell its path."""

    def write(data, name="network.txt"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


# Where it comes from -------------------------------------------------------------------------


def test_paths_are_strings_or_path_like(file):
    path = file(TEXT)
    assert links(read_network(path)) == links(read_network(str(path))) == EXPECTED
    assert links(read_network(os.fsencode(path))) == EXPECTED


def test_a_path_is_not_a_number():
    with pytest.raises(TypeError):
        read_network(0)


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(monkeypatch, packed):
    stream = io.BytesIO(gzip.compress(TEXT) if packed else TEXT)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    assert links(read_network("-")) == EXPECTED
    assert not stream.closed


def test_errors_call_standard_input_by_its_name(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"1 2\n3\n")))
    with pytest.raises(FormatError, match=r"^<stdin>, line 2: ") as caught:
        read_network("-")
    assert caught.value.file == "<stdin>"


def test_a_file_may_be_called_dash(file, monkeypatch):
    monkeypatch.chdir(file(TEXT, "-").parent)
    assert links(read_network("./-")) == EXPECTED


@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT, mtime=0), b"1"])
def test_a_pipe_that_comes_in_drops(tmp_path, data):
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write():
        with open(path, "wb", buffering=0) as pipe:
            for byte in data:
                pipe.write(bytes([byte]))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        if data == b"1":
            with pytest.raises(FormatError, match="line 1"):
                read_network(path)
        else:
            assert links(read_network(path)) == EXPECTED
    finally:
        thread.join()


# Gzip ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["network.txt", "network.gz", "network"])
def test_gzip_is_told_by_content_not_by_name(file, name):
    assert links(read_network(file(gzip.compress(TEXT), name))) == EXPECTED
    assert links(read_network(file(TEXT, name))) == EXPECTED


def test_gzip_of_several_parts(file):
    parts = gzip.compress(TEXT[:5]) + gzip.compress(TEXT[5:]) + bytes(512)
    assert links(read_network(file(parts))) == EXPECTED


def test_gzip_that_is_cut_short(file):
    whole = gzip.compress("".join(f"{k} {k * k}\n" for k in range(20000)).encode())
    for length in (2, 5, 12, 1000, len(whole) - 9, len(whole) - 4, len(whole) - 1):
        with pytest.raises(FormatError, match=r"network.txt: the gzip file is truncated$"):
            read_network(file(whole[:length]))


def test_gzip_that_is_damaged(file):
    whole = bytearray(gzip.compress(TEXT * 1000))
    whole[30] ^= 0xFF
    with pytest.raises(FormatError, match="the gzip file is damaged"):
        read_network(file(bytes(whole)))
    with pytest.raises(FormatError, match="the gzip file is damaged"):
        read_network(file(b"\x1f\x8b1 2\n" + bytes(50)))
    wrong_sum = bytearray(gzip.compress(TEXT))
    wrong_sum[-8] ^= 0xFF
    with pytest.raises(FormatError, match="the gzip file is damaged"):
        read_network(file(bytes(wrong_sum)))


# What is no file, and what is no text --------------------------------------------------------


def test_no_such_file(tmp_path):
    path = tmp_path / "nothing.txt"
    with pytest.raises(FormatError) as caught:
        read_network(path)
    assert str(caught.value) == f"{path}: no such file"
    assert (caught.value.file, caught.value.line, caught.value.text) == (str(path), None, None)
    assert isinstance(caught.value, ValueError)


def test_a_directory(tmp_path):
    with pytest.raises(FormatError, match="a directory, not a file"):
        read_network(tmp_path)


@pytest.fixture
def secret(file):
    """A file that may not be read; root, who may read everything, is an ordinary user meanwhile."""
    path = file(TEXT)
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield path
    os.seteuid(user)


def test_no_permission(secret):
    with pytest.raises(FormatError, match="no permission to read it"):
        read_network(secret)


def test_other_troubles_are_named(file):
    with pytest.raises(FormatError, match="Not a directory"):
        read_network(file(TEXT) / "below")
    with pytest.raises(FormatError, match="too long"):
        read_network("x" * 5000)


@pytest.mark.parametrize("block_size", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1 2\n# M\xfcnchen\n3 4\n", "UTF-8 text file: invalid byte 0xfc"),
        (b"1 2\na \xc3\n\xa9 4\n", "UTF-8 text file: invalid byte 0xc3"),
        ("1 2\n3 4\n".encode("utf-16"), "UTF-8 text file: it is in UTF-16: save it as UTF-8"),
        (b"1 2\n3 4\0 5\n\xff", "NUL"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", r"UTF-8 text file: it is an image \(PNG\)"),
        (b"1 2\nPK\x03\x04\0\0", "text file: it contains a NUL byte"),
    ],
)
def test_what_is_no_text(file, data, message, block_size):
    with pytest.raises(FormatError, match=message) as caught, Source(file(data), block_size=block_size) as source:
        read_source(source)
    assert "not a UTF-8 text file" in str(caught.value)
    line = 2 if data.startswith(b"1") else 1
    assert caught.value.line == (None if "it is" in message else line)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_device_without_end_does_not_fill_the_memory():
    with pytest.raises(FormatError, match="NUL"):
        read_network("/dev/zero")


# Lines ---------------------------------------------------------------------------------------


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff"), max_size=5), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 9),
)
def test_lines_are_numbered(tmp_path_factory, lines, end, ended, marked, block_size):
    path = tmp_path_factory.mktemp("lines", numbered=True) / "file"
    text = end.join(lines) + (end if ended else "")
    path.write_bytes(b"\xef\xbb\xbf" * marked + text.encode())
    expected = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    with Source(path, block_size=block_size) as source:
        assert list(source.numbered_lines()) == expected
    assert list(text_lines(path)) == expected


def test_text_lines_of_a_packed_file(file):
    assert list(text_lines(file(gzip.compress(b"a\n\nb c")))) == [(1, "a"), (3, "b c")]


def test_text_lines_of_no_file(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        next(text_lines(tmp_path / "nothing"))


def test_line_ends_may_be_mixed(file):
    data = b"# c\r1 2 1\r\n2 3 0.5\n\r\r\n"
    for block_size in range(1, len(data) + 2):
        with Source(file(data), block_size=block_size) as source:
            assert links(read_source(source)) == EXPECTED


def test_a_source_tells_what_it_has_read(file):
    with Source(file(b"# c\n\na b\nc d\n"), block_size=1) as source:
        assert source.first_line() == b"a b"
        assert source.first_line() == b"a b"
        source.skip_line()
        assert source.first_line() == b"c d"
        assert str(source.error("why", source.position)).endswith("line 4: why: 'c d'")
        source.skip_line()
        assert source.first_line() == b""
        assert not source.more()


def test_files_are_closed(file):
    path = file(b"1 2\n3\n")
    with pytest.raises(FormatError):
        read_network(path)
    path.unlink()  # Windows refuses while it is open; elsewhere a warning, hence an error, would come


# Together ------------------------------------------------------------------------------------


def test_content_decides_between_formats(file):
    pajek = b"%c\n\n *Vertices 2\n1 ann\n2 bob\n*Edges\n1 2\n"
    assert read_network(file(pajek, "network.txt")).labels == ("ann", "bob")
    assert links(read_network(file(TEXT, "network.net"))) == EXPECTED


def test_it_is_the_network_of_its_links(file):
    rows = [(k * 7 % 501, k * k % 499, 1 + k % 8 / 8) for k in range(30000)]
    path = file("".join(f"{a}\t{b}\t{w}\n" for a, b, w in rows).encode())
    for directed in (False, True):
        assert_same(
            read_network(path, directed=directed), Network.from_edges(*zip(*rows, strict=True), directed=directed)
        )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal to send")
def test_reading_can_be_interrupted(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    script = f"from mapeq.io.files.networks import read_network; print('go', flush=True); read_network({str(path)!r})"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"go\n"
    with open(path, "wb"):  # nothing comes
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in errors
