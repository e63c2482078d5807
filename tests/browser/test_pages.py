"""Every page in a real browser: no error, no request outside, nothing that bars a reader, and the README's picture.

LESIONSCOPE_SCREENSHOT=assets/screenshot.png makes the picture of the README, with the model that is shipped.
"""

import json
import os
from urllib.parse import urlsplit

import pytest

from model.card import DEFAULT_BUNDLE
from tests.browser.driving import (
    AXE,
    DESK,
    PATIENCE_SECONDS,
    PHONE,
    ROOT,
    answer,
    open_every_place,
    saved,
    screens,
    serious_findings,
    serve,
    settled,
    words,
    words_before_chart,
)  # fmt: skip
from tests.support.analyse_page import SAMPLE
from ui.about import page as about
from ui.about import wording as about_wording
from ui.analyse import wording
from ui.analyse.answer import wording as measured_wording
from ui.evaluation import wording as evaluation_wording
from ui.frame import NAME
from ui.navigation import PAGES


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_walk_over_every_page_and_section_meets_no_error(visit, viewport):
    page = visit(color_scheme="dark" if viewport is PHONE else "light")
    links = page.locator("[data-testid=stTopNavLink]")
    assert links.count() == len(PAGES)
    settled(page)
    findings = {"open": serious_findings(page)}
    page.locator(f".st-key-{SAMPLE} button").click()
    answer(page)
    page.get_by_text(measured_wording.LEVELS, exact=True).click()
    page.get_by_text(wording.MOVE_FRAME).click()
    settled(page)
    findings["answer"] = serious_findings(page)
    for _, title in PAGES[1:]:
        page.set_viewport_size(DESK)  # where the menu lies open
        links.filter(has_text=title).click()
        page.get_by_role("heading", level=1, name=title).wait_for()
        page.set_viewport_size(viewport)
        settled(page)
        assert page.title() == f"{title} · {NAME}"
        findings[title] = serious_findings(page)
        for place in open_every_place(page):
            findings[f"{title} {place}"] = serious_findings(page)
            assert page.locator("[data-testid=stException]").count() == 0, (title, place)
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], (title, place)
            if title == "Evaluation":
                assert screens(page) <= (6 if viewport is PHONE else 3), place
                assert words(page) <= 900, place
                assert words_before_chart(page) <= 350, place
        assert page.locator(".disclaimer").is_visible()
        assert page.complaints == [], title
    assert {place: found for place, found in findings.items() if found} == {}
    page.set_viewport_size(DESK)
    links.filter(has_text=PAGES[0][1]).click()
    answer(page)  # it was kept while the other pages were read
    outside = {url for url in page.requested if urlsplit(url).hostname not in ("localhost", None)}
    assert outside == set()
    # A file that stands ready is fetched when its button is drawn, and is a 404 where the reader has gone on by then.
    assert [url for url in page.requested if "/media/" in url and url.endswith((".csv", ".json"))] == []


def test_a_link_opens_its_view_and_set_and_a_case_lies_over_it(visit, address):
    page = visit(
        at=f"{address}/evaluation?view=Mistakes&set=HAM10000%2C+validation+%28no+headline+figure%29",
        heading="Evaluation",
    )
    settled(page)
    assert page.get_by_role("radio", name="Mistakes").is_checked()
    assert page.locator(".st-key-set input").input_value() == "HAM10000, validation (no headline figure)"
    page.locator(".st-key-strip").get_by_role("button", name=evaluation_wording.LOOK).first.click()
    case = page.get_by_role("dialog")
    case.get_by_text(evaluation_wording.TRUTH).wait_for()
    case.locator(".differential").wait_for()
    assert serious_findings(page) == []


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; .ci/run has the command")
def test_the_check_for_barriers_finds_one(visit):
    page = visit()
    settled(page)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")
    assert serious_findings(page) == ["button-name: <button></button>"]


def test_table_and_card_can_be_saved(visit, served_bundle):
    page = visit()
    title = dict(PAGES)["pages/about.py"]
    page.locator("[data-testid=stTopNavLink]").filter(has_text=title).click()
    page.get_by_role("heading", level=1, name=title).wait_for()
    settled(page)
    assert saved(page, about_wording.SAVE) == about.ITEMS.read_bytes()
    assert json.loads(saved(page, about_wording.SAVE_CARD)) == json.loads((served_bundle / "card.json").read_text())


def test_an_address_that_a_server_is_asked_for_first_is_known_and_framed(browser, tiny_bundle, tmp_path):
    for at in serve(tiny_bundle, tmp_path / "server.log"):
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE_SECONDS)
        page.goto(f"{at}/evaluation")
        page.get_by_role("heading", name="Evaluation", exact=True).wait_for()
        page.locator(".disclaimer").wait_for()
        assert page.get_by_role("dialog").count() == 0
        page.close()


@pytest.mark.skipif("LESIONSCOPE_SCREENSHOT" not in os.environ, reason="LESIONSCOPE_SCREENSHOT is not set")
def test_screenshot_for_the_readme(visit, tmp_path):
    for at in serve(DEFAULT_BUNDLE, tmp_path / "server.log"):
        page = visit(at=at, color_scheme="light")
        page.locator(".st-key-ISIC_0000157 button").click()  # a lesion with its edge in the frame
        answer(page)
        page.mouse.move(0, 0)
        page.screenshot(path=ROOT / os.environ["LESIONSCOPE_SCREENSHOT"])
