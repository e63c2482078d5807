"""The shipped model: MobileNetV2 and two EfficientNet-Lite2 side by side, their logits averaged.

KERAS_BACKEND=torch python -m training.train three_trunks_bundle --data DATA --splits model/bundle/dataset/splits.csv

Trains the first two members when that has not been done: 250 + 70 minutes on two CPU cores, most of them shared with
other work. The third was trained on a GPU, see `lite2_distilled`; joining takes seconds. HAM10000 validation (1,495
images of unseen lesions): balanced accuracy .756, macro AUC .971, melanoma AUC .932. Internal test, 1,512 images:
balanced accuracy .79 (.74 to .83), macro AUC .975 (.968 to .981), melanoma AUC .926 (.901 to .949), malignant AUC .937
(.917 to .954); PH2, 200 images of another clinic: melanoma AUC .901 (.834 to .955). Releases 1.6.0 and 1.7.0 had
`inceptionv3_224` in the place of the third, level with this one, and 1.8 times as slow.
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
    last_layer_penalty=2.0,  # of 1.25 to 30 the least log loss out of fold; the stronger ones are hardly worse
    prior_exponent=0.2,  # without it .004 less log loss, and .04 less balanced accuracy
    epochs=0,  # nothing is learnt here: the trunks are trained, and their heads are put together
)
