"""EfficientNet-Lite2 taught by the mean answer of three networks, and by the labels.

python -m training.accelerator.train lite2_wide:S resnet50v2_wide:S mobilenetv2_wide:S lite2_distilled:S ... on a GPU
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="lite2_distilled",
    datasets=("ham10000", "milk10k", "isic2019", "isic2019_bcn_84px", "isic2020_melanoma"),
    source_weights={"isic2019_bcn_84px": 0.4, "isic2020_melanoma": 0.5},  # small photos; melanomas alone
    architecture="efficientnet_lite2",
    start_from="lite2_wide",
    teachers=("lite2_wide", "resnet50v2_wide", "mobilenetv2_wide"),
    distil=0.7,
    size=224,
    views=("identity",),
    batch=256,
    rate=7e-4,
    weight_decay=0.03,
    dropout=0.2,
    augmentation="wide",
    mixup=0.2,  # more photos than there are: the teacher answers to mixtures too
    seed=2019,
)
