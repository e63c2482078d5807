"""The service gives other programs the page's answers and errors, and bounds what it takes on at once."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from model import report, serve
from model.__main__ import INTERRUPTED, main
from model.answer import sentences
from model.answer.gate import OUTSIDE
from model.answer.patient import Patient
from model.errors import LesionscopeError
from model.photo.image import MAX_BYTES
from model.serve import app, body
from training.synthetic.lesions import render_lesion

ROOT = Path(__file__).resolve().parents[2]
NAME = "Erika_Mustermann.png"
PNG = {"Content-Type": "image/png"}
FIELD = b'--x\r\nContent-Disposition: form-data; name="age"\r\n\r\n60\r\n--x--\r\n'  # a whole form without a photo
BUSY = {"error": "busy", "message": "The queue of 1 is full; try again in 2 seconds."}


class Scripted:
    """An analyser that does something first; counts the photos that reach it."""

    def __init__(self, analyser, first=lambda: None, then=lambda analysis: analysis):
        self.analyser, self.card, self.first, self.then, self.calls = analyser, analyser.card, first, then, 0

    def analyse(self, data, square=None, patient=None):
        self.calls += 1
        self.first()
        return self.then(self.analyser.analyse(data, square, patient))


class Blocked(Scripted):
    """An analyser that waits until it is told to go on."""

    def __init__(self, analyser):
        self.begun, self.go_on = threading.Event(), threading.Event()
        super().__init__(analyser, self.wait)

    def wait(self):
        self.begun.set()
        assert self.go_on.wait(30)


@contextmanager
def running(analyser, queue: int = 16, workers: int = 1):
    """Serve at a free port and give a client of it."""
    door = serve.open_door("127.0.0.1", 0)
    server = serve.server(analyser, queue, workers)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        with httpx.Client(base_url=serve.address(door), timeout=60) as client:
            client.queue = server.config.app.state.queue
            yield client
    finally:
        server.should_exit = True
        thread.join(60)
        door.close()
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(analyser):
    with running(analyser) as found:
        yield found


def form(photo: bytes, **fields):
    return {"files": {"photo": (NAME, photo)}, "data": fields}


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def connect(client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port), timeout=30)


def begin(client, head: str, part: bytes = b"") -> socket.socket:
    """Send the head of a request and a part of its body."""
    line = connect(client)
    line.sendall(
        b"POST /analyse HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n" + head.encode() + b"\r\n\r\n" + part
    )
    return line


def test_body_and_form_give_the_json_of_the_page(client, analyser, lesion_png):
    expected = report.result_json(analyser.analyse(lesion_png))
    for sent in ({"content": lesion_png, "headers": PNG}, form(lesion_png), form(lesion_png, age="", maps="false")):
        found = client.post("/analyse", **sent)
        assert (found.status_code, found.content) == (200, expected)
        assert found.headers["content-type"] == "application/json"


def test_what_is_known_of_the_patient_comes_with_the_form_or_the_address(client, analyser, lesion_png):
    expected = report.result_json(analyser.analyse(lesion_png, patient=Patient(60, "female", "trunk")))
    known = {"age": "60", "sex": "female", "site": "trunk"}
    assert client.post("/analyse", **form(lesion_png, **known)).content == expected
    assert client.post("/analyse", params=known, content=lesion_png, headers=PNG).content == expected
    assert json.loads(expected)["patient"]["age"] == 60


def test_maps_are_arrays(client, analyser, lesion_png):
    analysis = analyser.analyse(lesion_png)
    found = client.post("/analyse?maps=true", content=lesion_png, headers=PNG).json()
    maps = found.pop("maps")
    assert found == json.loads(report.result_json(analysis))
    assert list(maps) == list(analysis.card.codes)
    for code, rows in maps.items():
        assert np.array_equal(np.array(rows, np.float32), analysis.explanations[code].heat)


def test_an_even_surface_has_no_answer(client, encode):
    blank = encode(np.full((64, 64, 3), 120, np.uint8))
    for address in ("/analyse", "/analyse?answer_all=true&maps=1"):
        found = client.post(address, content=blank, headers=PNG)
        said = found.json()
        assert found.status_code == 200 and said["abstained"] and said["reason"] == "blank"
        assert said["message"] == f"{sentences.REFUSED['blank']}. {sentences.MEANS['blank']}"
        assert {entry["probability"] for entry in said["classes"]} == {None} and said.get("maps") is None
        assert {entry["map_informative"] for entry in said["classes"]} == {None}


def test_a_refused_photo_is_answered_only_on_request(analyser, lesion_png):
    def refuse(analysis):
        prediction = replace(analysis.prediction, abstained=True, reason=OUTSIDE)
        return replace(analysis, prediction=prediction, photo_alone=prediction)

    with running(Scripted(analyser, then=refuse)) as client:
        refused = client.post("/analyse?maps=true", content=lesion_png, headers=PNG).json()
        forced = client.post("/analyse", **form(lesion_png, answer_all="true")).json()
    assert refused["message"].startswith("No answer: outside what was measured. This picture is unlike")
    assert refused["malignant_probability"] is None and refused["maps"] is None
    assert {entry["probability"] for entry in refused["classes"]} == {None}
    assert forced["message"] == sentences.FORCED["outside"] and forced["answered_although_refused"]
    assert forced["malignant_probability"] is not None


def test_an_error_is_a_code_and_the_sentence_of_the_app(client, analyser):
    with pytest.raises(LesionscopeError) as error:
        analyser.analyse(b"no photo")
    found = client.post("/analyse", content=b"no photo", headers=PNG)
    assert found.status_code == 415
    assert found.json() == {"error": error.value.code, "message": str(error.value)}


@pytest.mark.parametrize(
    ("address", "content", "kind", "status", "code"),
    [
        ("", b"", "image/png", 422, "empty"),
        ("", "cut", "image/png", 422, "truncated"),
        ("", "small", "image/png", 422, "too_small"),
        ("", "huge", "image/png", 413, "too_many_pixels"),
        ("", "photo", "text/plain", 415, "media_type"),
        ("", "photo", "multipart/form-data", 400, "form"),
        ("", "photo", "multipart/form-data; boundary=x", 400, "form"),
        ("", b"--x\r\n", "multipart/form-data; boundary=x", 400, "form"),
        ("", FIELD, "multipart/form-data; boundary=x", 422, "no_photo"),
        ("", FIELD[:-4], "multipart/form-data; boundary=x", 400, "form"),
        ("", FIELD, "multipart/form-data; boundary=x; charset=undefined", 400, "form"),
        ("?age=old", "photo", "image/png", 422, "patient_age"),
        ("?age=121", "photo", "image/png", 422, "patient_age"),
        ("?age=nan", "photo", "image/png", 422, "patient_age"),
        ("?age=inf", "photo", "image/png", 422, "patient_age"),
        ("?sex=x", "photo", "image/png", 422, "patient_sex"),
        ("?site=x", "photo", "image/png", 422, "patient_site"),
        ("?maps=x", "photo", "image/png", 422, "switch"),
        ("?ages=60", "photo", "image/png", 422, "unknown_field"),
        ("?age=60&age=10", "photo", "image/png", 422, "field_twice"),
    ],
)
def test_what_cannot_be_used_is_refused(client, lesion_png, encode, address, content, kind, status, code):
    contents = {
        "photo": lambda: lesion_png,
        "cut": lambda: lesion_png[: len(lesion_png) // 2],
        "small": lambda: encode(np.zeros((8, 8, 3), np.uint8)),
        "huge": lambda: encode(np.zeros((7100, 7100), np.uint8)),
    }
    sent = contents[content]() if isinstance(content, str) else content
    found = client.post(f"/analyse{address}", content=sent, headers={"Content-Type": kind})
    assert (found.status_code, found.json()["error"]) == (status, code)
    assert found.json().keys() == {"error", "message"} and found.json()["message"].endswith(".")


def test_forms_that_cannot_be_used_are_refused(client, lesion_png):
    for sent, status, code in (
        ({"files": {"foto": (NAME, lesion_png)}}, 422, "no_photo"),
        ({"files": [("photo", (NAME, lesion_png)), ("photo", (NAME, lesion_png))]}, 400, "form"),
        (form(lesion_png, age="9" * 2000), 400, "form"),
        (form(lesion_png, nose="x"), 422, "unknown_field"),
    ):
        found = client.post("/analyse", **sent)
        assert (found.status_code, found.json()["error"]) == (status, code)
    twice = client.post("/analyse?age=60", **form(lesion_png, age="60"))
    assert twice.json()["error"] == "field_twice"


def test_what_is_known_of_the_patient_is_checked_before_the_photo_is_computed(analyser, lesion_png):
    counted = Scripted(analyser)
    with running(counted) as client:
        for known in ({"site": "moon"}, {"age": "121"}, {"sex": "x"}):
            [[name, _]] = known.items()
            found = client.post("/analyse", **form(lesion_png, **known))
            assert (found.status_code, found.json()["error"]) == (422, f"patient_{name}")
    assert counted.calls == 0


@pytest.mark.parametrize(
    ("line", "kind", "body", "later", "status"),
    [
        ("POST /analyse", "image/png", b"zz\r\n", b"", 400),
        ("POST /analyse", "image/png", b"3\r\nabc\r\n", b"zz\r\n", 400),
        ("POST /analyse", "text/plain", b"zz\r\n", b"", 400),
        ("POST /analyse", "multipart/form-data", b"zz\r\n", b"", 400),
        ("POST /analyse", "multipart/form-data; boundary=x", b"3\r\nbad\r\nzz\r\n", b"", 400),
        ("POST /other", "image/png", b"3\r\nabc\r\n", b"zz\r\n", 404),
        ("GET /health", "image/png", b"3\r\nabc\r\n", b"zz\r\n", 200),
    ],
)
def test_a_body_in_parts_that_cannot_be_read_is_one_sentence(client, caplog, line, kind, body, later, status):
    head = f"{line} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(client) as sender:
        sender.sendall(head.encode() + body)
        if later:
            time.sleep(0.2)
            sender.sendall(later)
        answer = b"".join(iter(lambda: sender.recv(1000), b""))  # to the end: the connection is closed
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert status != 400 or json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "no_http"
    until(lambda: caplog.records)
    assert {record.getMessage() for record in caplog.records} == {"Invalid HTTP request received."}
    assert not any(record.exc_info for record in caplog.records)


def test_a_body_that_is_too_large_is_never_assessed(analyser):
    counted = Scripted(analyser)
    piece = bytes(1024 * 1024)
    with running(counted, queue=0) as client:
        large = bytes(MAX_BYTES + 1)
        for sent in (
            {"content": large, "headers": PNG},
            {"content": (piece for _ in range(30)), "headers": PNG},
            form(large),
            form(bytes(MAX_BYTES + 2 * body.FORM_BYTES)),
        ):
            found = client.post("/analyse", **sent)
            assert (found.status_code, found.json()["error"]) == (413, "too_many_bytes")
    assert counted.calls == 1  # the photo of a form that is itself not too large


def test_a_body_without_end_is_cut_off(client):
    with begin(client, "Transfer-Encoding: chunked") as line:
        piece, sent = b"100000\r\n" + bytes(0x100000) + b"\r\n", 0
        with pytest.raises(OSError):  # reset, or a broken pipe
            while sent < 200:
                line.sendall(piece)
                sent += 1
    assert body.DISCARDED / 0x100000 - 1 <= sent < 200


def test_a_declared_size_is_refused_before_anything_is_sent(client):
    for head in (f"Content-Length: {MAX_BYTES + 1}\r\nExpect: 100-continue", f"Content-Length: {10**10}"):
        with begin(client, head) as line:
            assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_a_full_queue_says_so_and_the_service_stays_responsive(analyser, lesion_png):
    blocked = Blocked(analyser)
    with running(blocked, queue=1) as client, ThreadPoolExecutor(2) as senders:
        first = senders.submit(client.post, "/analyse", content=lesion_png, headers=PNG)
        assert blocked.begun.wait(20)
        second = senders.submit(client.post, "/analyse", **form(lesion_png))
        until(lambda: client.queue.free == 0)
        refused = client.post("/analyse", **form(lesion_png))
        assert (refused.status_code, refused.json(), refused.headers["Retry-After"]) == (503, BUSY, "2")
        assert client.get("/health").json()["ready"]
        blocked.go_on.set()
        assert first.result().content == second.result().content == report.result_json(analyser.analyse(lesion_png))
        assert client.post("/analyse", content=lesion_png, headers=PNG).status_code == 200
    assert blocked.calls == 3


def test_a_client_that_goes_away_frees_its_place(analyser, lesion_png):
    blocked = Blocked(analyser)
    length = f"Content-Length: {len(lesion_png)}"
    with running(blocked, queue=1) as client, ThreadPoolExecutor(1) as senders:
        first = senders.submit(client.post, "/analyse", content=lesion_png, headers=PNG)
        assert blocked.begun.wait(20)
        for part in (lesion_png, lesion_png[:100]):  # waits for its turn; is still being sent
            with begin(client, length, part):
                until(lambda: client.queue.free == 0)
            until(lambda: client.queue.free == 1)
        blocked.go_on.set()
        assert first.result().status_code == 200
        until(lambda: client.queue.free == 2)
    assert blocked.calls == 1, "photos of clients that have gone are not assessed"


def test_work_of_a_client_that_has_gone_keeps_its_place_until_it_is_done(analyser, lesion_png):
    blocked = Blocked(analyser)
    with running(blocked, queue=0) as client:
        with begin(client, f"Content-Length: {len(lesion_png)}", lesion_png):
            assert blocked.begun.wait(20)
        time.sleep(0.2)
        assert client.queue.free == 0
        assert client.post("/analyse", content=lesion_png, headers=PNG).status_code == 503
        blocked.go_on.set()
        until(lambda: client.post("/analyse", content=lesion_png, headers=PNG).status_code == 200)


def test_a_photo_that_does_not_arrive_is_given_up(client, lesion_png, monkeypatch):
    monkeypatch.setattr(app, "ARRIVING", 0.2)
    with begin(client, f"Content-Length: {len(lesion_png)}", lesion_png[:50]) as line:
        assert line.recv(1000).startswith(b"HTTP/1.1 408")


def test_twenty_at_once_get_their_own_answers(analyser, encode):
    photos = [encode(render_lesion("mel" if n % 2 else "nv", np.random.default_rng(n), 96)) for n in range(20)]
    with running(analyser, queue=20, workers=2) as client, ThreadPoolExecutor(20) as senders:
        posts = [senders.submit(client.post, "/analyse", params={"age": n + 30}, **form(photo))
                 for n, photo in enumerate(photos)]  # fmt: skip
        found = [post.result() for post in posts]
    assert [answer.status_code for answer in found] == [200] * 20
    expected = [report.result_json(analyser.analyse(photo, patient=Patient(n + 30))) for n, photo in enumerate(photos)]
    assert [answer.content for answer in found] == expected
    assert len({answer.content for answer in found}) == 20


def test_nothing_is_logged_or_stored(analyser, lesion_png, lesion, encode, caplog, capfd, monkeypatch):
    def fail():
        raise RuntimeError(NAME)

    def roll_over(file):
        raise AssertionError("a photo was written to the disk")

    caplog.set_level(0)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", roll_over)
    large = encode(np.random.default_rng(0).integers(0, 255, (900, 900, 3), np.uint8))
    assert len(large) > 2_000_000
    with running(analyser) as client:
        for sent, status in ((form(large, sex="female"), 200), (form(lesion_png[:200]), 422)):
            assert client.post("/analyse", **sent).status_code == status
        assert client.post(f"/analyse?sex={NAME}", content=lesion_png, headers=PNG).status_code == 422
    with running(Scripted(analyser, first=fail)) as client:
        failed = client.post("/analyse", **form(lesion_png, sex="female"))
    assert failed.status_code == 500 and failed.json()["error"] == "internal"
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert "A photo could not be assessed: RuntimeError." in [record.getMessage() for record in ours]
    written = "".join(map(str, [record.__dict__ for record in ours])) + "".join(capfd.readouterr())
    assert "Erika" not in written and "female" not in written and NAME not in failed.text


def test_what_it_is_and_whether_it_is_ready(client, analyser):
    model = {"id": analyser.card.model_id, "version": analyser.card.version}
    assert client.get("/health").json() == {"ready": True, "model": model}
    said = client.get("/").json()
    assert said["disclaimer"] == sentences.DISCLAIMER and said["model"] == model
    assert said["not_for"] == analyser.card.raw["human"]["not_for"]
    described = client.get("/openapi.json").json()["paths"]["/analyse"]["post"]
    assert tuple(entry["name"] for entry in described["parameters"]) == body.FIELDS
    for method, address in (("GET", "/docs"), ("POST", "/other")):
        found = client.request(method, address)
        assert (found.status_code, found.json()["error"]) == (404, "no_address")


def test_a_monitor_may_ask_for_the_head_alone_and_a_wrong_method_is_told_the_right_one(client):
    found = client.head("/health")
    assert (found.status_code, found.content) == (200, b"")
    for method, address, takes in (("GET", "/analyse", "POST"), ("DELETE", "/health", "GET")):
        found = client.request(method, address)
        assert (found.status_code, found.headers["Allow"]) == (405, takes)
        said = f"This address takes {takes}, not {method}; GET / says more."
        assert found.json() == {"error": "method_not_allowed", "message": said}


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, INTERRUPTED)])
def test_a_signal_ends_the_command_after_what_has_begun(tiny_bundle, lesion_png, sent, status):
    command = [sys.executable, "-m", "model", "serve", "--port", "0", "--bundle", str(tiny_bundle)]
    program = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        said = program.stdout.readline()
        assert said.startswith("untrained 0.0.1 answers at http://127.0.0.1:")
        with (
            httpx.Client(base_url=said.split(" at ")[1].split(";")[0]) as client,
            begin(client, f"Content-Length: {len(lesion_png)}", lesion_png[:100]) as line,
        ):
            assert client.get("/health").status_code == 200
            program.send_signal(sent)
            time.sleep(0.3)
            line.sendall(lesion_png[100:])
            assert line.recv(100).startswith(b"HTTP/1.1 200")
        errors = program.communicate(timeout=60)[1]
        assert (program.returncode, errors) == (status, "Stopped.\n" if sent == signal.SIGINT else "")
    finally:
        program.kill()


def test_a_port_in_use_and_missing_packages_are_one_sentence(bundle_in_use, capsys, monkeypatch):
    with serve.open_door("127.0.0.1", 0) as door:
        assert main(["serve", "--port", str(door.getsockname()[1])]) == 1
    assert capsys.readouterr().err.endswith(": Address already in use; choose another with --port.\n")
    monkeypatch.setattr(serve, "NEEDED", ("no_such_package",))
    assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert "no_such_package is missing" in said and serve.REQUIREMENTS in said and said.count("\n") == 1
    assert (ROOT / serve.REQUIREMENTS).is_file()


@pytest.mark.parametrize("option", [["--port", "70000"], ["--queue", "-1"], ["--workers", "0"], ["--port", "x"]])
def test_impossible_options_are_refused(option, capsys):
    with pytest.raises(SystemExit):
        main(["serve", *option])
    assert "a whole number from" in capsys.readouterr().err
