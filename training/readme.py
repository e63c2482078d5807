"""Write the results table of README.md from the bundle, so that no figure in it is typed.

python -m training.readme
"""

import argparse
from pathlib import Path

import pandas as pd

from model.card import Card, load_card
from model.errors import LesionscopeError
from model.evaluation.cases import MALIGNANT
from model.evaluation.tables import load_table
from training.command import one_sentence

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
METRICS, BASELINE = "results/metrics.csv", "results/baseline_metrics.csv"
DATASETS = {"ham10000": "HAM10000", "ph2": "PH2", "milk10k": "MILK10k", "isic2019": "ISIC 2019"}
FIGURES = {  # (metric, subject) of results/metrics.csv -> its name in the table
    ("balanced_accuracy", "all"): "Balanced accuracy, mean over the classes of the set",
    ("accuracy", "all"): "Accuracy, the most probable of all classes",
    ("macro_auc", "all"): "AUC, mean over the classes of the set",
    ("auc", "malignant"): "AUC, malignant against benign",
    ("auc", "mel"): "AUC, melanoma against the rest",
    ("ece", "all"): "Expected calibration error",
}


def figure(rows: pd.DataFrame, metric: str, subject: str) -> str:
    """Return value and 95 % interval of a figure in one set's metrics; of a share of a class, n as well."""
    found = rows[(rows.metric == metric) & (rows.subject == subject)]
    if found.empty or found.value.isna().any():
        return "not assessed"
    row = found.iloc[0]
    images = f", n = {row.n_images:,}" if metric == "sensitivity" else ""
    interval = "no interval" if pd.isna(row.low) else f"{row.low:.3f} to {row.high:.3f}"
    return f"{row.value:.3f} ({interval}){images}"


def judged_sets(metrics: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return heading -> rows of every set of images but validation, which chose things."""
    judged, sets = metrics[metrics.split != "validation"], {}
    for (dataset, split), rows in judged.groupby(["dataset", "split"], sort=False):
        counted = rows[rows.metric == "accuracy"].iloc[0]
        images, lesions = f"{counted.n_images:,} images", f"{counted.n_lesions:,} lesions"
        name = f"{DATASETS.get(dataset, dataset)}, {split.replace('_', ' ')}"
        sets[f"{name}: {images} of {lesions}, {_classes(rows)}"] = rows
    return sets


def _classes(rows: pd.DataFrame) -> str:
    """Say how many classes occur in a set: a mean over classes means something else where few do."""
    kinds = rows.subject[(rows.metric == "sensitivity") & (rows.subject != MALIGNANT)].nunique()
    return f"{kinds} class" if kinds == 1 else f"{kinds} classes"


def results_block(card: Card, metrics: pd.DataFrame, baseline: pd.DataFrame | None = None) -> str:
    """Return the Markdown between the markers.

    Parameters
    ----------
    card : Card
        Gives the model's name and the full names of the classes.
    metrics : DataFrame
        ``results/metrics.csv``. Every set of images but validation becomes a column.
    baseline : DataFrame, optional
        The same table for a frozen trunk with logistic regression.
    """
    sets = judged_sets(metrics)
    if baseline is not None:
        sets |= {f"Frozen trunk on {heading}": rows for heading, rows in judged_sets(baseline).items()}
    figures = FIGURES | {("sensitivity", label.code): f"Sensitivity, {label.name}" for label in card.labels}
    lines = [["Figure", *sets], ["---"] + ["---:"] * len(sets)]
    lines += [[name, *(figure(rows, *key) for rows in sets.values())] for key, name in figures.items()]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"Model `{card.model_id}`, version {card.version}.\n\n{table}"


def block_of(card: Card) -> str:
    """Return the Markdown for a bundle, its baseline included where the card lists one."""
    listed = BASELINE in card.raw.get("tables", {})
    return results_block(card, load_table(card, METRICS), load_table(card, BASELINE) if listed else None)


def with_results(readme: str, block: str) -> str:
    """Return the README's text with what stands between the markers replaced."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise LesionscopeError("readme_markers", f"README.md needs {BEGIN} and, after it, {END}.")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


@one_sentence
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    README.write_text(with_results(README.read_text(encoding="utf-8"), block_of(load_card())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
