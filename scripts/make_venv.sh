#!/bin/sh
# Make the virtual environment $1 anew with what the lock file $2 lists.
set -eu
venv=$1
lock=$2
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "There is no $python here; name a Python 3.11 or newer with: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Homeroom needs Python 3.11 or newer, and $("$python" --version 2>&1) is too old; name another with make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv." >&2
    exit 1
fi

echo "Making $venv from $lock."
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check -qq install --require-hashes -r "$lock"
