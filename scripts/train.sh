#!/usr/bin/env bash
# Makes the weights of both nets anew (training/), in .venv-train, from registry packages alone. An hour and a half on two
# cores. The hands that fields are written in come from the npm registry: wants npm too.
#     train.sh [OUT]    default var/training
# Wants .venv (scripts/setup.sh demo). Exit 5: the machine lacks something.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-var/training}

key=$(sha256sum requirements/training.lock requirements/line-net.lock | sha256sum | cut -c1-32)
if [ "$(cat .venv-train/.stamp 2>/dev/null)" != "$key" ]; then
  rm -rf .venv-train
  .venv/bin/python -m venv .venv-train
  .venv/bin/uv pip install -q --python .venv-train/bin/python --no-deps --require-hashes --no-build \
    -r requirements/training.lock -r requirements/line-net.lock ||
    {
      printf 'Packages of requirements/training.lock were not fetched; check the way to the registry and repeat: make train\n' >&2
      exit 5
    }
  printf '%s\n' "$key" >.venv-train/.stamp
fi
(
  cd requirements/hands
  npm ci --silent --ignore-scripts --no-audit --no-fund || {
    printf 'Packages of requirements/hands were not fetched; is npm installed, and the way to its registry open? Then repeat: make train\n' >&2
    exit 5
  }
)
.venv-train/bin/python -m training.tune lines "$out"
.venv-train/bin/python -m training.tune fields "$out"
.venv-train/bin/python -m training.measure "$out"
