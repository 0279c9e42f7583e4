"""axe-core, which finds what keeps people from a page."""

from importlib.resources import files

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")


def serious(page: Page) -> list[str]:
    """Return the serious findings in the page, with where they are."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        f"{one['id']}: {one['help']}: {', '.join(str(n['target']) for n in one['nodes'][:3])}"
        for one in found
        if one["impact"] in SERIOUS
    ]
