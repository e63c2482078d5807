"""One of the three trunks of 1.6.0 and 1.7.0: a second stage of `inceptionv3_192`, at the size it is served at.

KERAS_BACKEND=torch python -m training.train inceptionv3_224 --data DATA [--weights imagenet]

Trains `inceptionv3_192` first when that has not been done. Two CPU cores with bfloat16: 88 minutes, and 87 for this
stage; its first two epochs ran at the learning rates of a plan of nine. HAM10000 validation (1,495 images of unseen
lesions), one view at 224 px and the class shares to the power .1 divided out, as joined then: balanced accuracy
.746, macro AUC .962, melanoma AUC .920, better than the first stage in balanced accuracy only. On the validation
photos of ISIC 2019 (385 images) melanoma AUC rose from .835 to .853.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="inceptionv3_224",
    start_from="inceptionv3_192",
    datasets=("ham10000", "milk10k", "isic2019"),
    architecture="inceptionv3",
    architecture_options={"learn_normalisation": True},
    size=224,
    serve_size=224,
    views=("identity",),
    epochs=8,
    rate=2e-4,
    weight_decay=0.02,
    dropout=0.3,
    freeze_until="inception_18",  # edges and colours, the costliest layers at this size, are learnt by now
    augmentation="strong",  # the first stage had learnt its photos by heart: its loss fell on, its validation did not
    mixup=0.2,
    blend=0.5,  # the mean of both stages' weights: alone the second is better on other clinics, worse on HAM10000
    precision="mixed_bfloat16",
    loss_options={"label_smoothing": 0.05},
)
