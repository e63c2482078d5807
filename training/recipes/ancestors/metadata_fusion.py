"""Photo, age, sex and site together: the trunk of 1.0.0, joined by what is known of the patient before the head.

    python -m training.train metadata_fusion --data DATA [--weights imagenet]

Starts from `mobilenetv2_192`, the weights released as 1.0.0, and trains that first when it has not been done. The
trunk stays as it is. What was not recorded goes in as "not known".

As written, on two CPU cores: 82 minutes. HAM10000 internal test, 1,512 images: accuracy .821 (.795 to .844), balanced
accuracy .766 (.714 to .811), melanoma AUC .903 (.870 to .931), malignant AUC .914 (.888 to .935).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="metadata_fusion",
    start_from="mobilenetv2_192",
    architecture="mobilenetv2_metadata",
    size=160,
    epochs=12,
    batch=32,
    rate=5e-4,
    dropout=0.4,
    augmentation="none",
    loss_options={"label_smoothing": 0.05},
    phases=(Phase("head", cached="out_relu"),),
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="HAM10000 networks",
    ancestor="image and patient data joined",
    note="begins with the weights of 1.0.0, which learnt from MILK10k and ISIC 2019 too; takes age, sex and site",
)
