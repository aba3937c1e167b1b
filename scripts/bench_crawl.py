#!/usr/bin/env python3
"""make bench, the crawl: how fast etl asks, understands and keeps, beside what wrk gets out of the same server.

  bench_crawl.py ETL [--fetch PROGRAM] [--pages 20000] [--concurrency 16,64,200] [--scale 190000] [--dir DIR]

nginx serves pages of 10 KB in the forms of a shop (scripts/shop_server.py) from this machine, so server, client and
wrk share its processors. Three things are measured at each concurrency:

  engine    lib/net alone (scripts/bench_fetch.c): pages are asked for and dropped
  crawl     etl run: a row in the ledger before and after each page, the journal, the records; no text is looked at
  parsed    the same, and seven fields out of the page's table by CSS selectors (HTML5 parser)

Then the parts pipeline at its real size: three shops side by side, listings and --scale detail pages, to the end of its
collect steps. Prints tables for BENCHMARKS.md; nothing here passes or fails. Without nginx or wrk it says so and ends.
"""
import argparse
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZE, PAGES = 10240, 1000
DAY = "2026-01-15"


def shop_server():
    spec = importlib.util.spec_from_file_location("shop_server", os.path.join(ROOT, "scripts", "shop_server.py"))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    module.options = argparse.Namespace(seed="1", day=DAY, products=99999, faults={})
    return module


def make_pages(root):
    """1,000 pages of 10 KB: a product as a shop shows it, and the menus and lists around it."""
    shop = shop_server()
    os.makedirs(os.path.join(root, "p"))
    for k in range(PAGES):
        text = shop.detail(shop.Product(100000 * (k % 3 + 1) + k)).replace("@META@", '<meta charset="utf-8">')
        body, i = text.replace("</body></html>", ""), 0
        while len((body + "</body></html>").encode()) < SIZE - 200:
            i += 1
            body += '<li class="xans-record-"><a href="/product/detail.html?product_no=%d"><img src="/web/%d.jpg" alt=""></a><strong>%s</strong> <span>%d,000원</span></li>\n' % (k + i, i, shop.NAMES[i % len(shop.NAMES)], i)
        page = (body + "</body></html>").encode()
        page += b"<!-- %s -->" % (b"-" * (SIZE - len(page) - 9))
        with open(os.path.join(root, "p", "%03d.html" % k), "wb") as f:
            f.write(page)


