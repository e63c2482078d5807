"""The cases that a reader judged before the answer was shown: what changed, and what was right."""

import csv
import io
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Case:
    """One photo that the reader judged before the model's answer; no file name and no patient data.

    Parameters
    ----------
    case : int
        Number in the session.
    photo_sha256 : str
        Of the file's bytes.
    model : str
        Id and version of the model that answered.
    before : str
        Code of the reader's diagnosis before the answer was shown.
    confidence : int
        Of that diagnosis, 1 (a guess) to 4 (sure).
    named : str or None
        Code of the diagnosis that the answer named; None where the photo was refused.
    risk : str or None
        As `model.answer.decision.Decision.risk`.
    malignant, melanoma : float or None
        Probabilities of the photo alone.
    after : str
        Code of the reader's diagnosis after the answer; equals ``before`` until it is changed.
    truth : str or None
        Code of the true diagnosis, if it is known.
    """

    case: int
    photo_sha256: str
    model: str
    before: str
    confidence: int
    named: str | None
    risk: str | None
    malignant: float | None
    melanoma: float | None
    after: str
    truth: str | None = None


@dataclass(frozen=True)
class Summary:
    """Counts over cases; right and wrong are counted only over the ``known`` cases, whose truth was entered."""

    read: int
    answered: int
    agreed: int
    changed: int
    known: int
    right_before: int
    right_after: int
    right_to_wrong: int
    wrong_to_right: int
    answer_wrong: int
    agreed_with_wrong: int


def summarise(cases: Collection[Case]) -> Summary:
    """Count agreements with the answer, changes of mind, and how often reader and answer were right."""
    known = [case for case in cases if case.truth is not None]
    misled = [case for case in known if case.named is not None and case.named != case.truth]
    right = [(case.before == case.truth, case.after == case.truth) for case in known]
    return Summary(
        read=len(cases),
        answered=sum(case.named is not None for case in cases),
        agreed=sum(case.before == case.named for case in cases),
        changed=sum(case.before != case.after for case in cases),
        known=len(known),
        right_before=sum(before for before, _ in right),
        right_after=sum(after for _, after in right),
        right_to_wrong=right.count((True, False)),
        wrong_to_right=right.count((False, True)),
        answer_wrong=len(misled),
        agreed_with_wrong=sum(case.after == case.named for case in misled),
    )


def to_csv(cases: Collection[Case]) -> str:
    """Return the cases as a table, one a line."""
    written = io.StringIO()
    table = csv.DictWriter(written, [field.name for field in fields(Case)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(case) for case in cases)
    return written.getvalue()
