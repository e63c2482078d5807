"""Tables as people and archives write them: every row is understood, or named with its line."""

from pathlib import Path

import pytest

from model.answer.patient import Patient, read_effects
from model.errors import ContractError
from model.tables.patient_table import matched, read_patients
from model.tables.table_file import read_table, without_ending, years
from tests.support.bundles import CODES, PATIENT

EFFECTS = read_effects(PATIENT, len(CODES))
PLAIN = "image,age,sex,site\na,60,female,trunk\nb,,,\n"
WANTED = {"a": Patient(60, "female", "trunk"), "b": Patient()}


def patients(tmp_path, content: str | bytes) -> dict[str, Patient]:
    path = tmp_path / "patients.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_patients(path, EFFECTS)


def refused(tmp_path, content: str | bytes) -> str:
    with pytest.raises(ContractError) as caught:
        patients(tmp_path, content)
    assert "\n" not in str(caught.value) and "nan" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_way_to_store_a_table(tmp_path, encoding, separator, end):
    text = PLAIN.replace(",", separator).replace("\n", end)
    assert patients(tmp_path, text.encode(encoding)) == WANTED


def test_letters_of_windows_are_no_trouble(tmp_path):
    text = "image;age;sex;site;note\nLäsion;60;female;trunk;grün\nb;;;;\n"
    assert list(patients(tmp_path, text.encode("cp1252"))) == ["Läsion", "b"]


@pytest.mark.parametrize("tail", [",,,\n", "\n\n", ",,,\n , ,,\n\n", '"","","",""\n', ",,,,,\n"])
def test_empty_rows_are_skipped(tmp_path, tail):
    assert patients(tmp_path, PLAIN + tail) == WANTED


def test_quoted_cells_short_rows_and_a_line_for_spreadsheets(tmp_path):
    text = 'sep=;\n"image";"age";"sex";"site";"note"\n"a";"60";"female";"trunk";"wide; 12"" across"\nb\n'
    assert patients(tmp_path, text) == WANTED
    assert patients(tmp_path, 'image,age,sex,site,note\na,60,female,trunk,"two\nlines"\nb,,,,12" x\n') == WANTED


@pytest.mark.parametrize(
    "columns",
    ["image_id,age,sex,localization", "image,age_approx,sex,anatom_site_general", "isic_id,age_approx,sex,site",
     "image_name,age_approx,sex,anatom_site_general_challenge", "Image, Age ,SEX,Site",
     "isic_id,age_approx,sex,anatom_site_1"],
)  # fmt: skip
def test_the_columns_of_the_archives_are_known(tmp_path, columns):
    assert patients(tmp_path, PLAIN.replace("image,age,sex,site", columns)) == WANTED


@pytest.mark.parametrize("age", ["85+", "85", "85.0", "85,0", "85 years", "85y", " 85 "])
def test_ages(tmp_path, age):
    assert patients(tmp_path, f"image;age;sex;site\na;{age};;\n")["a"].age == 85


@pytest.mark.parametrize("age", ["old", "-3", "121", "1e3", "8 5", "60-70"])
def test_what_is_no_age_is_quoted(tmp_path, age):
    said = refused(tmp_path, f"image,age,sex,site\na,60,,\nb,{age},,\n")
    assert "line 3: image b: An age must be between 0 and 120" in said and repr(age) in said


@pytest.mark.parametrize("nothing", ["", "NA", "n/a", "unknown", "Unknown", "NaN", "-", "None", "NULL", "not recorded"])
def test_the_ways_to_say_that_nothing_is_known(tmp_path, nothing):
    assert patients(tmp_path, f"image,age,sex,site\na,{nothing},{nothing},{nothing}\n") == {"a": Patient()}


@pytest.mark.parametrize(
    ("sex", "meant"), [("Male", "male"), ("M", "male"), ("m", "male"), ("FEMALE", "female"), ("F", "female")]
)
def test_sexes(tmp_path, sex, meant):
    assert patients(tmp_path, f"image,age,sex,site\na,,{sex},\n")["a"].sex == meant


def test_another_sex_is_quoted_with_what_is_allowed(tmp_path):
    assert "Sex must be one of female, male, or empty, not 'diverse'" in refused(
        tmp_path, "image,age,sex,site\na,,diverse,\n"
    )


