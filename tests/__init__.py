"""A package, so that its shared modules win over one that a dependency installs under the same name."""
