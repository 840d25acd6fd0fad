# Needs python3, make and a package registry. Where there is no uv, it is installed into .tools/.

UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := $(UV) run --locked --quiet
SYNCED := .venv/.synced

.SILENT:
.PHONY: help setup demo serve test bench schema lint types format

help: ## list the targets
	awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SYNCED) ## install Saleor 2.10.1 and the tools into .venv

demo: $(SYNCED) ## tell the story of an order
	$(RUN) python -m demo $(ARGS)

serve: $(SYNCED) ## run the demo's shop and keep its data in .demo/
	$(RUN) python -m demo --serve $(ARGS)

ifdef SALEOR_HOME
# Its own environment sees that of the existing Saleor, and puts nothing into it.
OVERLAY := .venv-$(notdir $(abspath $(SALEOR_HOME)))

test: $(OVERLAY)/.synced
	PYTHONPATH=. PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(OVERLAY)/bin/python -m pytest \
		-p pytest_django.plugin -p _hypothesis_pytestplugin --ds=tests.settings3 $(ARGS)

$(OVERLAY)/.synced: pyproject.toml uv.lock | $(UV)
	$(UV) venv --quiet --clear --python $(SALEOR_HOME)/.venv/bin/python $(OVERLAY)
	$(UV) export --quiet --locked --only-group dev --no-emit-project --no-hashes \
		| $(UV) pip install --quiet --python $(OVERLAY)/bin/python -r - --no-deps -e .
	ls -d $(abspath $(SALEOR_HOME))/.venv/lib/python*/site-packages $(abspath $(SALEOR_HOME)) \
		> $$($(OVERLAY)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/saleor_home.pth
	touch $@
else
test: lint types ## lint, types, tests and coverage; ARGS="-k name" goes to pytest
	$(RUN) coverage erase
	$(RUN) coverage run -m pytest $(ARGS)
	$(RUN) coverage combine --quiet
	$(RUN) coverage report
endif

bench: $(SYNCED) ## measure allocation
	$(RUN) python -m benchmarks $(ARGS)

schema: $(SYNCED) ## write the plugin's part of the GraphQL schema
	$(RUN) python -m demo.manage print_serials_schema \
		--output saleor_serials/graphql/schema.graphql

lint: $(SYNCED) ## ruff
	$(RUN) ruff check
	$(RUN) ruff format --check

types: $(SYNCED) ## mypy
	$(RUN) mypy

format: $(SYNCED) ## let ruff rewrite what it can
	$(RUN) ruff check --fix
	$(RUN) ruff format

$(SYNCED): pyproject.toml uv.lock .python-version | $(UV)
	$(UV) sync --locked --compile-bytecode
	touch $@

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv
