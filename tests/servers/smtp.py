"""A proxy in front of a mail server that breaks the conversation where it is told to.

    with SmtpProxy(postfix.host, postfix.port) as proxy:
        proxy.at_end = "cut"     # what happens when the whole mail has arrived

`at_end`, once: "cut" (the mail is passed on, the answer is not), "drop" (not even the mail is), a
function to be called before the mail is passed on, or a line to answer in the server's place.
"""

import contextlib
import socket
import threading
from collections.abc import Callable

from .stream import TcpProxy


class SmtpProxy(TcpProxy):
    """Passes a conversation on, line by line."""

    def __init__(self, host: str, port: int) -> None:
        self.at_end: str | Callable[[], None] | None = None
        self.mails = 0  # how many were sent whole, whatever became of them
        super().__init__(host, port)

    def _talk(self, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(self.upstream) as server,
        ):
            deaf = threading.Event()  # the client hears nothing more
            answers = threading.Thread(target=self._answers, args=(server, client, deaf))
            answers.start()
            in_data = False
            for line in client.makefile("rb"):
                if in_data and line == b".\r\n":
                    in_data = False
                    if not self._end(client, server, deaf):
                        break
                    continue
                in_data = in_data or line.upper() == b"DATA\r\n"
                server.sendall(line)
            if not deaf.is_set():
                self._close(server)
            answers.join(10)
            self._close(client)

    def _end(self, client: socket.socket, server: socket.socket, deaf: threading.Event) -> bool:
        """The whole mail is here; whether the conversation goes on."""
        self.mails += 1
        fault, self.at_end = self.at_end, None
        if fault == "drop":
            return False
        if fault == "cut":
            deaf.set()
            server.sendall(b".\r\nQUIT\r\n")
            return False
        if isinstance(fault, str):
            client.sendall(fault.encode() + b"\r\n")
            return False
        if fault:
            fault()
        server.sendall(b".\r\n")
        return True

    @staticmethod
    def _close(connection: socket.socket) -> None:
        """At once, also for the thread that reads from it."""
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _answers(server: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := server.recv(4096):
                if not deaf.is_set():
                    client.sendall(part)
