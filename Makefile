# Every target makes the environment .venv, if there is none, and installs what it needs there.
# All it needs is Python 3.11 or newer; make demo PYTHON=python3.12 chooses one.
PYTHON ?= python3

.PHONY: demo test lint docs bench clean

demo: .venv/demo
	.venv/bin/python examples/demo.py

test: .venv/test
	.venv/bin/python -m pytest

lint: .venv/lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# The site, in docs/_build/html.
docs: .venv/docs
	.venv/bin/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet docs docs/_build/html

bench: .venv/bench
	.venv/bin/python -m benchmarks.compare $(BENCH)

# One stamp file for each set of extras that is installed.
.venv/%: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mapeq needs Python 3.11+: make $* PYTHON=...")'
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@echo "Installing mapeq with what 'make $*' needs into .venv ..."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

clean:
	rm -rf .venv build dist docs/_build *.egg-info
