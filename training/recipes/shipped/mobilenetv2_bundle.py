"""One of the shipped model's three trunks, released alone as 1.2.0: a fourth stage at 224 px from `mobilenetv2_soft`.

    python -m training.train mobilenetv2_bundle --data DATA [--weights imagenet]

Trains `mobilenetv2_160`, `mobilenetv2_192` and `mobilenetv2_soft` first when that has not been done. Two CPU cores
shared with other work: 34 + 47 + 77 minutes on TensorFlow, and 92 for this stage on PyTorch. HAM10000 validation
(1,495 images of unseen lesions), four views at 224 px: balanced accuracy .749, macro AUC .967, melanoma AUC .923.
Internal test, 1,512 images: balanced accuracy .78 (.74 to .82), macro AUC .970 (.962 to .976), melanoma AUC .913 (.887
to .938); PH2, 200 images of another clinic: melanoma AUC .905 (.838 to .958).
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="mobilenetv2_bundle",
    start_from="mobilenetv2_soft",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    size=224,
    serve_size=224,
    views=("identity", "flip_left_right", "flip_up_down", "rotate_180"),
    epochs=9,
    rate=4e-4,
    freeze_until="block_3_expand",  # edges and colours, half of the cost at this size, are learnt by now
    augmentation="soft",
    blend=0.5,  # the mean of both stages' weights: better macro AUC and log loss on validation than this stage alone
    prior_exponent=0.2,  # on validation .05 more balanced accuracy for .005 less accuracy
    loss_options={"label_smoothing": 0.05},
)
