"""``homeroom openapi``."""

from __future__ import annotations

import click
import msgspec

from homeroom.app import FACES
from homeroom.wire.openapi.document import document


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the server it describes.")
def openapi(url: str) -> None:
    """Print the OpenAPI 3.1 document of every route, as JSON. A running server has it at /api/docs/openapi.json.

    \b
    Example
      homeroom openapi --url https://school.example > openapi.json
    """
    click.echo(msgspec.json.format(msgspec.json.encode(document(FACES, url.rstrip("/"))), indent=2))
