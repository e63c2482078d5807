"""MobileNetV2 fine-tuned on HAM10000.

python -m training.train mobilenetv2_bundle --data DATA --run runs/mobilenetv2_bundle
"""

from training.recipe import Recipe

RECIPE = Recipe(name="mobilenetv2_bundle", loss_options={"label_smoothing": 0.05})
