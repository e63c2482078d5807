"""A recipe's options are of the right kind and exist, or one sentence says what there is."""

import pytest

from training import train
from training.fitting.recipe_check import check_recipe
from training.recipe import RecipeError, load_recipe, recipe_names


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("epochs=many", "epochs takes a whole number"), ("epochs=1.5", "epochs takes a whole number"),
        ("epochs=true", "epochs takes a whole number"), ("rate=fast", "rate takes a number"),
        ("masks=1", "masks takes true or false"), ("loss_options=3", "loss_options takes a JSON object"),
        ("phases=[{\"nme\": 1}]", "phases cannot be read"), ("epochs=-1", "epochs must be 0 or more"),
        ("loss=guess", "No loss 'guess'; there are"), ("optimizer=best", "No optimizer 'best'"),
        ("architecture=big", "No architecture 'big'"), ("balancing=fair", "No balancing 'fair'"),
        ("augmentation=wild", "No augmentation 'wild'"), ("datasets=ham", "No datasets 'ham'; there are ham10000"),
        ("label_set=nine", "No label_set 'nine'"), ("views=sideways", "No views 'sideways'"),
        ("precision=int8", "No precision 'int8'"), ("dropout=2", "dropout must lie between"), ("rate=0", "above 0"),
        ("batch=0", "batch must be 1 or more"), ("nonsense", "No option 'nonsense'"),
        ('balancing_options={"exponnent": 0.4}', "No option 'exponnent' of balancing power; there are exponent"),
        ('balancing_options={"seed": 4}', "No option 'seed' of balancing power"),
        ('loss_options={"gamma": 2}', "No option 'gamma' of loss cross_entropy; there are label_smoothing"),
        ('balancing_options={"exponent": "a"}', "exponent in balancing_options must be a number from 0 on, not 'a'"),
        ('source_weights={"milk10k": -1}', "milk10k in source_weights must be a number from 0 on"),
        ('phases=[{"name": "a", "share": "x"}]', "must be numbers above 0"), ("rate=1e999", "rate must be above 0"),
        ("prior_exponent=-1", "prior_exponent must be 0 or more"), ("distil=5", "distil must lie between"),
        ("watch=luck", "No score 'luck' to watch; there are balanced_accuracy"),
        ('phases=[{"name": "a", "share": 0}]', "Share and rate of every phase must be numbers above 0"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_sentence(assignment, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train.main(["mobilenetv2_bundle", "--set", assignment]) == 1
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def test_options_named_twice_are_all_taken(monkeypatch):
    taken = []
    monkeypatch.setattr(train, "_train", lambda recipe, options: taken.append(recipe) or 0)
    assert train.main(["mobilenetv2_160", "--set", "epochs=1", "batch=4", "--set", "rate=0.001"]) == 0
    assert (taken[0].epochs, taken[0].batch, taken[0].rate) == (1, 4, 0.001)


def test_every_recipe_passes_its_own_check():
    for name in recipe_names():
        recipe = load_recipe(name)
        check_recipe(recipe)
        assert recipe.name == name


def test_what_goes_with_an_architecture_or_label_set_is_known():
    with pytest.raises(RecipeError, match="mixup mixes photos and not"):
        check_recipe(load_recipe("metadata_fusion").with_options(["mixup=0.2"]))
    with pytest.raises(RecipeError, match="No score 'melanoma_auc' to watch"):
        check_recipe(load_recipe("isic_three_class").with_options(["watch=melanoma_auc"]))
    with pytest.raises(RecipeError, match="balancing none; it has none"):
        check_recipe(
            load_recipe("mobilenetv2_bundle").with_options(["balancing=none", 'balancing_options={"beta": 1}'])
        )


def test_right_options_keep_their_kind():
    recipe = load_recipe("mobilenetv2_bundle").with_options(
        ["rate=1", "size=96", "views=identity", "note=7", "masks=true"]
    )
    assert (recipe.rate, recipe.size, recipe.views, recipe.note, recipe.masks) == (1.0, 96, ("identity",), "7", True)
    assert isinstance(recipe.rate, float)
