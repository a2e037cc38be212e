"""Media of items, for people who may see the item."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app import resources
from app.outbound import fetch_media
from app.services.media import media_file, media_url
from app.web.answers import actor_of, endpoint

__all__ = ["routes"]


@endpoint
async def show(request: Request) -> Response:
    """A file of the media folder, or what an allowed host has at the item's address."""
    ctx, actor = resources.context(), actor_of(request)
    item_id, part = request.path_params["item_id"], request.path_params["part"]
    url = await run_in_threadpool(media_url, ctx, actor, item_id, part)
    if url is None:
        path, kind = await run_in_threadpool(media_file, ctx, actor, item_id, part)
        return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})
    limit = ctx.settings.max_upload_mb * 2**20
    kind, data = await fetch_media(url, allowed_hosts=ctx.settings.allowed_media_hosts, max_bytes=limit)
    return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})


routes = [Route("/api/media/{item_id:int}/{part}", show)]
