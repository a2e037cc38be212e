"""demo, serve, work and doctor."""

import logging
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from app.asgi import make_app
from app.cli.session import DataDir, Json, opened, print_json
from app.errors import AppError
from app.services import demo as demo_service
from app.services.context import Context
from app.services.doctor import check
from app.wiring import handlers
from app.worker import Supervisor, run_worker

__all__ = ["demo", "doctor", "serve", "work"]

Port = Annotated[
    int | None,
    typer.Option("--port", help="Port to listen on [env: MILO_PORT; default: 8501].", show_default=False),
]


def _listener(host: str, port: int) -> socket.socket:
    """A bound socket, or one line that says why there is none."""
    listener = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # asyncio sets this on its own sockets only when they name the protocol; without it, back-to-back answers
    # wait for the other side's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise AppError(
            f"port {port} on {host} is taken or not allowed ({error.strerror}); choose another with --port"
        ) from error
    return listener


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".milo-write-test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise AppError(
            f"the data folder {folder} cannot be written ({error.strerror}); choose another with --data-dir"
        ) from error


def _run(
    ctx: Context,
    listener: socket.socket,
    *,
    demo: bool,
    with_worker: bool,
    data_dir: Path | None,
    browser: bool,
) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::') else host}:{port}"
    supervisor = Supervisor(["work", *(["--data-dir", str(data_dir)] if data_dir else [])])
    if with_worker:
        supervisor.start()
    print(f"MILO is at {address}", flush=True)
    if demo:
        print("Log in with the password milo-demo as one of:", flush=True)
        for login in demo_service.LOGINS:
            print(
                f"  {login.login:<6} {login.name} ({', '.join(login.roles) or 'administrator'})", flush=True
            )
    print("Stop it with Ctrl+C.", flush=True)
    if browser:
        threading.Thread(target=_open_when_up, args=(address,), daemon=True).start()
    config = uvicorn.Config(
        make_app(ctx, demo=demo),
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
        # Longer than a person looks at an item: with uvicorn's five seconds nearly every submit would first have
        # to open a connection, or meet one that is just being closed.
        timeout_keep_alive=75,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        supervisor.close()


def _open_when_up(address: str) -> None:
    time.sleep(2)
    webbrowser.open(address)


def demo(
    port: Port = None,
    data_dir: DataDir = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Open the demo: three sample projects with a simulated team history. Seeds once, then serves."""
    folder = data_dir or Path("data/demo")
    _check_folder(folder)
    with opened(folder) as ctx:
        listener = _listener(ctx.settings.host, port or ctx.settings.port)
        if demo_service.seed(ctx):
            print(f"Seeded the demo in {folder}.", flush=True)
        _run(
            ctx,
            listener,
            demo=True,
            with_worker=True,
            data_dir=folder,
            browser=not no_browser and sys.stdout.isatty(),
        )


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on [env: MILO_HOST; default: 127.0.0.1].", show_default=False),
    ] = None,
    port: Port = None,
    data_dir: DataDir = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave the child worker out; run `milo work` elsewhere.")
    ] = False,
) -> None:
    """Serve pages, API and one worker."""
    with opened(data_dir) as ctx:
        _check_folder(ctx.settings.data_dir)
        listener = _listener(host or ctx.settings.host, port or ctx.settings.port)
        _run(ctx, listener, demo=False, with_worker=not no_worker, data_dir=data_dir, browser=False)


def work(
    concurrency: Annotated[
        int, typer.Option(min=1, max=1024, help="Calls that this worker makes at the same time.")
    ] = 64,
    data_dir: DataDir = None,
) -> None:
    """Do background work: pre-annotation and judging. Any number on PostgreSQL, one on SQLite."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    with opened(data_dir) as ctx:
        run_worker(ctx, handlers(ctx), concurrency=concurrency)


def doctor(data_dir: DataDir = None, json: Json = False) -> None:
    """Say what works and what to do: settings, database, model endpoint, worker."""
    with opened(data_dir) as ctx:
        findings = check(ctx)
    if json:
        print_json([{"what": f.what, "ok": f.ok, "said": f.said} for f in findings])
    else:
        for finding in findings:
            print(f"{'ok ' if finding.ok else 'NO '} {finding.what}: {finding.said}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
