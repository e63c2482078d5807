"""A teacher of `lite2_distilled`: `lite2_wide` with another trunk, ResNet50V2 to its fourth stage.

python -m training.accelerator.train resnet50v2_wide:SECONDS ... on a GPU, see docs/accelerator.md
"""

import dataclasses

from training.recipes.shipped.lite2_wide import RECIPE as LITE2

RECIPE = dataclasses.replace(
    LITE2,
    name="resnet50v2_wide",
    architecture="resnet50v2_conv4",
    architecture_options={"learn_normalisation": True},
    rate=4e-4,
)
