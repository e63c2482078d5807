"""A growing table keeps its finished rows whatever stops it, and goes on only with what it was begun with."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from model.errors import OutputError
from model.tables.growing import PARQUET, Layout, growing
from model.tables.output import kept

MADE_WITH = {"model": "one", "--decision": None}


@pytest.fixture
def layout(tmp_path) -> Layout:
    (tmp_path / "table.csv").write_text("old")
    return Layout(tmp_path / "table.csv", ("image", "MEL"), MADE_WITH)


def stopped(layout: Layout, rows: str = "ab", without: str = "", trouble: BaseException | None = None, **how) -> str:
    """Let a table end in trouble after some rows; return under which name it was kept."""
    trouble = trouble or KeyboardInterrupt()
    with pytest.raises(type(trouble)), growing(layout, **how) as table:
        for image in rows:
            table.add((image, "0.5"))
        for image in without:
            table.leave_out(image, refused=image == "r")
        raise trouble
    return kept(trouble)


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), ValueError("x"), MemoryError()])
def test_finished_rows_are_kept_by_a_name_that_says_so(layout, tmp_path, trouble):
    (tmp_path / "table.unfinished.csv").write_text("of an earlier day")
    assert stopped(layout, trouble=trouble) == str(tmp_path / "table.unfinished-2.csv")
    assert layout.target.read_text() == "old"
    assert (tmp_path / "table.unfinished-2.csv").read_text() == "image,MEL\na,0.5\nb,0.5\n"
    assert (tmp_path / "table.unfinished.csv").read_text() == "of an earlier day"


def test_a_complete_table_stands_alone_in_its_place(layout, tmp_path):
    with growing(layout) as table:
        table.add(("a", "0.5"))
        assert layout.target.read_text() == "old"
    assert layout.target.read_text() == "image,MEL\na,0.5\n"
    assert list(tmp_path.iterdir()) == [layout.target]


def test_too_little_is_neither_kept_nor_put_in_place(layout, tmp_path):
    with growing(layout) as table:
        table.leave_out("a", refused=False)
    assert stopped(layout, rows="") is None
    assert layout.target.read_text() == "old" and list(tmp_path.iterdir()) == [layout.target]


def test_a_full_disk_takes_no_half_row(layout):
    words = pytest.raises(OutputError, match=r"table\.csv cannot be written: No space left")
    with words as ended, growing(layout) as table:
        table.add(("a", "0.5"))
        raw = table._rows.file

        class Full:
            fileno = raw.fileno

            def write(self, rest):
                if len(rest) < 5:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return raw.write(rest[:-3])

        table._rows.file = Full()
        table.add(("b", "0.5"))
    assert Path(kept(ended.value)).read_text() == "image,MEL\na,0.5\n"


@pytest.mark.parametrize("first", ["_line", "_note"])
def test_a_disk_without_room_for_the_first_lines_keeps_no_empty_table(layout, tmp_path, monkeypatch, first):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"model.tables.growing.{first}", full)
    with pytest.raises(OutputError, match="No space left") as ended, growing(layout):
        pass
    assert kept(ended.value) is None and list(tmp_path.iterdir()) == [layout.target]


def test_it_goes_on_after_the_rows_and_the_photos_without_one(layout, tmp_path):
    stopped(layout, rows="ab", without="rx")
    stopped(layout, rows="c", resume=True)
    with growing(layout, resume=True) as table:
        assert [image in table for image in "abcrxd"] == [True] * 5 + [False]
        assert table.without == {"r": True, "x": False}
        table.add(("d", "0.5"))
    assert [line[0] for line in layout.target.read_text().splitlines()[1:]] == [*"abcd"]
    assert list(tmp_path.iterdir()) == [layout.target]


def test_photos_without_a_row_are_tried_again_when_told(layout):
    stopped(layout, rows="a", without="rx")
    stopped(layout, rows="", without="x", resume=True, retry=True)
    with growing(layout, resume=True) as table:
        assert table.images == {"a"} and table.without == {"x": False}


def test_only_photos_without_a_row_are_remembered_too(layout, tmp_path):
    assert stopped(layout, rows="", without="r") == str(tmp_path / "table.unfinished.csv")
    with growing(layout, resume=True) as table:
        assert table.without == {"r": True}


def test_the_newest_is_continued_and_without_any_it_begins(layout, tmp_path):
    with growing(layout, resume=True) as table:
        assert not table.images
        table.add(("z", "0.5"))
    stopped(layout, rows="a")
    stopped(layout, rows="b")
    with growing(layout, resume=True) as table:
        assert table.images == {"b"}
    assert (tmp_path / "table.unfinished.csv").exists()


def test_a_line_that_was_cut_off_is_made_again(layout, tmp_path):
    stopped(layout, rows="ab", without="r")
    for name, half in (("table.unfinished.csv", "c,0."), ("table.unfinished.jsonl", '{"image": "q"')):
        with (tmp_path / name).open("a") as file:
            file.write(half)
    with growing(layout, resume=True) as table:
        assert table.images == {"a", "b"} and table.without == {"r": True}
        table.add(("c", "0.5"))
    assert layout.target.read_text() == "image,MEL\na,0.5\nb,0.5\nc,0.5\n"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"made_with": MADE_WITH | {"model": "two"}}, "begun with another model;"),
        ({"made_with": MADE_WITH | {"--decision": "balanced"}}, "begun with another --decision;"),
        ({"header": ("image", "NV")}, "begun with another set of columns;"),
    ],
)
def test_a_table_of_other_figures_is_not_continued(layout, tmp_path, change, words):
    stopped(layout)
    before = (tmp_path / "table.unfinished.csv").read_bytes()
    with pytest.raises(OutputError, match=words), growing(replace(layout, **change), resume=True):
        pass
    assert (tmp_path / "table.unfinished.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["table.unfinished.csv", "table.unfinished.jsonl"])
@pytest.mark.parametrize("content", [b"", b"\xff\n", b"\n", b"[]\n"])
def test_a_damaged_table_is_not_continued(layout, tmp_path, name, content):
    stopped(layout)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OutputError), growing(layout, resume=True):
        pass


def test_parquet_has_the_same_figures_and_needs_a_file(layout, tmp_path):
    import pandas as pd

    layout = Layout(tmp_path / "t.parquet", ("image", "MEL", "refused", "notes"), {}, PARQUET)
    rows = [(f"{number:03}", f"{number / 7e3:.9f}", "0", "") for number in range(999)]
    with growing(layout) as table:
        for row in rows:
            table.add(row)
    table = pd.read_parquet(layout.target)
    assert [(row.image, f"{row.MEL:.9f}", str(row.refused), row.notes) for row in table.itertuples()] == rows
    assert (str(table.dtypes["MEL"]), str(table.dtypes["refused"])) == ("float64", "int64")
    for how in ({"resume": True}, {}):
        with pytest.raises(OutputError, match="need a file"), growing(replace(layout, target=Path("-")), **how):
            pass
