# Every target sets up what it needs in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Seconds that `make fuzz` takes.
SECONDS ?= 60

.PHONY: demo test check sanitize portable digests wasm release-check shell-files fuzz docs bench pictures clean

CORE := $(wildcard core/*/*.cpp core/*/*.hpp)
SOURCES := pyproject.toml CMakeLists.txt $(CORE) $(shell find src share -type f ! -name '*.py[co]')

demo: $(VENV)/demo.stamp
	$(BIN)/python demo/demo.py

test: check
	@echo "Testing, the core under sanitizers beside it: about a quarter of an hour with two processors, up to forty minutes on a busy machine."
	@mkdir -p build; $(BIN)/python tools/sanitize.py > build/sanitize.log 2>&1 & sanitizing=$$!; \
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile; tested=$$?; \
	wait $$sanitizing; sanitized=$$?; cat build/sanitize.log; test $$tested = 0 -a $$sanitized = 0

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/clang-format --dry-run --Werror $(CORE)

# The core's tests under sanitizers; changed files for every parser.
sanitize: $(VENV)/test.stamp
	$(BIN)/python tools/sanitize.py

# The core in plain C++20, as compilers without vector types get it: the same bits.
portable: $(VENV)/test.stamp
	$(BIN)/python tools/portable.py

# The same bits as on every other machine, with and without the kernels for newer processors.
digests: $(VENV)/test.stamp
	$(BIN)/python tools/digests.py
	$(BIN)/python tools/digests.py --simd baseline

# The core as an npm package, into build/wasm, and its tests; they need node.
wasm: build/wasm/huepress.wasm
	$(BIN)/python -m pytest tests/wasm

build/wasm/huepress.wasm: $(VENV)/test.stamp $(CORE) $(wildcard wasm/*) tools/build_wasm.py
	@echo "Building the core for WebAssembly: the compiler is fetched and two minutes pass, once."
	$(BIN)/pip install --quiet --disable-pip-version-check 'huepress[wasm]'  # it is there already: only the compiler is fetched
	$(BIN)/python tools/build_wasm.py

fuzz: $(VENV)/test.stamp
	$(BIN)/python tools/fuzz.py --seconds $(SECONDS)

# Man page and completions that wheels bring, after a change of options.
shell-files: $(VENV)/test.stamp
	$(BIN)/python tools/shell_files.py

# sdist, wheel, their checks, and a fresh environment without a compiler. PYTHONS="python3.11 python3.12" tries both wheels.
release-check: $(VENV)/release.stamp
	$(BIN)/python tools/release_check.py $(PYTHONS)

# All pictures in docs/ and README.md, drawn by the program itself.
pictures: $(VENV)/bench.stamp
	$(BIN)/python demo/pictures.py

# The documentation site, into build/site.
docs: $(VENV)/test.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# IMAGES=folder compares with every peer that is installed.
bench: $(VENV)/bench.stamp
	$(BIN)/python bench/quality_speed.py $(IMAGES)

$(VENV)/bin/python:
	@echo "Making a virtual environment in $(VENV) ..."
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(VENV)/bin/python $(SOURCES)
	@echo "Building huepress and fetching the demonstration's pictures: about a minute, once."
	$(BIN)/pip install --quiet --disable-pip-version-check '.[demo]'
	touch $@

$(VENV)/test.stamp: $(VENV)/bin/python $(SOURCES)
	@echo "Building huepress and installing what the tests need: two minutes, once."
	$(BIN)/pip install --quiet --disable-pip-version-check '.[test]'
	touch $@

$(VENV)/release.stamp: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check 'abi3audit>=0.0.20' 'build>=1.2' 'check-wheel-contents>=0.6' 'twine>=6.1'
	touch $@

$(VENV)/bench.stamp: $(VENV)/bin/python $(SOURCES)
	$(BIN)/pip install --quiet --disable-pip-version-check '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) build demo/output
