"""Parts that pages share: tables read once, charts, figures and their origin."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.card import Card
from model.errors import TableError
from model.evaluation.plots import CONFIG, Display
from ui import wording as shared

Set = tuple[str, str]  # dataset, split
CHOICE = 230  # pixels of one choice in the bar


def table(card: Card, name: str, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a table of the bundle; it is read again when the card or the file has changed.

    Raises
    ------
    TableError
        As `load_table`, or if it lacks one of ``columns``, has something else in one, or has them and no row.
    """
    path = card.bundle_dir / name
    stamp = (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else None
    found = _read(card, str(path), card.raw.get("tables", {}).get(name), stamp, name)
    missing = [column for column in columns if column not in found]
    wrong = [column for column in columns if column in found and len(found) and not _of_its_kind(found[column])]
    if wrong:
        raise TableError("damaged", f"{name} has an odd value in {', '.join(wrong)}; make it again, or copy it again.")
    if missing or (columns and found.empty):
        lacks = ", ".join(missing) or "any row"
        raise TableError("damaged", f"{name} lacks {lacks}; make it again, or copy it again.")
    return found


NAMES = ("dataset", "split", "metric", "tried", "kind", "learnt", "learner", "shows")  # a text in every row
NUMBERS = (
    "value", "low", "high", "difference", "difference_low", "difference_high", "n_images", "n_lesions", "train_images",
    "multiply_adds", "size", "share", "draws", "teachers", "seed",
)  # fmt: skip


def _of_its_kind(column: pd.Series) -> bool:
    """Say whether a column that holds names, or numbers, by what it is called, holds nothing else."""
    if column.name in NAMES:
        return bool(pd.api.types.is_string_dtype(column) and column.notna().all())
    return column.name not in NUMBERS or pd.api.types.is_numeric_dtype(column)


@st.cache_data(show_spinner=False, max_entries=20)
def _read(_card: Card, path: str, entry: dict | None, stamp: tuple[int, int] | None, name: str) -> pd.DataFrame:
    from model.evaluation.tables import load_table

    return load_table(_card, name)


def optional(card: Card, name: str, without: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return a table, or write what is not shown without it and return an empty one with these columns."""
    try:
        return table(card, name, columns)
    except TableError as error:
        st.info(f"{error} {without}")
        return pd.DataFrame(columns=list(columns))


def ordered_sets(rows: pd.DataFrame) -> list[Set]:
    """Return the datasets and splits of a table: internal test, external tests, then validation."""
    order = list(shared.SPLITS)
    found = rows[["dataset", "split"]].drop_duplicates().itertuples(index=False, name=None)
    return sorted(found, key=lambda pair: order.index(pair[1]) if pair[1] in order else len(order))


def of_set(rows: pd.DataFrame, chosen: Set) -> pd.DataFrame:
    """Return the rows of one dataset and split."""
    return rows[(rows["dataset"] == chosen[0]) & (rows["split"] == chosen[1])]


def bar() -> DeltaGenerator:
    """Return the bar of choices that stays at the top of a view while it scrolls."""
    return st.container(key="bar", horizontal=True, vertical_alignment="bottom")


def choose_set(rows: pd.DataFrame) -> Set:
    """Let a person choose on which images the figures were measured; the internal test comes first."""
    sets = ordered_sets(rows)
    if st.session_state.get("set") not in (None, *sets):
        del st.session_state["set"]  # of a view with other sets
    return st.selectbox(
        shared.SET, sets, format_func=shared.set_name, key="set", width=CHOICE, bind="query-params",
        persist_state="session",
    )  # fmt: skip


def measured_on(chosen: Set, images: float, lesions: float, positive: float | None = None) -> None:
    """Write once on which images the figures of a view were counted; warn if the model was chosen on them."""
    st.caption(f"{shared.set_name(chosen)}: {shared.size(images, lesions, positive)}.")
    warn_of_validation(chosen)


def warn_of_validation(chosen: Set) -> None:
    """Warn if the images are the validation images on which the model was chosen."""
    if chosen[1] == "validation":
        st.warning(shared.VALIDATION)


def chart(display: Display, key: str, **selection: object) -> None:
    """Draw a display for the theme that the browser shows, and write one sentence below it that says what it shows.

    A screen reader gets the display's whole description.

    Parameters
    ----------
    display : Display
    key : str
        Names the chart in the session and, when the browser saves it as a picture, the file.
    **selection
        What `streamlit.plotly_chart` needs to report clicks.
    """
    figure = display.figure(dark=st.context.theme.type == "dark")
    config = CONFIG | {"toImageButtonOptions": {"format": "png", "filename": key, "scale": 2}}
    st.plotly_chart(figure, width="stretch", theme=None, key=key, config=config, alt=display.description, **selection)
    st.caption(getattr(display, "takeaway", display.description))


def figures(heading: str, rows: pd.DataFrame, digits: Mapping[str, int] | None = None) -> None:
    """Show figures with interval and n as a table that fits a phone.

    Parameters
    ----------
    heading : str
    rows : DataFrame
        name, value, low, high, n_images, n_lesions and, where it applies, n_positive.
    digits : mapping of str to int, optional
        Decimals by name; three otherwise.
    """
    digits = digits or {}
    body = "".join(_row(row, digits.get(row["name"], 3)) for row in rows.to_dict("records"))
    st.html(f"<table class='measured'><caption>{escape(heading)}</caption>{body}</table>")


def grid(heading: str, columns: tuple[str, ...], rows: list[tuple]) -> None:
    """Show a table of text, the first column naming its row; a narrow screen scrolls it sideways."""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" if name else "<td></td>" for name in columns)
    body = "".join(
        f"<tr><th scope='row'>{escape(str(first))}</th>{''.join(f'<td>{escape(str(cell))}</td>' for cell in rest)}</tr>"
        for first, *rest in rows
    )
    caption = f"<caption>{escape(heading)}</caption>" if heading else ""
    st.html(f"<div class='wide' tabindex='0'><table class='measured'>{caption}<tr>{head}</tr>{body}</table></div>")


def _row(row: dict, digits: int) -> str:
    value, low, high = (shared.number(row[name], digits) for name in ("value", "low", "high"))
    counted = shared.size(row["n_images"], row["n_lesions"], row.get("n_positive"))
    return (
        f"<tr><th scope='row'>{escape(row['name'])}</th>"
        f"<td><b>{value}</b><br><span class='interval'>[{low}, {high}] on {counted}</span></td></tr>"
    )


def named(rows: pd.DataFrame, names: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """Return the rows of metrics.csv that have a name here, in the order of the names."""
    found = rows.set_index(["metric", "subject"])
    known = [key for key in names if key in found.index]
    return found.loc[known].reset_index().assign(name=[names[key] for key in known])


def origin(
    card: Card,
    tables: tuple[str, ...],
    method: str,
    rows: pd.DataFrame,
    file_name: str,
    command: str = shared.COMMAND,
) -> None:
    """Offer, behind one small button, how a panel was computed, from which tables, and its numbers as CSV."""
    listed = card.raw.get("tables", {})
    sources = (
        ", ".join(f"`{name}` (sha256 {listed[name]['sha256'][:12]})" for name in tables if name in listed)
        or "`card.json`"
    )
    with st.popover(shared.METHOD, type="tertiary", icon=":material/info:", key=f"origin_{file_name}"):
        st.caption(f"{sources}, written by `{command}`; {method}")
        st.download_button(  # made on request: the page fetches a ready file later, when it may be gone
            shared.SAVE, lambda: rows.to_csv(index=False), file_name, "text/csv", key=f"save_{file_name}",
            on_click="ignore",
        )  # fmt: skip
