"""Age, sex and site of many photos' patients, from a table as people and archives write it."""

from collections.abc import Sequence
from pathlib import Path

from model.answer.patient import OLDEST, SEXES, Effects, Patient
from model.errors import ContractError, printable
from model.tables.site_names import site_code
from model.tables.table_file import Row, TableFile, known, read_table, without_ending, years

# A column by its name here, then by its names in the ISIC challenges, the ISIC Archive, HAM10000 and MILK10k call it.
COLUMNS = {
    "image": ("image", "image_id", "image_name", "isic_id", "img_id", "photo", "file", "filename", "file_name", "id"),
    "age": ("age", "age_approx", "age_years", "age (years)"),
    "sex": ("sex", "gender"),
    "site": (
        "site", "localization", "localisation", "anatom_site_general", "anatom_site_general_challenge",
        "anatom_site_1", "anatomic_site", "location", "region",
    ),
}  # fmt: skip
SEX_SPELLINGS = {"female": "female", "f": "female", "woman": "female", "male": "male", "m": "male", "man": "male"}


def read_patients(path: Path, effects: Effects) -> dict[str, Patient]:
    """Return the patients of a table by image id: columns image, age (years), sex and site, cells may be empty.

    Raises
    ------
    ContractError
        If the table cannot be read, a column is missing, an image is named twice or not at all, or an age, sex or
        site is not one that the model knows; with the line.
    """
    table = read_table(path)
    names = {name: _column(table, name) for name in COLUMNS}
    lines: dict[str, int] = {}
    found: dict[str, Patient] = {}
    for row in table.rows:
        image = without_ending(row.cells[names["image"]])
        if not image:
            raise _error(path, row, "the row names no image")
        if image in found:
            raise _error(path, row, f"names the image {image} twice, first in line {lines[image]}")
        cells = {name: row.cells[column] for name, column in names.items()}
        lines[image], found[image] = row.line, _patient(path, row, image, cells, effects)
    return found


def matched(path: Path, patients: dict[str, Patient], photos: Sequence[str]) -> tuple[dict[str, Patient], list[str]]:
    """Return the patients by photo, and a sentence for rows without a photo and one for photos without a row.

    Raises
    ------
    ContractError
        If no row belongs to any photo.
    """
    told = {photo: patients[name] for photo in photos if (name := _id_of(photo, patients)) is not None}
    used = {_id_of(photo, patients) for photo in told}
    unused = [image for image in patients if image not in used]
    without = [photo for photo in photos if photo not in told]
    if not told:
        raise ContractError(
            "patient_match",
            f"{printable(path)} has no row for any of the {len(photos):,} photos, its first image is {unused[0]!r}; "
            f"its column image must contain the photos' names, such as {printable(Path(photos[0]).stem)!r}.",
        )
    sentences = []
    if unused:
        sentences.append(
            f"{printable(path)} has {len(unused):,} images that are not scored here; the first is {unused[0]}."
        )
    if without:
        sentences.append(
            f"{printable(path)} has no row for {len(without):,} photos, which are scored from the photo alone; the "
            f"first is {printable(Path(without[0]).stem)}."
        )
    return told, sentences


def _id_of(photo: str, patients: dict[str, Patient]) -> str | None:
    """Return under which id a table names a photo; an ending inside the name may have been cut off with the ending."""
    path = Path(photo)
    return next((name for name in (path.stem, without_ending(path.name)) if name in patients), None)


def _column(table: TableFile, name: str) -> str:
    try:
        return table.column(*COLUMNS[name])
    except ContractError as error:
        raise ContractError("patient_columns", str(error)) from None


def _patient(path: Path, row: Row, image: str, cells: dict[str, str], effects: Effects) -> Patient:
    try:
        patient = Patient(_age(cells["age"]), _sex(cells["sex"]), _site(cells["site"], effects))
        effects.log_factors(patient)
    except ContractError as error:
        raise _error(path, row, f"image {image}: {str(error).removesuffix('.')}") from None
    return patient


def _age(cell: str) -> float | None:
    try:
        age = years(cell)
    except ValueError:
        age = -1.0
    if age is not None and not 0 <= age <= OLDEST:
        raise ContractError("patient_age", f"An age must be between 0 and {OLDEST} years, 85+ or empty, not {cell!r}.")
    return age


def _sex(cell: str) -> str | None:
    text = known(cell)
    if text is None:
        return None
    sex = SEX_SPELLINGS.get(text.lower())
    if sex is None:
        raise ContractError("patient_sex", f"Sex must be one of {', '.join(SEXES)}, or empty, not {cell!r}.")
    return sex


def _site(cell: str, effects: Effects) -> str | None:
    text = known(cell)
    if text is None or text in effects.sites:
        return text
    code = site_code(text)
    if code is None:
        names = ", ".join(effects.sites)
        raise ContractError(
            "patient_site", f"Known sites are {names}, the ISIC Archive's names, or none, not {cell!r}."
        )
    return code


def _error(path: Path, row: Row, what: str) -> ContractError:
    return ContractError("patient_row", f"{printable(path)}, line {row.line}: {what}.")
