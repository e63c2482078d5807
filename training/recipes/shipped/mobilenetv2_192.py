"""Second stage of `mobilenetv2_bundle`, released as 1.0.0: HAM10000, MILK10k and ISIC 2019 at 192 px.

    python -m training.train mobilenetv2_192 --data DATA [--weights imagenet]

Trains `mobilenetv2_160` first when that has not been done. Two CPU cores shared with other work: 34 + 47 minutes.
HAM10000 validation (1,495 images of unseen lesions): balanced accuracy .704, macro AUC .965, melanoma AUC .916 at
192 px with one mirrored view; .726, .966 and .920 at 224 px with four views, as served. Internal test, 1,512 images:
balanced accuracy .78 (.74 to .82), macro AUC .969 (.962 to .975), melanoma AUC .915 (.890 to .937).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="mobilenetv2_192",
    start_from="mobilenetv2_160",  # small images first: an epoch costs two thirds, and most of it carries over
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    size=192,
    serve_size=224,
    views=("identity", "flip_left_right", "flip_up_down", "rotate_180"),
    epochs=5,
    rate=3e-4,
    augmentation="gentle",  # the first stage was short of fit, not of variety
    loss_options={"label_smoothing": 0.05},
)
