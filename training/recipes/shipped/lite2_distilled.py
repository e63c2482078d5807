"""One of the three trunks of the shipped model: EfficientNet-Lite2 taught by three networks' mean answer and labels.

python -m training.accelerator.train lite2_wide:105 resnet50v2_wide:85 mobilenetv2_wide:65 lite2_distilled:222 ...

On a GPU, see docs/accelerator.md: 222 seconds after the three teachers, mean of these weights and of 118 seconds more.
HAM10000 validation (1,495 images of unseen lesions), one view at 224 px, with a temperature fitted there: log loss
.454, melanoma AUC .922, malignant AUC .937, a little behind the three trunks of 1.7.0 (.430, .931, .940) at a third of
their cost. The training loss still fell.

Tried since without gain, alone or joined: the mean of these weights and `lite2_192`'s with batch normalisation renewed
(REPAIR, Jordan et al. 2023), and some hundred steps more with the shipped model as the teacher.
"""

import dataclasses

from training.recipes.shipped.lite2_wide import RECIPE as LITE2

RECIPE = dataclasses.replace(
    LITE2,
    name="lite2_distilled",
    start_from="lite2_wide",
    teachers=("lite2_wide", "resnet50v2_wide", "mobilenetv2_wide"),
    distil=0.7,
    rate=7e-4,
    weight_decay=0.03,
    dropout=0.2,
    mixup=0.2,  # more photos than there are: the teacher answers to mixtures too
    loss_options={},
    seed=2019,
)
