"""First stage of `resnet50v2_bundle`: ResNet50V2 to conv4 on three image sets at 160 px.

    python -m training.train resnet50v2_160 --data DATA --weights WEIGHTS

Small images first: at 160 px an epoch costs half of one at 224 px, and most of what is learnt carries over.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="resnet50v2_160",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    architecture="resnet50v2_conv4",
    size=160,
    epochs=5,
    rate=2e-4,
    weight_decay=5e-3,
    dropout=0.3,
    augmentation="gentle",  # about ten epochs in all: too few to need "strong"
    loss_options={"label_smoothing": 0.05},
    precision="mixed_bfloat16",
    average=0.998,
)
