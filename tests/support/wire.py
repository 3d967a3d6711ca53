"""A way to a server that can be cut in the middle of what goes over it."""

import socket
import threading
from contextlib import suppress


class Wire:
    """Listens at ``address`` and carries all to another one, both written HOST:PORT, until cut."""

    def __init__(self, target):
        host, port = target.split(":")
        self._target = (host, int(port))
        self._door = socket.create_server(("127.0.0.1", 0))
        self._ends = [self._door]
        self._lock = threading.Lock()
        self._threads = []
        self.address = f"127.0.0.1:{self._door.getsockname()[1]}"
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self):
        """Close all that is open; nothing is let in any more."""
        with self._lock:
            _close(self._ends)

    def _start(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = socket.create_connection(self._target)
                with self._lock:
                    self._ends += (here, there)
                self._start(self._carry, here, there)
                self._start(self._carry, there, here)

    def _carry(self, source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with self._lock:
            _close((source, sink))


def _close(ends):
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            end.close()
