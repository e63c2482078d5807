"""ResNet50V2 to conv4 on HAM10000, MILK10k and ISIC 2019 at 224 px, from the weights of `resnet50v2_160`.

python -m training.train resnet50v2_160 --data DATA --weights WEIGHTS
python -m training.train resnet50v2_bundle --data DATA --weights none
"""

import dataclasses

from training.recipes import resnet50v2_160

RECIPE = dataclasses.replace(
    resnet50v2_160.RECIPE,
    name="resnet50v2_bundle",
    start_from="resnet50v2_160",
    size=224,
    rate=1.2e-4,  # lower than from ImageNet weights: the trunk has already seen skin
    epochs=3,
)
