"""From the bytes of a photo to a complete answer; every figure and every page uses this code."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from model.answer.abcd import Measurements, measure
from model.answer.decision import Decision, decide
from model.answer.gate import BESIDE, BLANK, OUTSIDE
from model.answer.lesion import Outline, lesion_edge_share, lies_beside, outline
from model.answer.patient import UNKNOWN, Effects, Patient
from model.answer.quality import CUT_OFF, Gauge, poor
from model.card import Card
from model.errors import ContractError, PhotoError
from model.explain import Explanation, explain_all
from model.photo.image import Photo, read_photo
from model.photo.parallel import cores, in_order
from model.photo.sources import Source
from model.predict import Classifier, Prediction
from model.preprocess import Square, centre_square, to_tensor

BLANK_DEVIATION = 3.0  # grey levels; the faintest of 7,700 dermoscopic photos of four sets measured 5.9
SMALL_PHOTO = "small_photo"


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything there is to show about one photo.

    Parameters
    ----------
    photo : Photo
    square : Square
        What the network looked at, in pixels of ``photo.pixels``.
    view : ndarray, uint8, shape (size, size, 3)
        Exactly what the network was given.
    prediction : Prediction
        For this patient, see `informed`; that of the photo alone if nothing is known about the patient.
    explanations : dict of str to Explanation
        By class code, in card order; of the photo alone.
    warnings : tuple of str
        Codes: those of the photo, and ``small_photo`` if the square had to be enlarged for the network.
    card : Card
        Of the model that answered.
    photo_alone : Prediction
        The network's prediction from the photo alone.
    patient : Patient
        What was known about the patient.
    gauges : tuple of Gauge
        What was measured about the photo; empty where the model has no gauges.
    mask : ndarray, float32, shape (size, size), range [0, 1], or None
        The chance of each pixel of ``view`` to be in a lesion; None where the model draws no outlines.
    centred_square : Analysis or None
        That of the largest centred square, from the photo alone, where this one is of another square.
    """

    photo: Photo
    square: Square
    view: np.ndarray
    prediction: Prediction
    explanations: dict[str, Explanation]
    warnings: tuple[str, ...]
    card: Card
    photo_alone: Prediction
    patient: Patient = UNKNOWN
    gauges: tuple[Gauge, ...] = ()
    mask: np.ndarray | None = None
    centred_square: "Analysis | None" = None

    @property
    def centred(self) -> bool:
        """Whether it is of the largest centred square, on which everything about the model was measured."""
        return self.centred_square is None

    @property
    def leading(self) -> "Analysis":
        """The analysis that decides the headline: a frame never turns the risk of the centred square down."""
        square = self.centred_square
        if square is None or square.prediction.abstained or self.prediction.reason is not None:
            return self
        return square if square.decision.rank > self.decision.rank else self

    @cached_property
    def lesion(self) -> Outline | None:
        """The lesion's outline in the view; None where the model draws none, or the frame lies beside the lesion."""
        entry = self.card.outline
        if self.mask is None or entry is None or self.photo_alone.reason == BESIDE:
            return None
        return outline(self.mask, entry.threshold)

    @cached_property
    def measurements(self) -> Measurements | None:
        """What was measured of the lesion; None where no lesion was found."""
        return None if self.lesion is None else measure(self.lesion, self.view)

    @property
    def notes(self) -> tuple[str, ...]:
        """Codes of the notes next to the answer: warnings, and gauges beyond their limits.

        Of a picture that the gate refuses only warnings: gauges were measured on dermoscopic photos. For another frame
        they are those of the centred square, as a small frame of a sharp photo looks blurred, but for a lesion that
        the frame cuts off.
        """
        if self.photo_alone.reason == OUTSIDE:
            return self.warnings
        square = self.centred_square
        if square is None:
            return self.warnings + poor(self.gauges)
        of_square = () if square.photo_alone.reason == OUTSIDE else poor(square.gauges)
        cut_off = self.photo_alone.reason != BESIDE and CUT_OFF in poor(self.gauges)
        return self.warnings + tuple(code for code in of_square if code != CUT_OFF) + (CUT_OFF,) * cut_off

    @property
    def decision(self) -> Decision:
        """Return what follows from the photo alone: what is known of the patient never changes the diagnosis named."""
        return decide(self.photo_alone.probabilities, self.card)

    @property
    def forced(self) -> bool:
        """Whether the answer is shown although the photo was refused; each display of it must say so."""
        return self.prediction.forced

    def answered_anyway(self) -> "Analysis":
        """Return the answer to a refused photo; any other analysis, a blank one too, stays as it is."""
        alone = answered_anyway(self.photo_alone)
        return replace(self, prediction=answered_anyway(self.prediction), photo_alone=alone)

    def informed(self, patient: Patient) -> "Analysis":
        """Return the same analysis for another patient; only ``prediction`` and ``patient`` change.

        Raises
        ------
        ContractError
            As `informed`.
        """
        return replace(self, prediction=informed(self.photo_alone, patient, self.card), patient=patient)


