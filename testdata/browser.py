"""Headless Chromium for tests of pages, driven over its debugging protocol with the standard library alone.

    with Browser(width=1280, height=900, dark=False, scripts=True) as b:
        b.open("/path/page.html#tab=tab-2")
        b.eval("document.title")           # the value of an expression, JSON
        b.key("ArrowRight"); b.click("#id"); b.shot("out.png"); b.errors

errors: what the page wrote to the console as errors, exceptions, and everything that it asked a network for. The browser
has no network to answer: every name resolves to nothing.
"""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.parse

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program():
    for name in PROGRAMS:
        if shutil.which(name):
            return shutil.which(name)
    return None


class Socket:
    """A WebSocket (RFC 6455) client that sends and receives whole texts."""

    def __init__(self, url):
        u = urllib.parse.urlparse(url)
        self.s = socket.create_connection((u.hostname, u.port), 60)
        key = base64.b64encode(os.urandom(16)).decode()
        self.s.sendall(("GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n" % (u.path, u.netloc, key)).encode())
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.s.recv(4096)
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0] + b" ":
            raise OSError(head.decode("latin-1"))

    def take(self, n):
        while len(self.rest) < n:
            more = self.s.recv(1 << 20)
            if not more:
                raise OSError("the browser has gone")
            self.rest += more
        out, self.rest = self.rest[:n], self.rest[n:]
        return out

    def send(self, text):
        data, mask = text.encode(), os.urandom(4)
        n = len(data)
        head = b"\x81" + (bytes([0x80 | n]) if n < 126 else b"\xfe" + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">Q", n))
        self.s.sendall(head + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(data)))

    def receive(self):
        out = b""
        while True:
            a, b = self.take(2)
            n = b & 127
            n = struct.unpack(">H", self.take(2))[0] if n == 126 else struct.unpack(">Q", self.take(8))[0] if n == 127 else n
            data = self.take(n)
            if a & 15 in (0, 1):
                out += data
                if a & 128:
                    return out.decode()


class Browser:
    def __init__(self, width=1280, height=900, dark=False, scripts=True, phone=False):
        self.dir = tempfile.mkdtemp(prefix="etl-browser-")
        self.size, self.dark, self.scripts, self.phone = (width, height), dark, scripts, phone
        self.errors, self.no = [], 0

    def __enter__(self):
        self.p = subprocess.Popen(
            [program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
             "--remote-debugging-port=0", "--user-data-dir=" + self.dir, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        port = os.path.join(self.dir, "DevToolsActivePort")
        until = time.monotonic() + 60
        while not (os.path.exists(port) and open(port).read().count("\n") >= 1):
            if self.p.poll() is not None or time.monotonic() > until:
                raise OSError("the browser does not start")
            time.sleep(0.05)
        number, path = open(port).read().split("\n")[:2]
        self.ws = Socket("ws://127.0.0.1:%s%s" % (number, path))
        self.session = None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = [t for t in targets if t["type"] == "page"][0]
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(domain + ".enable")
        self.resize(*self.size)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}])
        if not self.scripts:
            self.ask("Emulation.setScriptExecutionDisabled", value=True)
        return self

    def __exit__(self, *what):
        try:
            self.session = None
            self.ask("Browser.close")
        except OSError:
            pass
        try:
            self.p.wait(10)
        except subprocess.TimeoutExpired:
            self.p.kill()
            self.p.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def ask(self, method, **params):
        self.no += 1
        message = {"id": self.no, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.ws.send(json.dumps(message))
        while True:
            m = json.loads(self.ws.receive())
            if m.get("id") == self.no:
                if "error" in m:
                    raise OSError("%s: %s" % (method, m["error"]))
                return m["result"]
            self.note(m)

    def note(self, m):
        what, p = m.get("method"), m.get("params", {})
        self.seen = what
        if what == "Runtime.exceptionThrown":
            d = p["exceptionDetails"]
            self.errors.append(d.get("exception", {}).get("description") or d["text"])
        elif what == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in p["args"]))
        elif what == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            self.errors.append(p["entry"]["text"])
        elif what == "Network.requestWillBeSent" and not p["request"]["url"].startswith(("file:", "blob:", "data:", "about:")):
            self.errors.append("asked for " + p["request"]["url"])

    def resize(self, width, height):
        self.size = (width, height)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if self.phone else 1, mobile=self.phone)

    def open(self, path):
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url="file://" + path)
        until = time.monotonic() + 60
        while self.ask("Runtime.evaluate", expression="location.protocol + document.readyState", returnByValue=True)["result"].get("value") != "file:complete":
            if time.monotonic() > until:
                raise OSError("the page does not load: " + path)
            time.sleep(0.05)
        self.rest()

    def rest(self):
        """Two frames: what observers and animation frames were going to do is done."""
        if self.scripts:
            self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))))")

    def eval(self, expression):
        r = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in r:
            raise AssertionError(r["exceptionDetails"].get("exception", {}).get("description", r["exceptionDetails"]["text"]))
        return r["result"].get("value")

    def key(self, name, text=None):
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Tab": 9, "Home": 36, "End": 35}
        extra = {"text": text} if text else {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown" if extra else "rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=codes.get(name, ord(name[0])), **(extra if kind != "keyUp" else {}))
        self.rest()

    def click(self, selector):
        self.eval("document.querySelector(%s).click()" % json.dumps(selector))
        self.rest()

    def type(self, selector, text):
        self.eval("(() => {const e = document.querySelector(%s); e.focus(); e.value = ''; })()" % json.dumps(selector))
        self.ask("Input.insertText", text=text)
        self.rest()

    def shot(self, path, whole=True):
        if whole:
            height = self.ask("Page.getLayoutMetrics")["cssContentSize"]["height"]
            self.ask("Emulation.setDeviceMetricsOverride", width=self.size[0], height=max(200, min(int(height) + 1, 8000)), deviceScaleFactor=2 if self.phone else 1, mobile=self.phone)
            self.rest()
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=False)["data"]))

    def print(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"]))
