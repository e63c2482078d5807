"""Every sentence of the page that answers many photos; what it says of one photo are the sentences of Analyse."""

from ui.uploads import ARCHIVE_MB, PHOTO_MB

MOST_PHOTOS = 2000
MOST_MB = 1000

TITLE = "Batch"
EMPTY = (
    "Drop dermoscopic photos, or ZIP files of them, and press Start. Each photo gets the answer that it would get on "
    "Analyse, and the riskiest come first."
)
DROP = "Drop photos or ZIP files"
LIMITS = (
    f"Photos up to {PHOTO_MB} MB, ZIP files up to {ARCHIVE_MB} MB; at most {MOST_PHOTOS:,} photos and {MOST_MB:,} MB "
    "at once. They are assessed on this computer and never stored. Photos are numbered here; their file names are in "
    "the downloads only, because file names can name patients."
)
START = "Start"
WAITING = "{} ready."
CANNOT_BE_READ = "{} cannot be read. {}"
LEFT_OUT = "{} in the ZIP files left out."
KEEP_OPEN = "Keep this page open: a reload ends the work and removes the answers."
NO_PHOTOS = "There is no photo in these files; choose others."
TOO_MANY = f"These are {{:,}} photos; at most {MOST_PHOTOS:,} can be assessed at once. Remove some."
TOO_LARGE = f"These files have {{:,.0f}} MB together; at most {MOST_MB:,} MB can be assessed at once. Remove some."

ZIP_UNREADABLE = "The ZIP file is damaged; make it again."
ZIP_IN_ZIP = "A ZIP file in a ZIP file is not opened; unpack it first."
UNEXPECTED = "The photo could not be assessed; try it alone on Analyse."

PROGRESS = "{} of {}"
LEFT = "{} of {}, about {} left"
NONE_ANSWERED = "none was answered"
STOPPED = "Stopped after {} of {}."
CANCEL, RESUME, CLEAR = "Cancel", "Resume", "Clear"
CLEAR_HELP = "Removes the photos and their answers from memory."

ALL, REACHED, REFUSED, FAILED = "All", "Level reached", "Refused", "Not read"
FILTERS = (ALL, REACHED, REFUSED, FAILED)
FILTER = "Which photos"
NOTHING_HERE = "None of the photos so far."
ORDER = (
    "Ordered by level, then by malignant probability. Press the head of a column to order by it. Below the levels is "
    "no all-clear."
)
TABLE = "The photos with their probabilities and levels, the riskiest first"
NUMBER, PHOTO, MELANOMA, MALIGNANT, LEVEL, NAMED, NOTES = (
    "No.", "Photo", "Melanoma", "Malignant", "Level", "Diagnosis named", "Notes",
)  # fmt: skip
UNREAD, NO_ANSWER, NOTHING = "Not read", "No answer", "–"

SAVE_SCORES = "ISIC CSV"
SAVE_TABLE = "Table with file names"
SAVE_RESULTS = "Result JSON lines"
SAVE_OVERLAYS = "Overlays ZIP"
SAVING = (
    "A reload of this page removes the answers. The ISIC CSV has a row for each answered photo; where a file name "
    "repeats, it gets a number. The overlays show what counted for the named diagnosis and "
    "for melanoma, in the frame that the network read."
)
OVERLAY_README = (
    "Heat maps of photos, numbered as on the page. The last part of a file name is the class: the named diagnosis, "
    "or mel for melanoma. Bright parts count as evidence for the class; a map does not outline a structure and does "
    "not prove an answer right."
)


def photos(count: int) -> str:
    """Write a number of photos."""
    return f"{count:,} photo" if count == 1 else f"{count:,} photos"


def not_ready(unreadable: list[str], others: int) -> list[str]:
    """Write how many files cannot be read, with each reason once, and how many of the ZIP files are no photos."""
    said = []
    if unreadable:
        count = "1 file" if len(unreadable) == 1 else f"{len(unreadable):,} files"
        said.append(CANNOT_BE_READ.format(count, " ".join(dict.fromkeys(unreadable))))
    if others:
        said.append(LEFT_OUT.format("1 other file" if others == 1 else f"{others:,} other files"))
    return said


def progress(done: int, total: str, seconds: float | None) -> str:
    """Write how far the work on ``total`` is, and what time is left where that is known."""
    if seconds is None:
        return PROGRESS.format(done, total)
    told = f"{seconds / 60:.0f} min" if seconds > 90 else f"{max(seconds, 1):.0f} s"
    return LEFT.format(done, total, told)


def summary(total: int, reached: int, refused: int, failed: int, levels: bool) -> str:
    """Write what the photos so far are; ``levels``: the model has levels to be reached."""
    answered = total - refused - failed
    parts = [] if answered else [NONE_ANSWERED]
    if answered and levels:
        parts = [f"{reached:,} of {answered:,} answered reach a level"]
    parts += [f"{refused:,} refused", f"{failed:,} could not be read"]
    return f"{photos(total)}: {', '.join(parts)}."
