"""The Lab's transfer set and faults in a browser, from the choice to a run that is taken up again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

LINK = "teacher=mnist-mlp-overfit&labels=300&units=16&epochs={epochs}&batch_size=512&smoothing=0"
LONG = 200  # epochs: Stop always finds it running
LOADED_MS = 120_000


def test_noise_and_made_up_digits_from_the_choice_to_a_run_that_is_taken_up_again(open_lab):
    lab = open_lab(LINK.format(epochs=1))
    page = lab.page
    page.locator(".kd-setup-fold > summary").click()
    page.get_by_label("Transfer set").select_option(label="with made-up examples (MUNGE)")
    expect(page.get_by_text("Made-up examples: labelled ones that traded values")).to_be_visible()
    page.get_by_label("Fault in the data").select_option(label="A third of the labels wrong")
    samples = page.locator(".kd-sample")
    expect(samples).to_have_count(10, timeout=LOADED_MS)
    expect(page.locator(".kd-sample-extra")).to_have_count(5)
    expect(page.locator(".kd-sample-wrong").first).to_have_text(re.compile(r"wrong: it is \d"))
    lab.train()
    expect(lab.status).to_have_text(re.compile("Finished after 19 steps"))
    expect(page.locator(".kd-curves .kd-sentence").first).to_contain_text("the twin can learn from the 300")

    lab = open_lab(f"{LINK.format(epochs=LONG)}&extra=munge&fault=noisy_labels")
    page = lab.page
    page.locator(".kd-setup-fold > summary").click()
    expect(page.get_by_label("Transfer set")).to_have_value("munge")
    expect(page.get_by_label("Fault in the data")).to_have_value("noisy_labels")
    lab.button("Train").click()
    expect(page.locator(".kd-transport[data-state=running]")).to_be_visible(timeout=LOADED_MS)
    expect(page.get_by_label("Transfer set")).to_be_disabled()
    lab.button("Stop").click()
    expect(page.locator(".kd-transport[data-state=stopped]")).to_be_visible(timeout=LOADED_MS)
    expect(lab.status).to_contain_text("what was learned is kept")

    page.reload()
    page.locator(".kd-kept-buttons [data-command=take_up]").first.click(timeout=LOADED_MS)
    expect(page.locator(".kd-transport[data-state=stopped]")).to_be_visible(timeout=LOADED_MS)
    page.locator(".kd-setup-fold > summary").click()
    expect(page.get_by_label("Fault in the data")).to_have_value("noisy_labels")
    expect(page.locator(".kd-sample-wrong")).to_have_count(2, timeout=LOADED_MS)
