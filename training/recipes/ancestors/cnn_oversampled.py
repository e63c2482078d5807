"""A custom convolutional network; rare classes are repeated until all are as frequent as naevi.

    python -m training.train cnn_oversampled --data DATA

Its ancestor reports a test accuracy of .6141 on its own split, after .8151 in training.

As written, on two CPU cores shared with other work: 13 minutes. HAM10000 internal test, 1,512 images: accuracy .635
(.605 to .664), balanced accuracy .665 (.608 to .732), melanoma AUC .844 (.810 to .875), malignant AUC .861 (.834 to
.886).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="cnn_oversampled",
    architecture="cnn",
    weights="none",
    architecture_options={"penalty": 0.0, "filters": [24, 48, 96, 128]},
    size=64,
    epochs=30,
    batch=32,
    rate=1.5e-3,
    dropout=0.3,
    augmentation="plain",
    balancing="over",
    epoch_images=4000,  # an epoch of over-sampled images would be 33,000, most of them the same few
    validation_images=600,
    patience=6,
    watch="macro_auc",
    views=("identity",),
    family="HAM10000 networks",
    ancestor="custom convolutional network with random over-sampling",
    claimed="test accuracy .6141 (training .8151, validation .7623), seven classes, own split",
    note="learns from random weights at 64 px, the size that two cores take through 30 epochs",
)
