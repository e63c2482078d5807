"""Makes the bundle that ``model`` serves: four commands, in order: train, calibrate, bundle, evaluate."""

from model.installed import need_packages

need_packages(("numpy",), "make train")  # a system's own Python would otherwise end in a traceback
