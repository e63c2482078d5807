import hashlib
from types import SimpleNamespace

import pytest

from model.errors import TableError
from model.evaluation.tables import load_table

NAME = "results/metrics.csv"
TEXT = "image_id,value\n0012,0.5\n0013,0.25\n"


@pytest.fixture
def card(tmp_path):
    """A card that lists one table, and that table beside it."""
    path = tmp_path / NAME
    path.parent.mkdir()
    path.write_bytes(TEXT.encode())
    entry = {"sha256": hashlib.sha256(TEXT.encode()).hexdigest(), "rows": 2}
    return SimpleNamespace(bundle_dir=tmp_path, raw={"tables": {NAME: entry}})


def refusal(card, name=NAME):
    with pytest.raises(TableError) as error:
        load_table(card, name)
    assert name in str(error.value)
    return error.value.code


def rewrite(card, content):
    """Replace the table and list the new content in the card."""
    (card.bundle_dir / NAME).write_bytes(content)
    card.raw["tables"][NAME]["sha256"] = hashlib.sha256(content).hexdigest()


def test_a_listed_table_is_read_with_ids_as_text(card):
    table = load_table(card, NAME)
    assert table.image_id.tolist() == ["0012", "0013"]
    assert table.value.tolist() == [0.5, 0.25]


def test_an_unlisted_table_is_refused_even_if_it_exists(card):
    (card.bundle_dir / "results/other.csv").write_text(TEXT)
    assert refusal(card, "results/other.csv") == "not_listed"
    card.raw = {}
    assert refusal(card) == "not_listed"


def test_a_missing_table(card):
    (card.bundle_dir / NAME).unlink()
    assert refusal(card) == "missing"


def test_one_changed_digit_is_noticed(card):
    (card.bundle_dir / NAME).write_text(TEXT.replace("0.25", "0.26"))
    assert refusal(card) == "damaged"


def test_a_table_with_other_rows_than_the_card_says(card):
    card.raw["tables"][NAME]["rows"] = 3
    assert refusal(card) == "damaged"


@pytest.mark.parametrize("content", [b"", b'a,b\n1,"2\n', b"a\n\xff\xfe\n"])
def test_a_table_that_is_not_csv(card, content):
    rewrite(card, content)
    assert refusal(card) == "damaged"
