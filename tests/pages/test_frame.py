"""No page without its frame: an address that is the first one a server is asked for passes through app.py too."""

import ast
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from ui import navigation, wording

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_opened_first_stands_in_its_frame(script, bundle_in_use):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).switch_page(script).run()
    assert not page.exception
    assert any(wording.DISCLAIMER in element.value for element in page.get("html"))
    assert PagesManager.uses_pages_directory is False


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_first_asks_for_its_frame(script):
    statements = ast.parse((ROOT / script).read_text(encoding="utf-8")).body
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.If)
    calls = [ast.unparse(part) for part in statements[1:] if not isinstance(part, kinds)]
    assert calls[0] == "navigation.inside_frame()"


def test_every_script_is_in_the_menu():
    assert {script for script, _ in navigation.PAGES} == set(SCRIPTS)
