"""Write the results table of README.md from the bundle, so that no figure in it is typed.

python -m training.readme
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from model.card import Card, load_card
from model.errors import LesionscopeError
from model.evaluation.tables import load_table

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
DATASETS = {"ham10000": "HAM10000", "ph2": "PH2", "milk10k": "MILK10k", "isic2019": "ISIC 2019"}
FIGURES = {  # (metric, subject) of results/metrics.csv -> what the reader is told it is
    ("balanced_accuracy", "all"): "Balanced accuracy, seven classes",
    ("accuracy", "all"): "Accuracy, seven classes",
    ("macro_auc", "all"): "AUC, mean of the seven classes",
    ("auc", "malignant"): "AUC, malignant against benign",
    ("auc", "mel"): "AUC, melanoma against the rest",
    ("ece", "all"): "Expected calibration error",
}


def cell(rows: pd.DataFrame) -> str:
    """Return value, 95 % interval and n of a figure, given its row of metrics, or no row at all."""
    if rows.empty or rows.value.isna().any():
        return "not assessed"
    row = rows.iloc[0]
    return f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f}), n = {row.n_images:,}"


def results_block(card: Card, metrics: pd.DataFrame) -> str:
    """Return the Markdown between the markers.

    Parameters
    ----------
    card : Card
        Gives the model's name and the full names of the classes.
    metrics : DataFrame
        ``results/metrics.csv``. Every set of images but validation, which chose things, becomes a column.
    """
    judged = metrics[metrics.split != "validation"]
    sets = {key: part for key, part in judged.groupby(["dataset", "split"], sort=False)}
    figures = FIGURES | {("sensitivity", label.code): f"Sensitivity, {label.name}" for label in card.labels}
    header = [f"{DATASETS.get(dataset, dataset)}, {split.replace('_', ' ')}" for dataset, split in sets]
    lines = [["Figure", *header], ["---"] + ["---:"] * len(sets)]
    for (metric, subject), name in figures.items():
        found = (part[(part.metric == metric) & (part.subject == subject)] for part in sets.values())
        lines.append([name, *map(cell, found)])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"Model `{card.model_id}`, version {card.version}.\n\n{table}"


def with_results(readme: str, block: str) -> str:
    """Return the README's text with what stands between the markers replaced."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise LesionscopeError("readme_markers", f"README.md needs {BEGIN} and, after it, {END}.")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    try:
        card = load_card()
        block = results_block(card, load_table(card, "results/metrics.csv"))
        README.write_text(with_results(README.read_text(encoding="utf-8"), block), encoding="utf-8")
    except LesionscopeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
