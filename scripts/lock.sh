#!/bin/sh
# Turn pyproject.toml into requirements/*.txt: versions and hashes for every platform, and no registry's address.
# Keeps the versions that are locked and still fit; UPGRADE=1 takes the newest.
set -eu
cd "$(dirname "$0")/.."

uv=${UV:-.tools/lock/bin/uv}
upgrade=${UPGRADE:+--upgrade}

lock() {
    name=$1
    shift
    echo "Locking requirements/$name.txt"
    # --no-config: neither this machine's mirrors nor its folders of wheels have a say.
    "$uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        $upgrade --output-file "requirements/$name.txt" "$@"
}

lock run pyproject.toml --group build
lock dev pyproject.toml --all-extras --group dev --constraints requirements/run.txt
lock bench pyproject.toml --group bench --constraints requirements/dev.txt
lock lock --group lock

if command -v npm >/dev/null; then
    for folder in tests/clients/node benchmarks/node; do
        echo "Locking $folder/package-lock.json"
        (cd "$folder" && npm install --package-lock-only --silent)
    done
else
    echo "npm is not here, so the two package-lock.json stay as they are."
fi
