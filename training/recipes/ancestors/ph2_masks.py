"""Benign or malignant, with the mask of the lesion laid over the photo: flips, rotations and scaling with its mask.

    python -m training.train ph2_masks --data DATA --weights FILE
    python -m training.train ph2_masks --data DATA --weights imagenet --set size=224 epochs=40 epoch_images=0

Trains on PH2 and on HAM10000, whose masks are published too, as 200 photos alone are too few. PH2 is the external
check of the shipped model; this recipe learns from 70 % of it, by a grouped split of its own, so PH2 is no external
check of this recipe. In the test, too, every photo is shown with its mask, which an expert drew: that is more than
the other recipes are told.

As written, on two CPU cores shared with other work: 29 minutes, 9 epochs. HAM10000 internal test, 1,512 images:
malignant AUC .889 (.865 to .911).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="ph2_masks",
    datasets=("ham10000", "ph2"),
    label_set="two",
    architecture="mobilenetv2",
    masks=True,
    size=128,
    epochs=14,
    batch=32,
    rate=4e-4,
    dropout=0.3,
    freeze_until="block_6_expand",
    augmentation="plain",
    balancing="class_balanced_batches",
    epoch_images=2500,
    validation_images=500,
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="PH2 with masks",
    ancestor="binary classification of PH2 with a generator that overlays lesion masks",
    note="learns from PH2, which is external to the shipped model; sees expert masks in the test as well",
)
