"""A web server for tests, with every bad manner: web.py [LOG]  prints its port, then serves until it is killed.

Each connection has a thread. LOG gets a line "TIME METHOD TARGET" per request; /stats answers how often each path was
asked for. What a path does stands in the table at the end; unknown ones answer 404.
"""
import collections
import gzip
import json
import os
import socket
import struct
import sys
import threading
import time
import urllib.parse

log = open(sys.argv[1], "a", buffering=1) if len(sys.argv) > 1 else None
counts = collections.Counter()
lock = threading.Lock()
port = 0


def answer(c, body, status=200, type="application/json", headers=(), length=None):
    if isinstance(body, str):
        body = body.encode()
    head = ["HTTP/1.1 %d X" % status, "Content-Type: " + type, "Content-Length: %d" % (len(body) if length is None else length)]
    c.sendall("\r\n".join(head + list(headers)).encode() + b"\r\n\r\n" + body)


def to_json(c, value, **more):
    answer(c, json.dumps(value, ensure_ascii=False), **more)


def page(name, price="14,000원 "):
    return ('<!DOCTYPE html><html><head><title>%s</title></head><body><table class="other"><tr><th>상품명<td>not this</table>'
            '<div class=" product"><table><tr class="displaynone xans-record-"><th>상품명</th><td>%s</td></tr>\r\n'
            '<tr class=" xans-record-"><th>판매가</th><td><span>%s<input name=price value="1"></span></td></tr></table></div></body></html>' % (name, name, price))


# ---- a shop ----

def listing(c, q, path):
    cat, n = q["cat"], int(q["page"])
    data = [{"link": "../item/%s-%d?a=1&amp;b=2" % (cat, i), "no": i} for i in range(n * 10 - 10, n * 10)]
    if n == 2:
        data.append({"link": "../item/%s-3?a=1&amp;b=2" % cat, "no": "3"})  # again
        data.append({"link": None, "no": 99})
    to_json(c, {"data": data if n <= 3 else [], "end": n == 3})


def item(c, q, path):
    name = path.rsplit("/", 1)[1]
    if name.endswith("7"):
        return answer(c, "gone", 404, "text/plain")
    if name.endswith("-5") or name.endswith("-15"):
        return answer(c, page("휠 " + name).encode("cp949"), type="text/html")  # nobody says so
    if name.endswith("-8"):
        return answer(c, "<html><body>Sorry, busy</body></html>", type="text/html")
    answer(c, page("휠 " + name), type="text/html; charset=utf-8")


def slow_item(c, q, path):
    with lock:
        counts["slow pages"] += 1
        mine = counts["slow pages"]
    while os.path.exists("hold") and mine > int(open("hold").read() or "0"):  # no further until the test says so
        time.sleep(0.05)
    answer(c, page("휠 " + path.rsplit("/", 1)[1]), type="text/html")


def many(c, q, path):
    n = int(q.get("n", "10000"))
    answer(c, "<html>" + "".join('<p><a href="/ok/%d">%d</a></p>' % (i, i) for i in range(n)), type="text/html")


# ---- bad manners ----

def forever(c, q, path):
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        c.sendall(b"x" * 65536)


def chunks(c, q, path):
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        c.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


BOMB = gzip.compress(b"\0" * (64 << 20), 9)  # 64 KB on the wire


def bomb(c, q, path):
    answer(c, BOMB, type="text/plain", headers=["Content-Encoding: gzip"])


def reset(c, q, path):
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc")
    time.sleep(0.05)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


def flaky(c, q, path):
    with lock:
        first = counts[path] <= int(q.get("n", "2"))
    if first:
        return answer(c, "busy", int(q.get("status", "503")), headers=["Retry-After: " + q["after"]] if "after" in q else [])
    to_json(c, {"ok": path})


def pages_number(c, q, path):
    n, size = int(q["page"]), 5
    to_json(c, {"items": [{"id": i} for i in range((n - 1) * size, min(n * size, 12))], "totalCount": 12})


