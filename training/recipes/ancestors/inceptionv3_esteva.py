"""Inception V3 transfer learning after Esteva et al. (Nature 542, 2017), with nothing done about class imbalance.

    python -m training.train inceptionv3_esteva --data DATA --weights FILE
    python -m training.train inceptionv3_esteva --data DATA --weights imagenet \\
        --set size=299 epochs=40 'architecture_options={"until": "mixed10"}'

Its ancestor reports, on the official ISIC 2018 test images, a seven-way accuracy of .4451 and a malignant AUC of .79.
The trunk ends at mixed8: that is how far the offline weights go.

As written, on two CPU cores: 4 minutes. HAM10000 internal test, 1,512 images: accuracy .738 (.709 to .765), balanced
accuracy .375 (.319 to .436), melanoma AUC .839 (.802 to .869), malignant AUC .869 (.843 to .894).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="inceptionv3_esteva",
    architecture="inceptionv3",
    architecture_options={"until": "mixed8"},
    size=128,
    epochs=13,
    batch=32,
    rate=2e-4,
    optimizer="rmsprop",
    dropout=0.0,
    augmentation="plain",
    balancing="none",
    phases=(
        Phase("head", share=12, rate=5.0, cached="pool"),
        Phase("last block", share=1, freeze_until="mixed7", epoch_images=1500),
    ),
    validation_images=500,
    views=("identity",),
    family="Inception V3 after Esteva",
    ancestor="Inception V3 transfer learning after Esteva 2017, no handling of imbalance",
    claimed="official ISIC 2018 test: seven-way accuracy .4451, malignant AUC .79",
    note=(
        "Inception V3 to mixed8 with a new top at 128 px instead of the full network at 299 px; "
        "nothing is done about the imbalance: a rare class is seldom the most probable and balanced accuracy is low"
    ),
)
