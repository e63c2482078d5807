"""Read the tables of a bundle, and refuse any that are not the ones its card lists."""

import hashlib
import io

import pandas as pd

from model.card import Card
from model.errors import TableError

IDENTIFIERS = (
    "image_id",
    "lesion_id",
    "group",
)  # always text, also where every one of them looks like a number


def load_table(card: Card, name: str) -> pd.DataFrame:
    """Return a table that the card lists.

    Parameters
    ----------
    card : Card
        The bundle's card.
    name : str
        As the card lists it, for example ``"results/metrics.csv"``.

    Raises
    ------
    TableError
        ``not_listed``, ``missing`` or ``damaged``, in one sentence each.
    """
    entry = card.raw.get("tables", {}).get(name)
    if entry is None:
        raise TableError("not_listed", f"The model card lists no table {name}; this bundle was made without it.")
    try:
        content = (card.bundle_dir / name).read_bytes()
    except OSError:
        raise TableError("missing", f"The table {name} is missing; restore it from the repository.") from None
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise TableError("damaged", f"The table {name} is not the one in the model card; restore it.")
    table = _parse(content, name)
    if len(table) != entry["rows"]:
        raise TableError("damaged", f"The table {name} has {len(table)} rows, the card says {entry['rows']}.")
    return table


def _parse(content: bytes, name: str) -> pd.DataFrame:
    try:
        return pd.read_csv(io.BytesIO(content), dtype=dict.fromkeys(IDENTIFIERS, "str"))
    except (ValueError, pd.errors.ParserError):
        raise TableError("damaged", f"The table {name} cannot be read as CSV; restore it.") from None
