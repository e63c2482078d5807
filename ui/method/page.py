"""The sections of the method page, from the card and tables of the bundle alone."""

import pandas as pd
import streamlit as st

from model.card import Card
from model.errors import BundleError, LesionscopeError
from model.evaluation.plots import LinesDisplay
from ui import evidence
from ui.dataset import wording as dataset_wording
from ui.method import wording
from ui.method.changed import changed
from ui.method.comparison import comparison
from ui.method.cost import cost
from ui.method.gains import gains

HISTORY = "results/history.csv"


def _built(card: Card) -> dict:
    built = card.raw.get("built", {})
    if not isinstance(built.get("recipe"), dict):
        raise LesionscopeError("no_recipe", wording.NO_RECIPE)
    return built


def _stages(built: dict) -> list[dict]:
    """Return recipe, epochs and minutes of every stage, the last one that of the model itself."""
    last = {name: built.get(name) for name in ("recipe", *wording.TRAINED)}
    return [*built.get("stages", []), last]


def recipe(card: Card) -> None:
    """Show the model's data and network, and every setting of every stage."""
    built = _built(card)
    stages = _stages(built)
    st.header(wording.IN_SHORT)
    st.markdown(_summary(card, built, stages))
    names = [wording.STAGE.format(number) for number in range(1, len(stages) + 1)]
    if stages[-1]["recipe"].get("members"):
        names[-1] = wording.JOINED_STAGE
    rows = _rows(stages)
    alike, unlike = _parted(rows, [bool(stage["recipe"].get("epochs")) for stage in stages])
    evidence.grid(wording.STAGES, (wording.SETTING, *names), unlike)
    if alike:
        evidence.grid(wording.IN_ALL_STAGES, (wording.SETTING, ""), alike)
    libraries = ", ".join(f"{name} {version}" for name, version in built.get("libraries", {}).items())
    commit, manifest = (str(built.get(name, ""))[:12] for name in ("git_commit", "manifest_sha256"))
    st.caption(wording.RECORD.format(commit=commit, manifest=manifest, libraries=libraries))
    table = pd.DataFrame(rows, columns=[wording.SETTING, *names])
    evidence.origin(card, (), wording.RECIPE_METHOD, table, "recipe.csv", wording.TRAIN_COMMAND.format(card.model_id))


def _rows(stages: list[dict]) -> list[tuple]:
    rows = [
        (said, *(wording.setting(name, stage["recipe"]) for stage in stages))
        for name, said in wording.SETTINGS.items()
        if any(name in stage["recipe"] for stage in stages)
    ]
    return rows + [
        (said, *(stage.get(name, wording.NO_SETTING) for stage in stages)) for name, said in wording.TRAINED.items()
    ]


def _parted(rows: list[tuple], trained: list[bool]) -> tuple[list[tuple], list[tuple]]:
    """Separate settings with one value in all stages, as (name, value), from those that change.

    A stage without training is ignored where it has no setting. With a single stage, no setting counts as common.
    """
    alike, unlike = [], []
    for row in rows:
        said, *cells = row
        values = {cell for cell, learns in zip(cells, trained, strict=True) if learns or cell != wording.NO_SETTING}
        if sum(trained) > 1 and len(values) == 1:
            alike.append((said, values.pop()))
        else:
            unlike.append(row)
    return alike, unlike


def _divided_out(stages: list[dict]) -> float:
    """Return the exponent of the class shares to divide out: the model's own plus its members', by their shares."""
    own = stages[-1]["recipe"]
    if own.get("last_layer_penalty"):  # what its members had divided out is learnt again with the last layer
        return own.get("prior_exponent", 0)
    powers = {stage["recipe"]["name"]: stage["recipe"].get("prior_exponent", 0) for stage in stages}
    names = own.get("members") or ()
    shares = own.get("shares") or [1 / len(names) for _ in names]
    return powers[own["name"]] + sum(share * powers[name] for share, name in zip(shares, names, strict=True))


def _last_layer(built: dict) -> dict[str, int]:
    """Return the counts of images, lesions and folds that the last layer learnt from again; empty if it did not."""
    said = built.get("last_layer")
    if said is None:
        return {}
    counts = {name: said.get(name) for name in ("n_images", "n_lesions", "folds")} if isinstance(said, dict) else {}
    if not counts or not all(isinstance(count, int) and count > 1 for count in counts.values()):
        raise BundleError("last_layer", "The entry built.last_layer of card.json is damaged; restore it.")
    return counts


