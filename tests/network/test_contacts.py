"""Temporal networks: contacts of every kind, the edges of windows, and modules that change."""

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mapeq
from mapeq import Network
from mapeq.network.windows import equal_windows, windows_of_length

#: Times in hours.
ROWS = [
    *((8, "ann", "bob"), (8, "bob", "cid"), (9, "ann", "cid"), (9, "dan", "eve")),
    *((18, "ann", "dan"), (19, "dan", "eve"), (19, "ann", "eve"), (19, "bob", "cid"), (19, "cid", "bob")),
]
MIDNIGHT = dt.datetime(2024, 5, 31)
DATED = [(MIDNIGHT + dt.timedelta(hours=hour), *ends) for hour, *ends in ROWS]
HALVES = (np.datetime64("2024-05-31T00:00"), np.datetime64("2024-05-31T12:00"))


def by_hand(**options):
    early, late = ([row[1:] for row in ROWS if (row[0] >= 12) == is_late] for is_late in (False, True))
    return Network.from_layers({0: early, 12: late}, **{"relax": "jsd"} | options)


def assert_same(network, expected, layers=(0, 12)):
    """The same states and links; layers may be called otherwise."""
    assert network.states.layers == layers
    assert [name for _, name in network.labels] == [name for _, name in expected.labels]
    assert network.states.layer.tolist() == expected.states.layer.tolist()
    np.testing.assert_array_equal(network.matrix().toarray(), expected.matrix().toarray())


@pytest.mark.parametrize(
    "options",
    [{}, {"relax": "neighbors"}, {"relax_rate": 0.4}, {"limit": (0, 1)}, {"limit": 0}, {"directed": True}],
    ids=str,
)
def test_windows_are_layers(options):
    assert_same(Network.from_contacts(ROWS, window=12, **options), by_hand(**options))
    assert Network.from_contacts(ROWS, window=12).labels[0] == (0, "ann")


def test_contacts_in_any_container():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    expected, frame = by_hand(), pandas.DataFrame(DATED, columns=["time", "source", "target"])
    for contacts in (
        DATED,
        iter(DATED),
        [(np.datetime64(time), *ends) for time, *ends in DATED],
        [(pandas.Timestamp(time), *ends) for time, *ends in DATED],
        [(time.isoformat(), *ends) for time, *ends in DATED],
        [(time.replace(tzinfo=dt.UTC).astimezone(ZoneInfo("Asia/Tokyo")), *ends) for time, *ends in DATED],
        [(f"{time.isoformat()}Z", *ends) for time, *ends in DATED],
        frame,
        frame.assign(time=frame["time"].dt.tz_localize("UTC").dt.tz_convert("Europe/Stockholm")),
        frame.assign(time=frame["time"].astype(str)),
        frame.rename(columns={"time": "Time Stamp", "source": "from", "target": "to"}),
        frame.assign(weight=1),
        polars.from_pandas(frame),
        polars.from_pandas(frame).to_arrow(),
        frame.to_dict("list"),
        frame.to_records(index=False),
        frame.to_numpy(),
    ):
        assert_same(Network.from_contacts(contacts, window="12h"), expected, HALVES)
    renamed = frame.rename(columns={"time": "when", "source": "caller", "target": "called"})
    for columns in ({"time": "when", "source": "caller", "target": "called"}, {"time": 0, "source": 1, "target": 2}):
        assert_same(Network.from_contacts(renamed, window="12h", **columns), expected, HALVES)


def test_numbers_and_nodes_that_are_numbers():
    rows = [(hour, ord(one[0]), ord(other[0])) for hour, one, other in ROWS]
    expected = Network.from_contacts(rows, window=12)
    assert expected.labels[0] == (0, ord("a"))
    for array in (np.array(rows), np.array(rows, dtype=np.float64), np.array(rows, dtype=np.uint64)):
        assert_same(Network.from_contacts(array, window=12), expected)
        assert all(type(name) is int for _, name in Network.from_contacts(array, window=12).labels)


