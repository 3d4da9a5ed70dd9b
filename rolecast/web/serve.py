"""Serves an app with uvicorn, open links by the fast lane."""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.applications import Starlette

from rolecast.web.face import Face
from rolecast.web.fastlane import protocol

SWITCH = 0.0005  # seconds after which a thread that gathers lets the answers through


def serve(app: Starlette, face: Face, host: str, port: int, shared: bool = False) -> None:
    """Serve until told to stop. shared: other processes serve the same port."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol(face),
        loop="uvloop" if sys.platform != "win32" else "auto",
        ws="none",
        log_config=None,  # see rolecast.logs
        log_level="warning",
        access_log=False,  # an address in a log would be an address kept
        server_header=False,
        proxy_headers=False,  # see rolecast.go.Go.address
        timeout_graceful_shutdown=5,
        backlog=4096,
    )
    sys.setswitchinterval(SWITCH)
    server = uvicorn.Server(config)
    server.run(sockets=[_socket(host, port)] if shared else None)


def _socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((host, port))
    return found
