"""First stage of `inceptionv3_224`: Inception V3 to mixed8 on HAM10000, MILK10k and ISIC 2019.

KERAS_BACKEND=torch python -m training.train inceptionv3_192 --data DATA [--weights imagenet]

Two CPU cores with bfloat16, shared with other work: 88 minutes. HAM10000 validation (1,495 images of unseen lesions),
one view at 224 px and the class shares to the power .15 divided out: balanced accuracy .729, macro AUC .963, melanoma
AUC .919. These had stopped rising after twelve epochs.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="inceptionv3_192",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    architecture="inceptionv3",
    architecture_options={"learn_normalisation": True},
    unfold=16,  # in the file its normalisation is folded into the kernels, where batch statistics would destroy it
    size=192,
    serve_size=224,  # crops enlarge lesions in training: at 224 px they are as large as there (Touvron 2019)
    views=("identity",),
    epochs=17,
    rate=2e-4,
    weight_decay=0.02,
    dropout=0.3,
    augmentation="standard",
    mixup=0.2,  # unlike MobileNetV2 and EfficientNet-Lite2: networks that were taught differently err on other photos
    precision="mixed_bfloat16",  # faster on CPU cores that multiply it, see benchmarks.backends
    loss_options={"label_smoothing": 0.05},
)
