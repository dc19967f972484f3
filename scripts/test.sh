#!/bin/sh
# Run the suite on SQLite, and on PostgreSQL where there is one or one can be started. Arguments go to pytest, or to
# another MODULE that reads HOMEROOM_TEST_POSTGRESQL_URL.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}

# A throw-away cluster that was already there belongs to somebody else, who will stop it.
if [ ! -e .tools/pg/cluster.json ]; then
    trap '"$python" scripts/find_postgresql.py --stop' EXIT
    trap 'exit 130' INT TERM
fi

if url=$("$python" scripts/find_postgresql.py); then
    export HOMEROOM_TEST_POSTGRESQL_URL="$url"
    echo "Testing on SQLite, and on PostgreSQL at ${url##*@}."
else
    case ",${HOMEROOM_TEST_REQUIRE:-}," in
        *,postgresql,*) echo "PostgreSQL is required here (HOMEROOM_TEST_REQUIRE), so this is a failure." >&2; exit 1 ;;
    esac
    echo "Testing on SQLite only."
fi

"$python" -m "${MODULE:-pytest}" "$@"
