"""What a request brings: a photo, never more of it in memory than the app reads, and what is known and wanted."""

import logging
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from model.answer.patient import Patient
from model.errors import ContractError
from model.photo.image import MAX_BYTES, too_many_bytes

PHOTO = "photo"  # the field of a form
FIELDS = ("age", "sex", "site", "maps", "answer_all")  # of a form or of the address
SWITCH = {"true": True, "1": True, "false": False, "0": False}
FIELD_BYTES = 1000
FORM_BYTES = 64 * 1024  # of a form in addition to its photo
DISCARDED = 4 * MAX_BYTES  # of a body that is too large, so that its sender can read the answer; then it is cut off

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what is wrong with a form is in its answer


@dataclass(frozen=True)
class Asked:
    """One request.

    Parameters
    ----------
    photo : bytes
        A whole image file.
    patient : Patient
        What is known about the patient.
    maps : bool
        Whether the answer contains the map of each class.
    answer_all : bool
        Whether a photo that the gate refuses is answered.
    """

    photo: bytes
    patient: Patient
    maps: bool
    answer_all: bool


class _Form(MultiPartParser):
    spool_max_size = MAX_BYTES + FORM_BYTES  # a larger one would put the photo into a file on the disk
    ended = False

    def on_end(self) -> None:
        """Note that the form was whole; Starlette takes one that was cut off for a shorter one."""
        self.ended = True


async def read(request: Request) -> Asked:
    """Read a request to its end.

    Raises
    ------
    PhotoError
        ``too_many_bytes``.
    ContractError
        If it is of another kind, or something in it is not known, not valid or there twice.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    pairs = request.query_params.multi_items()
    if kind == "multipart/form-data":
        photo, further = await _form(request)
        pairs += further
    elif kind.startswith("image/") or kind == "application/octet-stream":
        photo = b"".join([chunk async for chunk in _chunks(request, MAX_BYTES)])
    else:
        raise ContractError(
            "media_type",
            f"Send the photo as the body, with a Content-Type like image/jpeg, or as the field {PHOTO} of a "
            "multipart form.",
        )
    fields = _fields(pairs)
    patient = Patient(_age(fields.get("age")), fields.get("sex"), fields.get("site"))
    return Asked(photo, patient, _switch(fields, "maps"), _switch(fields, "answer_all"))


def endless(request: Request) -> bool:
    """Whether so much of the body may still come that the connection must be closed after an early answer."""
    size = request.headers.get("content-length", "")
    return not (size.isdecimal() and int(size) <= DISCARDED)


async def _chunks(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    size, waits = request.headers.get("content-length", ""), "expect" in request.headers
    if size.isdecimal() and int(size) > (limit if waits else DISCARDED):
        raise too_many_bytes()
    total = 0
    async for chunk in request.stream():
        total += len(chunk)
        if total <= limit:
            yield chunk
        elif total > DISCARDED:
            break
    if total > limit:
        raise too_many_bytes()


async def _form(request: Request) -> tuple[bytes, list[tuple[str, str]]]:
    """Return the photo of a form and its other fields."""
    chunks = _chunks(request, MAX_BYTES + FORM_BYTES)
    parser = _Form(request.headers, chunks, max_files=1, max_fields=len(FIELDS), max_part_size=FIELD_BYTES)
    try:
        form = await parser.parse()
        if not parser.ended:
            raise MultiPartException("cut off")
    except (MultiPartException, UnicodeError):  # the second from a text encoding that is none
        raise ContractError(
            "form", f"The form cannot be read; it has one file, {PHOTO}, and may have {', '.join(FIELDS)}."
        ) from None
    photo, others = None, []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = value.file.read()
            value.file.close()
            photo = content if name == PHOTO else photo
        else:
            others.append((name, value))
    if photo is None:
        raise ContractError("no_photo", f"The form contains no photo; send it as a file in the field {PHOTO}.")
    return photo, others


def _fields(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the fields that are not empty by their names."""
    fields: dict[str, str] = {}
    for name, text in pairs:
        if name not in FIELDS:
            raise ContractError("unknown_field", f"Known fields are {', '.join(FIELDS)}, not {name[:40]!r}.")
        if name in fields:
            raise ContractError("field_twice", f"The field {name} is there twice; send it once.")
        fields[name] = text
    return {name: text for name, text in fields.items() if text}


def _age(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        years = float(text)
    except ValueError:
        raise ContractError("patient_age", f"An age must be a number of years, not {text[:40]!r}.") from None
    return int(years) if years.is_integer() else years  # as the page writes it


def _switch(fields: dict[str, str], name: str) -> bool:
    text = fields.get(name, "false")
    if text.lower() not in SWITCH:
        raise ContractError("switch", f"The field {name} must be true or false, not {text[:40]!r}.")
    return SWITCH[text.lower()]