def _summary(card: Card, built: dict, stages: list[dict]) -> str:
    fitted = card.raw["calibration"]
    where = f"{dataset_wording.set_name(fitted.get('dataset', ''))} {fitted.get('fitted_on', '')}".strip()
    exponent = _divided_out(stages)
    prior = wording.PRIOR.format(exponent) if exponent else ""
    trained = sum(bool(stage.get("epochs")) for stage in stages)
    again = _last_layer(built)
    joined = wording.SIDE_BY_SIDE if again else wording.JOINED
    summary = wording.SUMMARY.format(
        architecture=wording.setting("architecture", built["recipe"]),
        parameters=card.raw["weights"].get("parameters", 0),
        pretrained=f"`{built.get('pretrained_weights', '')}`",
        stages=wording.ONE_STAGE if trained == 1 else wording.MORE_STAGES.format(trained),
        joined=joined if built["recipe"].get("members") else "",
        last_layer=wording.LAST_LAYER.format_map(again) if again else "",
        images=built.get("train_images", 0),
        lesions=built.get("train_lesions", 0),
        sets=", ".join(map(dataset_wording.set_name, built.get("train_datasets", []))),
        temperature=card.temperature,
        calibrated=where,
    )
    told = wording.TOLD.format(card.effects.power, where) if card.effects else ""
    return summary + prior + told


def curves(card: Card) -> None:
    """Show how training went, epoch by epoch over the stages."""
    table = evidence.table(card, HISTORY)
    history = table.assign(place=range(1, len(table) + 1))
    st.caption(wording.CURVES_HINT)
    fitted = card.raw["calibration"]
    if "n_images" in fitted:
        st.caption(wording.VALIDATION_SIZE.format(fitted["n_images"], fitted["n_lesions"]))
    column = "stage" if "stage" in history else None
    named = history[column].astype(str).str.replace("_", " ") if column else ""
    offered = [name for name in wording.FIGURES if name in history]
    if column is None and len(_stages(card.raw.get("built", {}))) > 1:
        st.caption(wording.LAST_STAGE.format("the last", len(_stages(card.raw["built"]))))
    charts = [(wording.LOSS, {wording.LOSS: "loss"})]
    if offered:
        chosen = st.selectbox(wording.SHOWN, offered, format_func=wording.FIGURES.get, key="progress",
                              persist_state="session")  # fmt: skip
        parts = {wording.HOME_SET: chosen, wording.OTHER_SETS: wording.OTHER[chosen]}
        charts.append((wording.FIGURES[chosen], {name: part for name, part in parts.items() if part in history}))
    for place, (title, parts) in zip(st.columns(len(charts), gap="large"), charts, strict=True):
        with place:
            st.header(title)
            evidence.chart(LinesDisplay(_lines(history, named, parts), wording.EPOCH, title), title)
    command = wording.TRAIN_COMMAND.format(card.model_id)
    evidence.origin(card, (HISTORY,), wording.CURVES_METHOD, table, "history.csv", command)


def _lines(history: pd.DataFrame, stages: "pd.Series | str", parts: dict[str, str]) -> pd.DataFrame:
    """Return series, x, value of the wanted columns, a line for each part and stage."""
    lines = []
    for name, column in parts.items():
        line = pd.DataFrame({"x": history["place"], "value": history[column]})
        whole = stages + ", " + name if isinstance(stages, pd.Series) and len(parts) > 1 else stages
        lines.append(line.assign(series=whole if isinstance(stages, pd.Series) else name).dropna(subset="value"))
    return pd.concat(lines, ignore_index=True)


def _commands(card: Card) -> str:
    """Return the commands that make this model; sets, and networks that a GPU taught, are those of the card."""
    built = _built(card)
    taught = [stage["recipe"]["name"] for stage in built.get("stages", []) if stage["recipe"].get("teachers")]
    unpack = wording.UNPACK.format(" ".join(taught)) if taught else ""
    return wording.COMMANDS.format(recipe=card.model_id, sets=" ".join(built["recipe"]["datasets"]), unpack=unpack)


def again(card: Card) -> None:
    """Show the commands that train this model again."""
    st.markdown(wording.AGAIN)
    st.code(_commands(card), language="sh", wrap_lines=True)
    st.markdown(wording.EACH)
    st.markdown(wording.TABLES)
    st.code(wording.TABLE_COMMANDS, language="sh", wrap_lines=True)
    st.markdown(wording.SERVE)
    st.code(wording.SERVE_COMMAND, language="sh", wrap_lines=True)


SECTIONS = {
    "Recipe": (recipe,),
    "Training curves": (curves,),
    "Systems compared": (comparison,),
    "Two models": (changed,),
    "What it costs": (cost,),
    "What would help": (gains,),
    "Make it again": (again,),
}
