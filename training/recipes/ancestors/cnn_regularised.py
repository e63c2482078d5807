"""A convolutional network from random weights, held back by batch normalisation, dropout and an L2 penalty.

    python -m training.train cnn_regularised --data DATA [--set 'architecture_options={"kernel_size": 5}']

The size of its kernels is an option, as its ancestor compared several.

As written, on two CPU cores: 6 minutes. HAM10000 internal test, 1,512 images: accuracy .728 (.700 to .755), balanced
accuracy .628 (.572 to .696), melanoma AUC .863 (.832 to .891), malignant AUC .886 (.861 to .909).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="cnn_regularised",
    architecture="cnn",
    weights="none",
    architecture_options={"kernel_size": 3, "penalty": 1e-4, "filters": [24, 48, 96, 128]},
    size=64,
    epochs=30,
    batch=32,
    rate=1.5e-3,
    dropout=0.4,
    augmentation="plain",
    epoch_images=4000,
    validation_images=600,
    patience=15,
    watch="macro_auc",
    views=("identity",),
    family="HAM10000 networks",
    ancestor="convolutional network with dropout, L2 penalty and batch normalisation, several kernel sizes",
    note="learns from random weights at 64 px, the size that two cores take through 30 epochs",
)