def test_contacts_in_files(tmp_path):
    pandas = pytest.importorskip("pandas")
    expected = by_hand()
    frame = pandas.DataFrame(ROWS, columns=["time", "source", "target"])
    dated = pandas.DataFrame(DATED, columns=["time", "source", "target"])
    files = {
        "headed.csv": frame.to_csv(index=False),
        "bare.csv": frame.to_csv(index=False, header=False),
        "semicolons.csv": frame.to_csv(index=False, sep=";"),
        "tabs.tsv": frame.to_csv(index=False, sep="\t"),
        "other.csv": frame[["target", "time", "source"]].to_csv(index=False),
        "blanks.txt": "# three fields\n\n" + frame.to_csv(index=False, header=False, sep=" "),
        "weights.txt": "".join(f"{hour}.0 {one} {other} 1\n" for hour, one, other in ROWS),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        network = Network.from_contacts(tmp_path / name, window=12)
        # The order of nodes depends on which end is the source.
        assert mapeq.infomap(network).codelength == pytest.approx(mapeq.infomap(expected).codelength)
        if name != "other.csv":
            assert_same(network, expected)
    dated.to_csv(tmp_path / "dated.csv.gz", index=False)
    dated.to_parquet(tmp_path / "dated.parquet")
    for name in ("dated.csv.gz", "dated.parquet"):
        assert_same(Network.from_contacts(tmp_path / name, window="12h"), expected, HALVES)
    (tmp_path / "five.dat").write_text("20 1 2 3A 3B\n40 2 3 3B 3A\n")  # as sociopatterns.org publishes contacts
    network = Network.from_contacts(tmp_path / "five.dat", window=20, time=0, source=1, target=2)
    assert network.labels == ((20, 1), (20, 2), (40, 2), (40, 3))


def test_read_network_cuts_contacts_into_windows(tmp_path):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame([(*row, 2) for row in ROWS], columns=["when", "source", "target", "minutes"])
    table.to_parquet(tmp_path / "contacts.parquet")
    (tmp_path / "contacts.csv").write_text("! made up\n" + table.to_csv(index=False), encoding="utf-16")
    how = {"time": "when", "weight": "minutes", "relax_rate": 0.3, "limit": 1}
    expected = Network.from_contacts(table, window=12, **how)
    for name, options in (("contacts.parquet", {}), ("contacts.csv", {"comment": "!", "encoding": "utf-16"})):
        assert_same(mapeq.read_network(tmp_path / name, window=12, **how, **options), expected)
    named = mapeq.read_network(tmp_path / "contacts.parquet", window=12, **how, relax="neighbors", directed=True)
    assert_same(named, Network.from_contacts(table, window=12, **how, relax="neighbors", directed=True))
    with pytest.raises(mapeq.FormatError, match=r"contacts\.csv: column 'when' has no use without window"):
        mapeq.read_network(tmp_path / "contacts.csv", time="when", encoding="utf-16")


@pytest.mark.parametrize(
    ("times", "window", "origin", "starts"),
    [
        ([0, 4, 5, 9, 10], 5, None, [0, 0, 5, 5, 10]),
        ([-1, 0, 1], 5, None, [-5, 0, 0]),
        ([3, 8, 9], 5, 4, [-1, 4, 9]),
        ([0.1 * k for k in range(8)], 0.1, None, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        ([1e9 + 0.1 * k for k in range(4)], 0.1, 1e9, [1e9, 1e9 + 0.1, 1e9 + 0.2, 1e9 + 0.3]),
        ([1, 2.5, 2.75], 0.5, None, [1.0, 2.5, 2.5]),
        ([7, 100], 1e3, None, [0.0, 0.0]),
    ],
)
def test_edges_of_windows(times, window, origin, starts):
    numbers, found = windows_of_length(np.array(times), window, origin)
    assert [found[number] for number in numbers] == pytest.approx(starts, rel=1e-15)
    assert list(found) == sorted(set(found))
    assert type(found[0]) is type(starts[0])


@pytest.mark.parametrize(
    ("window", "origin", "starts"),
    [
        ("1D", None, ["2024-05-31", "2024-06-02"]),
        ("1W", None, ["2024-05-31"]),
        ("1W", "2024-05-27", ["2024-05-27"]),
        ("6h", None, ["2024-05-31T06:00", "2024-05-31T12:00", "2024-06-02T00:00"]),
        (dt.timedelta(hours=6), None, ["2024-05-31T06:00", "2024-05-31T12:00", "2024-06-02T00:00"]),
        (np.timedelta64(720, "m"), None, ["2024-05-31T00:00", "2024-05-31T12:00", "2024-06-02T00:00"]),
        ("1 day", dt.datetime(2024, 6, 1, 12), ["2024-05-30T12:00", "2024-05-31T12:00", "2024-06-01T12:00"]),
        ("30s", None, ["2024-05-31T08:00:00", "2024-05-31T12:00:30", "2024-06-02T00:00:00"]),
        ("250 ms", None, ["2024-05-31T08:00:00.000", "2024-05-31T12:00:30.500", "2024-06-02T00:00:00.000"]),
    ],
)
def test_windows_of_dates(window, origin, starts):
    times = ["2024-05-31T08:00:00", "2024-05-31T12:00:30.5", "2024-06-02"]
    network = Network.from_contacts([(time, 1, 2) for time in times], window=window, origin=origin)
    assert [str(start) for start in network.states.layers] == starts


def test_pandas_timedelta_and_dates_before_1970():
    pandas = pytest.importorskip("pandas")
    rows = [(dt.date(1969, 12, 30), 1, 2), (dt.date(1970, 1, 1), 2, 3)]
    network = Network.from_contacts(rows, window=pandas.Timedelta("1D"))
    assert network.states.layers == (np.datetime64("1969-12-30"), np.datetime64("1970-01-01"))
    assert Network.from_contacts(rows, window="1h").states.layers == network.states.layers


def test_windows_by_their_number():
    assert equal_windows(np.array([0, 4, 5, 10]), 2).starts == [0, 5]
    assert equal_windows(np.array([0, 4, 5, 10]), 4).starts == [0, 2.5, 5.0, 7.5]
    assert equal_windows(np.array([3, 3]), 4).starts == [3]
    network = Network.from_contacts(DATED, num_windows=2)
    assert_same(network, by_hand(), (np.datetime64("2024-05-31T08:00"), np.datetime64("2024-05-31T13:30")))
    days = [(dt.date(2024, 5, day), 1, 2) for day in (1, 2, 3, 4, 5)]
    assert [str(start) for start in Network.from_contacts(days, num_windows=2).states.layers] == [
        "2024-05-01",
        "2024-05-03",
    ]


@given(
    times=st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20),
    length=st.integers(1, 1000),
    origin=st.integers(-1000, 1000),
)
def test_dates_numbers_and_fractions_agree(times, length, origin):
    whole = windows_of_length(np.array(times), length, origin)
    parts = windows_of_length(np.array(times) / 8, length / 8, origin / 8)
    dates = windows_of_length(
        np.array(times, "M8[s]"), np.timedelta64(length, "s"), np.array(origin, "M8[s]").astype("M8[ms]")
    )
    for number, time in zip(whole.numbers, times, strict=True):
        assert whole.starts[number] <= time < whole.starts[number] + length
        assert (whole.starts[number] - origin) % length == 0
    assert parts.numbers.tolist() == dates.numbers.tolist() == whole.numbers.tolist()
    assert [start * 8 for start in parts.starts] == list(whole.starts)
    assert np.array(dates.starts).astype("M8[s]").astype(np.int64).tolist() == list(whole.starts)


def test_groups_that_exchange_members_are_found():
    def contacts():
        for time in range(60):
            for group in ("abcd", "efgh") if time < 30 else ("abef", "cdgh"):
                yield from ((time, one, other) for one in group for other in group if one < other)

    result = mapeq.infomap(Network.from_contacts(contacts(), window=10))
    for start, groups in [(0, ("abcd", "efgh"))] * 3 + [(30, ("abef", "cdgh"))] * 3:
        modules = result.layer(start)
        assert len({modules[name] for name in groups[0]}) == len({modules[name] for name in groups[1]}) == 1
        assert modules["a"] != modules["h"]
    assert result.num_modules == 4
    assert len({tuple(result.layer(start).items()) for start in range(0, 60, 10)}) == 2
    assert mapeq.infomap(Network.from_contacts(contacts(), window=60)).num_modules == 1


def test_groups_that_meet_again_are_the_same_module():
    groups = {0: ("abcd", "efgh"), 1: ("aceg", "bdfh"), 2: ("abcd", "efgh")}
    contacts = [
        (time, one, other)
        for time in groups
        for group in groups[time]
        for one in group
        for other in group
        if one < other
    ]
    result = mapeq.infomap(Network.from_contacts(contacts, window=1))
    assert result.layer(0) == result.layer(2)
    assert result.num_modules == 4


def test_windows_have_flow_by_their_contacts_unless_the_walk_goes_on_in_time_only():
    rng = np.random.default_rng(1)
    contacts = [
        (time, int(one), int(other))
        for time in range(8)
        for one, other in rng.integers(0, 20, (200, 2))
        if one != other
    ]

    def shares(**options):
        network = Network.from_contacts(contacts, window=1, **options)
        flow = np.bincount(network.states.layer, mapeq.infomap(network).flow)
        return flow * 8

    assert np.abs(shares() - 1).max() < 0.2
    forward = shares(limit=(0, 1), relax="neighbors")
    assert forward[0] < 0.8
    assert forward[-1] > 1.3


def refused(message, contacts=ROWS, **options):
    with pytest.raises(ValueError, match=message):
        Network.from_contacts(contacts, **{"window": 12} | options)


def test_options_that_make_no_sense():
    refused(r"window must be a length of time, unless num_windows is given, not None", window=None)
    refused(r"window must be omitted with num_windows, which have equal lengths, not 12", num_windows=3)
    refused("num_windows must be a whole number, 1 or more, not 0", window=None, num_windows=0)
    refused("origin must be omitted with num_windows", window=None, num_windows=2, origin=3)
    for window in (0, -1, np.nan, np.inf, True, "1D", "many", dt.timedelta(1)):
        refused("window must be a number above 0, as the times are numbers, not", window=window)
    for window in (12, "0D", "-1D", "1M", "1.5h", "D", "1 month", np.timedelta64(1, "M"), dt.timedelta(0)):
        refused(r"window must be a duration, such as '20min', '1h', '1D' or a timedelta, as", DATED, window=window)
    refused("origin must be a number, as the times are numbers, not '2024-01-01'", origin="2024-01-01")
    refused("origin must be a date, as the times are dates, not 3", DATED, window="1D", origin=3)
    refused("origin must be a date, as the times are dates, not 'now'", DATED, window="1D", origin="now")
    refused("relax_rate must be a number from 0 to 1, not 2", relax_rate=2)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, "a", "b"), (None, "a", "b")], "row 1, counted from 0, has a time that is missing"),
        ([(1, "a", "b"), (np.nan, "a", "b")], "row 1, counted from 0, has a time that is missing"),
        ([(np.datetime64("NaT"), "a", "b")], "row 0, counted from 0, has a time that is missing"),
        ([(1, "a", "b"), (np.inf, "a", "b")], "row 1, counted from 0, has a time that is infinite"),
        (
            [("noon", "a", "b")],
            "row 0, counted from 0, has a time that is no number and no date: 'noon'; dates are wri",
        ),
        ([(True, "a", "b")], "has a time that is no number and no date: True"),
        ([(1, "a", "b"), ("2024-05-31", "a", "b")], "row 1, .* is a date, but the first one a number: '2024-05-31'"),
        ([("2024-05-31", "a", "b"), ("2024-05-31T08:00Z", "a", "b")], "row 1, .* is a date with a time zone, but the"),
        (
            [(1, "a", "b"), (1, "c", "c")],
            "row 1, counted from 0, links 'c' with itself; a contact is between two nodes",
        ),
        ([(1, "a", None)], "row 0, counted from 0, has no node at one end"),
        ([(1, "a", 2.5)], "row 0, counted from 0, has the end 2.5; labels are integers or text"),
        ([(1, "a", [])], r"row 0, counted from 0, has an end that cannot be a label: \[\]"),
        ([(1, "a")], r"row 0, .* is \(1, 'a'\); a contact is \(time, source, target\) or \(time, source, target, wei"),
        (
            [(1, "a", "b"), (2, "b", "c", 1)],
            "row 1, .* has 4 parts, but the first one 3; all contacts have weights, or",
        ),
        ([(1, "a", "b", -1)], "the weight of the contact in row 0, counted from 0, is negative"),
        ([(1, "a", "b", "x")], "the weight of the contact in row 0, counted from 0, is not a number: 'x'"),
        ([], "there are no contacts"),
        ({"time": [1], "source": ["a"]}, "a table of links needs columns of sources and targets"),
        ({"time": [1], "source": ["a"], "target": []}, "a dict of contacts holds columns of one length"),
        ({"source": ["a"], "target": ["b"]}, "'source', 'target': call the one that holds the times time, or name it"),
        (
            {"time": [1], "date": [1], "source": [1], "target": [2]},
            "'time' and 'date' may both hold the times; name one",
        ),
    ],
)
def test_contacts_that_make_no_sense(rows, message):
    refused(message, rows)


