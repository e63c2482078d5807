"""`python -m training.dataset_tables` of release 1.7.0; kept for one release."""

from training.judging.dataset_tables import main

if __name__ == "__main__":
    raise SystemExit(main())
