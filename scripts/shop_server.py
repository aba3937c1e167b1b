#!/usr/bin/env python3
"""Three web shops in one process, for the case parts_shops, which works out from the same numbers what a crawl must find.

  shop_server.py [--port 0] [--products 400] [--day 2026-01-15] [--seed 1] [--faults gone=0.01,busy=0.02,...] [--log FILE]

Prints its address and serves until it is killed. The shops are http://127.0.0.1:PORT/partsro, /hyunki_store and
/hyunki_market, in the forms of Cafe24 shops: a listing per category as JSON

  GET /SHOP/exec/front/Product/ApiProductNormal?cate_no=177&supplier_code=S0000000&page=1&bInitMore=F&count=500

with links in every form that such pages use (absolute, relative, protocol-relative, with &amp;, with Korean in the path,
twice, unfilled templates), and a page per product with what such pages hold: hidden rows, tables that are not meant,
attributes without quotes, inputs in cells, prices in many forms, UTF-8 and EUC-KR with and without saying so, CRLF.

All of it follows from seed, shop, product and day alone: the same question has the same answer. GET /_day/2026-01-16 sets
the day (a tenth of the prices changes every day, some parts come and go), GET /_stats tells what was asked.

Faults are shares of the products, 0 unless told: gone (404), busy (503 twice, then good), throttle (429 with Retry-After
once), slow (answers after 300 ms), cut (the connection breaks off in the middle, once), liar (says UTF-8 and is EUC-KR),
bare (a page without the table). Category 999 has endless pages.
"""
import argparse
import collections
import functools
import hashlib
import json
import random
import socket
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHOPS = ["partsro", "hyunki_store", "hyunki_market"]
CATEGORIES = {"177": "엔진", "178": "미션", "179": "샤시", "180": "바디", "181": "트림"}
NAMES = ["브레이크 패드", "오일 필터", "에어 필터", "쇼크 업소버", "워터 펌프", "점화 플러그", "타이밍 벨트", "헤드 램프", "리어 콤비 램프", "사이드 미러", "도어 핸들", "와이퍼 블레이드",
         "라디에이터", "인젝터", "스태빌라이저 링크", "로어 암", "휠 허브 베어링", "연료 펌프", "발전기", "스타터 모터", "PAD KIT-FR DISC BRAKE", "FILTER ASSY-ENG OIL", "LAMP ASSY-HEAD,LH"]
SIDES = ["", " 좌", " 우", " (프론트)", " (리어)", " 세트"]
CARS = ["쏘나타(DN8)", "그랜저 IG", "그랜저 하이브리드", "아반떼 CN7", "아반떼 MD", "투싼 NX4", "싼타페TM", "팰리세이드", "포터Ⅱ", "스타리아", "G80 RG3", "gv70", "K5 DL3", "k3", "K7 YG", "쏘렌토 MQ4", "카니발 KA4",
        "스포티지 R", "모닝 JA", "레이", "셀토스", "니로 EV", "봉고3", "YF 10X20/11X21", "NF 쏘나타 05X08/09X10", "카니발 05:-JAN.2010", "~2012", "i30 2010년식", "BOLT", "HOSE-WATER", "EV6", "넥쏘", "탱크"]
FAULTS = ["gone", "busy", "throttle", "slow", "cut", "liar", "bare"]

options = None
counts = collections.Counter()
seen = collections.Counter()  # requests of a product, for faults that pass
lock = threading.Lock()


def chance(*what):
    """0..1, the same for the same words"""
    return int.from_bytes(hashlib.blake2b(" ".join(map(str, (options.seed,) + what)).encode(), digest_size=7).digest(), "big") / (1 << 56)


def part_no(k):
    rng = random.Random("%s part %d" % (options.seed, k))
    return "%05d%s%03d" % (rng.randrange(20000, 99999), rng.choice(["D3A", "2Y5", "1R0", "G9", "N9A", "S1"]), rng.randrange(1000))


