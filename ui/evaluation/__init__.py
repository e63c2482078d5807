"""The evaluation page: one file a section, its sentences in `wording`."""
