"""Where the model fails: refused or degraded photos, other image sets, and how images were split."""
