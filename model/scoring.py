"""Many photos into one table: which are scored, what each row contains, and the messages for photos without a row."""

import hashlib
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tqdm import tqdm

from model.answer import sentences
from model.answer.decision import decide
from model.answer.gate import OUTSIDE
from model.answer.patient import UNKNOWN, Patient
from model.card import Card
from model.errors import ContractError, printable
from model.photo.sources import Found, Place, Source
from model.tables.growing import Growing
from model.tables.patient_table import matched, read_patients

if TYPE_CHECKING:  # the pipeline takes a moment to import; a mistyped option should not wait for that
    from model.pipeline import Analyser, Scored

COLUMNS = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")  # as the ISIC 2018 challenge orders them
NOTES = "notes"  # codes of the notes that the page would show next to the answer
DIAGNOSIS, REFUSED = "diagnosis", "refused"  # columns of a table that was asked for them
MOST_PROBABLE, BALANCED = "most-probable", "balanced"  # rules that name one diagnosis
RULES = (MOST_PROBABLE, BALANCED)
DIGITS = 9  # after the point; seven of them add up to 1 within a few billionths
ANSWER_ALL = (
    "Photos unlike those that the model was tested on: {:,}. With --answer-all they get rows, which are marked."
)


@dataclass(frozen=True)
class Wanted:
    """What a table contains in addition to the probabilities.

    Parameters
    ----------
    rule : str or None
        Of `RULES`: a column ``diagnosis`` names one class from each photo alone, without the patient.
    refused : bool
        Whether photos that the gate refuses are answered too; a column ``refused`` is 1 for those and 0 for others.
    """

    rule: str | None = None
    refused: bool = False

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns."""
        asked = ((DIAGNOSIS, self.rule), (REFUSED, self.refused))
        return "image", *COLUMNS, *(name for name, wanted in asked if wanted), NOTES


PLAIN = Wanted()


class Task(NamedTuple):
    """A photo to be scored, and what is known about its patient."""

    place: Place
    patient: Patient = UNKNOWN


@dataclass(frozen=True)
class Line:
    """What came of one photo: a row, or the reason why it has none.

    Parameters
    ----------
    name : str
        What messages call the photo.
    image : str
        What the table calls it.
    row : tuple of str
        All cells, in the order of `Wanted.header`; empty if there is a reason.
    reason : str
        A sentence; empty if there is a row.
    refused : bool
        Whether the gate refused the photo, so that it can have a row with ``--answer-all``.
    """

    name: str
    image: str
    row: tuple[str, ...] = ()
    reason: str = ""
    refused: bool = False


Scorer = Callable[[Iterable[Task]], Generator[Line, None, None]]  # yields one line for each task, in their order


def lines(
    analyser: "Analyser", tasks: Iterable[Task], wanted: Wanted = PLAIN, workers: int = 0
) -> Generator[Line, None, None]:
    """Score photos in this process, taken one by one; yields lines in the order of the tasks.

    Parameters
    ----------
    analyser : Analyser
    tasks : iterable of Task
    wanted : Wanted
        Further columns.
    workers : int
        As in `Analyser.score`.
    """
    codes = [analyser.card.label(code.lower()).code for code in COLUMNS]
    taken: deque[Task] = deque()

    def sources() -> Iterator[Source]:
        for task in tasks:
            taken.append(task)
            yield Source.at(task.place)

    with closing(analyser.score(sources(), workers=workers, answer_all=wanted.refused)) as answers:
        for scored in answers:
            task = taken.popleft()
            image, reason = task.place.image, refusal(scored)
            if reason:
                refused = scored.prediction is not None and scored.prediction.reason == OUTSIDE
                yield Line(task.place.name, image, reason=reason, refused=refused)
            else:
                cells = _cells(scored, task.patient, analyser.card, codes, wanted)
                yield Line(task.place.name, image, (image, *cells))


def score(places: Sequence[Place], patients: dict[str, Patient], table: Growing, scorer: Scorer) -> int:
    """Append what a table lacks; return how many photos have no row, each of which was named on standard error once.

    Parameters
    ----------
    places : sequence of Place
        Of different names.
    patients : dict of str to Patient
        Who is known, by the photo's name.
    table : Growing
        What it contains already is not scored again.
    scorer : callable
        Yields a line for each task, in their order, for example `lines`.
    """
    images = {place.image for place in places}
    if done := sum(image in table for image in images):
        none = sum(image in table.without for image in images)
        print(
            f"Done before: {done:,} photos, {none:,} of them without a row (--retry tries them again).", file=sys.stderr
        )
    waiting = (Task(place, patients.get(place.name, UNKNOWN)) for place in places if place.image not in table)
    with closing(scorer(waiting)) as answers:
        for line in tqdm(answers, total=len(places), initial=done, unit="photo", file=sys.stderr):
            if line.reason:
                tqdm.write(f"{printable(line.name)}: {line.reason}", file=sys.stderr)
                table.leave_out(line.image, line.refused)
            else:
                table.add(line.row)
    without = [table.without[image] for image in images & table.without.keys()]
    if any(without):
        print(ANSWER_ALL.format(sum(without)), file=sys.stderr)
    return len(without)


def refusal(scored: "Scored") -> str | None:
    """Return the reason why a photo has no row, or None if it has one."""
    if scored.error or scored.prediction is None:
        return str(scored.error)
    return abstained(scored.prediction.reason) if scored.prediction.abstained else None


def abstained(reason: str | None) -> str:
    """Return what it means that a photo has no answer."""
    return sentences.MEANS.get(reason or "", f"The model gives no answer ({reason}).")


def distinct(found: Found) -> tuple[list[Place], list[str]]:
    """Keep the first photo of each name, because names identify rows; return the error messages."""
    first: dict[str, Place] = {}
    complaints = list(found.trouble)
    for photo in found.photos:
        earlier = first.setdefault(photo.image, photo)
        if earlier is not photo and os.path.realpath(earlier.name) != os.path.realpath(photo.name):
            complaints.append(
                f"{printable(photo.name)}: not scored, its row would carry the same name as "
                f"{printable(earlier.name)}; rename one."
            )
    return list(first.values()), complaints


def known_patients(table: Path, photos: Sequence[Place], card: Card) -> tuple[dict[str, Patient], list[str]]:
    """Return the patients of a table by photo, and sentences about rows and photos without each other.

    Raises
    ------
    ContractError
        If the model takes photos alone, the table cannot be used, or none of its rows belongs to a photo.
    """
    if card.effects is None:
        raise ContractError("no_patient", "This model uses the photo alone; leave out --patients.")
    return matched(table, read_patients(table, card.effects), [photo.name for photo in photos])


def made_with(card: Card, wanted: Wanted, engine: str | None, patients: Path | None) -> dict[str, str | None]:
    """Return what the figures of a table depend on, by names that a message can contain."""
    return {
        "model": card.model_id,
        "model version": card.version,
        "weights file": card.raw["weights"]["sha256"],
        "--engine": engine,
        "--decision": wanted.rule,
        "--answer-all": str(wanted.refused),
        "table of patients": hashlib.sha256(patients.read_bytes()).hexdigest() if patients else None,
    }


def check_rule(card: Card, rule: str | None) -> None:
    """Raise ContractError if the model does not have the rule that is to name a diagnosis."""
    if rule == BALANCED and "decision" not in card.raw:
        raise ContractError("no_rule", f"This model has no balanced rule; use --decision {MOST_PROBABLE}.")


def _cells(scored: "Scored", patient: Patient, card: Card, codes: Sequence[str], wanted: Wanted) -> Iterator[str]:
    from model.pipeline import informed

    assert scored.analysis is not None  # `refusal` has reported the others
    answer = scored.analysis.photo_alone
    told = informed(answer, patient, card)
    for code in codes:
        yield f"{told.probabilities[card.codes.index(code)]:.{DIGITS}f}"
    if wanted.rule:
        decision = decide(answer.probabilities, card)
        named = decision.named if wanted.rule == BALANCED else decision.most_probable
        yield "" if answer.forced else named.upper()  # of a refused picture nothing is decided
    if wanted.refused:
        yield str(int(answer.forced))
    yield " ".join(scored.analysis.notes)
