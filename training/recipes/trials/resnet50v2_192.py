"""A first stage on HAM10000, MILK10k and ISIC 2019: ResNet50V2 to its fourth stage, one trunk of 1.3.0.

KERAS_BACKEND=torch python -m training.train resnet50v2_192 --data DATA [--weights imagenet]

Two CPU cores with bfloat16, shared with other work: 99 minutes. HAM10000 validation (1,495 images of unseen lesions),
one view at 224 px and a tenth of the class shares divided out: balanced accuracy .722, macro AUC .962, melanoma AUC
.909.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="resnet50v2_192",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    architecture="resnet50v2_conv4",
    architecture_options={"learn_normalisation": True},
    size=192,
    serve_size=224,  # crops enlarge lesions in training: at 224 px they are as large as there (Touvron 2019)
    views=("identity", "flip_left_right", "flip_up_down", "rotate_180"),
    epochs=18,
    rate=2e-4,
    weight_decay=0.02,
    dropout=0.3,
    augmentation="soft",
    precision="mixed_bfloat16",  # faster on CPU cores that multiply it, see benchmarks.backends
    loss_options={"label_smoothing": 0.05},
)
