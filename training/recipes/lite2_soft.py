"""Tried, not shipped: a second stage of `lite2_192` on softer and smaller photos, blended with the first.

KERAS_BACKEND=torch python -m training.train lite2_soft --data DATA

Trains `lite2_192` first when that has not been done. Two CPU cores on PyTorch: 70 minutes, and 60 for this stage, which
began with the weights of the shipped model. In the place of the first stage in the shipped model it
gave a higher log loss on HAM10000's validation and a lower melanoma AUC: see Method, What was tried.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="lite2_soft",
    start_from="lite2_192",
    datasets=("ham10000", "milk10k", "isic2019"),
    architecture="efficientnet_lite2",
    size=192,
    serve_size=224,
    views=("identity",),
    epochs=5,
    rate=3e-4,
    weight_decay=0.02,
    freeze_until="lite_4_expand",
    augmentation="soft",  # photos of half the size must get the same answer
    blend=0.5,  # the mean of both stages' weights, which helped MobileNetV2
    loss_options={"label_smoothing": 0.05},
)
