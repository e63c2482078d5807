"""Many photos into one table: which are scored, what each row contains, and the messages for photos without a row."""

import csv
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from model.answer.decision import decide
from model.answer.gate import OUTSIDE
from model.answer.patient import UNKNOWN, Patient
from model.card import Card
from model.errors import ContractError, printable
from model.photo.folders import Found
from model.tables.output import STANDARD_OUTPUT, Unfinished, writing
from model.tables.patient_table import matched, read_patients

if TYPE_CHECKING:  # the pipeline takes a moment to import; a mistyped option should not wait for that
    from model.pipeline import Analyser, Scored

COLUMNS = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")  # as the ISIC 2018 challenge orders them
NOTES = "notes"  # codes of the notes that the page would show next to the answer
HEADER_AND_ROW = 2  # pieces; a table with less is none
DIAGNOSIS, REFUSED = "diagnosis", "refused"  # columns of a table that was asked for them
MOST_PROBABLE, BALANCED = "most-probable", "balanced"  # rules that name one diagnosis
RULES = (MOST_PROBABLE, BALANCED)
DIGITS = 9  # after the point; seven of them add up to 1 within a few billionths
ABSTAINED = {
    "blank": "The photo shows an even surface without a lesion, so it has no answer.",
    OUTSIDE: "The photo is unlike those that the model was tested on, so it has no answer; this says nothing about "
    "the lesion.",
}
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


def score(
    analyser: "Analyser",
    photos: Sequence[Path],
    patients: dict[Path, Patient],
    output: Path,
    wanted: Wanted = PLAIN,
) -> int:
    """Write the table of some photos; return how many have no row, each of which was named on standard error.

    Parameters
    ----------
    analyser : Analyser
    photos : sequence of Path
        Of different names.
    patients : dict of Path to Patient
        Who is known, by photo.
    output : Path
        The table's place; it is put there when it is complete.
    wanted : Wanted
        Further columns.
    """
    without, codes = [], [analyser.card.label(code.lower()).code for code in COLUMNS]
    answers = analyser.score(photos, answer_all=wanted.refused)
    with writing(output, photos, keep_from=HEADER_AND_ROW) as file, closing(answers):
        _write_row(file, wanted.header)
        for scored in tqdm(answers, total=len(photos), unit="photo", file=sys.stderr):
            reason = refusal(scored)
            if reason:
                without.append(scored)
                tqdm.write(f"{printable(scored.source.name)}: {reason}", file=sys.stderr)
            else:
                row = _row(scored, patients.get(Path(scored.source.name), UNKNOWN), analyser.card, codes, wanted)
                _write_row(file, row)
    _tell_refused(without)
    if len(without) == len(photos):
        kept = "" if output == STANDARD_OUTPUT else f", so {printable(output)} was not written"
        print(f"No photo was scored{kept}.", file=sys.stderr)
    return len(without)


def _tell_refused(without: Sequence["Scored"]) -> None:
    count = sum(scored.prediction is not None and scored.prediction.reason == OUTSIDE for scored in without)
    if count:
        print(ANSWER_ALL.format(count), file=sys.stderr)


def refusal(scored: "Scored") -> str | None:
    """Return the reason why a photo has no row, or None if it has one."""
    if scored.error or scored.prediction is None:
        return str(scored.error)
    return abstained(scored.prediction.reason) if scored.prediction.abstained else None


def abstained(reason: str | None) -> str:
    """Return the sentence for a model that gives no answer."""
    return ABSTAINED.get(reason or "", f"The model gives no answer ({reason}).")


def distinct(found: Found) -> tuple[list[Path], list[str]]:
    """Keep the first photo of each name, because names identify rows; return the error messages."""
    first: dict[str, Path] = {}
    complaints = list(found.trouble)
    for photo in found.photos:
        earlier = first.setdefault(photo.stem, photo)
        if os.path.realpath(earlier) != os.path.realpath(photo):
            complaints.append(
                f"{printable(photo)}: not scored, its row would carry the same name as {printable(earlier)}; "
                "rename one."
            )
    return list(first.values()), complaints


def known_patients(table: Path, photos: Sequence[Path], card: Card) -> tuple[dict[Path, Patient], list[str]]:
    """Return the patients of a table by photo, and sentences about rows and photos without each other.

    Raises
    ------
    ContractError
        If the model takes photos alone, the table cannot be used, or none of its rows belongs to a photo.
    """
    if card.effects is None:
        raise ContractError("no_patient", "This model uses the photo alone; leave out --patients.")
    return matched(table, read_patients(table, card.effects), photos)


def check_rule(card: Card, rule: str | None) -> None:
    """Raise ContractError if the model does not have the rule that is to name a diagnosis."""
    if rule == BALANCED and "decision" not in card.raw:
        raise ContractError("no_rule", f"This model has no balanced rule; use --decision {MOST_PROBABLE}.")


def _row(scored: "Scored", patient: Patient, card: Card, codes: Sequence[str], wanted: Wanted) -> Iterator[str]:
    from model.pipeline import informed

    assert scored.analysis is not None  # `refusal` has reported the others
    answer = scored.analysis.photo_alone
    told = informed(answer, patient, card)
    yield printable(Path(scored.source.name).stem)
    for code in codes:
        yield f"{told.probabilities[card.codes.index(code)]:.{DIGITS}f}"
    if wanted.rule:
        decision = decide(answer.probabilities, card)
        yield (decision.named if wanted.rule == BALANCED else decision.most_probable).upper()
    if wanted.refused:
        yield str(int(answer.forced))
    yield " ".join(scored.analysis.notes)


def _write_row(file: Unfinished, row: Iterator[str] | tuple[str, ...]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    file.write(text.getvalue().encode())
