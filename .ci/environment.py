"""Make `.venv` ready for one requirements file: `python3 .ci/environment.py requirements.txt`.

The Makefile calls this before every target that needs packages. It looks for a Python that TensorFlow
supports, creates `.venv` with it, installs the pinned packages, and remembers what it installed, so that the
next call returns at once. What is missing is said in one sentence. The file keeps to what older Pythons read,
so that one that is too old is told so in words.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
WANTED = "Python 3.11, 3.12 or 3.13"
NAMES = ("python3.13", "python3.12", "python3.11", "python3", "python")
OFFLINE = re.compile(r"(NewConnection|NameResolution|ConnectTimeout|ReadTimeout|Proxy|SSL)Error|unreachable")


class SetupError(Exception):
    """Something is missing; the message says what, and what to do, in one sentence."""


def run_python(interpreter, *arguments):
    """Return what `interpreter` prints, or None when it is absent or fails (as a pyenv shim can)."""
    command = [str(interpreter), *arguments]
    try:
        return subprocess.check_output(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, universal_newlines=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def version_of(interpreter):
    """Return (major, minor) of an interpreter, or None when it does not run."""
    printed = run_python(interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    return tuple(int(part) for part in printed.split(".")) if printed else None


def supported(version):
    """Say whether TensorFlow has packages for this (major, minor)."""
    return version is not None and OLDEST <= version <= NEWEST


def find_python(candidates):
    """Return the first candidate that is a supported Python and can make a virtual environment.

    Raises
    ------
    SetupError
        When there is none; the sentence tells no Python, too old, too new and no venv module apart.
    """
    versions = {candidate: version_of(candidate) for candidate in candidates}
    found = [candidate for candidate in candidates if versions[candidate]]
    fitting = [candidate for candidate in found if supported(versions[candidate])]
    for candidate in fitting:
        if run_python(candidate, "-c", "import ensurepip, venv; print('ready')"):
            return candidate
    best = max((versions[candidate] for candidate in fitting or found), default=None)
    raise SetupError(explain_missing_python(best))


def explain_missing_python(version):
    """Return the sentence for the best Python there is, (major, minor), being None or not good enough."""
    if version is None:
        return f"No Python was found: install {WANTED} and run make again."
    name = "%d.%d" % version
    if supported(version):
        remedy = f"install it (Debian, Ubuntu: apt install python{name}-venv)"
        return f"Python {name} has no venv module: {remedy} and run make again."
    fault = "old" if version < OLDEST else "new"
    return f"Python {name} is too {fault} for TensorFlow: install {WANTED} and run make again."


def requirement_files(path):
    """Return the requirements file and every file it includes with `-r`, itself first."""
    files = [path]
    for included in re.findall(r"^-r\s+(\S+)", path.read_text(encoding="utf-8"), re.M):
        files += requirement_files((path.parent / included).resolve())
    return files


def digest(path):
    """Return the SHA-256 of a requirements file together with everything it includes."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in requirement_files(path))).hexdigest()


def create(environment, interpreter):
    """Make an empty virtual environment with pip, in place of whatever was there."""
    print("Creating " + environment.name, flush=True)
    if run_python(interpreter, "-m", "venv", "--clear", str(environment)) is None:
        raise SetupError(
            f"{environment} could not be created: check that its folder can be written to and is not full."
        )


def install(python, requirements):
    """Install a requirements file with the pip of `python`; what pip complains of is shown as it comes.

    Raises
    ------
    SetupError
        When pip fails; the sentence tells an unreachable package index and a full disk from the rest.
    """
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)]
    complaints = ""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, universal_newlines=True
    ) as process:
        for line in process.stderr:
            sys.stderr.write(line)
            complaints += line
    if process.returncode:
        raise SetupError(explain_failed_install(complaints))


def explain_failed_install(complaints):
    """Return the sentence for a pip that failed and wrote `complaints` on standard error."""
    if OFFLINE.search(complaints):
        return "The package index cannot be reached: check the network or the proxy and run make again."
    if "No space left" in complaints:
        return "The disk is full: the packages take 2.5 GB; free some space and run make again."
    return "pip could not install the packages: mend what it says above and run make again."


def prepare(requirements, environment, candidates):
    """Create the environment if it is missing or broken, and install `requirements` if they changed.

    Parameters
    ----------
    requirements : pathlib.Path
        The requirements file; files that it includes count as part of it.
    environment : pathlib.Path
        The folder of the virtual environment. One that does not run, or has no pip, is made anew.
    candidates : sequence of str
        Interpreters to make it with, best first.

    Returns
    -------
    bool
        True when something was installed, False when everything was in place.
    """
    python, stamp = environment / "bin" / "python", environment / "installed.txt"
    usable = supported(version_of(python))
    installed = stamp.read_text(encoding="utf-8").split() if usable and stamp.exists() else []
    if digest(requirements) in installed:
        return False
    if not usable or run_python(python, "-m", "pip", "--version") is None:
        create(environment, find_python(candidates))
    stamp.write_text("", encoding="utf-8")
    print("Installing the packages of", requirements.name, "(minutes the first time)", flush=True)
    install(python, requirements)
    stamp.write_text("\n".join(map(digest, requirement_files(requirements))), encoding="utf-8")
    return True


def main():
    root = Path(__file__).resolve().parent.parent
    itself = getattr(sys, "_base_executable", sys.executable)
    try:
        prepare((root / sys.argv[1]).resolve(), root / ".venv", (itself, *NAMES))
    except SetupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
