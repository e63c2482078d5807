"""Image sets as mirrors, archives and people lay them out are read, or the sentence names what is there."""

import shutil
from pathlib import Path

import pytest

from training.data import manifest
from training.data.sets.class_folders import read as read_class_folders
from training.data.sets.ham10000 import read as read_ham10000
from training.data.sets.inventory import describe
from training.data.sets.isic2019 import read as read_isic2019
from training.data.sets.layouts import DatasetError
from training.data.sets.milk10k import read as read_milk10k

HAM = [("HAM_1", "ISIC_1", "mel", "60"), ("HAM_1", "ISIC_2", "mel", "85+"), ("HAM_2", "ISIC_3", "nv", "unknown")]
HEAD = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")


def ham_table(separator: str = ",", quote: str = "") -> str:
    rows = [HEAD, *((lesion, image, dx, "histo", age, "Male", "back") for lesion, image, dx, age in HAM)]
    return "".join(separator.join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in rows)


def images(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"content of {name}")


@pytest.fixture
def ham(tmp_path) -> Path:
    root = tmp_path / "ham10000"
    images(root / "HAM10000_images_part_1", "ISIC_1.jpg", "ISIC_2.jpg")
    images(root / "HAM10000_images_part_2", "ISIC_3.jpg")
    (root / "HAM10000_metadata.csv").write_text(ham_table())
    return root


def check_ham(root: Path) -> None:
    found = read_ham10000(root).set_index("image_id")
    assert found.label.to_dict() == {"ISIC_1": "mel", "ISIC_2": "mel", "ISIC_3": "nv"}
    assert found.path.map(lambda path: Path(path).read_text()).str.startswith("content of ISIC_").all()
    assert found.age.tolist()[:2] == [60, 85] and found.age.isna().tolist() == [False, False, True]
    assert set(found.sex) == {"male"} and set(found.site) == {"back"}


def test_both_archives_side_by_side(ham):
    check_ham(ham)


@pytest.mark.parametrize(
    "name", ["HAM10000_metadata.tab", "HAM10000_metadata", "ham10000_METADATA.TSV", "HAM10000_metadata.txt"]
)
@pytest.mark.parametrize(("separator", "quote"), [("\t", '"'), (";", ""), (",", '"')])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_table_as_archives_and_spreadsheets_save_it(ham, name, separator, quote, encoding):
    (ham / "HAM10000_metadata.csv").unlink()
    (ham / name).write_text(ham_table(separator, quote), encoding=encoding)
    check_ham(ham)


def test_folders_in_lower_case_and_endings_in_capitals(ham):
    for part in ("1", "2"):
        folder = ham / f"HAM10000_images_part_{part}"
        for path in list(folder.iterdir()):
            path.rename(path.with_suffix(".JPG"))
        folder.rename(ham / f"ham10000_images_part_{part}")
    check_ham(ham)


def test_folders_inside_folders_of_their_name_and_copies(ham):
    for part in ("1", "2"):
        folder = ham / f"HAM10000_images_part_{part}"
        (ham / "around").mkdir(exist_ok=True)
        folder.rename(ham / "around" / folder.name)
        (ham / folder.name).mkdir()
        (ham / "around" / folder.name).rename(ham / folder.name / folder.name)
        shutil.copytree(ham / folder.name / folder.name, ham / folder.name.lower())
    (ham / "hmnist_28_28_RGB.csv").write_text("pixel0000,label\n1,2\n")
    check_ham(ham)


def test_ids_with_endings_and_labels_in_capitals(ham):
    text = ham_table().replace("ISIC_1,mel", "ISIC_1.jpg,MEL")
    (ham / "HAM10000_metadata.csv").write_text(text + ",,,,,,\n")
    check_ham(ham)


def test_a_set_folder_in_any_case(ham):
    ham.rename(ham.parent / "HAM10000")
    assert len(manifest.list_images(ham.parent, ["ham10000"])) == 3


