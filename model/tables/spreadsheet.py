"""Names in a CSV file that people open in a spreadsheet, where a cell that begins like a formula is run as one."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # the last three are skipped by some programs before they look


def as_text(cell: str) -> str:
    """Return a cell that a spreadsheet takes for text: with an apostrophe before it where it begins like a formula.

    For names and other text that came from outside. Not for numbers, of which a negative one would become text, and
    not for what programs read, see `model.tables.growing`.
    """
    return f"'{cell}" if cell.startswith(FORMULA) else cell
