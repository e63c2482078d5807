"""Tells how to install the packages if they are missing, as in a system's own Python."""

import sys
from importlib.util import find_spec

NEEDED = ("numpy", "PIL", "pillow_heif", "cv2", "pandas", "onnxruntime", "tqdm")  # by the names that code imports


def need_packages(names: tuple[str, ...] = NEEDED, command: str = "make app") -> None:
    """End the program with one sentence if a package is missing.

    Parameters
    ----------
    names : tuple of str
        The packages, by the names that code imports.
    command : str
        What sets them up.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        sys.exit(
            f"The package {missing[0]} is missing in this Python ({sys.executable}): run `{command}` once, then use "
            ".venv/bin/python (.venv\\Scripts\\python on Windows)."
        )