@dataclass(frozen=True, eq=False)
class Scored:
    """One photo of many: its analysis, or the error that says why there is none."""

    source: Source
    analysis: Analysis | None
    error: PhotoError | None

    @property
    def prediction(self) -> Prediction | None:
        """The answer, withdrawn or not."""
        return self.analysis.prediction if self.analysis else None


class Analyser:
    """A loaded and warmed model that assesses photos; safe to share between threads, keeps no photo or answer."""

    def __init__(self, bundle_dir: Path | str | None = None, engine: str | None = None, threads: int = 0) -> None:
        """Load a model; parameters as `Classifier.load`."""
        self.classifier = Classifier.load(bundle_dir, engine, threads)
        self.card = self.classifier.card

    def analyse(self, data: bytes, square: Square | None = None, patient: Patient = UNKNOWN) -> Analysis:
        """Assess one photo.

        Parameters
        ----------
        data : bytes
            A whole image file.
        square : Square, optional
            What to look at, in pixels of the decoded photo; the largest centred square when not given.
        patient : Patient, optional
            What is known about the patient.

        Raises
        ------
        PhotoError
            If the bytes are not a photo that can be assessed.
        ContractError
            If the square is not inside the photo, or as `informed`.
        """
        return self.look(read_photo(data), square, patient)

    def look(
        self, photo: Photo, square: Square | None = None, patient: Patient = UNKNOWN, known: Analysis | None = None
    ) -> Analysis:
        """Assess a photo that was read before, for example another part of it; parameters as `analyse`.

        ``known`` is an earlier analysis of the same photo, whose centred square is then not assessed again.

        Raises
        ------
        ContractError
            As `analyse`.
        """
        centre = centre_square(*photo.pixels.shape[:2])
        found = self._look(photo, square or centre)
        if square is None or square == centre:
            return found.informed(patient)
        of_centre = known and (known.centred_square or known).informed(UNKNOWN)
        return _beside(replace(found, centred_square=of_centre or self._look(photo, centre))).informed(patient)

    def _look(self, photo: Photo, square: Square) -> Analysis:
        tensor = to_tensor(photo.pixels, self.card.size, square)
        view = tensor[0].astype(np.uint8)
        raw = self.classifier.run(tensor)
        prediction = self._answer(raw.logits, raw.pooled, view)
        mask = None if raw.outline is None else raw.outline[0]
        return Analysis(
            photo=photo,
            square=square,
            view=view,
            prediction=prediction,
            explanations=explain_all(self.card.codes, raw.features[0], self.classifier.kernel),
            warnings=photo.warnings + ((SMALL_PHOTO,) if square.side < self.card.size else ()),
            card=self.card,
            photo_alone=prediction,
            mask=mask,
            gauges=self._gauges(view, square, raw.pooled[0], mask),
        )

    def _gauges(
        self, view: np.ndarray, square: Square, pooled: np.ndarray, mask: np.ndarray | None
    ) -> tuple[Gauge, ...]:
        """Return what was measured about a photo; nothing where the model has no gauges."""
        if self.card.gauges is None:
            return ()
        entry = self.card.outline
        edge = 0.0 if mask is None or entry is None else lesion_edge_share(mask, entry.threshold)
        return self.card.gauges.measure(view, square.side, pooled, edge)

    def _answer(self, logits: np.ndarray, pooled: np.ndarray, view: np.ndarray) -> Prediction:
        """Return a photo's answer, withdrawn if it shows nothing or is of a kind that was not measured."""
        [answer] = self.classifier.predictions(logits)
        gate = self.card.gate
        if gate is not None:
            answer = _gated(answer, float(gate.score(pooled)[0]), gate.limit)
        return _judged(answer, view)

    def score(
        self, photos: Iterable[Source | Path | str], workers: int = 0, answer_all: bool = False
    ) -> Generator[Scored, None, None]:
        """Assess many photos by their centred square, several at once and in constant memory.

        Parameters
        ----------
        photos : iterable of Source or path
            Taken from one by one, as they are needed.
        workers : int
            How many photos are read and answered at once, 0 for one on each core and one more.
        answer_all : bool
            Whether photos that the gate refuses are answered, marked as in `Analysis.answered_anyway`.

        Yields
        ------
        Scored
            In the order of the photos; one that cannot be assessed carries its error.
        """
        sources = (photo if isinstance(photo, Source) else Source.file(photo) for photo in photos)

        def assess(source: Source) -> Scored:
            try:
                analysis = self.analyse(source.read())
            except PhotoError as error:
                return Scored(source, None, error)
            return Scored(source, analysis.answered_anyway() if answer_all else analysis, None)

        for _, scored in in_order(assess, sources, workers or cores() + 1):
            yield scored


