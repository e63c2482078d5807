"""The shipped model: MobileNetV2, EfficientNet-Lite2 and Inception V3 side by side, their logits averaged.

KERAS_BACKEND=torch python -m training.train three_trunks_bundle --data DATA [--weights imagenet]

Trains the members first when that has not been done; joining them takes seconds. On two CPU cores 250 + 70 + 176
minutes, most of them shared with other work. HAM10000 validation (1,495 images of unseen lesions), one view at 224 px:
balanced accuracy .773, macro AUC .971, melanoma AUC .931. Internal test, 1,512 images: balanced accuracy .80 (.76 to
.84), macro AUC .975 (.969 to .981), melanoma AUC .928 (.904 to .951), malignant AUC .939 (.918 to .956); PH2, 200
images of another clinic: melanoma AUC .915 (.851 to .968).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="three_trunks_bundle",
    members=("mobilenetv2_bundle", "lite2_192", "lite2_distilled"),  # they err on other photos: the mean errs less
    architecture="side_by_side",
    architecture_options={"trunks": ("mobilenetv2", "efficientnet_lite2", "efficientnet_lite2_again")},
    datasets=("ham10000", "milk10k", "isic2019"),
    size=224,
    views=("identity",),  # four views give next to nothing more, and each costs as much again
    prior_exponent=0.07,  # .137 in all, as one member brings .2 of its own
    epochs=0,  # nothing is learnt here: the trunks are trained, and their heads are put together
)
