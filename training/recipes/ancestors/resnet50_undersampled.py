"""ResNet50 on eight diagnoses of ISIC 2019, every class cut to about 250 images.

    python -m training.train resnet50_undersampled --data DATA --weights FILE
    python -m training.train resnet50_undersampled --data DATA --weights imagenet

Three steps of transfer learning: the head on the frozen trunk, the last blocks, then everything at a lower rate. The
images of squamous cell carcinoma come from MILK10k. Its ancestor reports an accuracy of .94 on its own split; that is
not plausible without images of one lesion on both sides of it.

As written, on two CPU cores shared with other work: 96 minutes. HAM10000 internal test, 1,512 images: accuracy .716
(.687 to .743), balanced accuracy .683 (.630 to .733), melanoma AUC .816 (.778 to .853), malignant AUC .847 (.818 to
.875).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="resnet50_undersampled",
    datasets=("ham10000", "isic2019", "milk10k"),
    label_set="eight",
    architecture="resnet50v2_conv4",
    weights="imagenet",
    size=224,
    epochs=32,
    batch=32,
    rate=1e-3,
    dropout=0.3,
    augmentation="plain",
    images_per_class=250,
    balancing="under",
    balancing_options={"per_class": 250},
    phases=(
        Phase("head", share=20, rate=1.0, cached="pool"),
        Phase("top", share=6, rate=0.3, freeze_until="conv4_block4_preact_bn"),
        Phase("everything", share=6, rate=0.1),
    ),
    validation_images=600,
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="ISIC 2019, eight classes",
    ancestor="ResNet50 in three steps on ISIC 2019, about 250 images a class",
    claimed="accuracy .94, eight classes, own split",
    note=(
        "ResNet50V2 to the end of its fourth stage instead of ResNet50; "
        "learns from at most 250 photos a class; "
        "all of HAM10000's akiec count as AK, though ISIC 2019 calls some of them SCC"
    ),
)