def test_other_contacts_that_make_no_sense():
    with pytest.raises(TypeError, match="contacts must be a table, columns, the path of a file or tuples, not 3"):
        Network.from_contacts(3, window=1)
    refused("there is no column 'when' for the times", {"time": [1], "source": [1], "target": [2]}, time="when")
    refused("column 'time' is used for the times and for one of", ROWS, source="time", target="target")
    refused(
        "there are 1,100 windows with contacts, and the walk changes between 1,210,000 pairs of them, over 1,000,000",
        [(time, 1, 2) for time in range(1100)],
        window=1,
    )
    many = Network.from_contacts([(time, 1, 2) for time in range(1100)], window=1, limit=1)
    assert many.num_nodes == 2200
    refused("are too far apart to be counted in ns", [(dt.date(1, 1, 1), 1, 2)], window=np.timedelta64(1, "ns"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,source,target\n8,a,b\n,b,c\n", "contacts.csv, line 3: the contact has a time that is missing: ',b,c'"),
        ("time,source,target\n8,a,b\nnoon,b,c\n", "contacts.csv, line 3: the contact has a time that is no number"),
        ("8,a,b\n9,b,b\n", "contacts.csv, line 2: the contact links 'b' with itself"),
        (
            "8,a,b,1\n9,b,c,-1\n",
            "contacts.csv, line 2: the contact has the weight '-1'; weights are numbers, 0 or more",
        ),
        ("8,a,b\n9,b\n", "contacts.csv, line 2: has 2 fields, but the first line 3: '9,b'"),
        ("8,a,\n", "contacts.csv, line 1: the contact has no node at one end"),
        ('8,a,b\n9,b,"c\n10",c\n', "contacts.csv, line 2: has 4 fields, but the first line 3"),
        ('8,a,b\n9,b,"c\n10,c,d"\n', "contacts.csv: a quote is not closed on its line"),
        ("8_0,a,b\n", "contacts.csv, line 1: the contact has a time that is no number and no date: '8_0'"),
        ("inf,a,b\n", "contacts.csv, line 1: the contact has a time that is infinite"),
        ("1,2,3,4,5\n", "contacts.csv: the columns are 0, 1, 2, 3, 4: call the one that holds the times time"),
        ("source,target\na,b\n", "contacts.csv: the columns are 'source', 'target': call the one that holds the times"),
        (
            "when,who,whom\n8,a,b\n",
            "'when'; dates are written like .*; if this line is a header, call its columns time",
        ),
        (f"{10**400},a,b\n", "contacts.csv, line 1: the contact has a time that is infinite"),
        ("# nothing\n", "contacts.csv: contains no contacts"),
        ("time,source,target\n", "contacts.csv: there are no contacts"),
    ],
)
def test_files_that_make_no_sense(tmp_path, text, message):
    (tmp_path / "contacts.csv").write_text(text)
    with pytest.raises(mapeq.FormatError, match=message):
        Network.from_contacts(tmp_path / "contacts.csv", window=1)


