"""The pages in a real browser: with the mouse, with the keyboard alone, without scripts, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.support.cast import PASSWORD
from tests.support.live import LiveServer
from tests.support.openid import CLIENT_ID, CLIENT_SECRET, idp, with_query

pytestmark = pytest.mark.browser


@pytest.fixture(params=["with scripts", "without scripts"])
def context(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    scripts = request.param == "with scripts"
    context = browser.new_context(base_url=live_server.url, java_script_enabled=scripts)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    complaints: list[str] = []
    # A resource that the page's own policy blocks is said on the console and nowhere else.
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert [text for text in complaints if "Failed to load resource: the server responded" not in text] == []


def sign_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    page.get_by_label("Login or e-mail address").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def new_person(live_server: LiveServer, login: str) -> str:
    """Somebody made by an admin; the link that finishes the registration."""
    form = {
        "user[name]": "Nina Newcomer",
        "pseudonym[unique_id]": login,
        "communication_channel[confirmation_url]": "1",
    }
    headers = {"Authorization": f"Bearer {live_server.token('admin')}"}
    reply = httpx.post(f"{live_server.url}/api/v1/accounts/1/users", data=form, headers=headers)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["confirmation_url"])


def path_of(page: Page) -> str:
    parts = urlsplit(page.url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.mark.spec("homeroom.md#4")
def test_one_signs_in_looks_around_and_signs_out(page: Page) -> None:
    sign_in(page, "student@school.test")
    assert path_of(page) == "/?login_success=1"
    expect(page.get_by_role("heading", name="Hello, Stella Student")).to_be_visible()
    page.get_by_role("link", name="Biology").click()
    expect(page.get_by_role("heading", name="Biology")).to_be_visible()
    page.get_by_role("link", name="Stella Student").click()
    expect(page.get_by_text("this browser")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    assert path_of(page) == "/login/canvas"
    page.goto("/profile")
    assert path_of(page) == "/login/canvas"
    sign_in_again(page)
    assert path_of(page) == "/profile"


def sign_in_again(page: Page) -> None:
    page.get_by_label("Login or e-mail address").fill("student@school.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.spec("homeroom.md#4")
def test_a_wrong_password_is_announced_and_the_password_has_the_focus(page: Page) -> None:
    sign_in(page, "student@school.test", "wrong")
    expect(page.get_by_role("alert")).to_have_text("That login and password do not go together.")
    assert page.title().startswith("Error: Sign in")
    expect(page.get_by_label("Login or e-mail address")).to_have_value("student@school.test")
    password = page.get_by_label("Password")
    expect(password).to_be_focused()
    expect(password).to_have_value("")
    expect(password).to_have_accessible_description("That login and password do not go together.")


def link_in_mail(page: Page, server: LiveServer, subject: str, about: str, link: str) -> str:
    """The address in the newest mail with this subject, as the site admin finds it in the outbox."""
    assert page.context.browser is not None
    context = page.context.browser.new_context(base_url=server.url)
    outbox = context.new_page()
    sign_in(outbox, "admin@homeroom.example")
    outbox.goto("/homeroom/outbox")
    outbox.get_by_role("link", name=subject).first.click()
    expect(outbox.get_by_text(about).first).to_be_visible()
    address = outbox.get_by_role("link", name=link).get_attribute("href")
    context.close()
    assert address is not None
    return address


@pytest.mark.spec("homeroom.md#4")
def test_a_forgotten_password_is_replaced_through_the_outbox(page: Page, live_server: LiveServer) -> None:
    login = f"forgetful-{id(page)}@home.test"
    page.goto(new_person(live_server, login))
    page.get_by_label("Choose a password").fill("the first one I had")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("Login or e-mail address").fill(login)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    # A worker finds out who that is, after the answer.
    headers = {"Authorization": f"Bearer {live_server.token('site_admin')}"}
    assert httpx.post(f"{live_server.url}/homeroom/v1/jobs/run", headers=headers, timeout=30).status_code == 200
    page.goto(link_in_mail(page, live_server, "A new password at Homeroom", login, "/login/canvas/reset/"))
    expect(page.get_by_label("Login")).to_have_value(login)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("too short")
    page.get_by_label("New password").fill("the second one I have")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("heading", name="Hello, Nina Newcomer")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, login, "the second one I have")
    assert path_of(page) == "/?login_success=1"


@pytest.mark.spec("homeroom.md#4")
def test_a_registration_is_finished_by_its_link_once(page: Page, live_server: LiveServer) -> None:
    link = new_person(live_server, f"nina-{id(page)}@home.test")
    page.goto(link)
    expect(page.get_by_role("heading", name="Welcome, Nina Newcomer")).to_be_visible()
    password = page.get_by_label("Choose a password")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description("At least 8 characters. Several words are easy to remember.")
    password.fill("purple horses sing")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("You are signed in.")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def let_people_register(live_server: LiveServer, who: str) -> None:
    headers = {"Authorization": f"Bearer {live_server.token('site_admin')}"}
    url = f"{live_server.url}/homeroom/v1/accounts/1/settings"
    assert httpx.put(url, json={"self_registration": who}, headers=headers).status_code == 200


@pytest.fixture
def open_server(live_server: LiveServer) -> Iterator[LiveServer]:
    """Where people may register by themselves."""
    let_people_register(live_server, "all")
    yield live_server
    let_people_register(live_server, "none")


@pytest.mark.spec("homeroom.md#4")
@pytest.mark.spec("users-core.md#5")
def test_somebody_registers_and_later_changes_the_password(page: Page, open_server: LiveServer) -> None:
    login = f"nina-{id(page)}@home.test"
    page.goto("/login/canvas")
    page.get_by_role("link", name="Register").click()
    expect(page.get_by_label("Your name")).to_be_focused()
    page.get_by_label("Your name").fill("Nina Newcomer")
    page.get_by_label("E-mail address").fill(login)
    page.get_by_label("Pairing code").fill("WRONG1")
    page.get_by_role("button", name="Register").click()
    code = page.get_by_label("Pairing code")
    expect(code).to_be_focused()
    expect(code).to_have_accessible_description(re.compile("There is no such code"))
    code.fill("")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(link_in_mail(page, open_server, "Finish your registration", login, "/register/"))
    page.get_by_label("Choose a password").fill("purple horses sing")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("link", name="Your settings").click()
    page.get_by_role("link", name=f"Change the password of {login}").click()
    page.get_by_label("Present password").fill("not that one")
    page.get_by_label("New password").fill("the horses sleep now")
    page.get_by_role("button", name="Change the password").click()
    present = page.get_by_label("Present password")
    expect(present).to_be_focused()
    expect(present).to_have_accessible_description("That is not your present password.")
    present.fill("purple horses sing")
    page.get_by_label("New password").fill("the horses sleep now")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status")).to_have_text("Your password is changed. You are signed out everywhere else.")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, login, "the horses sleep now")
    assert path_of(page) == "/?login_success=1"


@pytest.mark.spec("homeroom.md#4")
def test_the_keyboard_alone_signs_in_and_out(page: Page) -> None:
    page.goto("/login/canvas")
    expect(page.get_by_label("Login or e-mail address")).to_be_focused()
    page.keyboard.type("teacher@school.test")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Stay signed in on this device")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello, Tina Teacher")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_to_stay_signed_in_survives_the_end_of_the_browser(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    page.goto("/login/canvas")
    page.get_by_label("Stay signed in on this device").check()
    sign_in_again(page)
    kept = [cookie for cookie in context.cookies() if cookie["expires"] > 0]
    assert sorted(cookie["name"] for cookie in kept) == ["homeroom_known", "homeroom_session"]
    context.close()
    later = browser.new_context(base_url=live_server.url)
    later.add_cookies(kept)  # type: ignore[arg-type]
    page = later.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Hello, Stella Student")).to_be_visible()
    later.close()


PAGES = ("/login/canvas", "/login/canvas/forgot", "/", "/profile", "/terms", "/homeroom/outbox", "/nowhere")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_fits_its_window_and_can_be_read(
    browser: Browser, open_server: LiveServer, scheme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=open_server.url,
        viewport={"width": width, "height": 700},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto("/register")
    require_readable(page, width)
    page.locator("main form").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("Please say what your name is.")).to_be_visible()
    require_readable(page, width)
    sign_in(page, "student@school.test")
    for path in PAGES:
        page.goto(path)
        require_readable(page, width)
    page.goto("/profile")
    page.get_by_role("link", name="Change the password").click()
    require_readable(page, width)
    context.close()


def require_readable(page: Page, width: int) -> None:
    path = path_of(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("h1").count() == 1, path
    assert page.evaluate(UNLABELLED) == 0, path
    assert page.evaluate(FAINT) == [], path


UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden])')].filter(i => !i.labels.length).length"""