def test_two_images_of_one_name_that_differ_are_refused(ham):
    (ham / "HAM10000_images_part_2" / "ISIC_1.png").write_text("another")
    with pytest.raises(DatasetError, match="differ and have one name"):
        read_ham10000(ham)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.replace("dx_type", "how"),
            r"lacks the columns dx_type; it has lesion_id, image_id, dx, how",
        ),
        (lambda text: "", r"HAM10000_metadata\.csv has no row"),
        (lambda text: text.replace(",60,", ",sixty,"), r"line 2: 'sixty' is no age"),
        (
            lambda text: text + "HAM_1,ISIC_1,nv,histo,60,male,back\n",
            "lists ISIC_1 twice, in lines 2 and 5, as mel and nv",
        ),
        (lambda text: text + "HAM_1,ISIC_1,mel,histo,60,male,back\n", "lists ISIC_1 twice, in lines 2 and 5; keep one"),
        (lambda text: text + 'HAM_4,ISIC_4,nv,"histo,60,male,back\n', "line 5: a quotation mark"),
        (lambda text: text + "HAM_4,,nv,histo,60,male,back\n", "line 5: the row has no image_id"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_column_or_line(ham, change, words):
    path = ham / "HAM10000_metadata.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(DatasetError, match=words):
        read_ham10000(ham)


def test_what_is_there_instead_is_named(ham):
    (ham / "HAM10000_metadata.csv").rename(ham / "labels.xlsx")
    with pytest.raises(DatasetError, match=r"missing; .*there are HAM10000_images_part_1.*labels\.xlsx"):
        read_ham10000(ham)


def test_half_of_the_images_is_refused_unless_told(ham, capsys):
    shutil.rmtree(ham / "HAM10000_images_part_1")
    with pytest.raises(DatasetError, match=r"1 of 3 labelled images, in HAM10000_images_part_2; .*--incomplete"):
        manifest.list_images(ham.parent, ["ham10000"])
    assert len(manifest.list_images(ham.parent, ["ham10000"], incomplete=True)) == 1
    command = ["--data", str(ham.parent), "--work", str(ham.parent / "work")]
    assert manifest.main(command) == 1
    assert "--incomplete" in capsys.readouterr().err
    assert "1 images of 1 lesions" in describe("ham10000", ham)[0]


@pytest.fixture
def isic2019(tmp_path) -> Path:
    root = tmp_path / "isic2019"
    images(root / "ISIC_2019_Training_Input" / "ISIC_2019_Training_Input", "ISIC_8.JPG", "ISIC_9.jpg")
    truth = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\nISIC_8,1.0,0,0,0,0,0,0,0,0\nISIC_9,0,0,0,1,0,0,0,0,0\n"
    (root / "ISIC_2019_Training_GroundTruth.csv").write_text(truth)
    metadata = "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_8,85+,anterior torso,,F\nISIC_9,,NA,B_9,\n"
    (root / "ISIC_2019_Training_Metadata.csv").write_text(metadata)
    return root


def test_isic_2019_inside_a_folder_of_its_name(isic2019):
    found = read_isic2019(isic2019).set_index("image_id")
    assert found.path.notna().all() and found.age["ISIC_8"] == 85 and found.sex["ISIC_8"] == "female"
    assert found.label.to_dict() == {"ISIC_8": "mel", "ISIC_9": "akiec"}


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("Metadata", "lesion_id", "lesion", "lacks the columns lesion_id; it has image"),
        ("GroundTruth", "1.0,0,0", "0.6,0.4,0", r"line 2, marks 0 classes for ISIC_8 \(MEL 0.6, NV 0.4\)"),
        ("GroundTruth", "1.0,0,0", "1,1,0", r"line 2, marks 2 classes for ISIC_8 \(MEL 1, NV 1\)"),
        ("GroundTruth", "1.0,0,0", "1,x,0", "line 2, marks 1 classes for ISIC_8"),
        ("GroundTruth", "1.0,0,0", "1,,0", "line 2, marks 1 classes for ISIC_8"),
        ("GroundTruth", "ISIC_9", "ISIC_8.jpg", "lists ISIC_8 twice, in lines 2 and 3, as MEL and AK"),
        ("Metadata", "85+", "85-90", "line 2: '85-90' is no age"),
    ],
)
def test_what_is_wrong_with_isic_2019_is_named(isic2019, name, old, new, words):
    path = isic2019 / f"ISIC_2019_Training_{name}.csv"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DatasetError, match=words):
        read_isic2019(isic2019)


def test_milk10k_with_semicolons_and_flat_folders(tmp_path):
    root = tmp_path / "milk10k"
    (root / "MILK10k_Training_Input").mkdir(parents=True)
    (root / "MILK10k_Training_Input" / "ISIC_11.JPG").write_text("x")
    (root / "MILK10k_Training_GroundTruth.csv").write_text("lesion_id;MEL;SCCKA\nIL_1;0,0\n".replace(",0\n", ";1\n"))
    metadata = (
        "lesion_id;isic_id;image_type;age_approx;sex;site;skin_tone_class\nIL_1;ISIC_11;Dermoscopic;50;M;back;3\n"
    )
    (root / "MILK10k_Training_Metadata.csv").write_text(metadata)
    (root / "MILK10k_Training_Supplement.csv").write_text("isic_id;diagnosis_confirm_type\nISIC_11;histopathology\n")
    [row] = read_milk10k(root).to_dict("records")
    assert (row["label"], row["sex"], row["skin_tone"]) == ("akiec", "male", 3) and row["path"].endswith("ISIC_11.JPG")


@pytest.fixture
def tree(tmp_path) -> Path:
    root = tmp_path / "class_folders"
    for name in ("benign", "malignant"):
        images(root / "train" / name, *(f"{name}_{number}.jpg" for number in range(3)))
    return root


def test_class_folders_by_content_without_what_systems_leave_behind(tree, lesion, encode, capsys):
    (tree / "train" / "benign" / "more").write_bytes(encode(lesion, "JPEG"))
    (tree / "train" / "benign" / "other.jfif").write_bytes(encode(lesion, "PNG"))
    for name in ("._benign_0.jpg", "notes.txt"):
        (tree / "train" / "benign" / name).write_text("no photo")
    images(tree / "train" / ".ipynb_checkpoints", "benign_0-checkpoint.jpg")
    images(tree / "__MACOSX" / "train" / "benign", "._benign_0.jpg")
    (tree / "train" / "benign" / "gone.jpg").symlink_to("/nowhere.jpg")
    found = read_class_folders(tree)
    assert sorted(found.image_id[found.label == "benign"]) == ["benign_0", "benign_1", "benign_2", "more", "other"]
    said = capsys.readouterr().out
    assert "gone.jpg: not looked at" in said and "no pictures: 1" in said


def test_linked_class_folders_are_read_once(tree, tmp_path):
    shutil.move(tree / "train" / "malignant", tmp_path / "elsewhere")
    (tree / "train" / "malignant").symlink_to(tmp_path / "elsewhere")
    assert read_class_folders(tree).label.value_counts().to_dict() == {"benign": 3, "malignant": 3}
    (tree / "train" / "unknown").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="holds no image"):
        read_class_folders(tree)


def test_one_image_in_two_classes_is_refused(tree):
    shutil.copy(tree / "train/benign/benign_0.jpg", tree / "train/malignant/other.jpg")
    with pytest.raises(
        DatasetError, match="benign_0 and other are one image and lie in the classes benign and malignant"
    ):
        read_class_folders(tree)
