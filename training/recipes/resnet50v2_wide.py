"""A teacher of the shipped model: ResNet50V2 to its fourth stage, on five image sets.

python -m training.accelerator.train resnet50v2_wide:SECONDS ... on a GPU, see docs/accelerator.md
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="resnet50v2_wide",
    datasets=("ham10000", "milk10k", "isic2019", "isic2019_bcn_84px", "isic2020_melanoma"),
    source_weights={"isic2019_bcn_84px": 0.4, "isic2020_melanoma": 0.5},  # small photos; melanomas alone
    architecture="resnet50v2_conv4",
    architecture_options={"learn_normalisation": True},
    size=224,
    views=("identity",),
    batch=256,
    rate=4e-4,
    weight_decay=0.05,
    dropout=0.3,
    augmentation="wide",
    loss_options={"label_smoothing": 0.05},
)
