"""One file a recipe: its docstring holds the command, the hardware, the minutes and the result it gave."""
