"""The page that answers a photo, in a real browser: what is drawn, sent, logged, in view and in focus."""

import io
import json
from urllib.parse import urlsplit

import pytest
from PIL import Image

from model.answer import sentences
from model.answer.gate import OUTSIDE
from tests.browser.driving import (
    DESK,
    PHONE,
    TABLET,
    answer,
    box,
    changed_share,
    cut_off,
    on_screen,
    saved,
    serious_findings,
    settled,
    upload,
)  # fmt: skip
from tests.support.analyse_page import SAMPLE
from ui.analyse import wording
from ui.analyse.reader import wording as reader_wording

WIDTHS = (DESK, TABLET, {"width": 820, "height": 1180}, {"width": 700, "height": 900}, PHONE)


def test_an_upload_is_answered_with_an_overlay_that_is_really_drawn(visit, log):
    page = visit()
    upload(page, name="mueller_hans.jpg")
    answer(page)
    photo, heat = on_screen(page, "photo"), on_screen(page, "map")
    opacity = page.get_by_role("slider", name=wording.OPACITY)
    opacity.focus()
    opacity.press("Home")
    page.wait_for_function(
        "before => document.querySelector('.st-key-map_picture img').src !== before",
        arg=page.locator(".st-key-map_picture img").get_attribute("src"),
    )
    answer(page)
    bare = on_screen(page, "map")
    assert changed_share(photo, bare) < 0.1, "frame and outline"
    assert changed_share(heat, bare) > changed_share(photo, bare) + 0.02

    assert page.locator(".differential th[scope=row]").count() == 7
    assert "mueller" not in page.inner_text("body")
    assert "mueller" not in log.read_text()
    assert page.complaints == []
    outside = {url for url in page.requested if urlsplit(url).hostname not in ("localhost", None)}
    assert outside == set()
    result = json.loads(saved(page, wording.SAVE_RESULT))
    assert sum(entry["probability"] for entry in result["classes"]) == pytest.approx(1)
    overlay = Image.open(io.BytesIO(saved(page, wording.SAVE_OVERLAY)))
    assert (overlay.format, overlay.width) == ("PNG", 800) and overlay.height > 600, "a legend below the photo"


def test_a_sample_is_opened_by_keyboard_and_nothing_is_cut_at_any_width(visit):
    page = visit()
    page.get_by_role("button", name=wording.SAMPLE.format(SAMPLE)).focus()
    page.keyboard.press("Enter")
    answer(page)
    for width in WIDTHS:
        page.set_viewport_size(width)
        settled(page)
        assert cut_off(page) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width["width"]
        heading, strip = box(page, ".headline"), box(page, ".disclaimer")
        assert heading["y"] + heading["height"] <= strip["y"]  # in view without scrolling
        assert box(page, ".st-key-drop_line")["y"] < box(page, ".st-key-photo_picture")["y"]
        beside = heading["x"] > box(page, ".st-key-photo_picture")["x"] + 100
        assert beside == (width["width"] >= 900)
    tops = [box(page, part)["y"] for part in (".st-key-photo_picture", ".differential", ".st-key-map_picture")]
    assert tops == sorted(tops)  # on a phone: photo, answer, map

    page.set_viewport_size(TABLET)
    assert not page.locator(".st-key-map_picture").is_visible()
    page.locator(".st-key-side_switch").get_by_text(wording.SIDES[1], exact=True).click()
    page.locator(".st-key-map_picture").wait_for()
    assert not page.locator(".st-key-photo_picture").is_visible()

    page.set_viewport_size(DESK)
    settled(page)
    strip = box(page, ".disclaimer")
    for part in (".differential", ".st-key-map_controls", ".st-key-context"):
        shown = box(page, part)
        assert shown["y"] + shown["height"] <= strip["y"], part
    photo, chart = box(page, ".st-key-photo_picture"), box(page, ".differential")
    assert photo["width"] * photo["height"] > chart["width"] * chart["height"]
    assert page.complaints == []


WATCH = """() => {
    window.seen = [];
    new MutationObserver(() => window.seen.push([
        !!document.querySelector('.reading'), !!document.querySelector('.differential')
    ])).observe(document.body, {childList: true, subtree: true});
}"""


