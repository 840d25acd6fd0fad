# Needs python3, make and a package registry. Where there is no uv, it is installed into .tools/.

UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := $(UV) run --locked --quiet
# As many workers as there are cores, each with a database of its own.
PYTEST := pytest -n $(or $(JOBS),logical) --dist worksteal

.SILENT:
.PHONY: help setup demo serve test bench mutants schema messages lint types format

help: ## list the targets
	awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	echo
	echo 'demo, serve, test and bench run on Saleor 2.10.1, or on an existing Saleor 3:'
	echo 'make demo SALEOR_HOME=<the folder that has its manage.py and its .venv>'
	echo
	echo 'The tests keep a migrated database in the cache folder; make test FRESH=1 migrates anew.'

ifdef SALEOR_HOME
ifneq ($(words $(wildcard $(SALEOR_HOME)/manage.py $(SALEOR_HOME)/.venv/bin/python)),2)
$(error There is no manage.py and .venv/bin/python in SALEOR_HOME=$(SALEOR_HOME))
endif
# Two environments see that of the existing Saleor, and put nothing into it: one has our tools and
# the source, the other nothing but the plugin, installed from its wheel, as a merchant has it.
HOME_ENV := $(abspath $(SALEOR_HOME))/.venv
TOOLS := .venv-$(notdir $(abspath $(SALEOR_HOME)))
SHOP := $(TOOLS)-shop
READY := $(TOOLS)/.synced $(SHOP)/.installed
# What Python compiles of the existing Saleor is kept here: each process starts in half the time.
COMPILED := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(abspath $(TOOLS))/compiled
PYTHON := $(COMPILED) SALEOR_PYTHON=$(abspath $(SHOP)/bin/python) $(TOOLS)/bin/python
else
READY := .venv/.synced
PYTHON := $(RUN) python
endif

setup: $(READY) ## install Saleor 2.10.1 and the tools into .venv

demo: $(READY) ## tell the story of an order
	$(PYTHON) -m demo $(ARGS)

serve: $(READY) ## run the demo's shop and keep its data in .demo/
	$(PYTHON) -m demo --serve $(ARGS)

bench: $(READY) ## measure allocation
	$(PYTHON) -m benchmarks $(ARGS)

ifdef SALEOR_HOME
test: $(READY)
	# The home's own pytest plugins, of other versions, are not ours.
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(PYTHON) -m $(PYTEST) \
		-p pytest_django.plugin -p xdist.plugin -p _hypothesis_pytestplugin \
		--ds=tests.settings3 $(ARGS)
else
test: lint types ## lint, types, tests and coverage; ARGS="-k name" goes to pytest
	$(RUN) coverage erase
	$(RUN) coverage run -m $(PYTEST) $(ARGS)
	$(RUN) coverage combine --quiet
	$(RUN) coverage report $(if $(ARGS),--fail-under=0)
endif

mutants: .venv/.synced ## break each load-bearing line; ARGS="'order lock' job" chooses by name
	$(RUN) python -m tests.mutants $(ARGS)

schema: .venv/.synced ## write the plugin's part of the GraphQL schema
	$(RUN) python -m demo.manage print_serials_schema \
		--output saleor_serials/graphql/schema.graphql

messages: .venv/.synced ## compile the translations
	$(RUN) pybabel --quiet compile --domain django --directory saleor_serials/locale

lint: .venv/.synced ## ruff, and which way imports point
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) lint-imports

types: .venv/.synced ## mypy
	$(RUN) mypy

format: .venv/.synced ## let ruff rewrite what it can
	$(RUN) ruff check --fix
	$(RUN) ruff format

.venv/.synced: pyproject.toml uv.lock .python-version | $(UV)
	$(UV) sync --locked --compile-bytecode
	touch $@

ifdef SALEOR_HOME
# An environment on the Python of the existing one, whose packages it sees after its own. Its pip
# sees them, too, and adds what is missing, as it would in the existing one.
define overlay
	echo 'Making $(1) beside $(HOME_ENV)'
	$(UV) venv --quiet --clear --seed --python $(HOME_ENV)/bin/python $(1)
	ls -d $(HOME_ENV)/lib/python*/site-packages $(abspath $(SALEOR_HOME)) \
		> $$($(1)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/saleor_home.pth
endef

$(TOOLS)/.synced: pyproject.toml uv.lock $(wildcard $(HOME_ENV)/pyvenv.cfg) | $(UV)
	$(call overlay,$(TOOLS))
	$(UV) export --quiet --locked --only-group dev --no-emit-project --no-hashes \
		| $(UV) pip install --quiet --python $(TOOLS)/bin/python -r -
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(SHOP)/.installed: $(shell find pyproject.toml saleor_serials -type f -not -name '*.pyc') \
		$(wildcard $(HOME_ENV)/pyvenv.cfg) | $(UV)
	$(call overlay,$(SHOP))
	$(UV) build --quiet --wheel --clear --out-dir $(SHOP)/wheel
	$(SHOP)/bin/python -m pip install --quiet --disable-pip-version-check $(SHOP)/wheel/*.whl
	touch $@
endif

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv
