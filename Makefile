# The recipes people and CI run. Everything lives in .venv and target; `make clean` removes what was made.
PYTHON ?= python3
VENV ?= .venv
PEERS ?= .venv-peers
WORKERS ?= 2
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
RUST := Cargo.toml $(wildcard Cargo.lock) $(shell find crates -name '*.rs' -o -name 'Cargo.toml')

# cargo test and the engine use the ONNX Runtime of the wheel; "_providers_" and links are other files.
ORT_DYLIB = $(shell $(BIN)/python -c 'import importlib.util as u, pathlib as p; print(next(p.Path(u.find_spec("onnxruntime").origin).parent.glob("capi/libonnxruntime.*")))')
FLIGHTS := examples/flights/data/flights.db

.DEFAULT_GOAL := help
.PHONY: help install demo examples matrix test lint format bench bench-peers docs docs-links pictures trainer-image wheel wheel-manylinux sdist smoke sbom clean
.PHONY: verify-batch verify-calibration verify-churn verify-concurrency verify-coverage verify-crashes verify-encoding verify-extraction verify-features verify-flights verify-gates verify-install verify-instructions verify-intervals verify-latency verify-leakage verify-mutants verify-native verify-orm verify-parity verify-routing verify-snapshots verify-start verify-swaps verify-training verify-trees verify-tutorial verify-web

help:
	@echo "make install              the environment that all others use"
	@echo "make demo                 from nothing to predictions on real data"
	@echo "make examples             the demos of all examples one after the other, whole: three minutes of CPU"
	@echo "make test                 cargo test and pytest"
	@echo "make lint                 cargo fmt, clippy, ruff, mypy, stubtest, layers"
	@echo "make format               what cargo fmt and ruff put right by themselves"
	@echo "make docs                 the documentation, into docs/_build/html"
	@echo "make docs-links           whether the addresses that the documentation links to are there; needs the network"
	@echo "make pictures             the pictures of the README, of real output; needs Chromium"
	@echo "make bench                verify-latency and verify-extraction: speeds, beside scikit-learn and onnxruntime"
	@echo "make bench-peers          beside everything one would use instead, half an hour; writes docs/explanation/speed.md"
	@echo "make trainer-image        the image for prisml train --backend docker, from this checkout; needs Docker"
	@echo "make wheel                the wheel of this checkout for this machine, into dist; it serves Python 3.11 and all newer ones"
	@echo "make wheel-manylinux      the wheel for any Linux with glibc 2.28 or newer, linked by zig, into dist"
	@echo "make sdist                the source distribution, into dist"
	@echo "make smoke                installs the wheel in dist into a bare environment elsewhere, and trains and predicts there"
	@echo "make sbom WHEEL=...       what an installation of that wheel brings, as CycloneDX, into sbom.cdx.json"
	@echo "make clean                removes all that was made"
	@echo
	@echo "make matrix               tries every estimator, option and step, and writes what is offered; `python -m benches.matrix --check` only compares"
	@echo "make verify-batch         one table of verify-flights; exit code 1 where a promise is broken"
	@echo "make verify-calibration   calibrated graphs beside scikit-learn's calibrators, 100,000 scores; weighted models and the base rate"
	@echo "make verify-churn         every value seen as of a date, beside pandas on the raw file; what a model is worth that saw the future"
	@echo "make verify-concurrency   threads under swaps, event loops, forks, gunicorn, memory under a million calls"
	@echo "make verify-coverage      which lines of Python and Rust the tests run; needs cargo-llvm-cov and LLVM's tools"
	@echo "make verify-crashes       publishers and database servers killed in the middle of writes: what is left"
	@echo "make verify-encoding      what it costs to read dictionaries and loaded objects, beside tuples made in Python"
	@echo "make verify-extraction    speed and memory of reading a table"
	@echo "make verify-features      training and prediction have the same numbers: every kind of feature, three databases, bit for bit"
	@echo "make verify-flights       every model on all flights: parity, metrics, batch, latency"
	@echo "make verify-gates         gates whose verdict is known beforehand, each trained by the command line"
	@echo "make verify-install       what an installation weighs, by distribution, and what importing takes, beside others"
	@echo "make verify-instructions  how many instructions the hot paths take, by callgrind, beside what they took"
	@echo "make verify-intervals     how often the interval of a metric holds its true value, on small hold-outs of a rare class"
	@echo "make verify-latency       as verify-batch"
	@echo "make verify-leakage       leaks planted into real data: which guards miss them, and alarms on honest data"
	@echo "make verify-mutants       mistakes made on purpose in gates, parity and routing, one at a time: which of them no test notices"
	@echo "make verify-native        native evaluation beside ONNX Runtime and the models' own libraries, whole test sets"
	@echo "make verify-orm           what with_ml() adds to a query"
	@echo "make verify-parity        as verify-batch"
	@echo "make verify-routing       which keys get which variant: even, fair, independent; nanoseconds each"
	@echo "make verify-snapshots     extractions while another process writes: each of one state, and no writer waits for long"
	@echo "make verify-start         loading, first and second prediction, memory, beside ONNX Runtime's session"
	@echo "make verify-swaps         versions swapped under predicting threads; how soon other processes follow"
	@echo "make verify-training      five real data sets: metrics beside scikit-learn by hand, a search beside defaults"
	@echo "make verify-trees         exported trees of every kind and option beside scikit-learn, XGBoost and LightGBM, at every threshold"
	@echo "make verify-tutorial      the tutorial word for word, in a fresh environment without compiler or checkout: seconds of each command"
	@echo "make verify-web           the FastAPI example under load while versions are swapped"

install: $(INSTALLED)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "PrisML needs Python 3.11 or newer; pass PYTHON=python3.x" >&2; exit 2; }
	@command -v cargo >/dev/null || { echo "PrisML is built with Rust 1.89 or newer; see https://rustup.rs" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Without build isolation, so that a second build finds what cargo kept of the first. One package of the data is built by setuptools.
$(INSTALLED): pyproject.toml $(RUST) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'maturin>=1.9.4,<2' setuptools wheel
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[dev]'
	@touch $@

$(FLIGHTS): $(INSTALLED) | examples/flights/load.py examples/flights/models.py
	$(BIN)/python -m examples.flights.load
	@touch $@

demo: $(INSTALLED)
	$(BIN)/python -m examples.flights.demo

# The example of FastAPI is a service, and has no demo.
examples: demo
	for name in churn fraud batch versioning chinook; do OMP_NUM_THREADS=1 $(BIN)/python -m examples.$$name.demo || exit; done

# One thread each: OpenMP's threads wait by spinning, and those of one worker would starve the other.
test: $(INSTALLED)
	PRISML_ORT_DYLIB='$(ORT_DYLIB)' cargo test --package prisml-core
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: $(INSTALLED)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest prisml._core
	$(BIN)/lint-imports

format: $(INSTALLED)
	cargo fmt --all
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: verify-latency verify-extraction

# In an environment of its own: what the peers need is nothing that PrisML should be tested with.
$(PEERS)/.installed: pyproject.toml $(INSTALLED)
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check 'maturin>=1.9.4,<2' setuptools wheel
	PATH="$(abspath $(PEERS))/bin:$$PATH" $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[peers]'
	@touch $@

bench-peers: $(PEERS)/.installed
	$(PEERS)/bin/python -m benches.peers
	$(PEERS)/bin/python -m benches.peer_page

verify-native: $(PEERS)/.installed
	OMP_NUM_THREADS=1 $(PEERS)/bin/python -m benches.verify_native

# Neither tool is needed for anything else. cargo-mutants goes where `make clean` finds it.
verify-mutants: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4'
	command -v cargo-mutants >/dev/null || test -x target/tools/bin/cargo-mutants || cargo install --quiet --locked --root target/tools cargo-mutants
	PATH="$(abspath target/tools/bin):$$PATH" PRISML_ORT_DYLIB='$(ORT_DYLIB)' $(BIN)/python -m benches.verify_mutants

docs: $(INSTALLED)
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

docs-links: $(INSTALLED)
	$(BIN)/sphinx-build --quiet -b linkcheck docs docs/_build/links

pictures: $(INSTALLED)
	$(BIN)/python -m benches.pictures

trainer-image: $(INSTALLED) | Dockerfile.trainer
	rm -rf dist/trainer
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/maturin build --release --out dist/trainer
	docker build --file Dockerfile.trainer --build-arg WHEEL="$$(ls dist/trainer/*.whl)" \
		--tag "prisml-trainer:$$($(BIN)/python -c 'from prisml.version import installed_version; print(installed_version())')" .

wheel: $(INSTALLED)
	rm -f dist/prisml-*.whl
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out dist

# A linker that knows the symbols of old glibcs. onnxruntime's own wheels ask for 2.28, so an older one would be of no use.
wheel-manylinux: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ziglang
	rm -f dist/prisml-*.whl
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/maturin build --release --locked --zig --compatibility manylinux_2_28 --interpreter $(BIN)/python --out dist

sdist: $(INSTALLED)
	$(BIN)/maturin sdist --out dist

# By the Python given, not that of .venv: the environment it makes has nothing of this one.
smoke:
	$(PYTHON) -m tests.wheel.smoke dist

# What is installed with WHEEL, as CycloneDX; what is in its Rust, maturin writes into the wheel.
sbom:
	rm -rf dist/sbom && $(PYTHON) -m venv dist/sbom/tool && $(PYTHON) -m venv --without-pip dist/sbom/installed
	dist/sbom/tool/bin/python -m pip install --quiet --disable-pip-version-check 'cyclonedx-bom>=7,<8'
	dist/sbom/tool/bin/python -m pip --python dist/sbom/installed/bin/python install --quiet --disable-pip-version-check '$(WHEEL)'
	dist/sbom/tool/bin/cyclonedx-py environment --output-format JSON --output-file sbom.cdx.json dist/sbom/installed/bin/python
	rm -rf dist/sbom

# One table each of the campaign that verify-flights runs whole, where each model is trained once for all tables.
verify-parity verify-batch verify-latency: verify-%: $(FLIGHTS)
	$(BIN)/python -m benches.verify_flights $*

verify-extraction: $(FLIGHTS)
	$(BIN)/python -m benches.verify_extraction

verify-features: $(INSTALLED)
	$(BIN)/python -m benches.verify_features

verify-coverage: $(INSTALLED)
	$(BIN)/python -m benches.verify_coverage

verify-encoding: $(FLIGHTS)
	$(BIN)/python -m benches.verify_encoding

verify-calibration: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m benches.verify_calibration

verify-churn: $(INSTALLED)
	$(BIN)/python -m benches.verify_churn

verify-orm: $(INSTALLED)
	$(BIN)/python -m benches.verify_orm

verify-web: $(INSTALLED)
	$(BIN)/python -m benches.verify_web

verify-crashes: $(INSTALLED)
	$(BIN)/python -m benches.verify_crashes

verify-swaps: $(INSTALLED)
	$(BIN)/python -m benches.verify_swaps

verify-snapshots: $(INSTALLED)
	$(BIN)/python -m benches.verify_snapshots

verify-start: $(INSTALLED)
	$(BIN)/python -m benches.verify_start

verify-concurrency: $(INSTALLED)
	$(BIN)/python -m benches.verify_concurrency

verify-trees: $(INSTALLED)
	$(BIN)/python -m benches.verify_trees

verify-intervals: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m benches.verify_intervals

# One thread each, as the tests.
matrix: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benches.matrix

verify-leakage: $(FLIGHTS)
	$(BIN)/python -m benches.verify_leakage

verify-gates: $(INSTALLED)
	$(BIN)/python -m benches.verify_gates

verify-training: $(FLIGHTS)
	OMP_NUM_THREADS=1 $(BIN)/python -m benches.verify_training

verify-tutorial: $(INSTALLED)
	$(BIN)/python -m benches.verify_tutorial

verify-install: $(INSTALLED)
	$(BIN)/python -m benches.verify_install

verify-instructions: $(INSTALLED)
	$(BIN)/python -m benches.verify_instructions

verify-routing: $(INSTALLED)
	$(BIN)/python -m benches.verify_routing

verify-flights: $(FLIGHTS)
	$(BIN)/python -m benches.verify_flights
	$(BIN)/python -m benches.flights_features

clean:
	rm -rf $(VENV) $(PEERS) target dist docs/_build examples/*/data .prisml .pytest_cache .mypy_cache .ruff_cache
