"""MILK10k: dermoscopic photos of 5,240 lesions, eleven diagnoses."""

from pathlib import Path

import pandas as pd

from training.data.sets.image_set import AGE, ID, SEX, SITE, ImageSet, marked_class, seven, sexes, table
from training.data.sets.layouts import ages, check_once, frame, ids, images_under, table_path

PUBLISHED = "the ISIC Archive, collection MILK10k"
IMAGES, LISTING = "MILK10k_Training_Input", "MILK10k_Training_{}.csv"
# Squamous cell carcinoma and keratoacanthoma join akiec: they are the invasive end of the same keratinocyte
# disease, share its "malignant" side, and HAM10000 has no class of its own for them. An empty code means
# that the diagnosis has no place among the seven classes and the image is not used for them.
TO_SEVEN = {
    "AKIEC": "akiec", "BCC": "bcc", "BKL": "bkl", "DF": "df", "MEL": "mel", "NV": "nv", "SCCKA": "akiec",
    "VASC": "vasc", "INF": "", "BEN_OTH": "", "MAL_OTH": "",
}  # fmt: skip


def read(root: Path) -> pd.DataFrame:
    """MILK10k (ISIC 2025), its dermoscopic half: 5,240 lesions, eleven diagnoses."""
    truth_path, path, added_path = (
        table_path(root, LISTING.format(part), PUBLISHED) for part in ("GroundTruth", "Metadata", "Supplement")
    )
    marked = marked_class(frame(truth_path, {"lesion_id": ("lesion_id",)}, others=True), "lesion_id", truth_path)
    wanted = {"image_id": (*ID[::-1],), "lesion_id": ("lesion_id",), "image_type": ("image_type",)}
    tone = {"skin_tone": ("skin_tone_class", "skin_tone")}
    metadata = frame(path, wanted | tone | {"age": AGE[::-1], "sex": SEX, "site": SITE})
    metadata = metadata[metadata.image_type.str.lower().str.startswith("dermoscopic", na=False)].reset_index(drop=True)
    metadata["image_id"] = ids(metadata.image_id)
    check_once(metadata, "image_id", path)
    added = frame(added_path, {"image_id": ID[::-1], "confirmation": ("diagnosis_confirm_type",)})
    confirmed = added.drop_duplicates("image_id").set_index("image_id").confirmation
    source, label = seven(marked.reindex(metadata.lesion_id), TO_SEVEN, truth_path)
    files = images_under(root, IMAGES, PUBLISHED)
    rows = pd.DataFrame(
        {
            "image_id": metadata.image_id,
            "lesion_id": metadata.lesion_id,
            "label": label.to_numpy(),
            "source_label": source.to_numpy(),
            "path": metadata.image_id.map(files),
            "age": ages(metadata, path),
            "sex": sexes(metadata.sex),
            "site": metadata.site,
            "confirmation": confirmed.reindex(metadata.image_id).to_numpy(),
            "skin_tone": pd.to_numeric(metadata.skin_tone, errors="coerce"),
        }
    )
    return table(rows, "milk10k", "CC BY-NC 4.0")


def metadata(root: Path) -> pd.DataFrame:
    """Return MILK10k's table of images as published, by their isic_id, close-ups included."""
    path = table_path(root, LISTING.format("Metadata"), PUBLISHED)
    return pd.read_csv(path, sep=None, engine="python").set_index("isic_id")


IMAGE_SET = ImageSet("milk10k", PUBLISHED, read, images=IMAGES, listing=LISTING.format("Metadata"))
