"""The Dockerfile, as far as it can be held without an engine to build it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from homeroom.cli.serve import serve
from homeroom.settings import VARIABLES

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    starts = [place for place, (word, _) in enumerate(found) if word == "FROM"]
    return found[starts[-1] :]


def test_it_runs_as_a_user_who_is_not_root_and_owns_the_volume() -> None:
    stage = last_stage()
    (user,) = [value for word, value in stage if word == "USER"]
    assert user.isdigit() and int(user) > 0
    made = next(value for word, value in stage if word == "RUN")
    assert f"--uid {user} " in made
    name = made.split("&&")[0].split()[-1]
    (volume,) = [value for word, value in stage if word == "VOLUME"]
    assert f"install -d -m 0700 -o {name} -g {name} {volume}" in made
    words = [word for word, _ in stage]
    assert words.index("USER") < words.index("CMD")
    assert not [value for word, value in stage[words.index("USER") :] if word in ("RUN", "COPY", "ADD")]


def test_what_it_installs_is_locked_and_what_it_copies_is_there() -> None:
    for word, value in instructions():
        assert word != "ADD"
        if word == "FROM":
            assert re.match(r"\S+:\d+\.\d+\S*( AS \w+)?$", value), "Without a version it is another image every day."
        if word == "RUN" and "pip install" in value:
            assert "--require-hashes" in value or "--no-deps" in value
        if word == "COPY" and "--from" not in value:
            for source in shlex.split(value)[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")


def test_it_holds_no_secret_and_says_only_settings_that_there_are() -> None:
    given = dict(pair.split("=", 1) for word, value in instructions() if word == "ENV" for pair in shlex.split(value))
    assert {name for name in given if name.startswith("HOMEROOM_")} <= VARIABLES.keys()
    assert not {"HOMEROOM_ADMIN_TOKEN", "HOMEROOM_SECRET_KEY", "HOMEROOM_DEV"} & given.keys()
    (volume,) = [value for word, value in last_stage() if word == "VOLUME"]
    assert given["HOMEROOM_DATA"] == volume


def test_its_command_and_its_probe_are_ones_that_homeroom_has() -> None:
    found = dict(last_stage())
    name, command, *options = json.loads(found["CMD"])
    assert (name, command) == ("homeroom", "serve")
    assert CliRunner().invoke(serve, [*options, "--help"]).exit_code == 0
    port = options[options.index("--port") + 1]
    assert found["EXPOSE"] == port
    assert f"http://127.0.0.1:{port}/homeroom/v1/health" in found["HEALTHCHECK"]
