"""Reads the official layout of each image set into one table; the only place that knows file names and label maps.

python -m training.datasets --list [--data FOLDER]    says what was found of each set, and where it is published
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd

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


class DatasetError(Exception):
    """A set is not laid out as its publisher ships it; the message names what is missing and where to get it."""


def _need(path: Path, where: str) -> Path:
    if not path.exists():
        raise DatasetError(f"{path} is missing; get the set from {where} and keep its folder layout.")
    return path


def _table(rows: pd.DataFrame, dataset: str, licence: str) -> pd.DataFrame:
    rows = rows.assign(dataset=dataset, licence=licence)
    return rows.reindex(columns=COLUMNS)


def _known(values: pd.Series) -> pd.Series:
    """Spell every way of saying "not recorded" as missing."""
    return values.where(~values.isin(["unknown", "", "nan"]))


def _seven(source: pd.Series, mapping: dict[str, str], file: str) -> pd.Series:
    """Return the code of the seven classes for each published label, empty where it has none."""
    unknown = sorted(set(source.dropna()) - set(mapping))
    if unknown:
        raise DatasetError(f"Unknown class {unknown[0]!r} in {file}; known are {', '.join(mapping)}.")
    return source.map(mapping).fillna("")


def _marked(truth: pd.DataFrame, file: str) -> pd.Series:
    """Return the one column that each row marks with 1."""
    wrong = truth.index[truth.sum(axis=1) != 1]
    if len(wrong):
        raise DatasetError(f"{file} marks {truth.loc[wrong[0]].sum():g} classes for {wrong[0]}; one is expected.")
    return truth.idxmax(axis=1)


def read_ham10000(root: Path) -> pd.DataFrame:
    """HAM10000 (Tschandl, Rosendahl, Kittler, Sci Data 5:180161, 2018): 10,015 dermoscopic images, seven classes."""
    where = PUBLISHED["ham10000"]
    metadata = pd.read_csv(_need(root / "HAM10000_metadata.csv", where))
    # The Dataverse archive comes in two parts; both unpacked side by side are as good as one joined folder.
    folders = [
        root / name
        for name in ("HAM10000_images", "HAM10000_images_part_1", "HAM10000_images_part_2")
        if (root / name).is_dir()
    ] or [_need(root / "HAM10000_images", where)]
    files = {path.stem: str(path) for folder in folders for path in sorted(folder.glob("*.jpg"))}
    rows = pd.DataFrame(
        {
            "image_id": metadata.image_id,
            "lesion_id": metadata.lesion_id,
            "label": _seven(metadata.dx, HAM10000_TO_SEVEN, "HAM10000_metadata.csv"),
            "source_label": metadata.dx,
            "path": metadata.image_id.map(files),
            "age": metadata.age,
            "sex": _known(metadata.sex),
            "site": _known(metadata.localization),
            "confirmation": metadata.dx_type,
        }
    )
    return _table(rows, "ham10000", "CC BY-NC 4.0")


def read_milk10k(root: Path) -> pd.DataFrame:
    """MILK10k (ISIC 2025), its dermoscopic half: 5,240 lesions, eleven diagnoses."""
    where = PUBLISHED["milk10k"]
    truth = pd.read_csv(_need(root / "MILK10k_Training_GroundTruth.csv", where)).set_index("lesion_id")
    metadata = pd.read_csv(_need(root / "MILK10k_Training_Metadata.csv", where))
    metadata = metadata[metadata.image_type.str.startswith("dermoscopic")]
    supplement = pd.read_csv(_need(root / "MILK10k_Training_Supplement.csv", where)).set_index("isic_id")
    source = _marked(truth, "MILK10k_Training_GroundTruth.csv").reindex(metadata.lesion_id)
    images = _need(root / "MILK10k_Training_Input", where)
    paths = [
        images / lesion / f"{image}.jpg" for lesion, image in zip(metadata.lesion_id, metadata.isic_id, strict=True)
    ]
    rows = pd.DataFrame(
        {
            "image_id": metadata.isic_id.to_numpy(),
            "lesion_id": metadata.lesion_id.to_numpy(),
            "label": _seven(source, MILK10K_TO_SEVEN, "MILK10k_Training_GroundTruth.csv").to_numpy(),
            "source_label": source.to_numpy(),
            "path": [str(path) if path.exists() else None for path in paths],
            "age": metadata.age_approx.to_numpy(),
            "sex": _known(metadata.sex).to_numpy(),
            "site": _known(metadata.site).to_numpy(),
            "confirmation": supplement.diagnosis_confirm_type.reindex(metadata.isic_id).to_numpy(),
            "skin_tone": metadata.skin_tone_class.to_numpy(),
        }
    )
    return _table(rows, "milk10k", "CC BY-NC 4.0")


def list_isic2019(root: Path) -> pd.DataFrame:
    """ISIC 2019 training set (Combalia 2019; Codella 2018; Tschandl 2018): all 25,331 rows, eight diagnoses."""
    where = PUBLISHED["isic2019"]
    truth = pd.read_csv(_need(root / "ISIC_2019_Training_GroundTruth.csv", where)).set_index("image")
    metadata = pd.read_csv(_need(root / "ISIC_2019_Training_Metadata.csv", where)).set_index("image")
    images = _need(root / "ISIC_2019_Training_Input", where)
    source = _marked(truth, "ISIC_2019_Training_GroundTruth.csv").reindex(metadata.index)
    files = {path.stem: str(path) for path in sorted(images.glob("*.jpg"))}
    rows = pd.DataFrame(
        {
            "image_id": metadata.index,
            # An image without a lesion id is a lesion of its own; near-duplicate groups join what belongs together.
            "lesion_id": metadata.lesion_id.fillna(pd.Series(metadata.index, index=metadata.index)).to_numpy(),
            "label": _seven(source, ISIC2019_TO_SEVEN, "ISIC_2019_Training_GroundTruth.csv").to_numpy(),
            "source_label": source.to_numpy(),
            "path": metadata.index.map(files),
            "age": metadata.age_approx.to_numpy(),
            "sex": _known(metadata.sex).to_numpy(),
            "site": _known(metadata.anatom_site_general).to_numpy(),
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
    listing = pd.read_csv(_need(root / "PH2_dataset.txt", where), sep="\t")
    listing = listing[listing.Name.fillna("").str.fullmatch(r"IMD\d+")]  # a legend follows the rows
    folder = _need(root / "PH2 Dataset images", where)
    diagnosis = listing["Clinical Diagnosis"].astype(int)

    def find(name: str) -> str | None:
        found = sorted((folder / name / f"{name}_Dermoscopic_Image").glob(f"{name}.*"))
        return str(found[0]) if found else None

    rows = pd.DataFrame(
        {
            "image_id": listing.Name,
            "lesion_id": listing.Name,
            "label": diagnosis.map(PH2_TO_SEVEN),
            "source_label": diagnosis.map(PH2_DIAGNOSES),
            "path": listing.Name.map(find),
        }
    )
    return _table(rows, "ph2", "research and education")


def _read_listed(root: Path, dataset: str, lesion: str) -> pd.DataFrame:
    """Read a set that lists its images in ``labels.csv``; an image without ``lesion`` is a lesion of its own.

    Images that its maker found to look like one of another set are left out.
    """
    table = pd.read_csv(_need(root / "labels.csv", PUBLISHED[dataset]))
    table = table[table.near_ours_dist.isna()].reset_index(drop=True)
    paths = [root / file for file in table.image]
    image = pd.Series([path.stem for path in paths])
    rows = pd.DataFrame(
        {
            "image_id": image,
            "lesion_id": table[lesion].fillna(image),
            "label": _seven(table.dx7, HAM10000_TO_SEVEN, "labels.csv"),
            "source_label": table.diagnosis_as_given,
            "path": [str(path) if path.exists() else None for path in paths],
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
    """A set sorted into ``train/CLASS`` and ``test/CLASS``; see `training.class_folders`."""
    from training.class_folders import read

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
    from training.inventory import main

    raise SystemExit(main())
