"""Benign, malignant or unknown, by a network like VGG16 with growing dense layers on top.

    python -m training.train isic_three_class --data DATA --weights FILE
    python -m training.train isic_three_class --data DATA --weights imagenet --set architecture=vgg16

VGG16's ImageNet weights could not be had: the frozen trunk is ResNet50V2 to the end of its fourth stage. The second
command is the transfer learning of its ancestor.

Unknown are images whose diagnosis is outside the seven classes, and those that nothing but a look at the photo
confirms: consensus of experts in HAM10000, a single assessment in MILK10k. Naevi that did not change under
follow-up count as confirmed; they are more than half of HAM10000's naevi, and "unknown" would else mean "naevus".

Photos sorted into folders benign/, malignant/ and unknown/ under DATA/class_folders are read with
``--set datasets=class_folders``, or added to the others by naming all sets.

As written, on two CPU cores shared with other work: 15 minutes, 30 epochs. HAM10000 internal test, 1,512 images:
malignant AUC .881 (.856 to .905).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="isic_three_class",
    datasets=("ham10000", "milk10k", "isic2019"),
    label_set="three",
    architecture="resnet50v2_conv4",
    weights="imagenet",
    architecture_options={"dense": [256, 512, 1024]},
    size=224,
    epochs=40,
    batch=32,
    rate=1e-3,
    dropout=0.3,
    augmentation="plain",
    balancing="power",
    phases=(Phase("head", cached="pool"),),
    validation_images=800,
    patience=8,
    watch="macro_auc",
    views=("identity",),
    family="ISIC archive",
    ancestor="benign, malignant or unknown from ISIC images, VGG16 transfer learning with growing dense layers",
    note="dense layers on frozen ResNet50V2 to the end of its fourth stage, instead of on frozen VGG16",
)
