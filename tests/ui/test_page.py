"""The page in headless Chromium: it follows a training without a reload.

It skips where there is no Chromium on the path, or no playwright.
"""

import json
import shutil
import threading

import pytest

import hornbill as hb

from .conftest import X, Y, fit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS = 120  # how long anything may take on a busy machine


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", exc_type=ImportError)
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with api.sync_playwright() as play:
        # Without a sandbox, which root may not have; the page is our own.
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, served):
    """The page, whose errors and refused loads fail the test, but for those of a lost server."""
    page = browser.new_page()
    page.set_default_timeout(1000 * SECONDS)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: m.type == "error" and wrong.append(m.text))
    page.goto(served.address)
    yield page
    page.close()
    assert [text for text in wrong if "ERR_CONNECTION" not in text] == []


def has_points(page, count: int):
    page.wait_for_selector(f'figure[data-metric="loss"][data-points="{count}"] canvas')


def picture(page) -> str:
    """The pixels of the loss's curve."""
    return page.eval_on_selector('figure[data-metric="loss"] canvas', "c => c.toDataURL()")


class Training(threading.Thread):
    """A training that waits at the end of each epoch until it may go on."""

    def __init__(self, model, log, epochs: int):
        super().__init__()
        self.go, self.error = threading.Semaphore(0), None
        wait = hb.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: self._wait())
        self.arguments = (model, log, wait), {"epochs": epochs, "validation_data": (X, Y)}

    def _wait(self):
        assert self.go.acquire(timeout=SECONDS)

    def run(self):
        arguments, settings = self.arguments
        try:
            fit(*arguments, **settings)
        except BaseException as error:
            self.error = error


def test_the_curve_moves_without_a_reload(page, model, tmp_path):
    page.wait_for_selector("#no-runs:visible")
    page.evaluate("window.untouched = true")
    log = hb.callbacks.RunLogger(tmp_path / "runs", name="first", seconds=None, probe=(X, Y))
    training = Training(model, log, epochs=4)
    training.start()
    seen = []
    for epochs in (1, 2, 3):  # training and validation: two points an epoch
        has_points(page, 2 * epochs)
        page.wait_for_timeout(100)  # uPlot draws in the next frame
        seen.append(picture(page))
        text = page.inner_text('[data-run="first"]')
        assert f"epoch {epochs} of 4" in text
        assert "running" in text
        training.go.release(2 if epochs == 3 else 1)
    page.wait_for_selector('[data-run="first"] :text("finished")')
    has_points(page, 8)
    training.join(SECONDS)
    assert training.error is None
    assert len({*seen, picture(page)}) == 4  # each time another curve
    assert page.evaluate("window.untouched") is True

    fit(model, hb.callbacks.RunLogger(tmp_path / "runs", name="second", picture=False), epochs=2)
    has_points(page, 10)  # a second run beside it
    page.uncheck('[data-run="first"] input')
    has_points(page, 2)
    for axis, label in {"epoch": "epoch", "time": "minute", "step": "step"}.items():
        page.select_option("#axis", axis)
        legend = page.text_content('[data-metric="loss"] .u-legend tr')
        assert legend.startswith(label)
        has_points(page, 2)
    page.check("#log-scale")
    page.check("#within")
    page.click('[data-run="first"] button')
    assert page.is_visible('#weights :text("tiny/line/kernel")')
    assert page.eval_on_selector("#statistic", "s => s.value") == "gradient"
    page.click("#to-model")
    assert "line (Dense)" in page.inner_text("#summary")
    if page.is_visible("#picture"):
        # `decode` waits for the picture and fails on a broken one. Not `wait_for_function`: it
        # polls with `eval`, which the page's policy refuses.
        page.eval_on_selector("#picture", "image => image.decode()")
    page.click("#to-settings")
    assert '"hornbill"' in page.inner_text("#settings")


def test_text_of_records_is_text(page, tmp_path):
    nasty = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
    run = tmp_path / "runs" / nasty.replace("/", "%2f")
    run.mkdir(parents=True)
    events = [
        {"kind": "start", "step": 0, "epoch": 0, "model": nasty, "fit": {"epochs": nasty}},
        {"kind": "model", "summary": nasty, "picture": False},
        {"kind": "epoch", "epoch": 0, "step": 1, "logs": {"loss": "NaN", nasty: 1.0}},
        {"kind": "weights", "epoch": 0, "step": 1, "weights": {nasty: {"rms": 1.0, "shape": []}}},
        {"kind": "log", "level": "NOTE", "text": nasty},
        {"kind": nasty},
    ]
    lines = [json.dumps({"time": i, **event}) for i, event in enumerate(events)]
    (run / "events.jsonl").write_text("\n".join([*lines[:3], "no JSON", *lines[3:]]) + "\n")
    page.wait_for_selector(f"[data-run={json.dumps(run.name)}]")
    assert page.inner_text("#run-rows .bad") == "loss NaN"
    assert nasty in page.inner_text("#weights")
    for tab, place in {"model": "#summary", "log": "#log", "settings": "#settings"}.items():
        page.click(f"#to-{tab}")
        assert page.inner_text(place).count("<script>") >= 1
    assert page.locator("main img:not(#picture), main script").count() == 0
    assert page.evaluate("window.hit") is None


def test_it_fits_a_phone_and_tells_of_a_lost_server(page, served, model, tmp_path):
    fit(model, hb.callbacks.RunLogger(tmp_path / "runs", name="a" * 60, picture=False), epochs=2)
    page.set_viewport_size({"width": 360, "height": 700})
    page.emulate_media(color_scheme="dark")
    has_points(page, 2)
    page.wait_for_selector("#weights td")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    served.terminate()
    page.wait_for_selector("#connection.lost")
