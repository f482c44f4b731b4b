# One line of intent each; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help install demo dashboard test e2e check bench chaos doctor format docs screenshots reference images packages release lock
PY := .venv/bin/python

help: ## list these targets
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

install: ## make .venv with everything for development; does nothing when nothing changed
	@requirements/install.sh

demo: install ## a real Kafka, a relay and sample events, live in this terminal
	@$(PY) -m unionflow_cli dev

dashboard: install ## build the dashboard's page into services/dashboard/dist
	@services/dashboard/scripts/build.sh

test: install ## every test, against real parts, in two processes (WORKERS=0: in one)
	@$(PY) -m pytest -n $(or $(WORKERS),2) --dist loadfile

e2e: install ## what `make test` leaves out: a real Keycloak, a real Kubernetes node
	@$(PY) -m pytest -m "keycloak or cluster"

check: install ## format, lint, types, architecture, dead code
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	$(PY) -m vulture
	$(PY) -m tests.house.addresses

bench: install ## this relay beside bare programs, in one table
	@$(PY) -m tests.bench

chaos: install ## ten minutes of faults, and whether anybody missed anything (CHAOS_SECONDS)
	@$(PY) -m tests.chaos

doctor: install ## what this machine has and lacks
	@$(PY) -m unionflow_cli doctor

format: install ## put every file into the house's format
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

docs: install ## the documentation as a site, in build/site; fails on a link to nowhere
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet && echo "build/site/index.html"

screenshots: install ## take the pictures of the documentation anew, in a real browser
	@$(PY) -m tests.browser.screenshots

reference: install ## write anew what is made of the code: reference pages, the definition, the charts' schemas
	@$(PY) -m tests.monitoring.boards && $(PY) -m tests.house.reference

images: ## the three images with Docker (PREFIX, TAG, PUSH=1; see shipping/images.sh)
	@PREFIX="$(PREFIX)" TAG="$(TAG)" PUSH="$(PUSH)" shipping/images.sh

packages: install ## wheels and the npm package in dist/, each tried in an empty project
	@$(PY) -m shipping.packages --try

release: install ## all that is released, in dist/, with checksums (TAG=v1.2.3: must be the version)
	@$(PY) -m shipping.release $(if $(TAG),--tag $(TAG))

COMPILE = $(PY) -m uv pip compile --quiet $(if $(UPGRADE),--upgrade) --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header
FOR_IMAGES = --python-platform x86_64-manylinux_2_36 --no-annotate -c requirements/dev.txt

lock: install ## pin requirements/*.txt anew (UPGRADE=1: to the newest)
	@$(COMPILE) --universal --all-extras pyproject.toml requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) $(FOR_IMAGES) pyproject.toml --extra relay --extra tracing -o requirements/relay.txt
	@$(COMPILE) $(FOR_IMAGES) pyproject.toml --extra backend --extra tracing -o requirements/backend.txt
	@$(COMPILE) $(FOR_IMAGES) pyproject.toml --extra operator -o requirements/operator.txt
	@$(COMPILE) $(FOR_IMAGES) requirements/images.in -o requirements/images.txt