@pytest.mark.parametrize(
    ("site", "meant"),
    [("anterior torso", "trunk"), ("posterior torso", "trunk"), ("lateral torso", "trunk"), ("back", "trunk"),
     ("head/neck", "head"), ("Head/Neck", "head"), ("head_neck_face", "head"), ("scalp", "head"), ("ear", "head"),
     ("upper extremity", "upper"), ("upper_extremity", "upper"), ("lower extremity", "lower"), ("palms/soles", "acral"),
     ("oral/genital", "trunk"), ("hand", "upper"), ("foot", "lower"), ("abdomen", "trunk"), ("acral", "acral")],
)  # fmt: skip
def test_sites_by_the_names_of_the_archives(tmp_path, site, meant):
    assert patients(tmp_path, f"image,age,sex,site\na,,,{site}\n")["a"].site == meant


def test_another_site_is_quoted_with_what_is_allowed(tmp_path):
    said = refused(tmp_path, "image,age,sex,site\na,,,moon\n")
    assert "Known sites are head, trunk" in said and "'moon'" in said and "line 2" in said


@pytest.mark.parametrize("rows", [1, 9000])
def test_an_open_quotation_mark_is_named_with_its_line(tmp_path, rows):
    later = "".join(f"b{number},80,male,head,x\n" for number in range(rows))
    said = refused(tmp_path, 'image,age,sex,site,note\nz,,,,\na,60,female,trunk,"12 mm\n' + later)
    assert "line 3: a quotation mark is opened and not closed" in said


def test_an_open_quotation_mark_that_a_later_one_closes_is_named_too(tmp_path):
    text = 'image,age,sex,site,note\na,60,female,trunk,"12 mm\nb,80,male,head,"\nc,80,male,head,x\n'
    assert "line 2: a quotation mark" in refused(tmp_path, text)
    assert "line 2: a quotation mark" in refused(tmp_path, text.replace('head,"', 'head,"x"'))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "lacks the columns"),
        ("image,age,sex,site\n", "has no row"),
        ("image,age,sex,site\n,,,\n", "has no row"),
        ("image,age,sex\na,1,\n", "lacks the columns site"),
        ("image,age,age,sex,site\na,1,,,\n", "two columns named age"),
        ("image,age,sex,site\na,1,,,extra\n", "line 2: the row has 5 cells, the header 4"),
        ("image,age,sex,site\n,60,,\n", "line 2: the row names no image"),
        ("image,age,sex,site\na,1,,\na.jpg,2,,\n", "line 3: names the image a twice, first in line 2"),
        (b"PK\x03\x04" + bytes(99), "workbook"),
        (b"image,age\0\0\xff", "not a CSV file in UTF-8"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, content, words):
    assert words in refused(tmp_path, content)


def test_ids_with_folders_and_endings():
    assert without_ending("photos/ISIC_1.JPG") == without_ending("C:\\photos\\ISIC_1.tiff") == "ISIC_1"
    assert without_ending("lesion 1.5 mm") == "lesion 1.5 mm"
    assert years("85+") == 85 and years("unknown") is None


def test_rows_and_photos_without_each_other_are_counted(tmp_path):
    table, photos = tmp_path / "patients.csv", [str(tmp_path / name) for name in ("a.png", "c.jpg", "d.x.png")]
    known = patients(tmp_path, "image,age,sex,site\na.png,60,,\nb,70,,\nd.x.png,80,,\n")
    told, sentences = matched(table, known, photos)
    assert {Path(path).name: patient.age for path, patient in told.items()} == {"a.png": 60, "d.x.png": 80}
    assert "has 1 images that are not scored here; the first is b" in sentences[0]
    assert "has no row for 1 photos, which are scored from the photo alone; the first is c" in sentences[1]
    with pytest.raises(ContractError, match="has no row for any of the 1 photos"):
        matched(table, known, photos[1:2])


def test_columns_are_found_by_any_of_their_names(tmp_path):
    (tmp_path / "t.csv").write_text("Gender,x\nF,1\n")
    table = read_table(tmp_path / "t.csv")
    assert table.column("sex", "gender") == "gender" and table.rows[0].line == 2
    with pytest.raises(ContractError, match=r"lacks the columns age; it has gender, x\."):
        table.column("age")