def make_lists(root, links, scheme=("177", "178", "179", "180", "181")):
    """Listings of each shop: five categories in pages of 500 links; `links` of all shops together."""
    for s, shop in enumerate(("partsro", "hyunki_store", "hyunki_market")):
        os.makedirs(os.path.join(root, shop))
        mine = [(s + 1) * 1000000 + i for i in range(links // 3 + (s < links % 3))]
        for c, category in enumerate(scheme):
            part = mine[c::len(scheme)]
            for page in range(0, max(1, -(-len(part) // 500))):
                rows = part[page * 500:(page + 1) * 500]
                data = [{"product_no": n, "link_product_detail": "/product/part/%d/category/%s/display/1/" % (n, category)} for n in rows]
                with open(os.path.join(root, shop, "%s-%d.json" % (category, page + 1)), "w") as f:
                    json.dump({"rtn_code": "1000", "rtn_data": {"data": data, "end": (page + 1) * 500 >= len(part)}}, f)


CONF = """
daemon off; master_process on; worker_processes auto; pid %(dir)s/nginx.pid; error_log %(dir)s/nginx.err warn; %(user)s
events { worker_connections 2048; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; open_file_cache max=4000; default_type text/html; types { text/html html; application/json json; }
  client_body_temp_path %(dir)s/t1; proxy_temp_path %(dir)s/t2; fastcgi_temp_path %(dir)s/t3; uwsgi_temp_path %(dir)s/t4; scgi_temp_path %(dir)s/t5;
  server { listen 127.0.0.1:%(port)d backlog=1024; root %(dir)s/www;
    location ~ ^/page/\\d*?(?<k>\\d\\d\\d)$ { %(log)s try_files /p/$k.html =404; }
    location ~ ^/product/part/\\d+(?<k>\\d\\d\\d)/ { %(log)s try_files /p/$k.html =404; }
    location ~ ^/(?<shop>partsro|hyunki_store|hyunki_market)/exec/ { try_files /$shop/$arg_cate_no-$arg_page.json =404; }
  }
}
"""


class Nginx:
    """A server of its own, on a port that was free."""

    def __init__(self, where, log=False):
        self.dir = where
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        conf = os.path.join(where, "nginx.conf")
        with open(conf, "w") as f:
            f.write(CONF % {"dir": where, "port": self.port, "user": "user %s;" % ("root" if os.getuid() == 0 else "") if os.getuid() == 0 else "",
                            "log": "access_log %s/asked;" % where if log else ""})
        self.p = subprocess.Popen(["nginx", "-c", conf, "-e", os.path.join(where, "nginx.err")])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("bench: nginx did not start: " + open(os.path.join(where, "nginx.err")).read())

    def stop(self):
        self.p.terminate()
        self.p.wait()


def timed(argv, **kw):
    """(seconds, seconds of processor time, MiB at most)"""
    began = time.monotonic()
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)
    err = p.stderr.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(p.pid, 0)
    seconds = time.monotonic() - began
    if status:
        sys.exit("bench: %s ended with %d: %s" % (argv, status, err))
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def wrk(url, connections, where, seconds=4):
    """Pages a second. Each request is for another page, as a crawl's are."""
    script = os.path.join(where, "wrk.lua")
    with open(script, "w") as f:
        f.write('local n = 0\nrequest = function() n = n + 1; return wrk.format(nil, "/page/" .. (100000 + n)) end\n')
    best = 0
    for threads in (1, 2):
        out = subprocess.run(["wrk", "-t%d" % threads, "-c%d" % connections, "-d%ds" % seconds, "-s", script, url], capture_output=True, text=True).stdout
        rate = re.search(r"Requests/sec:\s+([0-9.]+)", out)
        if not rate or "Non-2xx" in out:
            sys.exit("bench: wrk says: " + out)
        best = max(best, float(rate.group(1)))
    return best


def definition(where, url, pages, concurrency):
    source = {"kind": "http", "rate": 0, "concurrency": concurrency, "per_host": concurrency,
              "requests": [{"name": "page", "url": url + "/page/{n}", "for": {"n": {"range": [100000, 99999 + pages]}}}]}
    plain = {"format": "text", "fields": {"n": {"var": "n"}}}
    fields = {"n": {"var": "n"}, "name": {"pair": ["상품명", "item"], "required": True}, "price": {"pair": "판매가"}, "official_name": {"pair": "정식 부품명"},
              "part_no": {"pair": "부품번호"}, "applicable": {"pair": "적용차(생산연도)", "else": {"json_ld": "/description"}}, "title": {"select": "title"}}
    parsed = {"format": "html", "pairs": {"each": "div.xans-product-detaildesign table tr", "key": "th", "value": "td"}, "fields": fields}
    for name, extract in (("crawl", plain), ("parsed", parsed)):
        s = json.loads(json.dumps(source))
        s["requests"][0]["extract"] = extract
        s["private_addresses"] = True
        os.makedirs(os.path.join(where, "schemas", name), exist_ok=True)
        with open(os.path.join(where, "schemas", name, "pipeline.json"), "w") as f:
            json.dump({"name": name, "zone": "UTC", "stages": {"default": {"retries": 0}}, "datasets": [{"name": "pages", "min_pass_rate": 0, "source": s}]}, f, ensure_ascii=False)


def compare(o, where, nginx):
    print("| concurrency | wrk, pages/s | engine | ratio | us/page | crawl | ratio | us/page | parsed | ratio | us/page | MiB |")
    print("|------------:|-------------:|-------:|------:|--------:|------:|------:|--------:|-------:|------:|--------:|----:|")
    for c in map(int, o.concurrency.split(",")):
        peer = wrk(nginx.url, c, where)
        cells = []
        definition(where, nginx.url, o.pages, c)
        runs = ([[o.fetch, nginx.url + "/page/", str(o.pages), str(c)]] if o.fetch else []) + [[o.etl, "run", "-q", "-p", n, DAY, "--only", "collect", "--home", os.path.join(where, "home")] for n in ("crawl", "parsed")]
        kb = 0
        for argv in runs:
            best = None
            for _ in range(o.runs):
                shutil.rmtree(os.path.join(where, "home"), ignore_errors=True)
                got = timed(argv, cwd=where)
                best = got if best is None or got[0] < best[0] else best
                kb = max(kb, got[2])
            cells += ["%.0f" % (o.pages / best[0]), "%.0f %%" % (100 * o.pages / best[0] / peer), "%.0f" % (best[1] * 1e6 / o.pages)]
        if not o.fetch:
            cells = ["", "", ""] + cells
        print("| %d | %.0f | %s | %.0f |" % (c, peer, " | ".join(cells), kb), flush=True)


def scale(o, where, nginx):
    env = dict(os.environ, PARTSRO_URL=nginx.url + "/partsro", HYUNKI_STORE_URL=nginx.url + "/hyunki_store", HYUNKI_MARKET_URL=nginx.url + "/hyunki_market")
    subprocess.run([o.etl, "init", "-q", where, "-p", "parts"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = os.path.join(where, "schemas", "parts", "pipeline.json")
    with open(path) as f:
        text = re.sub(r"(?m)^\s*//.*$", "", f.read())
    parts = json.loads(text)
    parts = {"name": "parts", "zone": parts["zone"], "stages": {"default": {"retries": 0}},
             "datasets": [dict({k: v for k, v in d.items() if k != "transform"}, source=dict(d["source"], rate=0, concurrency=16, per_host=16))
                          for d in parts["datasets"] if d["source"]["kind"] == "http"]}
    with open(path, "w") as f:
        json.dump(parts, f, ensure_ascii=False)
    home = os.path.join(where, "parts")
    seconds, cpu, mib = timed([o.etl, "run", "-q", "-p", "parts", DAY, "--only", "collect", "--home", home], cwd=where, env=env)
    print("parts, %d detail pages of three shops side by side, 16 at once each: %.1f s, %.1f s of processor time, %.0f pages/s, %.0f MiB; the home then has %d MB"
          % (o.scale, seconds, cpu, o.scale / seconds, mib, sum(os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(home) for n in names) / 1e6))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("etl")
    ap.add_argument("--fetch", help="the program of scripts/bench_fetch.c")
    ap.add_argument("--pages", type=int, default=20000)
    ap.add_argument("--runs", type=int, default=2)
    ap.add_argument("--concurrency", default="16,64,200")
    ap.add_argument("--scale", type=int, default=190000, help="0: not")
    ap.add_argument("--dir", help="work here and leave it (default: a temporary place)")
    ap.add_argument("--serve", action="store_true", help="only serve, until killed")
    o = ap.parse_args()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            print("(%s is not installed: no crawl is measured)" % tool)
            return
    o.etl, o.fetch = os.path.realpath(o.etl), os.path.realpath(o.fetch) if o.fetch else None
    where = o.dir or tempfile.mkdtemp(prefix="etl-crawl-")
    os.makedirs(os.path.join(where, "www"), exist_ok=True)
    make_pages(os.path.join(where, "www"))
    make_lists(os.path.join(where, "www"), o.scale)
    nginx = Nginx(where)
    try:
        if o.serve:
            definition(where, nginx.url, o.pages, 64)
            print(nginx.url, flush=True)
            nginx.p.wait()
            return
        if o.concurrency:
            compare(o, where, nginx)
            print()
        if o.scale:
            scale(o, where, nginx)
    finally:
        nginx.stop()
        if not o.dir:
            shutil.rmtree(where, ignore_errors=True)


if __name__ == "__main__":
    main()