def test_numbers_of_any_kind_and_size():
    """Whole numbers of more than 64 bits are floats, fractions, too; differences of 64 bits do not overflow."""
    far = 9 * 10**18
    for times, options, starts in (
        ([Fraction(1, 2), Fraction(7, 2)], {"window": 1}, [0, 3]),
        ([0, 4 * 10**20], {"window": 10**20}, [0, 4e20]),
        ([0, 10**21], {"num_windows": 2}, [0, 5e20]),
        ([-far, far], {"window": far, "origin": far}, [-far, far]),
    ):
        contacts = [(time, "a", "b") for time in times]
        assert list(Network.from_contacts(contacts, **options).states.layers) == starts


@pytest.mark.parametrize("time", [1e21, 10**21, 1e300])
def test_times_too_far_for_the_window(time, tmp_path):
    refused(r"windows of length 30 from 0 on cannot be told apart at the time 1e\+", [(time, "a", "b")], window=30)
    (tmp_path / "contacts.csv").write_text(f"20,a,b\n{time},b,c\n")
    with pytest.raises(mapeq.FormatError, match=r"contacts.csv: windows of length 30 from 0 on cannot be told apart"):
        mapeq.read_network(tmp_path / "contacts.csv", window=30)


def test_results_travel_through_files(tmp_path):
    result = mapeq.infomap(Network.from_contacts(DATED, window="12h"))
    for suffix in ("csv", "tree", "json", "parquet", "graphml", "gexf"):
        result.write(tmp_path / f"modules.{suffix}")
    for suffix in ("csv", "tree", "json"):
        again = mapeq.evaluate(result.network, tmp_path / f"modules.{suffix}")
        assert again.codelength == pytest.approx(result.codelength)
    assert "2024-05-31T12:00" in (tmp_path / "modules.graphml").read_text()
