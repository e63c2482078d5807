"""Write the results of README.md from the bundle, so that no figure in it is typed.

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
METRICS, POINTS = "results/metrics.csv", "results/operating_points.csv"
COMPARISON = "results/comparison.csv"
SETS = {  # (dataset, split) of the tables -> its column
    ("ham10000", "internal_test"): "HAM10000, internal test",
    ("milk10k", "internal_test"): "MILK10k, internal test",
    ("isic2019", "internal_test"): "ISIC 2019, internal test",
    ("ph2", "external"): "PH2, external",
}
FIGURES = {  # (metric, subject) of results/metrics.csv -> its row
    ("balanced_accuracy", "all"): "Balanced accuracy",
    ("macro_auc", "all"): "Macro AUC",
    ("auc", "malignant"): "Malignant AUC",
    ("auc", "mel"): "Melanoma AUC",
}
AT_LEVEL = {"sensitivity": "Melanoma sensitivity", "specificity": "Melanoma specificity"}
MISSING = "not assessed"
# The first that all of a family have; areas, as no threshold or rule of naming is in them.
COMPARED = {"melanoma_auc": "melanoma AUC", "malignant_auc": "malignant AUC"}
FAMILIES = (
    "The earlier systems that it grew out of, trained again and measured on the same test images of HAM10000. "
    "This model against the best of each family:"
)


def figure(rows: pd.DataFrame, metric: str, subject: str) -> str:
    """Return value and 95 % interval of a figure in one set's rows."""
    found = rows[(rows.metric == metric) & (rows.subject == subject)]
    if found.empty or found.value.isna().any():
        return MISSING
    row = found.iloc[0]
    interval = "no interval" if pd.isna(row.low) else f"{row.low:.3f}\N{EN DASH}{row.high:.3f}"
    return f"{row.value:.3f} ({interval})"


def counts(rows: pd.DataFrame) -> tuple[str, str, str]:
    """Return what one set's figures were counted on: images and those of melanoma, lesions, classes that occur."""
    counted = rows[rows.metric == "accuracy"].iloc[0]
    melanoma = rows.n_images[(rows.metric == "sensitivity") & (rows.subject == "mel")]
    images = f"{counted.n_images:,} ({melanoma.iloc[0]:,})" if len(melanoma) else f"{counted.n_images:,} (0)"
    kinds = rows.subject[(rows.metric == "sensitivity") & (rows.subject != MALIGNANT)].nunique()
    return images, f"{counted.n_lesions:,}", str(kinds)


def of_set(table: pd.DataFrame, chosen: tuple[str, str]) -> pd.DataFrame:
    """Return the rows of one dataset and split."""
    return table[(table.dataset == chosen[0]) & (table.split == chosen[1])]


def results_block(card: Card, metrics: pd.DataFrame, points: pd.DataFrame) -> str:
    """Return the Markdown between the markers.

    Parameters
    ----------
    card : Card
        Gives the model's name, and the level of melanoma that is to rule it out.
    metrics, points : DataFrame
        ``results/metrics.csv`` and ``results/operating_points.csv``. Each of `SETS` that was judged becomes a column.
    """
    wanted = ("mel", "rule_out")
    level = next(point for point in card.raw["thresholds"] if (point["subject"], point.get("role")) == wanted)
    points = points[points.point == level["name"]]
    sets = {chosen: of_set(metrics, chosen) for chosen in SETS}
    sets = {chosen: rows for chosen, rows in sets.items() if len(rows)}
    lines = [["Figure", *(SETS[chosen] for chosen in sets)], ["---"] + ["---:"] * len(sets)]
    names = ("Images (of melanoma)", "Lesions", "Classes that occur")
    lines += [list(line) for line in zip(names, *(counts(rows) for rows in sets.values()), strict=True)]
    lines += [[name, *(figure(rows, *key) for rows in sets.values())] for key, name in FIGURES.items()]
    lines += [
        [name, *(figure(of_set(points, chosen), metric, "mel") for chosen in sets)] for metric, name in AT_LEVEL.items()
    ]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    said = f'Sensitivity and specificity at the level "{level["name"]}" (a melanoma probability of'
    return f"Model `{card.model_id}`, version {card.version}.\n\n{table}\n\n{said} {100 * level['value']:.1f} %)."


def families_block(comparison: pd.DataFrame) -> str:
    """Return a sentence for each family of earlier systems, from ``results/comparison.csv``."""
    lines = []
    for family, systems in comparison.dropna(subset="family").groupby("family"):
        metric = next(name for name in COMPARED if systems[f"{name}_difference"].notna().all())
        best = systems.sort_values(metric, ascending=False).iloc[0]
        value, low, high = (best[f"{metric}_difference{end}"] for end in ("", "_low", "_high"))
        side, (value, low, high) = ("above", (-value, -high, -low)) if value <= 0 else ("below", (value, low, high))
        lines.append(
            f"- {family}: the {COMPARED[metric]} is {value:.3f} ({low:.3f} to {high:.3f}) {side} that of "
            f"`{best.recipe}`, which has {best[metric]:.3f}."
        )
    return "\n".join([FAMILIES, "", *lines])


def block_of(card: Card) -> str:
    """Return the Markdown for a bundle."""
    figures = results_block(card, load_table(card, METRICS), load_table(card, POINTS))
    return f"{figures}\n\n{families_block(load_table(card, COMPARISON))}"


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
