"""The explorer's Library: the tags, the store's documents, and pairs of likely spellings of one tag."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app.dependencies import runtime
from app.routes.bodies import read_form
from app.routes.frame import LIBRARY, frame, may, pages, served
from app.services.documents.file import import_demo
from app.services.explorer import library
from app.services.explorer.tag_listing import Sort
from app.services.paging import decode_cursor, encode_cursor
from app.services.tags import aliases as aliasing
from models.errors import InputError, NotFoundError, PreconditionError, StoreError, TagError
from models.normalizer import MAX_TAG_LENGTH, normalize_tag

router = APIRouter(prefix=LIBRARY, include_in_schema=False)

TAGS, DOCUMENTS, SPELLINGS = 24, 10, 24
"""The most that one page shows of each."""

SORTS: dict[Sort, str] = {"use": "use in training", "store": "use in the store", "name": "name"}


# Plain `def`s: FastAPI runs them in a thread, so that rendering a page does not delay the API's queries.
@router.get("")
def show_tags(request: Request) -> Response:
    """Show the tags, the most used first."""
    serving, given = served(request), request.query_params
    words = " ".join(given.get("q", "")[:MAX_TAG_LENGTH].casefold().split())
    sort: Sort = next((known for known in SORTS if known == given.get("sort")), "use")
    listing = runtime(request).listings.of(serving)
    fault = None
    try:
        listed, next_start = listing.page(words, sort, given.get("cursor"), TAGS)
    except InputError as error:
        listed, next_start, fault = [], None, str(error)
    here = {name: value for name, value in (("q", words), ("sort", sort)) if value not in {"", "use"}}
    return pages.render(
        "library_tags.html",
        422 if fault else 200,
        part="tags",
        words=words,
        sort=sort,
        sorts=SORTS,
        listed=listed,
        nearest=library.nearest(serving, listed),
        n_known=len(listing),
        store_is_away=any(tag.stored is None for tag in listed),
        fault=fault,
        continued="cursor" in given,
        first_url=_url("", here),
        next_url=next_start and _url("", here | {"cursor": next_start}),
        **frame(request, serving, "library") | {"message": f"{len(listed)} tags"},
    )


@router.get("/documents")
def show_documents(request: Request) -> Response:
    """Show the store's documents and the tags that the model would add to each."""
    serving, given = served(request), request.query_params
    tag, fault = given.get("tag", "").strip() or None, None
    found: tuple[list[library.ShownDocument], str | None, int] = [], None, 0
    try:
        start = decode_cursor(given["cursor"]) if "cursor" in given else ""
        held = None if tag is None else normalize_tag(tag)
        found = library.documents(runtime(request).engine, serving, held, start, DOCUMENTS)
    except (InputError, TagError) as error:
        fault = str(error)
    except StoreError:
        fault = AWAY
    shown, last, total = found
    here = {"tag": tag} if tag else {}
    return pages.render(
        "library_documents.html",
        422 if fault and fault != AWAY else 200,
        part="documents",
        tag=tag,
        documents=shown,
        total=total,
        fault=fault,
        base_url=str(request.base_url),
        contextual=serving.bundle.encoder.contextual_candidates,
        keys_required=runtime(request).settings.auth == "required",
        may_write=may(request, "write"),
        continued="cursor" in given,
        first_url=_url("/documents", here),
        next_url=last and _url("/documents", here | {"cursor": encode_cursor(last)}),
        **frame(request, serving, "library") | {"message": f"{len(shown)} documents"},
    )


@router.post("/documents/demo")
def load_demo(request: Request) -> Response:
    """Put the invented tracks into the store, and show them."""
    try:
        import_demo(runtime(request).engine)
    except StoreError:
        return show_documents(request)
    return RedirectResponse(_url("/documents", {}), 303)


@router.get("/variants")
def show_spellings(request: Request) -> Response:
    """Show pairs of tags that look like spellings of one tag."""
    return _spellings(request)


@router.post("/variants")
async def judge_spelling(request: Request) -> Response:
    """Accept a pair into the alias table, dismiss it, or undo an acceptance."""
    form, held = await read_form(request), runtime(request)
    alias, target, verdict = (form.get(name, "") for name in ("alias", "target", "verdict"))
    try:
        if verdict == "accept":
            await aliasing.put(held.engine, alias, target, only_new=True)
        elif verdict == "dismiss":
            pair = normalize_tag(alias), normalize_tag(target)
            await run_in_threadpool(library.dismiss_spelling, held.engine, *pair)
        elif verdict == "undo":
            await aliasing.remove(held.engine, alias)
        else:
            raise InputError("/verdict", f"verdict is {verdict[:20]!r}; accept, dismiss or undo is needed")
    except (InputError, TagError, NotFoundError, PreconditionError) as error:
        return await run_in_threadpool(_spellings, request, str(error))
    except StoreError:
        return await run_in_threadpool(_spellings, request, AWAY)
    here = {"judged": verdict, "alias": alias, "target": target}
    start = request.query_params.get("cursor")
    return RedirectResponse(_url("/variants", here | ({"cursor": start} if start else {})), 303)


AWAY = "The store does not answer, so its documents and the alias table cannot be shown."


def _spellings(request: Request, fault: str | None = None) -> Response:
    serving, given = served(request), request.query_params
    found, first = [], _offset(given.get("cursor"))
    try:
        listing = runtime(request).listings.of(serving)
        found = library.open_spellings(runtime(request).engine, listing)
    except StoreError:
        fault = AWAY
    judged = given.get("judged") if fault is None else None
    alias, target = given.get("alias", ""), given.get("target", "")
    message = {
        "accept": f"{alias} stands for {target} from now on.",
        "dismiss": f"{alias} and {target} remain two tags.",
        "undo": f"{alias} stands for itself again.",
    }.get(judged or "", "")
    listed = found[first : first + SPELLINGS]
    return pages.render(
        "library_variants.html",
        200 if fault in {None, AWAY} else 422,
        part="spellings",
        listed=listed,
        total=len(found),
        fault=fault,
        judged=judged,
        alias=alias,
        here_url=_url("/variants", {"cursor": str(first)} if first else {}),
        may_write=may(request, "write"),
        continued=first > 0,
        first_url=_url("/variants", {}),
        next_url=_url("/variants", {"cursor": str(first + SPELLINGS)})
        if len(found) > first + SPELLINGS
        else None,
        **frame(request, serving, "library") | {"message": message or f"{len(found)} pairs of spellings"},
    )


def _offset(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 9 else 0


def _url(path: str, parameters: dict[str, str]) -> str:
    query = urlencode(parameters, errors="replace")
    return f"{LIBRARY}{path}?{query}" if query else f"{LIBRARY}{path}"
