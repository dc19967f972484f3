"""Takes the screenshots in docs/images/ of ``homeroom serve --demo``, with Chromium. ``make screenshots`` runs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = {"width": 880, "height": 440}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
READY = "Homeroom is ready on "
TEACHER, PASSWORD = "amara@demo.homeroom.example", "homeroom-demo"


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of a demo school of its own."""
    command = [sys.executable, "-m", "homeroom", "serve", "--demo", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        assert it.stdout is not None
        ready = next((line for line in it.stdout if line.startswith(READY)), None)
        if ready is None:
            sys.exit("The server did not start.")
        try:
            yield ready.removeprefix(READY).strip()
        finally:
            it.terminate()


def take(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def main() -> None:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit(f"There is no Chromium: none of {', '.join(BROWSERS)} is on the PATH.")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, served(Path(data)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(base_url=url, viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.goto("/login")
        page.get_by_label("Login or e-mail address").fill(TEACHER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/?login_success=1")
        page.goto("/")
        take(page, "dashboard")
        page.goto("/api/docs")
        # The first group of routes, opened.
        page.locator(".opblock-tag").first.click()
        page.locator(".opblock").first.wait_for()
        page.locator(".opblock-tag").first.evaluate("it => it.scrollIntoView()")
        take(page, "api-docs")
        browser.close()


if __name__ == "__main__":
    main()
