"""`python -m training.datasets` of release 1.7.0; kept for one release."""

from training.data.sets.inventory import main

if __name__ == "__main__":
    raise SystemExit(main())
