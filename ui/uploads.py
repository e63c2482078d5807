"""Uploaded files stay in memory: the server's reader of forms would put what is above 1 MB into a temporary file."""

import sys

from model.photo.image import MAX_BYTES

MEGABYTE = 1024 * 1024
PHOTO_MB = MAX_BYTES // MEGABYTE
ARCHIVE_MB = 200  # as `server.maxUploadSize`, which limits what a browser may send


def keep_in_memory() -> None:
    """Let the server read every upload in memory; each run of the app calls this, so before any upload."""
    forms = sys.modules.get("starlette.formparsers")  # loaded by the server, not by tests of pages
    if forms:
        forms.MultiPartParser.spool_max_size = (ARCHIVE_MB + 1) * MEGABYTE
