"""`python -m training.leakage` of release 1.7.0; kept for one release."""

from training.studies.leakage.study import main

if __name__ == "__main__":
    raise SystemExit(main())
