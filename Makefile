# make app     set up .venv if needed, then serve the app on http://localhost:8501
# make test    set up the test packages if needed, then run every check
# make train   set up the training packages if needed (docs/training.md has the four commands)
# make format  let ruff format and mend the code;  make lint  only look;  make clean  remove what was set up

PYTHON ?= python3
SETUP = $(PYTHON) .ci/environment.py
BIN = .venv/bin

.DEFAULT_GOAL := app
.PHONY: app test train format lint clean python test-packages

app: python
	@$(SETUP) requirements.txt
	$(BIN)/python -m streamlit run app.py

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

train: python
	@$(SETUP) training/requirements.txt

format: test-packages
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: test-packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache

test-packages: python
	@$(SETUP) tests/requirements.txt

python:
	@command -v $(PYTHON) >/dev/null || { echo "No Python was found: install Python 3.11, 3.12 or 3.13 and run make again." >&2; exit 1; }
