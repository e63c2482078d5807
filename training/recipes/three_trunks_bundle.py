"""The shipped model: MobileNetV2, ResNet50V2 and Inception V3 side by side, their logits averaged.

KERAS_BACKEND=torch python -m training.train three_trunks_bundle --data DATA [--weights imagenet]

Trains the members first when that has not been done; joining them takes seconds. On two CPU cores 250 + 186 + 88
minutes, most of them shared with other work. HAM10000 validation (1,495 images of unseen lesions), one view at 224 px:
balanced accuracy .741, macro AUC .970, melanoma AUC .929. Internal test, 1,512 images: balanced accuracy .82 (.78 to
.85), macro AUC .974 (.968 to .980), melanoma AUC .927 (.903 to .948), malignant AUC .936 (.916 to .953); PH2, 200
images of another clinic: melanoma AUC .912 (.846 to .966).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="three_trunks_bundle",
    members=("mobilenetv2_bundle", "resnet50v2_224", "inceptionv3_192"),  # they err on other photos: the mean errs less
    shares=(0.3, 0.3, 0.4),
    architecture="side_by_side",
    architecture_options={"trunks": ("mobilenetv2", "resnet50v2_conv4", "inceptionv3")},
    datasets=("ham10000", "milk10k", "isic2019"),
    size=224,
    views=("identity",),  # four views give next to nothing more, and each costs as much again
    prior_exponent=0.15,  # a fifth in all, as one member brings some already
    epochs=0,  # nothing is learnt here: the trunks are trained, and their heads are put together
)
