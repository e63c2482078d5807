"""A trunk of the models 1.4.0 and 1.5.0: a second stage of `resnet50v2_192`, at the size it is served at.

KERAS_BACKEND=torch python -m training.train resnet50v2_224 --data DATA [--weights imagenet]

Trains `resnet50v2_192` first when that has not been done. Two CPU cores with bfloat16, shared with other work: 99
minutes, and 87 for this stage. HAM10000 validation (1,495 images of unseen lesions), one view at 224 px and a tenth of
the class shares divided out: balanced accuracy .712, macro AUC .961, melanoma AUC .915.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="resnet50v2_224",
    start_from="resnet50v2_192",
    datasets=("ham10000", "milk10k", "isic2019"),
    architecture="resnet50v2_conv4",
    architecture_options={"learn_normalisation": True},
    size=224,
    serve_size=224,
    views=("identity", "flip_left_right", "flip_up_down", "rotate_180"),
    epochs=14,
    rate=2e-4,
    weight_decay=0.02,
    dropout=0.3,
    freeze_until="conv3_block1_preact_bn",  # edges and colours, the costliest layers at this size, are learnt by now
    augmentation="soft",
    blend=0.5,  # the mean of both stages' weights: lower log loss of the joined model on validation than either
    precision="mixed_bfloat16",
    loss_options={"label_smoothing": 0.05},
)
