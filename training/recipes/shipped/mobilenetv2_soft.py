"""Third stage of `mobilenetv2_bundle`, released as 1.1.0: soft and small photos too, blended with `mobilenetv2_192`.

    python -m training.train mobilenetv2_soft --data DATA [--weights imagenet]

Trains `mobilenetv2_160` and `mobilenetv2_192` first when that has not been done. Two CPU cores shared with other
work: 34 + 47 + 77 minutes. HAM10000 validation (1,495 images of unseen lesions), four views at 224 px: balanced
accuracy .731, macro AUC .968, melanoma AUC .923. Internal test, 1,512 images: balanced accuracy .77 (.73 to .81),
macro AUC .970 (.963 to .976), melanoma AUC .915 (.890 to .938); PH2, 200 images of another clinic: melanoma AUC
.930 (.878 to .970).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="mobilenetv2_soft",
    start_from="mobilenetv2_192",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    size=192,
    serve_size=224,
    views=("identity", "flip_left_right", "flip_up_down", "rotate_180"),
    epochs=8,
    rate=3e-4,
    freeze_until="block_6_expand",  # after two stages the edges and colours are learnt; a step costs a third
    augmentation="soft",  # photos of half the size must get the same answer
    blend=0.5,  # the mean of both stages' weights: better AUC and log loss on validation than either
    loss_options={"label_smoothing": 0.05},
)