# The contrast of each text with what stands behind it (WCAG 2.2, 1.4.3: at least 4.5).
FAINT = """() => {
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const color = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = color(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const e of document.body.querySelectorAll('*')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(color(getComputedStyle(e).color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${e.tagName} ${e.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return faint;
}"""


def test_clickjacking_another_page_cannot_frame_the_form(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page()
    page.route("http://evil.test/", lambda route: route.fulfill(
        content_type="text/html", body=f'<iframe src="{live_server.url}/login/canvas"></iframe>'
    ))  # fmt: skip
    page.goto("http://evil.test/")
    page.wait_for_timeout(300)
    assert all("Sign in" not in frame.content() for frame in page.frames)
    page.close()


def test_csrf_a_form_of_another_site_changes_nothing(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    sign_in(page, "student@school.test")
    page.route("http://evil.test/", lambda route: route.fulfill(
        content_type="text/html",
        body=f'<form method="post" action="{live_server.url}/logout"><button>Win a prize</button></form>',
    ))  # fmt: skip
    page.goto("http://evil.test/")
    page.get_by_role("button", name="Win a prize").click()
    expect(page.get_by_role("heading", name="This form is too old")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Hello, Stella Student")).to_be_visible()
    context.close()


@pytest.mark.spec("homeroom.md#3")
def test_signing_out_goes_on_to_the_provider(context: BrowserContext, page: Page, live_server: LiveServer) -> None:
    with idp() as provider, httpx.Client(base_url=live_server.url) as visitor:
        provider.outside.documents["/logout"] = {"signed": "out"}
        headers = {"Authorization": f"Bearer {live_server.token('admin')}"}
        fields = {
            "auth_type": "openid_connect",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "discovery_url": provider.discovery_url,
            "end_session_endpoint": f"{provider.url}/logout",
            "jit_provisioning": True,
        }
        providers = f"{live_server.url}/api/v1/accounts/1/authentication_providers"
        made = httpx.post(providers, json=fields, headers=headers).json()
        url = visitor.get(f"/login/openid_connect/{made['id']}").headers["location"]
        visitor.get(with_query("/login/oauth2/callback", provider.agree(url)))
        secret = visitor.cookies["homeroom_session"]
        context.add_cookies([{"name": "homeroom_session", "value": secret, "url": live_server.url}])
        page.goto("/profile")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url(f"{provider.url}/logout?*")
        page.goto(f"{live_server.url}/profile")
        assert path_of(page) == "/login/canvas"
        httpx.delete(f"{providers}/{made['id']}", headers=headers)
