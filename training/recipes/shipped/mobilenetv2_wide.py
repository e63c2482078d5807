"""A teacher of `lite2_distilled`: `lite2_wide` with another trunk, MobileNetV2.

python -m training.accelerator.train mobilenetv2_wide:SECONDS ... on a GPU, see docs/accelerator.md
"""

import dataclasses

from training.recipes.shipped.lite2_wide import RECIPE as LITE2

RECIPE = dataclasses.replace(
    LITE2,
    name="mobilenetv2_wide",
    architecture="mobilenetv2",
    weight_decay=0.02,
    dropout=0.2,
)