def pages_offset(c, q, path):
    n = int(q["offset"])
    to_json(c, [{"id": i} for i in range(n, min(n + 5, 12))])


def pages_cursor(c, q, path):
    n = int(q.get("cursor") or "0")
    to_json(c, {"items": [{"id": n}, {"id": n + 1}], "next": str(n + 2) if n < 6 else None})


def pages_next(c, q, path):
    n = int(q.get("p", "0"))
    to_json(c, {"items": [{"id": n}], "next": "next?p=%d" % (n + 1) if n < 3 else "next?p=3"})  # the last names itself


def pages_link(c, q, path):
    n = int(q.get("p", "0"))
    to_json(c, [{"id": n}], headers=['Link: <%s?p=%d>; rel="next", </x>; rel="last"' % (path, n + 1)] if n < 3 else [])


def echo(c, q, path):
    day = q["day"] if q.get("day") != "2026-01-14" else "2026-01-10"
    code = {"2026-01-13": "001", "2026-01-12": "200"}.get(q.get("day"), "000")
    to_json(c, {"condition": [{"day": day, "key": q.get("key")}], "data": {"error_code": code, "item": [{"price": "1,000", "key": q.get("key")}]}})


def fatal(c, q, path):
    to_json(c, {"data": ["900"]})


def headers_of(c, q, path, headers):
    to_json(c, {"headers": {k: v for k, v in headers}, "query": q})


XML = '<?xml version="1.0" encoding="EUC-KR"?><r a="1"><item><name>쌀</name><price/></item><item><name>콩</name><price>1,000</price></item></r>'
TABLE = {
    "/list": listing, "/item/": item, "/slow/": slow_item, "/many": many,
    "/ok": lambda c, q, p: to_json(c, {"ok": p}),
    "/forever": forever, "/chunks": chunks, "/bomb": bomb, "/reset": reset, "/flaky": flaky,
    "/loop": lambda c, q, p: answer(c, "", 302, headers=["Location: /loop"]),
    "/hops/": lambda c, q, p: answer(c, "", 302, headers=["Location: /hops/%d" % (int(p.rsplit("/", 1)[1]) + 1)]),
    "/moved": lambda c, q, p: answer(c, "", 301, headers=["Location: /ok/moved"]),
    "/away": lambda c, q, p: answer(c, "", 302, headers=["Location: /there/deep/page"]),
    "/there/": lambda c, q, p: answer(c, '<a href="../next">한글</a>'.encode("cp949"), type="text/html; charset=EUC-KR",
                                      headers=['Link: <page?p=%d>; rel="next"' % (int(q.get("p", "0")) + 1)] if int(q.get("p", "0")) < 2 else []),
    "/to-file": lambda c, q, p: answer(c, "", 302, headers=["Location: file:///etc/passwd"]),
    "/to-private": lambda c, q, p: answer(c, "", 302, headers=["Location: http://127.0.0.2:%d/ok" % port]),
    "/to-nowhere": lambda c, q, p: answer(c, "", 302),
    "/garbage": lambda c, q, p: c.sendall(b"\x00\x01 this is no HTTP\r\n\r\n") or c.close(),
    "/too-long": lambda c, q, p: answer(c, '{"ok":1}', length=1000) or c.close(),
    "/too-short": lambda c, q, p: answer(c, '{"ok":1}', length=4) or c.close(),
    "/hang-up": lambda c, q, p: c.close(),
    "/silent": lambda c, q, p: time.sleep(60),
    "/stalled": lambda c, q, p: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab") or time.sleep(60),
    "/error-page": lambda c, q, p: answer(c, "<html><title>Error</title>Please try later</html>", type="text/html"),
    "/broken-json": lambda c, q, p: answer(c, '{"ok": '),
    "/empty": lambda c, q, p: answer(c, ""),
    "/bad-gzip": lambda c, q, p: answer(c, "no gzip at all", headers=["Content-Encoding: gzip"]),
    "/huge-header": lambda c, q, p: c.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 400000 + b"\r\n\r\n"),
    "/status/": lambda c, q, p: answer(c, "x", int(p.rsplit("/", 1)[1])),
    "/links": lambda c, q, p: answer(c, '<a href="file:///etc/passwd"></a><a href="http://10.255.255.1/"></a><a href="http://127.0.0.2:%d/ok"></a>'
                                        '<a href="gopher://x/"></a><a href="{$url}"></a><a href="/ok/1"></a><a href="//127.0.0.1:%d/ok/2"></a>' % (port, port), type="text/html"),
    "/number": pages_number, "/offset": pages_offset, "/cursor": pages_cursor, "/next": pages_next, "/link": pages_link,
    "/endless": lambda c, q, p: to_json(c, {"items": [{"id": 1}, {"id": 2}]}),
    "/growing": lambda c, q, p: to_json(c, {"items": [{"id": int(q["page"])}]}),
    "/echo": echo, "/fatal": fatal,
    "/robots.txt": lambda c, q, p: answer(c, "User-agent: *\nDisallow: /\n\nUser-agent: etl\nDisallow: /ok/no\nAllow: /\n", type="text/plain"),
    "/cookie": lambda c, q, p: answer(c, "", 302, headers=["Set-Cookie: a=1; Path=/", "Location: /cookie2"]),
    "/xml": lambda c, q, p: answer(c, XML.encode("cp949"), type="text/xml"),
    "/csv": lambda c, q, p: answer(c, "이름,값\n쌀,\"1,000\"\n콩,-\n".encode("cp949"), type="text/csv; charset=EUC-KR"),
    "/latin": lambda c, q, p: answer(c, "<p>caf\xe9</p>".encode("latin-1"), type="text/html; charset=ISO-8859-1"),
    "/lie": lambda c, q, p: answer(c, "<p>한글</p>".encode("cp949"), type="text/html; charset=utf-8"),
    "/meta": lambda c, q, p: answer(c, '<meta http-equiv="Content-Type" content="text/html; charset=euc-kr"><p>한글</p>'.encode("cp949"), type="text/html"),
    "/script": lambda c, q, p: answer(c, '<script>var o = \'{"price": 7}\'; x</script><script type=application/ld+json>{"@graph":[{"description":"가\n나"}]}</script><p>a<br>b<br><br>c</p>', type="text/html"),
    "/stats": lambda c, q, p: to_json(c, dict(counts)),
}


