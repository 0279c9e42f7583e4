"""What is chosen on the Words page: a choice is sent, one that was refused is taken back, and a run locks all."""

from playwright.sync_api import expect

from kdviz.widgets import WritingSetup

from ..axe import serious

FIELDS = [
    {"name": "data", "title": "Text", "value": "a", "hint": "",
     "options": [{"value": "a", "text": "A book"}, {"value": "b", "text": "Sums"}]},
    {"name": "epochs", "title": "Passes", "value": "2", "hint": "Twice through.",
     "options": [{"value": "1", "text": "1"}, {"value": "2", "text": "2"}]},
]  # fmt: skip


def test_a_choice_is_sent_and_a_refused_one_taken_back(mount):
    page = mount(WritingSetup(fields=FIELDS, note="A note.", code="import kdviz"), width=400)
    book = page.get_by_label("Text")
    book.select_option("b")
    assert page.evaluate("() => model.log.at(-1).sent") == {"command": "choose", "name": "data", "value": "b"}
    page.evaluate("() => model.set('answer', 1)")
    expect(book).to_have_value("a")
    expect(page.get_by_text("Twice through.")).to_be_visible()
    page.locator("summary").click()
    expect(page.get_by_label("Python program")).to_have_text("import kdviz")
    assert serious(page) == []


def test_one_option_is_text_and_no_choice(mount):
    fields = [{**FIELDS[0], "options": FIELDS[0]["options"][:1]}, FIELDS[1]]
    page = mount(WritingSetup(fields=fields), width=700)
    expect(page.get_by_text("A book", exact=True).and_(page.locator("span"))).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_count(1)
    expect(page.get_by_role("combobox", name="Passes")).to_have_accessible_description("Twice through.")
    assert serious(page) == []


def test_a_run_locks_all_and_says_why(mount):
    page = mount(WritingSetup(fields=FIELDS, locked=True, locked_reason="A run is under way."), width=700, dark=True)
    expect(page.get_by_role("status")).to_have_text("A run is under way.")
    for name in ("Text", "Passes"):
        expect(page.get_by_label(name)).to_be_disabled()
    assert serious(page) == []