def answered_anyway(prediction: Prediction) -> Prediction:
    """Return the answer to a photo that the gate refused, or to a frame beside the lesion; anything else as it is."""
    return replace(prediction, abstained=False) if prediction.reason in (OUTSIDE, BESIDE) else prediction


def informed(alone: Prediction, patient: Patient, card: Card) -> Prediction:
    """Return the prediction from the photo and the patient together.

    Raises
    ------
    ContractError
        If something is known about the patient and the model uses the photo alone, or it does not know the site.
    """
    if not patient.known:
        return alone
    shares = _effects(card).inform(alone.probabilities, patient)
    malignant = shares[card.malignant].sum()
    return replace(alone, probabilities=shares, malignant=float(malignant))


def check_patient(patient: Patient, card: Card) -> None:
    """Raise what `informed` would raise, before a photo is computed."""
    if patient.known:
        _effects(card).log_factors(patient)


def _effects(card: Card) -> Effects:
    if card.effects is None:
        raise ContractError("no_patient", "This model uses the photo alone; leave out age, sex and site.")
    return card.effects


def _gated(prediction: Prediction, score: float, limit: float) -> Prediction:
    """Enter the gate's score, and withdraw the answer where it is above the limit."""
    entered = replace(prediction, outside=score)
    return replace(entered, abstained=True, reason=OUTSIDE) if score > limit else entered


def _beside(analysis: Analysis) -> Analysis:
    """Withdraw the answer to a frame that misses the lesion in the centred square."""
    square, entry = analysis.centred_square, analysis.card.outline
    if square is None or square.mask is None or entry is None or analysis.prediction.abstained:
        return analysis
    if not lies_beside(square.mask, entry.threshold, square.square, analysis.square):
        return analysis
    withdrawn = replace(analysis.photo_alone, abstained=True, reason=BESIDE)
    return replace(analysis, prediction=withdrawn, photo_alone=withdrawn)


def _judged(prediction: Prediction, view: np.ndarray) -> Prediction:
    """Withdraw the answer where the network was shown an even surface (size, size, 3)."""
    if cv2.meanStdDev(view)[1].max() < BLANK_DEVIATION:
        return replace(prediction, abstained=True, reason=BLANK)
    return prediction
