"""The shipped model: MobileNetV2 on HAM10000, MILK10k and ISIC 2019 at 192 px, from `mobilenetv2_160`.

    python -m training.train mobilenetv2_bundle --data DATA [--weights imagenet]

Trains `mobilenetv2_160` first when that has not been done.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="mobilenetv2_bundle",
    start_from="mobilenetv2_160",  # small images first: an epoch costs two thirds, and most of it carries over
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    size=192,
    epochs=5,
    rate=3e-4,
    augmentation="gentle",  # the first stage was short of fit, not of variety
    loss_options={"label_smoothing": 0.05},
)
