"""The study of image sets on Evaluation: one layer, or whole networks, that have not seen a set."""

import pandas as pd
import pytest

from tests.support.measured import charts, go, numbers


def test_sources_draw_the_change_against_all_training_images(page, measured_bundle):
    shown = go(page, "Sets left out").selectbox(key="judged_on").set_value("milk10k").run()
    rows = pd.read_csv(measured_bundle / "results/sources.csv")
    rows = rows[(rows["dataset"] == "milk10k") & (rows["metric"] == "melanoma_auc")]
    trace = charts(shown)[-1]["data"][0]
    assert numbers(trace["x"]) == pytest.approx(list(rows["difference"][1:]))
    labels = charts(shown)[-1]["layout"]["yaxis"]["ticktext"]
    assert labels[0].replace("<br>", " ") == "Without MILK10k: 499 images"
    assert "HAM10000 alone" in labels[1] and "12.5 % of the training lesions" in labels[2].replace("<br>", " ")
    assert "Unconfirmed labels left out" in labels[3].replace("<br>", " ")
    captions = " ".join(element.value for element in shown.caption)
    assert "Not the model that answers here" in captions and "0.800 (0.700 to 0.900) on MILK10k, validation" in captions
    written = " ".join(element.value for element in shown.get("html"))
    assert "Melanoma from the set alone, AUC" in written and "<b>0.600</b>" in written
    assert "On validation images of HAM10000, MILK10k" in captions and "0.500 of the sets" in captions
    said = " ".join(element.value for element in shown.markdown)
    assert "Never having seen MILK10k: -0.010 (-0.020 to 0.005), no clear difference." in said
    assert "kept: -0.040 (-0.080 to 0.020), no clear difference." in said and "HAM10000:" not in said


def test_sources_show_whole_networks_where_they_were_trained(page, measured_bundle):
    shown = go(page, "Sets left out").selectbox(key="judged_on").set_value("milk10k").run()
    shown = shown.button_group(key="learner").set_value("results/sources_fine_tuned.csv").run()
    labels = [label.replace("<br>", " ") for label in charts(shown)[-1]["layout"]["yaxis"]["ticktext"]]
    assert labels[1] == "Without MILK10k, sets drawn evenly: 498 images"
    said = " ".join(element.value for element in shown.markdown)
    assert "- Never having seen MILK10k: -0.110" in said and "features that must not tell the set: -0.130" in said
    captions = " ".join(element.value for element in shown.caption)
    assert "a network, 64 px, so that a set that is left out" in captions and "--fine-tune" in captions
    assert "All sets" in " ".join(element.value for element in shown.get("html"))
    assert "recognised by a linear layer on the features of each network" in captions and "0.500 would be" in captions
