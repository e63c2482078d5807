"""`python -m training.robustness` of release 1.7.0; kept for one release."""

from training.judging.robustness import main

if __name__ == "__main__":
    raise SystemExit(main())
