"""Tables of many photos with a gate and a rule: who has a row, and what the further columns hold."""

import csv
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from model import scoring
from model.__main__ import main
from model.answer import sentences
from model.answer.decision import decide
from model.answer.gate import OUTSIDE, Gate
from model.errors import ContractError
from model.photo.sources import Place
from model.tables.growing import Layout, growing
from tests.support.bundles import CODES

RULE = {"rule": "balanced", "log_offsets": [0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]}  # always the second class


@pytest.fixture
def photos(lesion, encode, tmp_path):
    """Files of two lesion photos and an even surface."""
    pictures = {"one": lesion, "other": np.rot90(lesion), "even": np.full((64, 64, 3), 120, np.uint8)}
    for name, pixels in pictures.items():
        (tmp_path / f"{name}.png").write_bytes(encode(np.ascontiguousarray(pixels)))
    return [tmp_path / f"{name}.png" for name in pictures]


@pytest.fixture
def refusing(analyser, photos, monkeypatch):
    """The small model with a gate that refuses the first photo alone."""
    pooled = [
        analyser.classifier.run(analyser.look(_photo(path)).view[None].astype(np.float32)).features.mean(axis=(1, 2))[0]
        for path in photos[:2]
    ]
    kernel = 1e3 * (pooled[0] - pooled[1]) / np.square(pooled[0] - pooled[1]).sum()
    gate = Gate(kernel.astype(np.float32), float(-kernel @ (pooled[0] + pooled[1]) / 2), 0.5)
    monkeypatch.setattr(analyser, "card", replace(analyser.card, gate=gate, raw=analyser.card.raw | {"decision": RULE}))
    return analyser


def _photo(path):
    from model.photo.image import read_file, read_photo

    return read_photo(read_file(path))


def scored(analyser, photos, output, wanted=scoring.PLAIN, patients=None) -> int:
    """Write the table of some photos; return how many have no row."""
    places = [Place(str(photo)) for photo in photos]
    with growing(Layout(output, wanted.header, {})) as file:
        return scoring.score(places, patients or {}, file, partial(scoring.lines, analyser, wanted=wanted))


def table(path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_refused_photo_has_no_row_and_is_named_with_the_reason(refusing, photos, tmp_path, capsys):
    assert scored(refusing, photos, tmp_path / "out.csv") == 2
    assert [row["image"] for row in table(tmp_path / "out.csv")] == ["other"]
    said = capsys.readouterr().err
    assert f"{photos[0]}: {sentences.MEANS[OUTSIDE]}" in said
    assert "says nothing about the lesion" in said
    assert "--answer-all they get rows" in said


def test_all_are_answered_when_told_and_the_refused_ones_are_marked(refusing, photos, tmp_path, capsys):
    wanted = scoring.Wanted(refused=True)
    assert scored(refusing, photos, tmp_path / "out.csv", wanted) == 1  # the even surface has no answer
    rows = {row["image"]: row for row in table(tmp_path / "out.csv")}
    assert {name: row["refused"] for name, row in rows.items()} == {"one": "1", "other": "0"}
    answer = refusing.analyse(photos[0].read_bytes()).prediction
    for code, probability in zip(CODES, answer.probabilities, strict=True):
        assert float(rows["one"][code.upper()]) == pytest.approx(probability, abs=1e-5)
    assert "--answer-all" not in capsys.readouterr().err


@pytest.mark.parametrize("rule", scoring.RULES)
def test_the_diagnosis_is_named_by_the_rule_asked_for(refusing, photos, tmp_path, rule):
    scored(refusing, photos, tmp_path / "out.csv", scoring.Wanted(rule))
    [row] = table(tmp_path / "out.csv")
    decision = decide(refusing.analyse(photos[1].read_bytes()).photo_alone.probabilities, refusing.card)
    named = {"balanced": decision.named, "most-probable": decision.most_probable}
    assert row["diagnosis"] == named[rule].upper()
    assert len(set(named.values())) == 2  # else the two rules could not be told apart here


@pytest.mark.parametrize("rule", scoring.RULES)
def test_of_a_refused_photo_nothing_is_decided(refusing, photos, tmp_path, rule):
    scored(refusing, photos, tmp_path / "out.csv", scoring.Wanted(rule, refused=True))
    diagnoses = {row["refused"]: row["diagnosis"] for row in table(tmp_path / "out.csv")}
    assert diagnoses["1"] == "" and diagnoses["0"] in {code.upper() for code in CODES}


def test_a_patient_changes_probabilities_but_not_the_diagnosis(refusing, photos, tmp_path):
    from model.answer.patient import Patient

    known = {str(photos[1]): Patient(85, "male", "head")}
    for name, patients in (("alone", {}), ("informed", known)):
        scored(refusing, photos, tmp_path / f"{name}.csv", scoring.Wanted("most-probable"), patients)
    alone, informed = (table(tmp_path / f"{name}.csv")[0] for name in ("alone", "informed"))
    assert alone["VASC"] != informed["VASC"]
    assert alone["diagnosis"] == informed["diagnosis"]


def test_a_rule_that_the_model_lacks_is_said_before_any_work(bundle_in_use, photos, analyser, capsys, monkeypatch):
    monkeypatch.chdir(photos[0].parent)
    with pytest.raises(ContractError):
        scoring.check_rule(analyser.card, scoring.BALANCED)
    assert main(["score", str(photos[0]), "--decision", "balanced"]) == 1
    assert "no balanced rule" in capsys.readouterr().err
    assert main(["score", str(photos[0]), "--decision", "most-probable", "--answer-all"]) == 0
    assert list(table(photos[0].parent / "predictions.csv")[0])[-3:] == ["diagnosis", "refused", "notes"]
