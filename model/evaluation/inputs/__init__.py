"""Where it fails: photos that are refused or worse than usual, other image sets, how images were split."""
