"""Every set of images that there is a reader for, by the name of its folder.

python -m training.data.sets.inventory [--data FOLDER]    says what was found, and where a set is published
"""

from training.data.sets import class_folders, ham10000, isic2019, listed, milk10k, ph2
from training.data.sets.image_set import ImageSet

IMAGE_SETS: dict[str, ImageSet] = {
    one.name: one
    for one in (
        ham10000.IMAGE_SET, milk10k.IMAGE_SET, isic2019.IMAGE_SET, ph2.IMAGE_SET, *listed.IMAGE_SETS,
        class_folders.IMAGE_SET,
    )
}  # fmt: skip
