"""Two hidden dense layers on the pixels: what a network makes of colour alone, without any notion of neighbourhood.

python -m training.train dense_baseline --data DATA

As written, on two CPU cores: 1 minute. HAM10000 internal test, 1,512 images: accuracy .655 (.627 to .683), balanced
accuracy .316 (.276 to .360), melanoma AUC .711 (.662 to .754), malignant AUC .729 (.692 to .763).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="dense_baseline",
    architecture="dense",
    weights="none",
    architecture_options={"hidden": [256, 128]},
    size=48,
    epochs=10,
    batch=64,
    rate=5e-4,
    dropout=0.3,
    augmentation="plain",
    validation_images=600,
    views=("identity",),
    family="ISIC archive",
    ancestor="a network of two hidden dense layers",
    note="learns from random weights, without a convolution, at 48 px: what its authors began with",
)
