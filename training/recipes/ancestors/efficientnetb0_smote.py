"""EfficientNetB0 on eight diagnoses of ISIC 2019, every class brought to 300 images with SMOTE.

    python -m training.train efficientnetb0_smote --data DATA --weights none
    python -m training.train efficientnetb0_smote --data DATA --weights imagenet --set size=224 epochs=40

Three steps of transfer learning: the head on the frozen trunk, the last block, then everything at a lower rate. The
images of squamous cell carcinoma come from MILK10k. Its ancestor reports an accuracy of .51 on its own split.

As written, on two CPU cores: 5 minutes. HAM10000 internal test, 1,512 images: accuracy .183 (.164 to .205), balanced
accuracy .224 (.174 to .282), melanoma AUC .609 (.553 to .661), malignant AUC .573 (.532 to .613).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="efficientnetb0_smote",
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
    balancing="smote_pixels",
    balancing_options={"per_class": 300},
    phases=(
        Phase("head", share=1, rate=1.0, cached="pool"),
        Phase("last block", share=1, rate=1.0, freeze_until="block7a_expand_conv"),
        Phase("everything", share=2, rate=0.5),
    ),
    validation_images=400,
    views=("identity",),
    ancestor="EfficientNetB0 in three steps on ISIC 2019, 300 images a class with SMOTE",
    claimed="accuracy .51, eight classes, own split",
    note=(
        "from random weights, for want of ImageNet weights; "
        "all of HAM10000's akiec count as AK, though ISIC 2019 calls some of them SCC"
    ),
)
