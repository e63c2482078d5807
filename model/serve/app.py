"""The service itself: its three addresses, a bounded queue in front of the model, and errors as JSON."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from model import report
from model.answer import sentences
from model.answer.patient import OLDEST, SEXES
from model.card import Card
from model.errors import LesionscopeError
from model.photo.image import MAX_BYTES
from model.pipeline import Analyser, Analysis, check_patient
from model.serve.body import PHOTO, Asked, endless, read

STATUS = {  # by the code of an error; 422 for all others
    "form": 400,
    "too_slow": 408,
    "too_many_bytes": 413,
    "too_many_pixels": 413,
    "not_an_image": 415,
    "unsupported_format": 415,
    "media_type": 415,
    "internal": 500,
    "busy": 503,
}
ARRIVING = 60  # seconds that a request may take to arrive
RETRY = 2  # seconds; several photos are computed in this time
GONE = 499  # for a client that does not wait for its answer, so nobody reads it
LOG = logging.getLogger(__name__)


class Queue:
    """Computes in threads; who finds no place is told so at once.

    Parameters
    ----------
    waiting : int
        How many requests may wait, also for the rest of their own photo.
    workers : int
        How many photos are computed at once.
    """

    def __init__(self, waiting: int, workers: int) -> None:
        self.waiting = waiting
        self.free = waiting + workers
        self.threads = ThreadPoolExecutor(workers, "photo")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; LesionscopeError ``busy`` if there is none."""
        if not self.free:
            raise LesionscopeError("busy", f"The queue of {self.waiting} is full; try again in {RETRY} seconds.")
        self.free -= 1
        try:
            yield
        finally:
            self.free += 1

    async def compute(self, request: Request, work: Callable[[], bytes]) -> bytes:
        """Return what the work gives.

        Raises
        ------
        ClientDisconnect
            If the client has gone before its turn. Work that has begun cannot be stopped, and keeps its place.
        """
        job = self.threads.submit(work)
        done, gone = asyncio.wrap_future(job), asyncio.ensure_future(_gone(request))
        either: set[asyncio.Future[Any]] = {done, gone}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and job.cancel():
                raise ClientDisconnect
            return await done
        finally:
            gone.cancel()
            job.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def service(analyser: Analyser, waiting: int, workers: int) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    analyser : Analyser
    waiting, workers : int
        As `Queue`.
    """
    queue = Queue(waiting, workers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        queue.threads.shutdown(cancel_futures=True)

    card = analyser.card
    app = FastAPI(  # the usual pages for people would load scripts from the internet
        title="Lesionscope",
        version=card.version,
        description=sentences.DISCLAIMER,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.queue = queue

    @app.get("/", summary="What this is")
    async def about() -> dict[str, Any]:
        return _about(card)

    @app.head("/health", include_in_schema=False)
    @app.get("/health", summary="Whether it is ready")
    async def health() -> dict[str, Any]:
        return {"ready": True, "model": _model(card)}  # it answers only when the model is loaded

    @app.post("/analyse", summary="Assess one photo", response_class=Response, openapi_extra=_described(analyser))
    async def analyse(request: Request) -> Response:
        return await _answered(request, analyser, queue)

    @app.exception_handler(HTTPException)
    async def nothing_there(request: Request, error: HTTPException) -> Response:
        return _nothing_there(request, error)

    return app


def _model(card: Card) -> dict[str, str]:
    return {"id": card.model_id, "version": card.version}


def _about(card: Card) -> dict[str, Any]:
    human = card.raw.get("human", {})
    return {
        "service": "Lesionscope",
        "disclaimer": sentences.DISCLAIMER,
        "intended_use": human.get("intended_use"),
        "not_for": human.get("not_for"),
        "model": _model(card),
        "addresses": {
            "POST /analyse": "one dermoscopic photo, and its answer",
            "GET /health": "whether it is ready",
            "GET /openapi.json": "the description for programs",
        },
        "largest_photo_bytes": MAX_BYTES,
    }


async def _answered(request: Request, analyser: Analyser, queue: Queue) -> Response:
    """Return the answer to a photo, or the error as JSON."""
    try:
        with queue.place():
            async with asyncio.timeout(ARRIVING):
                asked = await read(request)
            check_patient(asked.patient, analyser.card)
            found = await queue.compute(request, lambda: answer(analyser, asked))
        return Response(found, media_type="application/json")
    except ClientDisconnect:
        return Response(status_code=GONE)
    except LesionscopeError as error:
        return _trouble(request, error.code, str(error))
    except TimeoutError:
        return _trouble(request, "too_slow", f"The photo did not arrive in {ARRIVING} seconds; send it again.")
    except Exception as error:  # its text may contain what a client has sent
        LOG.error("A photo could not be assessed: %s.", type(error).__name__)
        return _trouble(request, "internal", "An error in the service; its log contains the kind of error.")


def _nothing_there(request: Request, error: HTTPException) -> Response:
    code, sentence = "no_address", "There is nothing here; GET / lists the addresses and their methods."
    if error.status_code == 405:
        takes = (error.headers or {}).get("Allow", "")
        code, sentence = "method_not_allowed", f"This address takes {takes}, not {request.method}; GET / says more."
    return JSONResponse({"error": code, "message": sentence}, error.status_code, error.headers)


def _trouble(request: Request, code: str, sentence: str) -> Response:
    headers = {"Retry-After": str(RETRY)} if code == "busy" else {}
    if endless(request) or code == "too_slow":
        headers["Connection"] = "close"
    return JSONResponse({"error": code, "message": sentence}, STATUS.get(code, 422), headers)


def answer(analyser: Analyser, asked: Asked) -> bytes:
    """Assess a photo and return the JSON that the page offers, with a message if the photo was refused."""
    analysis = analyser.analyse(asked.photo, patient=asked.patient)
    analysis = analysis.answered_anyway() if asked.answer_all else analysis
    return report.result_json(analysis, **_refusal(analysis), **(_maps(analysis) if asked.maps else {}))


def _refusal(analysis: Analysis) -> dict[str, str]:
    reason = analysis.prediction.reason
    if reason is None:
        return {}
    if analysis.forced:
        return {"message": sentences.FORCED[reason]}
    return {"message": f"{sentences.REFUSED[reason]}. {sentences.MEANS[reason]}"}


def _maps(analysis: Analysis) -> dict[str, Any]:
    """Return the heat (rows, columns) of each class by its code, None where there is no answer to explain."""
    found = {code: each.heat.tolist() for code, each in analysis.explanations.items()}
    return {"maps": None if analysis.prediction.abstained else found}


def _described(analyser: Analyser) -> dict[str, Any]:
    """Return what the description for programs says about a photo's address."""
    effects = analyser.card.effects
    kinds: dict[str, dict[str, Any]] = {
        "age": {"type": "number", "minimum": 0, "maximum": OLDEST},
        "sex": {"type": "string", "enum": list(SEXES)},
        "site": {"type": "string", "enum": list(effects.sites) if effects else []},
        "maps": {"type": "boolean", "default": False},
        "answer_all": {"type": "boolean", "default": False},
    }
    photo = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {PHOTO: photo, **kinds}, "required": [PHOTO]}
    return {
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in kinds.items()],
        "requestBody": {
            "required": True,
            "content": {"image/*": {"schema": photo}, "multipart/form-data": {"schema": form}},
        },
    }
