#!/usr/bin/env bash
# The peer of `python -m benchmarks versus`: OCRmyPDF (MPL-2.0), pinned, in .venv-bench, run as a program, never imported.
# Wants .venv (scripts/setup.sh dev). Exit 5: the machine lacks something.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v gs >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    install="apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends ghostscript"
    $install >/dev/null 2>&1 || { apt-get update -qq >/dev/null 2>&1 && $install >/dev/null 2>&1; } || true
  fi
  command -v gs >/dev/null || {
    printf 'The peer lacks Ghostscript; to install:\n    sudo apt-get install -y ghostscript\n' >&2
    exit 5
  }
fi
key=$(sha256sum requirements/benchmarks.lock | cut -c1-32)
[ "$(cat .venv-bench/.stamp 2>/dev/null)" = "$key" ] && exit 0
rm -rf .venv-bench
.venv/bin/python -m venv .venv-bench
.venv/bin/uv pip install -q --python .venv-bench/bin/python --no-deps --require-hashes --no-build --compile-bytecode \
  -r requirements/benchmarks.lock
printf '%s\n' "$key" >.venv-bench/.stamp