def handle(c, target, method, headers):
    u = urllib.parse.urlsplit(target)
    q = dict(urllib.parse.parse_qsl(u.query, keep_blank_values=True))
    with lock:
        counts[u.path] += 1
    if log:
        log.write("%.3f %s %s\n" % (time.monotonic(), method, target))
    if u.path in ("/headers", "/cookie2"):
        return headers_of(c, q, u.path, headers)
    for path, f in sorted(TABLE.items(), reverse=True):
        if u.path == path or (u.path.startswith(path) and (path.endswith("/") or u.path[len(path)] == "/")):
            return f(c, q, u.path)
    answer(c, "not found", 404, "text/plain")


def serve(c):
    buf = b""
    try:
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            while b"\r\n\r\n" not in buf:
                got = c.recv(65536)
                if not got:
                    return
                buf += got
            head, buf = buf.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            headers = [tuple(h.split(": ", 1)) for h in lines[1:]]
            length = int(dict((k.lower(), v) for k, v in headers).get("content-length", "0"))
            while len(buf) < length:
                buf += c.recv(65536)
            buf = buf[length:]
            handle(c, lines[0].split(" ")[1], lines[0].split(" ")[0], headers)
    except OSError:
        pass
    finally:
        c.close()


def main():
    global port
    s = socket.create_server(("127.0.0.1", 0), backlog=200)
    port = s.getsockname()[1]
    print(port, flush=True)
    while True:
        c, _ = s.accept()
        threading.Thread(target=serve, args=(c,), daemon=True).start()


main()
