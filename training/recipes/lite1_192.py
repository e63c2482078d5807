"""EfficientNet-Lite1 on HAM10000, MILK10k and ISIC 2019, in one stage: tried as a fourth trunk of the shipped model.

KERAS_BACKEND=torch python -m training.train lite1_192 --data DATA

Its ImageNet weights come in a package (see training/requirements.txt). Two CPU cores on PyTorch: 67 minutes, shared
with other work. HAM10000 validation (1,495 images of unseen lesions), one view at 224 px and the class shares to the
power .1 divided out: balanced accuracy .716, macro AUC .960, melanoma AUC .901, malignant AUC .922. As a fourth trunk
it lowered log loss, melanoma AUC and balanced accuracy (results/ablation.csv), so it is not shipped.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="lite1_192",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    architecture="efficientnet_lite1",
    size=192,
    serve_size=224,  # crops enlarge lesions in training: at 224 px they are as large as there (Touvron 2019)
    views=("identity",),
    epochs=10,
    rate=4e-4,
    weight_decay=0.02,
    freeze_until="lite1_4_expand",  # edges and colours, half of the cost, need no learning on photos of skin
    augmentation="standard",
    loss_options={"label_smoothing": 0.05},
)
