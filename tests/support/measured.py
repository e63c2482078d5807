"""A card and every results table, made of invented predictions, and how a test walks over the page that shows them."""

import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from model.card import load_card
from model.evaluation.cases import ask, read_cases
from model.evaluation.confusion import confusion_table
from model.evaluation.decisions.abstention import measure_abstention
from model.evaluation.decisions.decision_rules import measure_rules
from model.evaluation.decisions.evidence import measure_answers
from model.evaluation.decisions.prediction_sets import measure_sets
from model.evaluation.decisions.threshold import threshold_table
from model.evaluation.inputs.gate import gate_table
from model.evaluation.inputs.gauges import gauges_table
from model.evaluation.inputs.outline import BARE, ON_LESION, beside_table, frame_table, outline_table
from model.evaluation.inputs.robustness import robustness_table
from model.evaluation.stored import stored_curves, stored_reliability, stored_subgroups
from model.evaluation.summary import summarise
from tests.support.bundles import PATIENT
from training.data.label_sets import LABELS
from training.faithfulness.rows import faithfulness_table, with_gains
from training.judging.patients_measured import informed_tables
from training.judging.sealing import seal
from ui.evaluation.page import VIEWS

APP = str(Path(__file__).resolve().parents[2] / "app.py")
CODES = [code for code, _, _ in LABELS]
POINT = {"name": "melanoma, high sensitivity", "subject": "mel", "value": 0.1}
RULE = {"rule": "balanced", "log_offsets": [0, 0, 0, 0, 0.7, 0, 0], "harms": {"mel": 2.0}, "share_exponent": 0.0}
LIMITS = [{"level": 0.9, "malignant": 0.1, "benign": 0.2}, {"level": 0.95, "malignant": 0.05, "benign": 0.1}]
TABLES = (
    "metrics", "operating_points", "confusion", "predictions", "curves", "reliability", "subgroups", "robustness",
    "informed", "informed_subgroups", "comparison",
    "decision_rules", "prediction_sets", "abstention", "gate", "gauges", "faithfulness", "outline", "outline_frame",
    "outline_beside", "sources",
)  # fmt: skip


def predictions(random: np.random.Generator, dataset: str, split: str, codes: list[str], images: int) -> pd.DataFrame:
    """Two images a lesion, classes in turn, the right one favoured."""
    lesions = np.arange(images) // 2
    targets = np.array([CODES.index(codes[lesion % len(codes)]) for lesion in lesions])
    logits = random.normal(size=(images, len(CODES)))
    logits[np.arange(images), targets] += 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = pd.DataFrame(probabilities, columns=[f"p_{code}" for code in CODES])
    names = [f"ISIC_{len(dataset)}{len(split):02}{number:04}" for number in range(images)]
    lesion_ids = [f"{dataset}_{split}_{number}" for number in lesions]
    return table.assign(
        image_id=names, lesion_id=lesion_ids, dataset=dataset, split=split, label=np.array(CODES)[targets],
        age=random.integers(20, 90, images).astype(float), sex=np.where(lesions % 2, "male", "female"),
        site="upper_extremity", confirmation=np.where(lesions % 9, "histo", "consensus"), skin_tone=np.nan,
    )  # fmt: skip


def operating_points(rows: pd.DataFrame, card) -> pd.DataFrame:
    """What the level does in every set, in the columns of the bundle's table."""
    tables = []
    for (dataset, split), part in rows.groupby(["dataset", "split"], sort=False):
        question = ask(read_cases(part, card.labels), POINT["subject"])
        table = threshold_table(question, POINT["value"], question.truth.mean())
        found = {"dataset": dataset, "split": split, "point": POINT["name"], "threshold": POINT["value"]}
        tables.append(table[table.metric != "number_needed_to_biopsy"].assign(**found, subject=POINT["subject"]))
    return pd.concat(tables)


