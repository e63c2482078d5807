"""From files and folders to pixels: every format, and one sentence where a file is no photo."""
