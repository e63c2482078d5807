"""The commands of ``python -m model``, a module each: `add` names its options, `run` returns its exit status."""
