"""Makes the bundle that ``model`` serves: four commands, in order: train, calibrate, bundle, evaluate."""

from pathlib import Path

from model.installed import need_packages

need_packages(("numpy",), "make train")  # a system's own Python would otherwise end in a traceback

__path__.append(str(Path(__file__).with_name("moved")))  # the commands of 1.7.0 by the names they had, for one release
