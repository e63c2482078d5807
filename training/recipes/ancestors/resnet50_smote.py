"""ResNet50 on eight diagnoses of ISIC 2019, every class brought to 300 images with SMOTE, a fifth more than it had.

    python -m training.train resnet50_smote --data DATA --weights FILE
    python -m training.train resnet50_smote --data DATA --weights imagenet

Its ancestor learns in three steps: the head on the frozen trunk, the last blocks, then everything at a lower rate. Here
the third is left out: one epoch of it on 1,200 images lowered the validation's macro AUC from .925 to .900, and took
ten minutes. The images of squamous cell carcinoma come from MILK10k. The ancestor reports an accuracy of .98 on its own
split; that is not plausible without test images in training, see `training.studies.leakage`.

As written, on two CPU cores shared with other work: 38 minutes. HAM10000 internal test, 1,512 images: accuracy .671
(.642 to .699), balanced accuracy .585 (.534 to .644), melanoma AUC .823 (.783 to .857), malignant AUC .828 (.798 to
.856).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="resnet50_smote",
    datasets=("ham10000", "isic2019", "milk10k"),
    label_set="eight",
    architecture="resnet50v2_conv4",
    weights="imagenet",
    size=224,
    epochs=26,
    batch=32,
    rate=1e-3,
    dropout=0.3,
    augmentation="plain",
    images_per_class=250,
    balancing="smote_pixels",
    balancing_options={"per_class": 300},
    phases=(
        Phase("head", share=20, rate=1.0, cached="pool"),
        Phase("top", share=6, rate=0.3, cached="conv4_block3_out"),
    ),
    validation_images=600,
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="ISIC 2019, eight classes",
    ancestor="ResNet50 in three steps on ISIC 2019, 300 images a class with SMOTE",
    claimed="accuracy .98, eight classes, own split",
    note=(
        "ResNet50V2 to the end of its fourth stage instead of ResNet50, head and last blocks trained; "
        "learns from at most 250 photos a class and from SMOTE's mixtures, which it knows by heart after six epochs "
        "while validation gets no better; "
        "all of HAM10000's akiec count as AK, though ISIC 2019 calls some of them SCC"
    ),
)
