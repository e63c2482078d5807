"""The page that answers many photos, in a real browser: from files to table and downloads."""

import io
import zipfile

import pytest

from tests.browser.driving import DESK, PHONE, cut_off, saved, serious_findings, settled
from tests.support.analyse_page import drawn_photo
from ui.batch import wording


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_photos_are_answered_and_their_names_are_in_the_downloads_only(visit, log, viewport):
    page = visit(color_scheme="dark" if viewport is PHONE else "light")
    settled(page)
    page.locator("[data-testid=stTopNavLink]").filter(has_text=wording.TITLE).click()
    page.get_by_role("heading", level=1, name=wording.TITLE).wait_for()
    page.set_viewport_size(viewport)
    settled(page)
    files = dict.fromkeys((f"mueller_{place}.jpg" for place in range(30)), drawn_photo())
    files["mueller.jpg"] = b"%PDF-1.7 no photo"
    photos = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files.items()]
    page.locator("input[type=file]").first.set_input_files(photos)
    start = page.get_by_role("button", name=wording.START)
    start.wait_for()
    settled(page)
    assert serious_findings(page) == [] and cut_off(page) == []
    start.click()
    page.get_by_role("button", name=wording.SAVE_OVERLAYS).wait_for()
    settled(page)

    assert serious_findings(page) == [] and cut_off(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.locator("[data-testid=stDataFrame] canvas").count() > 0
    assert "mueller" not in page.content() and "mueller" not in log.read_text()
    assert saved(page, wording.SAVE_SCORES).count(b"\n") == 31  # a head and 30 answers
    assert saved(page, wording.SAVE_TABLE).count(b"mueller") == 31
    assert saved(page, wording.SAVE_RESULTS).count(b"\n") == 31
    with zipfile.ZipFile(io.BytesIO(saved(page, wording.SAVE_OVERLAYS))) as archive:
        assert len(archive.namelist()) > 30
    page.get_by_role("button", name=wording.CLEAR).click()
    start.wait_for(state="detached")
    page.locator("input[type=file]").first.wait_for(state="attached")
    assert page.complaints == []
