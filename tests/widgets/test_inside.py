"""The Inside view: a point selects an example, the plane is drawn in bands and read, the tables have their numbers."""

import numpy as np
from playwright.sync_api import expect

from kdviz import words
from kdviz.widgets import Inside
from kdviz.widgets.recording import Frame
from kdviz.widgets.scene import Scene

from ..axe import serious
from .test_german import OVERFLOW, left_in_english

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
DRAWN = {
    "ids": ["teacher", "s", "t"],
    "layers": ["relu2", "relu1", "relu1"],
    "explained": [0.4, 0.6, 0.5],
    "rest": 0.1,
    "n": 4,
    "said": "Two components.",
}
RUNS = [
    {"id": "s", "role": "student", "name": "Student", "colour": 0, "hidden": False},
    {"id": "t", "role": "twin", "name": "Twin, no teacher", "colour": 0, "hidden": False},
]


def row(who, **changed):
    return {"id": who, "ball": 2.5, "adaptive": 0.125, "box": 3.5, "eigenvalue": 20.0, "converged": True} | changed


ACROSS = {
    "n": 500,
    "plane": {
        "ids": ["s", "t"],
        "along": [-0.5, 0.0, 1.0],
        "across": [-1.0, 0.0, 1.0],
        "loss": [[9.0, 8.0, 7.0], [2.0, 0.1, 0.2], [9.0, 8.0, 7.0]],
        "lengths": [1.0, 2.0],
        "said": "A barrier.",
        "note": "Measured.",
    },
    "sharpness": {
        "rows": [row("s"), row("t", converged=False), row("rescaled", ball=25.0)],
        "radii": {},
        "note": "Scaled.",
    },
    "probes": [{"id": "teacher", "layer": "relu2", "share": [0.97, 0.95, 0.98], "n": 250}],
    "training": {
        "layer": "relu2",
        "nearest": 10,
        "by_chance": 0.03,
        "lines": [{"id": "s", "steps": [0, 40], "cka": [0.2, 0.6], "kept": [0.1, 0.4]}],
    },
}


def inside(**traits):
    shown = {"view": "inside", "runs": RUNS, "total_steps": 40}
    scene = Scene(classes=["4", "9"], teacher_logits=np.eye(4, 2), labels=[0, 1, 0, 1], captions=["x"] * 4, **shown)
    scene.record("s", Frame.of(40, np.ones((4, 2))))
    scene.shown_run = "s"
    made = {"shown_run": "s", "selected": 0, "step": 40}
    points = {"teacher_points": POINTS, "student_points": POINTS, "beside_points": -POINTS}
    return Inside(**({"scene": scene, "drawn": DRAWN, "made_for": made, "across": ACROSS} | points | traits))


def test_a_point_picked_in_either_drawing_selects_its_example(mount):
    page = mount(inside())
    student = page.get_by_role("application", name="Student: 4 examples in two dimensions")
    box = student.bounding_box()
    student.click(position={"x": box["width"] * (0.5 + 1 / 2.16), "y": box["height"] * (0.5 + 0.5 / 2.16)})
    expect(page.locator(".kd-inside-drawings .kd-inside-reading")).to_have_text("Example 2: true class 9.")
    assert page.evaluate("() => scene.get('selected')") == 1
    teacher = page.get_by_role("application", name="Teacher: 4 examples in two dimensions")
    teacher.focus()
    page.keyboard.press("ArrowLeft")  # from (1, 0) to (0, 0)
    assert page.evaluate("() => scene.get('selected')") == 0
    page.keyboard.press("ArrowUp")
    assert page.evaluate("() => scene.get('selected')") == 2
    page.keyboard.press("ArrowUp")
    assert page.evaluate("() => scene.get('selected')") == 2, "nothing lies further up"
    page.get_by_role("application", name="Twin: 4 examples in two dimensions").focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("() => scene.get('selected')") == 0, "the twin's drawing has it at the bottom"
    expect(page.locator(".kd-inside-drawings figcaption")).to_have_text(
        [f"{who}: {layer}, {share}\u00a0% of its variance" for who, layer, share in (
            ("Teacher", "relu2", 40), ("Student", "relu1", 60), ("Twin", "relu1", 50))]
    )  # fmt: skip


def test_without_a_twin_there_are_two_drawings(mount):
    two = {name: DRAWN[name][:2] for name in ("ids", "layers", "explained")}
    page = mount(inside(drawn={**DRAWN, **two}, beside_points=b""))
    expect(page.locator(".kd-inside-pair canvas:visible")).to_have_count(2)


def test_the_plane_is_drawn_in_bands_with_both_networks_and_read_by_keyboard(mount):
    page = mount(inside(), width=400)
    shades = page.evaluate(
        "() => { const c = document.querySelector('.kd-lossplane-canvas');"
        " return [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, 3, 3).data]; }"
    )
    size, pixels = shades[:2], np.array(shades[2:]).reshape(3, 3, 4)
    assert size == [3, 3] and (pixels[0] == pixels[2]).all()
    assert pixels[1, 1, :3].sum() > pixels[1, 0, :3].sum() > pixels[0, 0, :3].sum(), "the higher, the darker"
    assert page.locator(".kd-lossplane-spot").all_inner_texts() == ["Student", "Twin"]
    frame = page.locator(".kd-lossplane-frame")
    frame.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".kd-lossplane .kd-inside-reading")).to_have_text("Loss 0.100 at 0.00 along and 0.00 across.")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".kd-lossplane .kd-inside-reading")).to_have_text("Loss 8.000 at 0.00 along and 1.00 across.")
    assert page.evaluate(OVERFLOW) <= 0


def test_sharpness_probes_and_layers_have_their_numbers(mount):
    page = mount(inside())
    rows = page.get_by_role("table", name="Sharpness of the minimum").get_by_role("row").all()[1:]
    assert [r.get_by_role("cell").all_inner_texts() for r in rows] == [
        ["2.500", "0.125", "3.50", "20"],
        ["2.500", "0.125", "3.50", "≈\u00a020"],
        ["25.000", "0.125", "3.50", "20"],
    ]
    expect(page.get_by_role("listitem").filter(has_text="Teacher, relu2")).to_contain_text("97.0\u00a0%")
    expect(page.get_by_role("img", name="CKA with the teacher’s relu2: Student 0.60")).to_be_visible()
    expect(page.get_by_role("img", name="Of its 10 nearest examples kept: Student 0.40")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="Measure the landscape and the layers").click()
    assert page.evaluate("() => model.log.filter((e) => e.sent).map((e) => e.sent.command)") == ["across"]


def test_it_is_german_and_dark_and_narrow(mount, monkeypatch):
    monkeypatch.setattr(words, "_chosen", ["de"])
    across = {**ACROSS, "plane": {**ACROSS["plane"], "said": "x", "note": ""}}
    monkeypatch.setitem(RUNS[0], "name", "Lauf 1")
    page = mount(inside(across=across, drawn={**DRAWN, "said": "x"}), width=400, dark=True)
    expect(page.get_by_role("heading", name="Innen: Was haben sie gelernt?")).to_be_visible()
    assert left_in_english(page) == [] and page.evaluate(OVERFLOW) <= 0
