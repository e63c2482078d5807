"""`inceptionv3_esteva` with everything against imbalance: sampler, class weights, focal loss, augmentation, dropout.

    python -m training.train inceptionv3_imbalance --data DATA --weights FILE
    python -m training.train inceptionv3_imbalance --data DATA --weights imagenet \\
        --set size=299 'architecture_options={"until": "mixed10"}'

Large classes are cut and small ones repeated to the same number; scikit-learn's class weights are one after that, so
the sampler does their part. Its ancestor reports, on the official ISIC 2018 test images, a seven-way accuracy of
.6984 and a malignant AUC of .89.

As written, on two CPU cores shared with other work: 25 minutes. HAM10000 internal test, 1,512 images: accuracy .722
(.694 to .749), balanced accuracy .629 (.567 to .691), melanoma AUC .820 (.780 to .856), malignant AUC .864 (.834 to
.893).
"""

from training.recipe import Phase, Recipe

RECIPE = Recipe(
    name="inceptionv3_imbalance",
    architecture="inceptionv3",
    architecture_options={"until": "mixed8"},
    size=224,
    epochs=14,
    batch=32,
    rate=1e-3,
    optimizer="adam",
    dropout=0.5,
    augmentation="standard",
    balancing="combined",
    balancing_options={"per_class": 500},
    loss="focal",
    loss_options={"gamma": 2.0},
    phases=(
        Phase("head", share=4, rate=1.0, cached="mixed7", freeze_until="logits"),
        Phase("top", share=10, rate=0.2, cached="mixed7", epoch_images=3500),
    ),
    validation_images=750,
    patience=4,
    watch="macro_auc",
    views=("identity",),
    family="Inception V3 after Esteva",
    ancestor="Inception V3 with over- and under-sampling, class weights, augmentation, dropout, focal loss and Adam",
    claimed="official ISIC 2018 test: seven-way accuracy .6984, malignant AUC .89",
    note=(
        "Inception V3 to mixed8 at 224 px, of which mixed8 and a new head learn, instead of the full network at 299 px"
    ),
)
