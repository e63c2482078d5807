"""A second stage of `lite2_192`, at the size it is served at."""

from training.recipe import Recipe

RECIPE = Recipe(
    name="lite2_224",
    start_from="lite2_192",
    datasets=("ham10000", "milk10k", "isic2019"),
    architecture="efficientnet_lite2",
    size=224,
    serve_size=224,
    views=("identity",),
    epochs=8,
    rate=2e-4,
    weight_decay=0.02,
    freeze_until="lite_4_expand",  # edges and colours, half of the cost, need no learning on photos of skin
    augmentation="strong",
    blend=0.5,  # the mean of both stages' weights
    loss_options={"label_smoothing": 0.05},
)
