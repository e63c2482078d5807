"""Reads the official layout of each image set into one table; the only place that knows file names and label maps.

python -m training.datasets --data FOLDER      says which sets were found in FOLDER
"""

import argparse
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
PH2_TO_SEVEN = {0: "nv", 1: "nv", 2: "mel"}
PH2_DIAGNOSES = {0: "common nevus", 1: "atypical nevus", 2: "melanoma"}


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


def read_ham10000(root: Path) -> pd.DataFrame:
    """HAM10000 (Tschandl, Rosendahl, Kittler, Sci Data 5:180161, 2018): 10,015 dermoscopic images, seven classes."""
    where = "Harvard Dataverse, doi:10.7910/DVN/DBW86T"
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
            "label": metadata.dx,
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
    where = "the ISIC Archive, collection MILK10k"
    truth = pd.read_csv(_need(root / "MILK10k_Training_GroundTruth.csv", where)).set_index("lesion_id")
    metadata = pd.read_csv(_need(root / "MILK10k_Training_Metadata.csv", where))
    metadata = metadata[metadata.image_type.str.startswith("dermoscopic")]
    supplement = pd.read_csv(_need(root / "MILK10k_Training_Supplement.csv", where)).set_index("isic_id")
    source = truth.idxmax(axis=1).reindex(metadata.lesion_id).to_numpy()
    images = _need(root / "MILK10k_Training_Input", where)
    paths = [
        images / lesion / f"{image}.jpg" for lesion, image in zip(metadata.lesion_id, metadata.isic_id, strict=True)
    ]
    rows = pd.DataFrame(
        {
            "image_id": metadata.isic_id.to_numpy(),
            "lesion_id": metadata.lesion_id.to_numpy(),
            "label": [MILK10K_TO_SEVEN[name] for name in source],
            "source_label": source,
            "path": [str(path) if path.exists() else None for path in paths],
            "age": metadata.age_approx.to_numpy(),
            "sex": _known(metadata.sex).to_numpy(),
            "site": _known(metadata.site).to_numpy(),
            "confirmation": supplement.diagnosis_confirm_type.reindex(metadata.isic_id).to_numpy(),
            "skin_tone": metadata.skin_tone_class.to_numpy(),
        }
    )
    return _table(rows, "milk10k", "CC BY-NC 4.0")


def read_isic2019(root: Path) -> pd.DataFrame:
    """ISIC 2019 training set without the HAM10000 images it repeats (Combalia 2019; Codella 2018; Tschandl 2018)."""
    where = "https://challenge.isic-archive.com/data/#2019"
    truth = pd.read_csv(_need(root / "ISIC_2019_Training_GroundTruth.csv", where)).set_index("image")
    metadata = pd.read_csv(_need(root / "ISIC_2019_Training_Metadata.csv", where)).set_index("image")
    images = _need(root / "ISIC_2019_Training_Input", where)
    metadata = metadata[~metadata.lesion_id.fillna("").str.startswith("HAM_")]
    source = truth.idxmax(axis=1).reindex(metadata.index)
    files = {path.stem: str(path) for path in sorted(images.glob("*.jpg"))}
    rows = pd.DataFrame(
        {
            "image_id": metadata.index,
            # An image without a lesion id is a lesion of its own; near-duplicate groups join what belongs together.
            "lesion_id": metadata.lesion_id.fillna(pd.Series(metadata.index, index=metadata.index)).to_numpy(),
            "label": source.map(ISIC2019_TO_SEVEN).to_numpy(),
            "source_label": source.to_numpy(),
            "path": metadata.index.map(files),
            "age": metadata.age_approx.to_numpy(),
            "sex": _known(metadata.sex).to_numpy(),
            "site": _known(metadata.anatom_site_general).to_numpy(),
        }
    )
    return _table(rows, "isic2019", "CC0 / CC BY-NC 4.0")


def read_ph2(root: Path) -> pd.DataFrame:
    """PH2 (Mendonca, EMBC 2013): 200 dermoscopic images of one hospital, 40 melanomas; for evaluation only."""
    where = "https://www.fc.up.pt/addi/ph2%20database.html"
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


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "ham10000": read_ham10000,
    "milk10k": read_milk10k,
    "isic2019": read_isic2019,
    "ph2": read_ph2,
}


def file_sha256(path: str | Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Say which image sets a folder holds, and what is missing.")
    parser.add_argument("--data", type=Path, required=True, help="folder with ham10000/, milk10k/, isic2019/, ph2/")
    folder = parser.parse_args(arguments).data
    for name, reader in READERS.items():
        try:
            table = reader(folder / name)
        except DatasetError as error:
            print(f"{name}: not found. {error}")
            continue
        here = table[table.path.notna()]
        print(f"{name}: {len(here):,} images of {here.lesion_id.nunique():,} lesions ({len(table):,} rows listed)")
        print("   " + "  ".join(f"{label} {count:,}" for label, count in here.source_label.value_counts().items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