def test_a_new_photo_takes_the_old_answer_away_and_brings_its_own_into_view_and_focus(visit):
    page = visit(PHONE)
    upload(page)
    answer(page)
    announced = page.locator("#announcer").inner_text()
    assert announced.startswith(page.locator(".headline").inner_text())
    main = page.locator("[data-testid=stMain]")
    main.evaluate("part => part.scrollTo(0, part.scrollHeight)")
    page.evaluate(WATCH)
    upload(page, data=open_sample())
    page.wait_for_function("before => document.querySelector('#announcer').textContent !== before", arg=announced)
    answer(page)
    seen = page.evaluate("window.seen")
    assert seen and [True, True] not in seen  # reading may take less than a frame of the screen
    assert page.evaluate("document.activeElement.className") == "headline"
    heading, strip = box(page, ".headline"), box(page, ".disclaimer")
    assert heading["y"] > 0 and heading["y"] + heading["height"] <= strip["y"]

    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(1000)
    assert asked == ["beforeunload"]
    assert page.locator(".differential").is_visible()


def open_sample() -> bytes:
    from ui.analyse.samples import samples

    return samples()[0].path.read_bytes()


def test_forty_steps_of_a_frame_slider_are_one_look(visit):
    page = visit()
    upload(page)
    answer(page)
    before, drawn = page.locator(".differential").inner_html(), on_screen(page, "photo")
    page.get_by_text(wording.MOVE_FRAME).click()
    look = page.get_by_role("button", name=wording.LOOK_HERE)
    assert look.is_disabled()
    slider = page.get_by_role("slider", name=wording.SQUARE["size"])
    slider.focus()
    for _ in range(40):
        slider.press("ArrowLeft")
    page.wait_for_function("() => !document.querySelector('.st-key-look_here button').disabled")
    settled(page)
    assert page.locator(".differential").inner_html() == before
    assert changed_share(drawn, on_screen(page, "photo")) > 0
    look.click()
    page.wait_for_function("before => document.querySelector('.differential').innerHTML !== before", arg=before)


def test_nothing_of_the_answer_is_in_the_browser_before_the_reader_commits(visit):
    page = visit(TABLET)
    page.get_by_text(reader_wording.SWITCH).click()
    settled(page)
    page.get_by_role("button", name=wording.SAMPLE.format(SAMPLE)).click()
    page.get_by_role("heading", name=reader_wording.ASK).wait_for()
    settled(page)
    assert cut_off(page) == []
    assert serious_findings(page) == []
    hidden, announced = page.content(), page.locator("#announcer").inner_text()
    assert page.locator(".st-key-map_picture, .differential, [data-testid=stDownloadButton]").count() == 0
    page.get_by_role("combobox", name=reader_wording.BEFORE).click()
    page.get_by_role("option", name="Melanocytic nevus").click()
    page.get_by_text(reader_wording.SURENESS[3], exact=True).click()
    page.get_by_role("button", name=reader_wording.COMMIT).click()
    answer(page)
    told = [cell.inner_text() for cell in page.locator(".differential td").all()]
    assert told and not [share for share in told if share in hidden]
    assert page.locator(".headline").inner_text() not in hidden + announced
    page.get_by_text(reader_wording.CASES.format(1)).click()
    settled(page)
    assert saved(page, reader_wording.SAVE).count(b"\n") == 2
    assert serious_findings(page) == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_refused_photo_and_its_answer_all_the_same(visit, refusing_address, viewport):
    page = visit(viewport, at=refusing_address, color_scheme="dark" if viewport is PHONE else "light")
    upload(page)
    page.get_by_role("heading", name=sentences.REFUSED[OUTSIDE]).wait_for()
    settled(page)
    assert page.locator(".differential, .st-key-map_picture").count() == 0
    assert cut_off(page) == [] and serious_findings(page) == []
    page.get_by_role("button", name=wording.ANYWAY).click()
    answer(page)
    assert page.locator(".band").inner_text() == sentences.FORCED[OUTSIDE]
    assert cut_off(page) == [] and serious_findings(page) == []
    assert json.loads(saved(page, wording.SAVE_RESULT))["answered_although_refused"]


def test_a_file_that_is_no_photo_gets_one_sentence(visit):
    page = visit(color_scheme="dark")
    upload(page, name="mueller_hans.jpg", data=b"%PDF-1.7 no photo")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.count() == 1
    assert alert.inner_text().strip().endswith(".")
    assert "mueller" not in page.inner_text("body")
    assert page.complaints == []
