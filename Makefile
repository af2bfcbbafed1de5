# Two commands on a fresh machine (Python >= 3.11 and make):
#   make serve   an environment with the serving dependencies only; serves the demo bundle on PORT
#   make test    the development environment; runs every check and test
# make demo-bundle trains the shipped bundle again: same library versions, same hash (tests/golden),
#   and invents anew the documents that it can be measured on, which no demo bundle was trained on
PYTHON ?= python3
PORT ?= 8000
SERVE_ENV := .venv-serve
DEV_ENV := .venv

.PHONY: serve test lint clean demo-bundle

serve: $(SERVE_ENV)/.installed
	$(SERVE_ENV)/bin/tagprime serve --port $(PORT)

test: lint
	$(DEV_ENV)/bin/pytest -n auto --dist loadfile

lint: $(DEV_ENV)/.installed
	$(DEV_ENV)/bin/ruff check
	$(DEV_ENV)/bin/ruff format --check
	$(DEV_ENV)/bin/mypy
	$(DEV_ENV)/bin/lint-imports

$(SERVE_ENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(SERVE_ENV)
	$(SERVE_ENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(DEV_ENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEV_ENV)
	$(DEV_ENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo-bundle: $(DEV_ENV)/.installed
	rm -rf models/artifacts/demo models/artifacts/demo.run models/artifacts/demo-documents.jsonl
	$(DEV_ENV)/bin/tagprime corpora export demo models/artifacts/demo-documents.jsonl --seed 1 --documents 1000 --names
	OMP_NUM_THREADS=1 $(DEV_ENV)/bin/tagprime train demo --documents 80000 --min-documents 155 --min-tags 2 \
		--recipe training/corpora/demo/recipe.toml --device cpu --out models/artifacts/demo

clean:
	rm -rf $(SERVE_ENV) $(DEV_ENV)
