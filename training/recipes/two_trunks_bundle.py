"""The shipped model: MobileNetV2 and ResNet50V2 side by side, the mean of `mobilenetv2_bundle` and `resnet50v2_224`.

KERAS_BACKEND=torch python -m training.train two_trunks_bundle --data DATA [--weights imagenet]

Trains both members first when that has not been done; joining them takes seconds. On two CPU cores 250 + 186 minutes,
most of them shared with other work. HAM10000 validation (1,495 images of unseen lesions), one view at 224 px: balanced
accuracy .744, macro AUC .968, melanoma AUC .928. Internal test, 1,512 images: balanced accuracy .81 (.78 to .84), macro
AUC .973 (.966 to .979), melanoma AUC .922 (.898 to .944), malignant AUC .932 (.911 to .950); PH2, 200 images of another
clinic: melanoma AUC .913 (.848 to .964).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="two_trunks_bundle",
    members=("mobilenetv2_bundle", "resnet50v2_224"),  # they err on other photos, so their mean errs less
    shares=(0.5, 0.5),
    architecture="two_trunks",
    datasets=("ham10000", "milk10k", "isic2019"),
    size=224,
    views=("identity",),  # four views give next to nothing more, and each costs as much again
    prior_exponent=0.1,  # a fifth in all, as one member brings that already: .01 more balanced accuracy
    epochs=0,  # nothing is learnt here: both trunks are trained, and their heads are put together
)
