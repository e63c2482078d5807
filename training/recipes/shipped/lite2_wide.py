"""A teacher of `lite2_distilled`: EfficientNet-Lite2 on five image sets.

python -m training.accelerator.train lite2_wide:SECONDS ... on a GPU, see docs/accelerator.md
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="lite2_wide",
    datasets=("ham10000", "milk10k", "isic2019", "isic2019_bcn_84px", "isic2020_melanoma"),
    source_weights={"isic2019_bcn_84px": 0.4, "isic2020_melanoma": 0.5},  # small photos; melanomas alone
    architecture="efficientnet_lite2",
    size=224,
    views=("identity",),
    batch=384,
    rate=1e-3,
    weight_decay=0.05,
    dropout=0.3,
    augmentation="wide",
    loss_options={"label_smoothing": 0.05},
)
