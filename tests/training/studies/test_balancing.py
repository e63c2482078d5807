"""The study of ways to balance, on made-up features: what it fits, what it judges, and that the test stays closed."""

import numpy as np
import pandas as pd
import pytest

from model.card import Label, load_card
from model.evaluation.cases import read_cases
from tests.support.card_bundle import write_bundle
from training.data.balancing import BALANCING
from training.data.label_sets import CODES, LABELS
from training.studies import balancing

CLASSES = tuple(Label(i, code, name, malignant) for i, (code, name, malignant) in enumerate(LABELS))
COUNTS = (8, 12, 20, 8, 24, 120, 8)


def made_up(random: np.random.Generator, counts) -> tuple[np.ndarray, np.ndarray]:
    """Features in which classes overlap, and their labels."""
    labels = np.repeat(np.arange(len(CODES)), counts)
    features = random.normal(size=(len(labels), 10)).astype(np.float32)
    features[np.arange(len(labels)), labels] += 1.5
    return features, labels


def test_drawing_twice_is_the_same_as_weighing_double():
    features, labels = made_up(np.random.default_rng(0), COUNTS)
    fitted = [
        balancing.fit_head(features, labels, BALANCING[name](labels, len(CODES)), len(labels)).predict_proba(features)
        for name in ("over", "class_weights", "none")
    ]
    np.testing.assert_allclose(fitted[0], fitted[1], atol=2e-3)
    assert np.abs(fitted[0] - fitted[2]).max() > 0.05


def test_images_that_are_never_drawn_leave_no_trace():
    features, labels = made_up(np.random.default_rng(0), COUNTS)
    balance = BALANCING["under"](labels, len(CODES))
    spoilt = np.where(balance.draws[:, None] > 0, features, 100).astype(np.float32)
    first, second = (balancing.fit_head(kind, labels, balance, len(labels)) for kind in (features, spoilt))
    np.testing.assert_array_equal(first.coef_, second.coef_)


def test_mixed_features_lie_between_their_pair():
    balance = BALANCING["smote_embedding"](
        np.repeat([0, 1], [4, 9]), 2, features=lambda: np.arange(13.0, dtype=np.float32)[:, None], per_class=9
    )
    made = balancing.mix(np.arange(13.0, dtype=np.float32)[:, None], balance)
    ends = np.sort(balance.pairs, axis=1)
    assert len(made) == 5
    assert ((made[:, 0] >= ends[:, 0] - 1e-6) & (made[:, 0] <= ends[:, 1] + 1e-6)).all()


def test_figures_are_those_of_the_cases_with_n_of_what_they_divide_by():
    table = pd.DataFrame(np.eye(7)[[4, 4, 5, 5, 5]], columns=[f"p_{code}" for code in CODES])
    table = table.assign(image_id=list("abcde"), lesion_id=list("aabcd"), label=["mel", "nv", "mel", "nv", "nv"])
    found = balancing.judge(read_cases(table, CLASSES), np.random.default_rng(0), 20).set_index("metric")
    assert found.value["melanoma_sensitivity"] == 0.5
    assert found.value["melanoma_specificity"] == pytest.approx(2 / 3)
    assert found.value["accuracy"] == pytest.approx(3 / 5)
    assert found.n_images.to_dict()["melanoma_sensitivity"] == 2
    assert found.n_images["accuracy"] == 5 and found.n_lesions["accuracy"] == 4


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A manifest and a bundle, with features that are looked up instead of computed; what was embedded is noted."""
    random, rows = np.random.default_rng(1), []
    for split, counts in (("train", COUNTS), ("validation", (4,) * 7), ("internal_test", (2,) * 7)):
        features, labels = made_up(random, counts)
        rows.append(pd.DataFrame({"split": split, "label": np.array(CODES)[labels], "features": list(features)}))
    table = pd.concat(rows, ignore_index=True)
    table = table.assign(image_id=[f"I{i}" for i in range(len(table))], dataset="ham10000")
    table = table.assign(lesion_id=table.image_id, group=table.image_id, canvas_row=range(len(table)))
    known, embedded = np.stack(table.pop("features")), []
    (tmp_path / "work").mkdir()
    table.drop(columns="split").to_csv(tmp_path / "work/manifest.csv", index=False)
    np.save(tmp_path / "work/canvas.npy", np.zeros((len(table), 8, 8, 3), np.uint8))
    write_bundle(
        tmp_path / "bundle", {"dataset/splits.csv": table, "results/metrics.csv": pd.DataFrame({"metric": ["x"]})}
    )
    monkeypatch.setattr(balancing, "embed", lambda work, of, *_: embedded.extend(of) or known[of])

    def mixtures(work, of, balance, *_):
        return balancing.mix(known[of], balance)

    monkeypatch.setattr(balancing, "embed_mixtures", mixtures)
    return tmp_path, table, embedded


def test_the_command_measures_every_way_on_validation_and_never_opens_the_test(place):
    folder, table, embedded = place
    command = ["--work", str(folder / "work"), "--bundle", str(folder / "bundle"), "--weights", "none"]
    command += ["--resamples", "30"]
    assert balancing.main(command) == 0
    written = pd.read_csv(folder / "bundle/results/balancing_study.csv")
    ways = {(name, balancing.options_text(options)) for name, options in balancing.STUDIED}
    assert set(written[["method", "options"]].itertuples(index=False, name=None)) == ways
    assert set(written.split) == {"validation"}
    bounded = written.dropna(subset="low")  # a resample of so few lesions may lack a class
    assert (bounded.low <= bounded.value).all() and (bounded.value <= bounded.high).all()
    assert set(written.interval) == {"bootstrap by lesion, 30"}
    assert set(written[written.metric == "melanoma_sensitivity"].n_images) == {4}
    assert set(table.split.iloc[embedded]) == {"train", "validation"}
    assert "results/balancing_study.csv" in load_card(folder / "bundle").raw["tables"]
    # Features are kept: a second run embeds nothing anew and writes the same figures.
    count = len(embedded)
    assert balancing.main(command) == 0
    assert len(embedded) == count
    pd.testing.assert_frame_equal(written, pd.read_csv(folder / "bundle/results/balancing_study.csv"))


def test_no_canvas_is_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit):
        balancing.main(["--work", str(tmp_path)])
    assert "run training.data.manifest first" in capsys.readouterr().err
