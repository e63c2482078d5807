"""What a new user waits for and the app needs: one session, from the start to the answer to a 12-megapixel photo.

    python -m benchmarks.memory

Streamlit runs the app's own pages here as for a browser, but without a server.
"""

import logging
import subprocess
import sys
import time
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


def answer(photo: bytes) -> bool:
    """Open the app as a new user does, upload one photo, and say whether it was answered."""
    from streamlit.testing.v1 import AppTest

    logging.disable()  # Streamlit warns that no server runs
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE_SECONDS).run()
    [uploader] = app.get("file_uploader")
    uploader.upload("photo.jpg", photo, "image/jpeg").run()
    return not app.exception and "analysis" in app.session_state


def measure(environment: dict[str, str] | None = None) -> tuple[float, int] | None:
    """Start the app in a new process and let it answer a 12-megapixel photo.

    Returns
    -------
    tuple of float and int, or None
        Seconds from the start of the process to the answer, and the process's peak bytes; None without an answer.
    """
    from benchmarks.speed import jpeg

    photo, command = jpeg(*PHONE_PIXELS), [sys.executable, "-m", "benchmarks.memory", "--worker"]
    start = time.perf_counter()
    finished = subprocess.run(command, cwd=APP.parent, env=environment, input=photo, capture_output=True)
    seconds = time.perf_counter() - start
    return None if finished.returncode else (seconds, int(finished.stdout))


def main(arguments: list[str] | None = None) -> int:
    if (sys.argv[1:] if arguments is None else arguments) == ["--worker"]:
        if not answer(sys.stdin.buffer.read()):
            return 1
        print(peak_bytes())
        return 0
    found = measure()
    if found is None:
        print("The app did not answer the photo.", file=sys.stderr)
        return 1
    print(f"{found[0]:.1f} s from the start of the process to the first answer; at most {found[1] / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
