"""A name is never a formula in a spreadsheet."""

import pytest

from model.tables.spreadsheet import as_text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_begins_like_a_formula_becomes_text(start):
    assert as_text(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("name", ["", "a=b", "ISIC_0000157", "1-2", "'=1", "Läsion"])
def test_other_names_stay_as_they_are(name):
    assert as_text(name) == name
