#!/bin/sh
# A bill of materials (CycloneDX) of what a production machine runs, from the locks: var/sbom.cdx.json, or the file named.
set -eu
cd "$(dirname "$0")/.."
out=${1:-var/sbom.cdx.json}
if [ ! -x .venv-sbom/bin/cyclonedx-py ]; then
  python3 -m venv .venv-sbom
  .venv-sbom/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/sbom.lock
fi
mkdir -p "$(dirname "$out")"
all=$(mktemp)
trap 'rm -f "$all"' EXIT
cat requirements/runtime.lock requirements/line-net.lock >"$all"
.venv-sbom/bin/cyclonedx-py requirements "$all" --pyproject pyproject.toml --of JSON -o "$out" >/dev/null
echo "$out"
