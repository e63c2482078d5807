"""Inception V3 transfer learning after Esteva et al. (Nature 542, 2017), with nothing done about class imbalance.

    python -m training.train inceptionv3_esteva --data DATA --weights FILE
    python -m training.train inceptionv3_esteva --data DATA --weights imagenet \\
        --set size=299 'architecture_options={"until": "mixed10"}'

Its ancestor reports, on the official ISIC 2018 test images, a seven-way accuracy of .4451 and a malignant AUC of .79.
The trunk ends at mixed8: that is how far the offline weights go. The head learns first, then head and mixed8; the
layers before them stay as ImageNet left them, so that two cores are enough.

As written, on two CPU cores shared with other work: 29 minutes. HAM10000 internal test, 1,512 images: accuracy .763
(.735 to .789), balanced accuracy .452 (.393 to .511), melanoma AUC .841 (.799 to .877), malignant AUC .869 (.839 to
.898).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="inceptionv3_esteva",
    architecture="inceptionv3",
    architecture_options={"until": "mixed8"},
    size=224,
    epochs=14,
    batch=32,
    rate=1e-2,  # RMSProp with epsilon .1 takes small steps
    optimizer="rmsprop",
    dropout=0.0,
    augmentation="plain",
    balancing="none",
    phases=(
        Phase("head", share=4, rate=1.0, cached="mixed7", freeze_until="logits", epoch_images=3500),
        Phase("top", share=10, rate=0.2, cached="mixed7", epoch_images=3500),
    ),
    validation_images=750,
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="Inception V3 after Esteva",
    ancestor="Inception V3 transfer learning after Esteva 2017, no handling of imbalance",
    claimed="official ISIC 2018 test: seven-way accuracy .4451, malignant AUC .79",
    note=(
        "Inception V3 to mixed8 at 224 px, of which mixed8 and a new head learn, instead of the full network at "
        "299 px; "
        "nothing is done about the imbalance: a rare class is seldom the most probable and balanced accuracy is low"
    ),
)
