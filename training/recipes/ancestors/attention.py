"""The trunk of 1.0.0 with convolutional attention (CBAM) between trunk and pooling; the trunk stays as it is.

    python -m training.train attention --data DATA [--weights imagenet]

Starts from `mobilenetv2_192`, the weights released as 1.0.0, and trains that first when it has not been done. The
maps of the frozen trunk are computed once and kept; only attention and head learn, from plain views of HAM10000.

As written, on two CPU cores: 83 minutes. HAM10000 internal test, 1,512 images: accuracy .825 (.801 to .848), balanced
accuracy .756 (.702 to .803), melanoma AUC .899 (.870 to .925), malignant AUC .909 (.883 to .931).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="attention",
    start_from="mobilenetv2_192",
    architecture="mobilenetv2_attention",
    architecture_options={"attention": "cbam"},
    size=160,
    epochs=8,
    batch=32,
    rate=5e-4,
    dropout=0.3,
    augmentation="none",
    loss_options={"label_smoothing": 0.05},
    phases=(Phase("attention and head", cached="out_relu"),),
    patience=3,
    watch="macro_auc",
    views=("identity",),
    family="HAM10000 networks",
    ancestor="convolutional network with attention",
    note="begins with the weights of 1.0.0, which learnt from MILK10k and ISIC 2019 too; the trunk is frozen",
)
