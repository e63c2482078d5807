"""EfficientNetB0 on eight diagnoses of ISIC 2019, every class brought to 300 images with SMOTE.

    python -m training.train efficientnetb0_smote --data DATA
    python -m training.train efficientnetb0_smote --data DATA --weights imagenet --set epochs=48 \\
        architecture=efficientnetb0 'phases=[{"name": "head", "cached": "pool"}, {"name": "top", "rate": 0.5,
        "freeze_until": "block7a_expand_conv"}, {"name": "everything", "rate": 0.1}]'

Its ancestor learns in three steps: the head on the frozen trunk, the top blocks, then everything at a lower rate. Here
the third is left out: on two cores it could be 400 images long, and the validation's macro AUC fell from .890 to .872
(tried with every class cut to 250 images). The images of squamous cell carcinoma come from MILK10k. The ancestor
reports an accuracy of .51 on its own split. EfficientNet-Lite0, whose ImageNet weights come in a package (see
training/requirements.txt), stands for EfficientNetB0; the second command is the ancestor's own network, in its three
steps, on the weights that Keras downloads.

As written, on two CPU cores shared with other work: 16 minutes, of which the run was paused for ten. HAM10000 internal
test, 1,512 images: accuracy .662 (.633 to .690), balanced accuracy .515 (.458 to .574), melanoma AUC .775 (.724 to
.820), malignant AUC .796 (.762 to .829).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="efficientnetb0_smote",
    datasets=("ham10000", "isic2019", "milk10k"),
    label_set="eight",
    architecture="efficientnet_lite0",
    weights="imagenet",
    size=224,
    epochs=23,
    batch=32,
    rate=1e-3,
    dropout=0.3,
    augmentation="plain",
    images_per_class=250,
    balancing="smote_pixels",
    balancing_options={"per_class": 300},
    phases=(
        Phase("head", share=20, rate=1.0, cached="pool"),
        Phase("top", share=3, rate=0.5, freeze_until="lite0_11_expand", epoch_images=1000),
    ),
    validation_images=600,
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="ISIC 2019, eight classes",
    ancestor="EfficientNetB0 in three steps on ISIC 2019, 300 images a class with SMOTE",
    claimed="accuracy .51, eight classes, own split",
    note=(
        "EfficientNet-Lite0 on ImageNet weights instead of EfficientNetB0, head and top blocks trained; of its 1,749 "
        "training photos 836 are HAM10000's; "
        "all of HAM10000's akiec count as AK, though ISIC 2019 calls some of them SCC"
    ),
)
