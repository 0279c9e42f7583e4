"""axe-core, which finds what keeps people from a page."""

from importlib.resources import files

from playwright.sync_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")


def serious(page: Page, *rules: str, within: str | None = None) -> list[str]:
    """Return the serious findings in the page, or ``within`` a part of it, with where they are; by these rules only, if
    any are named."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    asked = "([within, options]) => axe.run(within ?? document, options)"
    found = page.evaluate(asked, [within, options])["violations"]
    return [
        f"{one['id']}: {one['help']}: {', '.join(str(n['target']) for n in one['nodes'][:3])}"
        for one in found
        if one["impact"] in SERIOUS
    ]