class Product:
    """Number 100000 + i is what partsro sells, 200000 + i hyunki_store, 300000 + i hyunki_market."""

    def __init__(self, number):
        self.number, self.shop, self.i = number, SHOPS[number // 100000 - 1], number % 100000
        rng = random.Random("%s product %d" % (options.seed, number))
        self.part = rng.randrange(options.products)  # the shops sell the same parts, some of them twice
        common = random.Random("%s part of %d" % (options.seed, self.part))
        self.category = common.choice(list(CATEGORIES))
        self.official = common.choice(NAMES) + common.choice(SIDES)
        if rng.random() < 0.2:
            self.official += rng.choice([" (순정)", " (1EA)", "  "])
        if rng.random() < 0.02:
            self.official = rng.choice(["", "(단독)"])
        self.title = "[%s] %s %s" % (rng.choice(["순정", "현대모비스", "애프터"]), self.official, part_no(self.part))
        self.cars = [common.choice(CARS) for _ in range(common.choice([0, 1, 1, 2, 3]))]
        self.quantity = common.choice([1, 1, 1, 1, 2, 4])
        base = common.randrange(20, 4000) * 100
        self.price = round(base * (0.85 + 0.3 * rng.random()) / 100) * 100 * self.quantity
        day = options.day
        for _ in range(3):  # of the changes of the last days, the newest that hit this product
            if chance("move", number, day) < 0.1:
                self.price = round(self.price * (0.8 + 0.4 * chance("price", number, day)) / 10) * 10
                break
            day = "%s-" % day
        self.rng = rng

    def sold(self):
        return chance("sold", self.number, options.day) >= 0.02

    def number_text(self):
        n = part_no(self.part)
        if self.quantity > 1:
            return "%sx%d" % (n, self.quantity)
        return self.rng.choice([n, n, n, n, "%s-%s (%s)" % (n[:5], n[5:], n), "단종되어 %s 로 대체" % n, " %s " % n, "없음" if self.rng.random() < 0.2 else n])

    def price_text(self):
        p = "{:,}".format(self.price)
        return self.rng.choice(["%s원 ", "%s원", "KRW %s", "KRW\n\t\t\t %s", "<strong>%s</strong>원", "%s원 (1%%)", "무료" if self.rng.random() < 0.1 else "%s"]).replace("%s", p).replace("%%", "%")

    def car_text(self):
        if self.shop == "hyunki_market":
            cars = [c + self.rng.choice(["", "(2011~2016)", " (2019년식~)"]) for c in self.cars]
            return self.rng.choice(["[차종 및 연식] ", "차종: ", ""]) + (self.rng.choice([" ", " / ", ", "]).join(cars) if cars else self.rng.choice(["전차종", "전 차종"]))
        return self.rng.choice([", ", "<br>", "<br />", " / ", "，"]).join(self.cars)


def link(p, host, base):
    """Every form that real lists have."""
    path = "/product/%s/%d/category/%s/display/1/" % (p.official.strip().replace("/", "-") or "x", p.number, p.category)
    plain = "/product/detail.html?product_no=%d&amp;cate_no=%s&amp;display_group=1" % (p.number, p.category)
    form = int(chance("link", p.number) * 5)
    return [urllib.parse.quote(path), path, plain, "//%s%s" % (host, urllib.parse.quote(path)), "../../../.." + plain][form]


@functools.lru_cache(64)
def sold_in(shop, category, day):
    first = 100000 * (SHOPS.index(shop) + 1)
    return [p for p in (Product(first + i) for i in range(options.products)) if p.category == category and p.sold()]


def listing(shop, query, host):
    category, page, count = query.get("cate_no", ""), int(query.get("page", "1")), max(1, min(500, int(query.get("count", "500"))))
    first = 100000 * (SHOPS.index(shop) + 1)
    if category == "999":  # never comes to an end
        return {"rtn_code": "1000", "rtn_data": {"data": [{"link_product_detail": "/product/x/%d/" % first}], "end": False}}
    if category not in CATEGORIES:
        return {"rtn_code": "4000", "rtn_data": ""}
    mine = sold_in(shop, category, options.day)
    rows = [{"product_no": p.number if p.number % 2 else str(p.number), "product_name": p.title, "link_product_detail": link(p, host, shop)} for p in mine[(page - 1) * count:page * count]]
    if page == 1 and rows:
        rows.append(dict(rows[0]))  # the same product twice
        rows.append({"product_no": "{$product_no}", "link_product_detail": None})
    return {"rtn_code": "1000", "rtn_data": {"data": rows, "end": page * count >= len(mine)}}


def detail(p):
    labels = ["상품명" if p.i % 3 else "item", "판매가", "정식 부품명", "부품번호", "적용차(생산연도)", "브랜드"]
    values = [p.title, p.price_text(), p.official, p.number_text(), p.car_text(), "현대"]
    cars_in_ld = p.shop != "hyunki_market" and p.i % 11 == 0
    rows = []
    for k, (label, value) in enumerate(zip(labels, values)):
        if k == 4 and cars_in_ld:
            continue
        hidden = "displaynone " if (k == 0 and p.i % 4 == 0) or (k == 5 and p.i % 2) else " "
        rows.append('<tr class="%sxans-record-">\r\n<th scope="row"><span style="font-size:12px">%s</span></th>\n<td><span style=font-size:12px;>%s</span>%s</td></tr>'
                    % (hidden, label, value, "<input type=hidden name=price value=%d>" % p.price if k == 1 else ""))
    ld = {"@context": "https://schema.org", "@type": "Product", "name": p.title, "description": ", ".join(p.cars)}
    table = '<div class="xans-element- xans-product xans-product-detaildesign"><table border="1" summary="">\n<caption>기본 정보</caption>\n<tbody>\n%s\n</tbody></table></div>' % "\r\n".join(rows)
    return """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN">
<html lang="ko"><head>@META@<title>%s</title>
<script type="application/ld+json">%s</script>
<script>var product_name = '%s'; var sale = "{\\"price\\":\\"%d\\",\\"th\\":\\"<th>판매가</th>\\"}";</script></head>
<body><div class="xans-layout-recent"><table><tr><th>최근 본 상품</th><td>{$product_name}</td></tr></table></div>
%s
<div class="xans-product-additional"><table><tr><th>판매가</th><td>999,999원</td></tr><tr><th>배송비</th><td>3,000원</td></tr></table></div>
</body></html>""" % (p.title, json.dumps(ld, ensure_ascii=False), p.title.replace("'", ""), p.price, "<p>잠시 후 다시 시도해 주세요</p>" if fault(p, "bare") else table)


def fault(p, name):
    return chance(name, p.number) < options.faults.get(name, 0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, body, status=200, kind="application/json; charset=utf-8", headers=(), cut=False):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if cut else body)
        if cut:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def product(self, number):
        if not 100000 <= number < 400000 or number % 100000 >= options.products:
            return self.send(b"not found", 404, "text/html")
        p = Product(number)
        with lock:
            seen[number] += 1
            times = seen[number]
        if fault(p, "gone") or not p.sold():
            return self.send(b"<html>404</html>", 404, "text/html")
        if fault(p, "busy") and times <= 2:
            return self.send(b"busy", 503, "text/plain")
        if fault(p, "throttle") and times <= 1:
            return self.send(b"slow down", 429, "text/plain", [("Retry-After", "1")])
        if fault(p, "slow"):
            time.sleep(0.3)
        text, liar = detail(p), fault(p, "liar")
        if liar or (p.shop == "hyunki_market" and p.i % 5 == 0):  # by meta, by header, by nobody; or wrongly
            meta = "" if p.i % 3 == 0 else '<meta http-equiv="Content-Type" content="text/html; charset=euc-kr">'
            kind = "text/html; charset=utf-8" if liar else "text/html; charset=EUC-KR" if p.i % 2 else "text/html"
            body = text.replace("@META@", meta).encode("cp949", "xmlcharrefreplace")
        else:
            kind, body = "text/html", text.replace("@META@", '<meta charset="utf-8">').encode()
        self.send(body, kind=kind, cut=fault(p, "cut") and times <= 1)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        parts, query = url.path.strip("/").split("/"), dict(urllib.parse.parse_qsl(url.query))
        with lock:
            counts[parts[0]] += 1
            if options.log:
                options.log.write(self.path + "\n")
        try:
            if parts[0] == "_day":
                options.day = parts[1]
                self.send(b"{}")
            elif parts[0] == "_stats":
                self.send(json.dumps(counts).encode())
            elif parts[0] in SHOPS and parts[-1] == "ApiProductNormal":
                self.send(json.dumps(listing(parts[0], query, self.headers.get("Host", "")), ensure_ascii=False).encode())
            elif parts[0] == "product" and (query.get("product_no") or (len(parts) > 2 and parts[2].isdigit())):
                self.product(int(query.get("product_no") or parts[2]))
            else:
                self.send(b"not found", 404, "text/html")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_):
        pass


def main():
    global options
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--products", type=int, default=400, help="of each shop; at most 99999")
    ap.add_argument("--day", default="2026-01-15")
    ap.add_argument("--seed", default="1")
    ap.add_argument("--faults", default="")
    ap.add_argument("--log")
    options = ap.parse_args()
    options.faults = {k: float(v) for k, v in (f.split("=") for f in options.faults.split(",") if f)}
    for name in options.faults:
        if name not in FAULTS:
            ap.error("no fault %s; there are %s" % (name, ", ".join(FAULTS)))
    options.log = open(options.log, "a", buffering=1) if options.log else None
    server = Server(("127.0.0.1", options.port), Handler)
    print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
