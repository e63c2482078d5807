"""Errors in inputs, each with one sentence and a code for which the page can have its own sentence."""

import os


class LesionscopeError(Exception):
    """An error whose text is one sentence for the person who must act on it.

    Parameters
    ----------
    code : str
        Stable key, for example ``"too_many_pixels"``; the page may show its own sentence for it.
    sentence : str
        What was expected, what came, and what to do.
    **details
        Numbers and names behind the sentence; never a file name or any other text from a photo.
    """

    def __init__(self, code: str, sentence: str, **details: object) -> None:
        super().__init__(sentence)
        self.code = code
        self.details = details


class PhotoError(LesionscopeError):
    """A file is not a photo that can be assessed."""


class ContractError(LesionscopeError):
    """Our own code passed something that the receiving function does not accept."""


class BundleError(LesionscopeError):
    """The model's folder is missing, incomplete or contradicts itself."""


class TableError(LesionscopeError):
    """A table of the bundle is missing, damaged or not the one its card lists."""


class OutputError(LesionscopeError):
    """A result cannot be written to the requested place."""


def printable(name: "str | os.PathLike[str]") -> str:
    """Return a file's name in one line that any terminal and any UTF-8 file can contain; odd bytes are escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
