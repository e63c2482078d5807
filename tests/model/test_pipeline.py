"""One way from bytes to an answer, the same for one photo and for many, which leaves nothing behind."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from model import report
from model.answer.decision import HIGH, LOW, MALIGNANT, MELANOMA, MIDDLE
from model.answer.gate import BESIDE, OUTSIDE
from model.answer.quality import POOR, Gauge
from model.errors import ContractError, PhotoError
from model.pipeline import BLANK, Analysis
from model.preprocess import Square, to_tensor
from tests.support.bundles import CODES, SIZE


def test_everything_about_one_photo(analyser, lesion, lesion_png):
    analysis = analyser.analyse(lesion_png)
    assert (analysis.photo.pixels == lesion).all()
    assert analysis.square == Square(30, 0, 180)
    assert analysis.view.dtype == np.uint8
    assert (analysis.view == to_tensor(lesion, SIZE)[0]).all()
    assert tuple(analysis.explanations) == CODES
    assert analysis.prediction.probabilities.sum() == pytest.approx(1)
    assert analysis.card.codes == CODES
    assert analysis.warnings == ()


def test_the_chosen_square_is_what_the_network_sees(analyser, lesion, encode):
    square = Square(60.5, 20.25, 96)
    chosen = analyser.analyse(encode(lesion), square)
    assert (chosen.view == to_tensor(lesion, SIZE, square)[0]).all()
    assert not np.allclose(chosen.prediction.probabilities, analyser.analyse(encode(lesion)).prediction.probabilities)
    with pytest.raises(ContractError):
        analyser.analyse(encode(lesion), Square(200, 0, 180))


def test_the_centred_square_is_answered_beside_any_other(analyser, lesion_png):
    usual = analyser.analyse(lesion_png)
    assert usual.centred and usual.centred_square is None
    same = analyser.analyse(lesion_png, usual.square)
    assert same.centred and (same.prediction.probabilities == usual.prediction.probabilities).all()
    other = analyser.analyse(lesion_png, Square(40, 10, 150))
    assert not other.centred and other.centred_square.square == usual.square
    assert (other.centred_square.prediction.probabilities == usual.prediction.probabilities).all()
    for known in (usual, other):
        again = analyser.look(other.photo, Square(40, 20, 150), known=known)
        assert again.centred_square is (known.centred_square or usual) or not again.centred_square.patient.known
        assert (again.centred_square.prediction.probabilities == usual.prediction.probabilities).all()


def ranked(analysis, risk: str, reached: set):
    """An analysis with a decision of its own."""
    decision = SimpleNamespace(risk=risk, rank=((LOW, MIDDLE, HIGH).index(risk), MELANOMA in reached))
    return SimpleNamespace(prediction=analysis.prediction, decision=decision, centred_square=None)


@pytest.mark.parametrize(
    ("square", "frame", "turned"),
    [
        ((HIGH, {MELANOMA}), (LOW, set()), True),
        ((HIGH, {MELANOMA}), (HIGH, {MALIGNANT}), True),
        ((MIDDLE, {MELANOMA}), (MIDDLE, {MALIGNANT}), True),
        ((MIDDLE, {MELANOMA}), (HIGH, {MALIGNANT}), False),
        ((LOW, set()), (LOW, set()), False),
        ((HIGH, {MALIGNANT}), (HIGH, {MELANOMA}), False),
    ],
)
def test_a_frame_never_turns_the_headline_down(analyser, lesion_png, square, frame, turned):
    usual = analyser.analyse(lesion_png)
    own, other = ranked(usual, *frame), ranked(usual, *square)
    own.centred_square = other
    assert Analysis.leading.fget(own) is (other if turned else own)
    other.prediction = replace(usual.prediction, abstained=True, reason=BLANK)
    assert Analysis.leading.fget(own) is own


def test_notes_on_light_and_blur_come_from_the_centred_square(analyser, lesion_png):
    usual = analyser.analyse(lesion_png)
    own = replace(usual, gauges=gauges("sharpness", "cut_off"), centred_square=replace(usual, gauges=gauges("hair")))
    assert own.notes == ("hair", "cut_off")
    missed = replace(usual.photo_alone, abstained=True, reason=BESIDE)
    assert replace(own, photo_alone=missed).notes == ("hair",)
    refused = replace(usual.photo_alone, abstained=True, reason=OUTSIDE)
    assert replace(own, photo_alone=refused).notes == ()
    unlike = replace(own.centred_square, photo_alone=refused)
    assert replace(own, centred_square=unlike).notes == ("cut_off",)


def gauges(*codes: str) -> tuple[Gauge, ...]:
    return tuple(Gauge(code, 1.0, POOR) for code in codes)


def test_a_frame_that_misses_the_lesion_is_refused_and_answered_on_request(analyser, encode):
    photo = np.random.default_rng(0).integers(180, 210, (200, 200, 3)).astype(np.uint8)
    photo[110:160, 110:160] = 20
    beside, within = (analyser.analyse(encode(photo), Square(place, place, 70)) for place in (0, 80))
    assert within.prediction.reason is None
    assert beside.prediction.abstained and beside.prediction.reason == BESIDE and beside.photo_alone.abstained
    assert beside.lesion is None and within.lesion is not None
    written = report.result(beside)
    assert written["reason"] == "beside" and written["decision"] is None and written["malignant_probability"] is None
    assert written["centred_square"]["decision"] == report.result(beside.centred_square)["decision"]
    assert written["centred_square"]["abstained"] is False and written["headline_of"] == "square"
    assert report.result(beside.centred_square)["centred_square"] is None
    forced = beside.answered_anyway()
    assert forced.forced and not forced.prediction.abstained and forced.centred_square is beside.centred_square
    assert report.result(forced)["decision"] is None


def test_a_square_smaller_than_the_network_input_is_remarked(analyser, lesion_png):
    assert analyser.analyse(lesion_png, Square(0, 0, SIZE - 1)).warnings == ("small_photo",)
    assert analyser.analyse(lesion_png, Square(0, 0, SIZE)).warnings == ()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (30, 160, 60), (128, 128, 128)])
def test_an_even_surface_gets_no_answer(analyser, encode, colour):
    surface = np.full((300, 400, 3), colour, np.uint8)
    for data in (encode(surface), encode(surface, "JPEG", quality=60)):
        prediction = analyser.analyse(data).prediction
        assert prediction.abstained
        assert prediction.reason == BLANK
    random = np.random.default_rng(0)
    noisy = np.clip(random.normal(colour, 8, (600, 800, 3)), 0, 255).astype(np.uint8)  # a camera in the dark
    assert analyser.analyse(encode(noisy)).prediction.abstained


def test_a_faint_lesion_gets_an_answer(analyser, lesion, encode):
    faint = (200 + (lesion.astype(float) - lesion.mean()) * 0.25).clip(0, 255).astype(np.uint8)
    assert not analyser.analyse(encode(faint)).prediction.abstained


def test_many_photos_get_what_each_gets_alone(analyser, lesion, encode, tmp_path):
    photos = {f"{turn}.png": encode(np.rot90(lesion, turn)) for turn in range(4)}
    photos |= {"small.jpg": encode(lesion[:80], "JPEG"), "green.png": encode(np.full((64, 64, 3), 90, np.uint8))}
    for name, data in photos.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "broken.jpg").write_bytes(photos["small.jpg"][:300])
    paths = [*sorted(tmp_path.iterdir()), tmp_path / "absent.png"]
    scored = list(analyser.score(paths, workers=3))
    assert [each.source.name for each in scored] == [str(path) for path in paths]
    for each in scored:
        name = Path(each.source.name).name
        if name in photos:
            alone = analyser.analyse(photos[name]).prediction
            assert np.allclose(each.prediction.probabilities, alone.probabilities, atol=1e-5)
            assert (each.prediction.abstained, each.error) == (alone.abstained, None)
        else:
            assert each.prediction is None
    assert {Path(each.source.name).name: each.error.code for each in scored if each.error} == {
        "broken.jpg": "truncated",
        "absent.png": "unreadable",
    }
    withdrawn = [each.source.name for each in scored if each.prediction and each.prediction.abstained]
    assert withdrawn == [str(tmp_path / "green.png")]


def test_scoring_nothing_and_only_trouble(analyser, tmp_path):
    assert list(analyser.score([])) == []
    assert [each.error.code for each in analyser.score([tmp_path, tmp_path / "none.jpg"])] == ["unreadable"] * 2


def test_an_analysis_writes_nothing_and_logs_nothing(analyser, lesion_png, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    analyser.analyse(lesion_png)
    with pytest.raises(PhotoError):
        analyser.analyse(lesion_png[:500])
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_the_analyser_remembers_no_photo(analyser, lesion_png):
    before = vars(analyser).copy()
    first = analyser.analyse(lesion_png)
    assert vars(analyser) == before
    second = analyser.analyse(lesion_png)
    assert first.photo is not second.photo
    assert not np.shares_memory(first.photo.pixels, second.photo.pixels)


def test_a_phone_photo_in_a_wide_frame_is_cropped_not_squeezed(analyser, encode):
    wide = Image.new("RGB", (400, 100), "white")
    wide.paste("black", (150, 0, 250, 100))
    assert (analyser.analyse(encode(wide)).view[:, 1:-1] == 0).all()  # the filter reaches one pixel over the edge
