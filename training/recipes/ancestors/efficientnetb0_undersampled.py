"""EfficientNetB0 on eight diagnoses of ISIC 2019, every class cut to about 250 images.

    python -m training.train efficientnetb0_undersampled --data DATA --weights none
    python -m training.train efficientnetb0_undersampled --data DATA --weights imagenet --set size=224 epochs=40

Three steps of transfer learning: the head on the frozen trunk, the last block, then everything at a lower rate. The
images of squamous cell carcinoma come from MILK10k. Its ancestor reports an accuracy of .57 on its own split.

As written, on two CPU cores: 5 minutes. HAM10000 internal test, 1,512 images: accuracy .042 (.031 to .056), balanced
accuracy .151 (.137 to .163), melanoma AUC .598 (.539 to .651), malignant AUC .630 (.591 to .674).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="efficientnetb0_undersampled",
    datasets=("ham10000", "isic2019", "milk10k"),
    label_set="eight",
    architecture="efficientnetb0",
    weights="none",
    size=96,
    epochs=4,
    batch=32,
    rate=1e-3,
    dropout=0.3,
    augmentation="plain",
    images_per_class=250,
    balancing="under",
    balancing_options={"per_class": 250},
    phases=(
        Phase("head", share=1, rate=1.0, cached="pool"),
        Phase("last block", share=1, rate=1.0, freeze_until="block7a_expand_conv"),
        Phase("everything", share=2, rate=0.5),
    ),
    validation_images=400,
    views=("identity",),
    ancestor="EfficientNetB0 in three steps on ISIC 2019, about 250 images a class",
    claimed="accuracy .57, eight classes, own split",
    note=(
        "from random weights, for want of ImageNet weights; "
        "all of HAM10000's akiec count as AK, though ISIC 2019 calls some of them SCC"
    ),
)
