"""One of the three trunks of the shipped model: EfficientNet-Lite2 on HAM10000, MILK10k and ISIC 2019, in one stage.

KERAS_BACKEND=torch python -m training.train lite2_192 --data DATA

Its ImageNet weights come in a package (see training/requirements.txt). Two CPU cores on PyTorch: 70 minutes. HAM10000
validation (1,495 images of unseen lesions), one view at 224 px and the class shares to the power .1 divided out, as in
the joined model: balanced accuracy .713, macro AUC .959, melanoma AUC .919, malignant AUC .932. The training loss still
fell; validation log loss was flat over the last two epochs. Trained again from another seed (`--set seed=2019`, 114
minutes on a slower machine) its log loss is .494 instead of .500 alone, and .429 instead of .430 in the joined model
of 1.7.0.
"""

from training.recipe import Recipe

RECIPE = Recipe(
    name="lite2_192",
    datasets=("ham10000", "milk10k", "isic2019"),  # more clinics and cameras than HAM10000 alone
    architecture="efficientnet_lite2",
    size=192,
    serve_size=224,  # crops enlarge lesions in training: at 224 px they are as large as there (Touvron 2019)
    views=("identity",),
    epochs=10,
    rate=4e-4,
    weight_decay=0.02,
    freeze_until="lite_4_expand",  # edges and colours, half of the cost, need no learning on photos of skin
    augmentation="standard",
    loss_options={"label_smoothing": 0.05},
)