def states(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The internal test as taken, and under two corruptions, ever less like itself."""
    home, tables = rows[rows.split == "internal_test"], []
    codes = [f"p_{code}" for code in CODES]
    for corruption, severity in [("none", 0), *((name, step) for name in ("blur", "hair") for step in (1, 2, 3))]:
        values = (1 - 0.3 * severity) * home[codes] + 0.3 * severity * random.dirichlet(np.ones(7), len(home))
        setting = f"{corruption} {severity}"
        state = {"corruption": corruption, "severity": severity, "setting": setting, "agreement": 1 - 0.2 * severity}
        tables.append(home.assign(**state, **{code: values[code] for code in codes}))
    return pd.concat(tables, ignore_index=True)


def comparison() -> pd.DataFrame:
    """Three recipes, of which one names two classes only."""
    table = pd.DataFrame(
        {
            "recipe": ["untrained", "ancestor", "two_way"], "ancestor": ["", "somebody", ""],
            "family": [None, "Theses", None], "data": "ham10000",
            "parameters": [2e6, 5e6, 1e6], "milliseconds": [20.0, 60.0, 10.0], "minutes": [80, 30, 10],
            "split": "internal_test", "n_images": 280, "n_lesions": 140, "claimed": ["", "accuracy .94", ""],
            "balanced_accuracy": [0.7, 0.6, np.nan], "malignant_auc": [0.9, 0.8, 0.85],
            "malignant_auc_difference": [np.nan, -0.1, -0.05],
        }
    )  # fmt: skip
    for name in ("balanced_accuracy", "malignant_auc", "malignant_auc_difference"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.03, table[name] + 0.04
    return table


def comparison_classes() -> pd.DataFrame:
    """The two recipes' sensitivities for two classes, of which each is better in one."""
    known = [("untrained", "mel", 0.6), ("untrained", "df", 0.9), ("ancestor", "mel", 0.65), ("ancestor", "df", 0.8)]
    rows = pd.DataFrame(known, columns=["recipe", "subject", "value"]).assign(metric="sensitivity", n_images=40)
    return rows.assign(low=rows.value - 0.05, high=rows.value + 0.05, n_lesions=30)


def gate(random: np.random.Generator) -> pd.DataFrame:
    """What two gates made of dermoscopic photos, close-ups and pages of text."""
    kinds = ["ham10000"] * 60 + ["ph2"] * 40 + ["close_up"] * 30 + ["text"] * 20
    rows = pd.DataFrame({"kind": kinds, "lesion_id": [f"lesion_{number // 2}" for number in range(150)]})
    rows = rows.assign(real=rows.kind.isin(["ham10000", "ph2"]), corruption="as taken", step=0, skin_tone=np.nan)
    rows["split"] = np.where(rows.kind == "ph2", "external", "internal_test")
    rows["label"] = np.where(rows.real, np.where(rows.index % 3, "nv", "mel"), None)
    rows["side"], rows["age"] = rows.label.map({"nv": "benign", "mel": "malignant"}), np.where(rows.real, 50.0, np.nan)
    worse = rows[rows.kind == "ham10000"].assign(corruption="blur", step=1)
    rows = pd.concat([rows, worse], ignore_index=True)
    scores = {name: random.uniform(size=len(rows)) + ~rows.real.to_numpy() for name in ("logistic", "energy")}
    unseen = dict.fromkeys(("close_up", "text"), (scores["logistic"], 0.9))
    return gate_table(rows, scores, {"logistic": 0.9, "energy": 0.9}, unseen)


def gauges(random: np.random.Generator) -> pd.DataFrame:
    """What two gauges told of photos as taken, of blurred copies, and of photos with a score."""
    rows = pd.DataFrame({"lesion_id": [f"lesion_{number // 2}" for number in range(80)], "split": "internal_test"})
    rows = rows.assign(dataset="ham10000", true=rows.index % 2 == 0)
    rows["beyond"] = random.normal(size=80) + rows.true
    truths = {
        "blur, step 1": rows.assign(gauge="sharpness", dataset="copies"),
        "top tenth of MONET_hair": rows.assign(gauge="hair", score=rows.beyond + random.normal(size=80)),
    }
    return gauges_table(pd.concat([rows.assign(gauge="sharpness"), rows.assign(gauge="hair")]), truths)


def faithfulness(random: np.random.Generator) -> pd.DataFrame:
    """Figures of two maps and a baseline over 14 photos, Layer-CAM clearly better than Grad-CAM on validation."""
    known = {"dataset": "ham10000"}
    metrics = ("insertion less deletion", "pointing game", "energy in the lesion", "agreement with layercam")
    found = [
        known | {"split": split, "image_id": f"{split}{photo}", "lesion_id": f"{split}{photo}",
                 "label": CODES[photo % 7], "method": method, "metric": metric, "value": base + 0.02 * random.random()}
        for split in ("validation", "internal_test")
        for photo in range(14)
        for method, base in (("gradcam", 0.3), ("layercam", 0.5), ("random", 0.0))
        for metric in metrics
    ]  # fmt: skip
    found += [
        known | {"split": "internal_test", "image_id": f"test{photo}", "lesion_id": f"test{photo}", "label": "nv",
                 "method": method, "metric": "same map, random head", "value": base + 0.02 * random.random()}
        for photo in range(14)
        for method, base in (("gradcam", 0.1), ("layercam", 0.95))
    ]  # fmt: skip
    return faithfulness_table(with_gains(pd.DataFrame(found)), CODES, random, 40)


def outlined(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Agreement of every photo's outline with a mask."""
    jaccard = random.uniform(0.7, 1, len(rows))
    codes = dict.fromkeys(("no_lesion", "several_lesions"), False)
    return rows.assign(jaccard=jaccard, dice=2 * jaccard / (1 + jaccard), lesion_at_border=jaccard < 0.8, **codes)


def framed(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The chance of melanoma in two frames, on validation."""
    part = rows[rows.split == "validation"]
    moved = part.p_mel + random.normal(0, 0.05, len(part))
    return part.assign(margin=0.5, melanoma=part.label == "mel", usual=part.p_mel, fitted=moved)


def beside(rows: pd.DataFrame) -> pd.DataFrame:
    """Frames of one size: those on skin are refused, and of those on the lesion every tenth."""
    part = rows[rows.split == "validation"].assign(share=0.2)
    skin, lesion = part.assign(shows=BARE, refused=True), part.assign(shows=ON_LESION, refused=part.index % 10 == 0)
    return pd.concat([skin, lesion])


def build_measured(folder: Path) -> Path:
    """Write the card and every results table, as the training commands do; there are no weights."""
    (folder / "results").mkdir(parents=True)
    labels = [{"index": i, "code": code, "name": name, "malignant": bad} for i, (code, name, bad) in enumerate(LABELS)]
    card = {
        "schema": 1, "model_id": "untrained", "version": "0.0.1",
        "weights": {"file": "weights.keras", "sha256": ""},
        "input": {"shape": [64, 64, 3], "dtype": "float32", "range": [0, 255]},
        "output": {"labels": labels}, "inference": {"views": ["identity"]},
        "calibration": {"temperature": 1.5, "dataset": "isic2019"}, "patient": PATIENT,
        "explain": {"layer": "none", "logits_layer": "logits"},
        "thresholds": [POINT], "tables": {}, "decision": RULE, "prediction_sets": {"levels": LIMITS},
    }  # fmt: skip
    (folder / "card.json").write_text(json.dumps(card))
    random, card = np.random.default_rng(0), load_card(folder)
    sets = [("isic2019", "validation", CODES, 140), ("ham10000", "internal_test", CODES, 280)]
    rows = pd.concat([predictions(random, *one) for one in [*sets, ("ph2", "external", ["mel", "nv"], 60)]])
    tables = {
        "predictions": rows,
        "metrics": summarise(rows, card.labels, random, 40),
        "confusion": confusion_table(rows, card.labels),
        "curves": stored_curves(rows, card.labels, random, 40),
        "operating_points": operating_points(rows, card),
        "reliability": stored_reliability(rows, card.labels, card.temperature, random, 40),
        "subgroups": stored_subgroups(rows, card.labels, [POINT], random, 40),
        "robustness": robustness_table(states(rows, random), card.labels, POINT["value"], random, 40),
        "comparison": comparison(),
        "comparison_classes": comparison_classes(),
        "decision_rules": measure_rules(rows, card, np.array(RULE["log_offsets"]), random),
        "prediction_sets": measure_sets(rows, card, LIMITS, random),
        "abstention": measure_abstention(rows, card, np.array(RULE["log_offsets"]), random),
        "answers_like_this": measure_answers(rows, card),
        "gate": gate(random),
        "gauges": gauges(random),
        "faithfulness": faithfulness(random),
        "outline": outline_table(outlined(rows, random)),
        "outline_frame": frame_table(framed(rows, random)),
        "outline_beside": beside_table(beside(rows)),
        "sources": sources(),
        "sources_fine_tuned": sources_fine_tuned(),
        **informed_tables(rows, card, random, 40),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"results/{name}.csv", index=False)
    seal(folder)
    return folder


def sources() -> pd.DataFrame:
    """The study of image sets, one row of each kind of choice for each set and figure."""
    learnt = [("sets", "everything", ""), ("sets", "without", "milk10k"), ("sets", "alone", "ham10000"),
              ("images", "share", "12.5 %"), ("labels", "unconfirmed_out", "")]  # fmt: skip
    rows = [
        {"study": study, "learnt": name, "of": of, "metric": metric, "value": 0.8 - place / 100, "low": 0.7,
         "high": 0.9, "difference": -place / 100, "difference_low": -place / 50, "difference_high": place / 200,
         "n_images": 90, "n_lesions": 60, "dataset": dataset, "train_images": 500 - place}
        for dataset in ("ham10000", "milk10k") for place, (study, name, of) in enumerate(learnt)
        for metric in ("melanoma_auc", "balanced_accuracy")
    ]  # fmt: skip
    probe = {"study": "probe", "learnt": "melanoma", "of": "", "metric": "melanoma_auc", "value": 0.6, "low": 0.5,
             "high": 0.7, "n_images": 180, "n_lesions": 120, "dataset": "ham10000+milk10k",
             "train_images": 500}  # fmt: skip
    table = pd.DataFrame([*rows, probe])
    return table.assign(
        split="validation", interval="bootstrap by lesion, 40", learner="one layer on a frozen network, 96 px"
    )


def sources_fine_tuned() -> pd.DataFrame:
    """The same study with whole networks: sets left out, and what may help a set that was never seen."""
    names = {"alone": "without_even", "share": "without_adversarial", "unconfirmed_out": "without"}
    table = sources().replace({"learnt": names | {"melanoma": "everything"}})
    left_out = table["learnt"].str.startswith("without")
    return table.assign(
        of=np.where(left_out, "milk10k", ""), difference=table["difference"] - 0.1, learner="a network, 64 px"
    )


def open_page():
    return AppTest.from_file(APP, default_timeout=30).switch_page("pages/evaluation.py").run()


def places() -> list[str]:
    """Return every view of the evaluation page that has no parts, and every part of the others."""
    return [place for view, panels in VIEWS.items() for place in (panels if isinstance(panels, dict) else (view,))]


def go(page, place: str):
    """Open a view, or a part of one."""
    view = next(view for view, panels in VIEWS.items() if place == view or place in panels)
    page = page.button_group(key="view").set_value(view).run()
    return page if place == view else page.button_group(key="view_part").set_value(place).run()


def text(page) -> str:
    """Everything written on the page, less the style sheet."""
    html = [element.value for element in page.get("html") if "<style" not in element.value]
    kinds = (page.caption, page.info, page.warning, page.markdown, page.header)
    return " ".join(html + [element.value for kind in kinds for element in kind])


def charts(page) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def numbers(values) -> list:
    """Return the numbers of a chart, which Plotly sends as a list or as bytes."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return list(values)
