"""The most memory that the app needs: one session, from the first page to the answer to a 12-megapixel photo.

    python -m benchmarks.memory

Streamlit runs the app's own pages here as for a browser, but without a server.
"""

import logging
import sys
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "app.py"
PHONE_PIXELS = (4032, 3024)
PATIENCE_SECONDS = 600


def peak_bytes() -> int:
    """Return the peak memory of this process, in bytes.

    On Linux the process's own peak is read: ``getrusage`` can give that of its parent process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> int:
    from streamlit.testing.v1 import AppTest

    from benchmarks.speed import jpeg

    logging.disable()  # Streamlit warns that no server runs
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE_SECONDS).run()
    [uploader] = app.get("file_uploader")
    uploader.upload("photo.jpg", jpeg(*PHONE_PIXELS), "image/jpeg").run()
    if app.exception or "analysis" not in app.session_state:
        print("The app did not answer the photo.", file=sys.stderr)
        return 1
    print(peak_bytes())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
