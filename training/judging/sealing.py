"""What every command that changes a bundle ends with: tables, card and checksums that agree."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from model.tables.output import write_file
from training.data.provenance import file_sha256

SMOKE_BUNDLE = Path("runs/smoke-bundle")


def seal(bundle: Path) -> None:
    """Enter every table into the card and every file into ``SHA256SUMS``; call after any change."""
    card = json.loads((bundle / "card.json").read_text(encoding="utf-8"))
    card["tables"] = {name: _table_entry(bundle / name) for name in sorted(_tables(bundle))}
    write_json(bundle / "card.json", card)
    files = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{file_sha256(path)}  {path.relative_to(bundle).as_posix()}\n" for path in files]
    (bundle / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _tables(bundle: Path) -> list[str]:
    return [path.relative_to(bundle).as_posix() for path in bundle.glob("*/*.csv")]


def _table_entry(path: Path) -> dict:
    content = path.read_bytes()
    table = pd.read_csv(path)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "rows": len(table)}
    if "split" in table:
        entry["split"] = "+".join(sorted(table.split.dropna().unique()))
    for column, name in (("image_id", "n_images"), ("lesion_id", "n_lesions")):
        if column in table:
            entry[name] = int(table[column].nunique())
    return entry


def write_json(path: Path, content: dict) -> None:
    """Write JSON as every file of a bundle has it: indented, in UTF-8."""
    write_file(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def write_tables(bundle: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write tables into a bundle, each under its path there, and seal it."""
    for name, table in tables.items():
        write_file(bundle / name, table.to_csv(index=False).encode())
    seal(bundle)
