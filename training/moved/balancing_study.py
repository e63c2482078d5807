"""`python -m training.balancing_study` of release 1.7.0; kept for one release."""

from training.studies.balancing import main

if __name__ == "__main__":
    raise SystemExit(main())
