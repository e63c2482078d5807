"""Benign, malignant or unknown, by a network like VGG16 with growing dense layers on top.

    python -m training.train isic_three_class --data DATA
    python -m training.train isic_three_class --data DATA --weights imagenet \\
        --set architecture=vgg16 'architecture_options={"dense": [256, 512, 1024]}' size=224 epochs=40 epoch_images=0

VGG16's ImageNet weights could not be had, so what is trained is VGG16's shape with a quarter of its channels, at
64 px, from random weights; the second command is the transfer learning of its ancestor.

Unknown are images whose diagnosis is outside the seven classes, and those that nothing but a look at the photo
confirms: consensus of experts in HAM10000, a single assessment in MILK10k. Naevi that did not change under
follow-up count as confirmed; they are more than half of HAM10000's naevi, and "unknown" would else mean "naevus".

Photos sorted into folders benign/, malignant/ and unknown/ under DATA/class_folders are read with
``--set datasets=class_folders``, or added to the others by naming all sets.

As written, on two CPU cores: 3 minutes. HAM10000 internal test, 1,512 images: malignant AUC .808 (.779 to .838).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="isic_three_class",
    datasets=("ham10000", "milk10k", "isic2019"),
    label_set="three",
    architecture="vgg",
    weights="none",
    architecture_options={"width": 0.25, "blocks": [2, 2, 3, 3, 3], "dense": [64, 128, 256]},
    size=64,
    epochs=4,
    batch=32,
    rate=1e-3,
    dropout=0.3,
    augmentation="plain",
    balancing="power",
    epoch_images=3500,
    validation_images=800,
    views=("identity",),
    family="ISIC archive",
    ancestor="benign, malignant or unknown from ISIC images, VGG16 transfer learning with growing dense layers",
    note="a quarter of VGG16's channels from random weights at 64 px instead of ImageNet transfer learning",
)
