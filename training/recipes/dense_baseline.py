"""Two hidden dense layers on the pixels: what a network makes of colour alone, without any notion of neighbourhood.

python -m training.train dense_baseline --data DATA
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
    ancestor="a network of two hidden dense layers",
)
