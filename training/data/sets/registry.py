"""Reads the official layout of each image set into one table; the only place that knows file names and label maps.

python -m training.data.sets.registry --list [--data FOLDER]    says what was found, and where a set is published
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from model.errors import printable
from model.tables.patient_table import SEX_SPELLINGS
from training.data.sets.layouts import DatasetError, ages, check_once, frame, ids, images_under, table_path

COLUMNS = [
    "image_id", "lesion_id", "dataset", "label", "source_label", "path",
    "age", "sex", "site", "confirmation", "skin_tone", "licence",
]  # fmt: skip

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
LABELS = (
    ("akiec", "Actinic keratosis / intraepithelial carcinoma", True),
    ("bcc", "Basal cell carcinoma", True),
    ("bkl", "Benign keratosis", False),
    ("df", "Dermatofibroma", False),
    ("mel", "Melanoma", True),
    ("nv", "Melanocytic nevus", False),
    ("vasc", "Vascular lesion", False),
)

# Squamous cell carcinoma and keratoacanthoma join akiec: they are the invasive end of the same keratinocyte
# disease, share its "malignant" side, and HAM10000 has no class of its own for them. An empty code means
# that the diagnosis has no place among the seven classes and the image is not used for them.
MILK10K_TO_SEVEN = {
    "AKIEC": "akiec", "BCC": "bcc", "BKL": "bkl", "DF": "df", "MEL": "mel", "NV": "nv", "SCCKA": "akiec",
    "VASC": "vasc", "INF": "", "BEN_OTH": "", "MAL_OTH": "",
}  # fmt: skip
ISIC2019_TO_SEVEN = {
    "MEL": "mel", "NV": "nv", "BCC": "bcc", "AK": "akiec", "BKL": "bkl", "DF": "df", "VASC": "vasc",
    "SCC": "akiec", "UNK": "",
}  # fmt: skip
HAM10000_TO_SEVEN = {code: code for code in CODES}
PH2_TO_SEVEN = {0: "nv", 1: "nv", 2: "mel"}
PH2_DIAGNOSES = {0: "common nevus", 1: "atypical nevus", 2: "melanoma"}


PUBLISHED = {
    "ham10000": "Harvard Dataverse, doi:10.7910/DVN/DBW86T",
    "milk10k": "the ISIC Archive, collection MILK10k",
    "isic2019": "https://challenge.isic-archive.com/data/#2019",
    "ph2": "https://www.fc.up.pt/addi/ph2%20database.html",
    "isic2019_bcn_84px": "https://challenge.isic-archive.com/data/#2019 (its Barcelona part, BCN20000, made small)",
    "isic2020_melanoma": "https://challenge.isic-archive.com/data/#2020 (its melanomas)",
    "class_folders": "https://www.isic-archive.com, among others",
}


ID = ("image", "image_id", "image_name", "isic_id")  # how the tables of several years call an image
AGE, SEX = ("age", "age_approx"), ("sex", "gender")
SITE = ("site", "localization", "localisation", "anatom_site_general", "anatom_site_general_challenge")


def _table(rows: pd.DataFrame, dataset: str, licence: str) -> pd.DataFrame:
    rows = rows.assign(dataset=dataset, licence=licence)
    return rows.reindex(columns=COLUMNS)


def _sexes(values: pd.Series) -> pd.Series:
    return values.map(lambda text: SEX_SPELLINGS.get(text.lower(), text), na_action="ignore")


def _seven(source: pd.Series, mapping: dict[str, str], path: Path) -> tuple[pd.Series, pd.Series]:
    """Return each published label in its own spelling and as the code of the seven classes, empty where it has none."""
    spelled = {name.lower(): name for name in mapping}
    unknown = sorted({label for label in source.dropna() if label.lower() not in spelled})
    if unknown:
        raise DatasetError(f"Unknown class {unknown[0]!r} in {printable(path)}; known are {', '.join(mapping)}.")
    source = source.map(lambda label: spelled[label.lower()], na_action="ignore")
    return source, source.map(mapping).fillna("")


def _marked(truth: pd.DataFrame, key: str, path: Path) -> pd.Series:
    """Return, by image or lesion, the one column that its row marks with 1; every other one must hold 0."""
    classes = truth.drop(columns=[key, "line"]).rename(columns=str.upper)
    numbers = classes.apply(pd.to_numeric, errors="coerce")
    wrong = ~numbers.isin([0, 1]).all(axis=1) | (numbers.sum(axis=1) != 1)
    if wrong.any():
        row = truth[wrong].iloc[0]
        marks = classes[wrong].iloc[0]
        said = ", ".join(f"{name} {value}" for name, value in marks.items() if value not in ("0", "0.0"))
        count = int((numbers[wrong].iloc[0] == 1).sum())
        raise DatasetError(
            f"{printable(path)}, line {row.line}, marks {count} classes for {row[key]} ({said or 'none'}); one 1 among "
            "zeros is expected."
        )
    labels = numbers.idxmax(axis=1)
    check_once(truth, key, path, labels)
    return pd.Series(labels.to_numpy(), index=truth[key])


def read_ham10000(root: Path) -> pd.DataFrame:
    """HAM10000 (Tschandl, Rosendahl, Kittler, Sci Data 5:180161, 2018): 10,015 dermoscopic images, seven classes."""
    where = PUBLISHED["ham10000"]
    path = table_path(root, "HAM10000_metadata.csv", where)
    wanted = {
        "image_id": (*ID[1:], ID[0]),
        "lesion_id": ("lesion_id",),
        "dx": ("dx", "diagnosis"),
        "dx_type": ("dx_type",),
    }
    metadata = frame(path, wanted | {"age": AGE, "sex": SEX, "site": (*SITE[1:], SITE[0])})
    metadata["image_id"] = ids(metadata.image_id)
    source, label = _seven(metadata.dx, HAM10000_TO_SEVEN, path)
    check_once(metadata, "image_id", path, source)
    # The archive comes in two parts; both unpacked side by side are as good as one joined folder.
    files = images_under(root, "HAM10000_images", where)
    rows = pd.DataFrame(
        {
            "image_id": metadata.image_id,
            "lesion_id": metadata.lesion_id,
            "label": label,
            "source_label": source,
            "path": metadata.image_id.map(files),
            "age": ages(metadata, path),
            "sex": _sexes(metadata.sex),
            "site": metadata.site,
            "confirmation": metadata.dx_type,
        }
    )
    return _table(rows, "ham10000", "CC BY-NC 4.0")


def read_milk10k(root: Path) -> pd.DataFrame:
    """MILK10k (ISIC 2025), its dermoscopic half: 5,240 lesions, eleven diagnoses."""
    where = PUBLISHED["milk10k"]
    truth_path, path, added_path = (
        table_path(root, f"MILK10k_Training_{part}.csv", where) for part in ("GroundTruth", "Metadata", "Supplement")
    )
    marked = _marked(frame(truth_path, {"lesion_id": ("lesion_id",)}, others=True), "lesion_id", truth_path)
    wanted = {"image_id": (*ID[::-1],), "lesion_id": ("lesion_id",), "image_type": ("image_type",)}
    tone = {"skin_tone": ("skin_tone_class", "skin_tone")}
    metadata = frame(path, wanted | tone | {"age": AGE[::-1], "sex": SEX, "site": SITE})
    metadata = metadata[metadata.image_type.str.lower().str.startswith("dermoscopic", na=False)].reset_index(drop=True)
    metadata["image_id"] = ids(metadata.image_id)
    check_once(metadata, "image_id", path)
    added = frame(added_path, {"image_id": ID[::-1], "confirmation": ("diagnosis_confirm_type",)})
    confirmed = added.drop_duplicates("image_id").set_index("image_id").confirmation
    source, label = _seven(marked.reindex(metadata.lesion_id), MILK10K_TO_SEVEN, truth_path)
    files = images_under(root, "MILK10k_Training_Input", where)
    rows = pd.DataFrame(
        {
            "image_id": metadata.image_id,
            "lesion_id": metadata.lesion_id,
            "label": label.to_numpy(),
            "source_label": source.to_numpy(),
            "path": metadata.image_id.map(files),
            "age": ages(metadata, path),
            "sex": _sexes(metadata.sex),
            "site": metadata.site,
            "confirmation": confirmed.reindex(metadata.image_id).to_numpy(),
            "skin_tone": pd.to_numeric(metadata.skin_tone, errors="coerce"),
        }
    )
    return _table(rows, "milk10k", "CC BY-NC 4.0")


def list_isic2019(root: Path) -> pd.DataFrame:
    """ISIC 2019 training set (Combalia 2019; Codella 2018; Tschandl 2018): all 25,331 rows, eight diagnoses."""
    where = PUBLISHED["isic2019"]
    truth_path, path = (
        table_path(root, f"ISIC_2019_Training_{part}.csv", where) for part in ("GroundTruth", "Metadata")
    )
    truth = frame(truth_path, {"image": ID}, others=True)
    truth["image"] = ids(truth.image)
    wanted = {"image": ID, "lesion_id": ("lesion_id",), "age": AGE[::-1], "sex": SEX, "site": (*SITE[3:], *SITE[:3])}
    metadata = frame(path, wanted)
    metadata["image"] = ids(metadata.image)
    check_once(metadata, "image", path)
    source, label = _seven(_marked(truth, "image", truth_path).reindex(metadata.image), ISIC2019_TO_SEVEN, truth_path)
    files = images_under(root, "ISIC_2019_Training_Input", where)
    rows = pd.DataFrame(
        {
            "image_id": metadata.image,
            # An image without a lesion id is a lesion of its own; near-duplicate groups join what belongs together.
            "lesion_id": metadata.lesion_id.fillna(metadata.image),
            "label": label.to_numpy(),
            "source_label": source.to_numpy(),
            "path": metadata.image.map(files),
            "age": ages(metadata, path),
            "sex": _sexes(metadata.sex),
            "site": metadata.site,
        }
    )
    return _table(rows, "isic2019", "CC0 / CC BY-NC 4.0")


def read_isic2019(root: Path) -> pd.DataFrame:
    """ISIC 2019 training set without the HAM10000 images that it repeats."""
    rows = list_isic2019(root)
    return rows[~rows.lesion_id.str.startswith("HAM_")].reset_index(drop=True)


def read_ph2(root: Path) -> pd.DataFrame:
    """PH2 (Mendonca, EMBC 2013): 200 dermoscopic images of one hospital, 40 melanomas; for evaluation only."""
    where = PUBLISHED["ph2"]
    path = table_path(root, "PH2_dataset.txt", where)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()]
    rows = [row for row in rows if re.fullmatch(r"IMD\d+", row[0].strip())]  # a legend follows the rows
    if not rows or any(len(row) < 2 or row[1].strip() not in ("0", "1", "2") for row in rows):
        raise DatasetError(
            f"{printable(path)} needs rows of a name IMD... and a diagnosis 0, 1 or 2, separated by tabs."
        )
    name = pd.Series([row[0].strip() for row in rows])
    diagnosis = pd.Series([int(row[1]) for row in rows])
    files = images_under(root, "PH2 Dataset images", where)
    rows = pd.DataFrame(
        {
            "image_id": name,
            "lesion_id": name,
            "label": diagnosis.map(PH2_TO_SEVEN),
            "source_label": diagnosis.map(PH2_DIAGNOSES),
            "path": name.map(files),
        }
    )
    return _table(rows, "ph2", "research and education")


def _read_listed(root: Path, dataset: str, lesion: str) -> pd.DataFrame:
    """Read a set that lists its images in ``labels.csv``; an image without ``lesion`` is a lesion of its own.

    Images that its maker found to look like one of another set are left out.
    """
    path = table_path(root, "labels.csv", PUBLISHED[dataset])
    wanted = {"image": ID, "dx": ("dx7",), "diagnosis": ("diagnosis_as_given",), "near": ("near_ours_dist",)}
    table = frame(path, wanted | {"lesion": (lesion,)})
    table = table[table.near.isna()].reset_index(drop=True)
    table["image_id"] = ids(table.image)
    check_once(table, "image_id", path, table.dx)
    rows = pd.DataFrame(
        {
            "image_id": table.image_id,
            "lesion_id": table.lesion.fillna(table.image_id),
            "label": _seven(table.dx, HAM10000_TO_SEVEN, path)[1],
            "source_label": table.diagnosis,
            "path": [str(root / file) if (root / file).exists() else None for file in table.image],
        }
    )
    return _table(rows, dataset, "CC BY-NC 4.0")


def read_bcn(root: Path) -> pd.DataFrame:
    """BCN20000 (Combalia, arXiv:1908.02288, 2019), 84 px wide: another clinic, twice the melanomas of HAM10000."""
    return _read_listed(root, "isic2019_bcn_84px", "lesion_id")


def read_isic2020_melanoma(root: Path) -> pd.DataFrame:
    """ISIC 2020 (Rotemberg, Sci Data 8:34, 2021), its melanomas alone; images of one patient count as one lesion."""
    return _read_listed(root, "isic2020_melanoma", "patient_id")


def read_class_folders(root: Path) -> pd.DataFrame:
    """A set sorted into ``train/CLASS`` and ``test/CLASS``; see `training.data.sets.class_folders`."""
    from training.data.sets.class_folders import read

    return read(root)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "ham10000": read_ham10000,
    "milk10k": read_milk10k,
    "isic2019": read_isic2019,
    "ph2": read_ph2,
    "isic2019_bcn_84px": read_bcn,
    "isic2020_melanoma": read_isic2020_melanoma,
    "class_folders": read_class_folders,
}


def file_sha256(path: str | Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


if __name__ == "__main__":
    from training.data.sets.inventory import main

    raise SystemExit(main())
