# Every target makes the environment .venv, if there is none, and installs what it needs there.
# All it needs is Python 3.11 or newer; make demo PYTHON=python3.12 chooses one.
PYTHON ?= python3

.PHONY: demo test test-more check test-docs test-spark test-spark-more lint docs bench clean

demo: .venv/demo
	.venv/bin/python examples/demo.py

# On all processors. What is compiled is compiled once, before the processes that run tests share the result.
PYTEST = .venv/bin/python -m pytest --numprocesses=logical --maxprocesses=8 --dist=loadgroup

test: .venv/test .venv/compiled
	$(PYTEST) --ignore=tests/docs --ignore=tests/spark

# What takes long, and more examples of what is tested on random networks.
test-more: .venv/test
	$(PYTEST) --ignore=tests/docs --ignore=tests/spark -m "thorough or hypothesis" --hypothesis-profile=more

# What fails first if something is wrong, in a minute.
check: .venv/test
	$(PYTEST) tests/test_layers.py tests/objective/test_golden.py tests/objective/test_two_level.py \
	  tests/optimizer/test_labels.py tests/optimizer/test_node_moves.py tests/io/test_link_list.py \
	  tests/io/test_output.py tests/api/test_api.py tests/cli/test_commands.py

# What README.md, the pages in docs/ and the examples show, and reports in a browser.
test-docs: .venv/test
	$(PYTEST) tests/docs

# On Spark, in one process: it uses all processors itself.
test-spark: .venv/spark-test
	.venv/bin/python -m pytest tests/spark -m "not thorough"

# Networks of 10^5 links on Spark: half an hour.
test-spark-more: .venv/spark-test
	.venv/bin/python -m pytest tests/spark -m thorough

lint: .venv/lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# The site, in docs/_build/html.
docs: .venv/docs
	.venv/bin/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet docs docs/_build/html

.venv/compiled: .venv/test $(shell find mapeq -name '*.py')
	.venv/bin/python -m mapeq warmup
	@touch $@

bench: .venv/bench
	.venv/bin/python -m benchmarks.compare $(BENCH)

# One stamp file for each set of extras that is installed. An editable install of any other mode is hidden from Python
# where it starts in the parent of a clone: the folder called mapeq there is taken for the package.
.venv/%: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mapeq needs Python 3.11+: make $* PYTHON=...")'
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@echo "Installing mapeq with what 'make $*' needs into .venv ..."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]' --config-settings editable_mode=compat
	@touch $@

clean:
	rm -rf .venv build dist docs/_build *.egg-info
