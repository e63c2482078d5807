"""A network in the manner of VGG, from random weights, with random over-sampling.

    python -m training.train vgg_like_oversampled --data DATA [--set 'architecture_options={"width": 1.0}' size=128]

Its ancestor reports a test accuracy of .5627 on its own split, after .8967 in training.

As written, on two CPU cores shared with other work: 30 minutes, 25 epochs. HAM10000 internal test, 1,512 images:
accuracy .606 (.576 to .636), balanced accuracy .605 (.539 to .681), melanoma AUC .811 (.763 to .852), malignant AUC
.840 (.809 to .869).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="vgg_like_oversampled",
    architecture="vgg",
    weights="none",
    architecture_options={"width": 0.25, "blocks": [2, 2, 3, 3], "dense": [128]},
    size=64,
    epochs=30,
    batch=32,
    rate=1.5e-3,
    dropout=0.4,
    augmentation="plain",
    balancing="over",
    epoch_images=3500,
    validation_images=600,
    patience=6,
    watch="macro_auc",
    views=("identity",),
    family="HAM10000 networks",
    ancestor="VGG-inspired network with random over-sampling",
    claimed="test accuracy .5627 (training .8967, validation .7511), seven classes, own split",
    note="a quarter of VGG's channels, with batch normalisation, from random weights at 64 px: what two cores train",
)
