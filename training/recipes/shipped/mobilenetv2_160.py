"""First stage of `mobilenetv2_bundle`: MobileNetV2 on HAM10000 alone, 160 px.

    python -m training.train mobilenetv2_160 --data DATA [--weights imagenet]

Two CPU cores, about 35 minutes. Validation, 1,495 images of unseen lesions: balanced accuracy .71, macro AUC .954,
melanoma AUC .90; the training loss still fell when the schedule ended, so it goes on in the second stage.
"""

from training.recipe import Recipe

RECIPE = Recipe(name="mobilenetv2_160", loss_options={"label_smoothing": 0.05})
