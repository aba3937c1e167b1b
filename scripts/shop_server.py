#!/usr/bin/env python3
"""Three web shops of car parts on this machine, for `make demo-parts` and tests; Python's standard library only.

  scripts/shop_server.py [--parts 400] [--day 2026-01-15] [--seed 1] [--faults slow=0.02,404=0.01,...] [--ports 0,0,0]

prints where the shops are, for the environment of `etl run -p parts`, and serves until it is killed:

  PARTSRO_URL=http://127.0.0.1:41001
  HYUNKI_STORE_URL=http://127.0.0.1:41002
  HYUNKI_MARKET_URL=http://127.0.0.1:41003

The pages have the form of Cafe24's, with what real ones have too: class=" xans-record-" with its leading blank, rows
hidden by displaynone, unquoted attributes, inputs in cells, other tables with th, prices such as "14,000원 ",
"KRW 38,000" over several lines and "380원 (1%)", JSON text in script strings, links that are relative, protocol-relative,
escaped as HTML or templates that nobody filled in ("{$url}"), the same product in two lists, product_no as number or
text, UTF-8 and CP949 (named in the header, in the page, or nowhere), CRLF.

Everything follows from seed, shop and day; prices change from day to day. Faults (rates from 0 to 1, off unless told):
  slow   answers after 1 s            404    the product is gone          429, 503   twice, with Retry-After, then well
  cut    the body ends in the middle, once     encoding  a page names the wrong encoding     hidden  rows are hidden
  empty  a page without the table     endless  (1 = on) lists never end: every page repeats the last
  dead   (SHOP name as value: dead=hyunki_store) a shop answers nothing
GET /_day/2026-01-16 moves all shops to another day, GET /_stats tells what was asked for.
"""
import argparse
import collections
import hashlib
import http.server
import json
import random
import socket
import sys
import threading
import time
import urllib.parse

NAMES = ["프론트 범퍼", "리어 범퍼", "헤드램프", "리어 콤비램프", "사이드 미러", "후드", "프론트 도어", "리어 도어", "트렁크 리드", "휠 하우스",
         "브레이크 패드", "브레이크 디스크", "쇽업소버", "로어암", "스태빌라이저 링크", "타이밍 벨트", "워터 펌프", "오일 필터", "에어 필터", "연료 필터",
         "점화 플러그", "점화 코일", "산소 센서", "라디에이터", "콘덴서", "컴프레서", "제너레이터", "스타터 모터", "클러치 디스크", "미션 마운트",
         "엔진 마운트", "등속 조인트", "허브 베어링", "와이퍼 블레이드", "도어 핸들", "윈도우 레귤레이터", "시트 벨트", "크래시 패드", "콘솔 박스", "선바이저"]
# how shops write car types: canonical ones, old codes, with years, several at once, and what is none
CARS = ["쏘나타(DN8)", "쏘나타 DN8", "YF 10X20/11X21", "그랜저(IG)", "그랜저IG HEV", "그랜저 하이브리드(IG HEV)", "아반떼(CN7)", "아반떼 MD", "싼타페(TM)", "싼타페 DM 2012년식",
        "투싼(NX4)", "투싼 IX", "팰리세이드(LX2)", "코나(OS)", "제네시스 G80(RG3)", "G80 RG3", "G70(IK)", "GV70", "포터Ⅱ(HR)", "포터2", "스타렉스(A1)", "K5(DL3)", "K5 TF", "K7(VG)",
        "모닝(JA)", "레이", "쏘렌토(MQ4)", "카니발(KA4)", "스포티지(NQ5)", "셀토스", "봉고Ⅲ", "엑센트 ~2012", "베르나 05:-JAN.2010", "i30 2010", "BRACKET", "기타_차종", "쏘울 부스터"]
SHOPS = {"partsro": [("177", "엔진"), ("178", "미션"), ("179", "샤시"), ("180", "바디"), ("181", "트림")],
         "hyunki_store": [("42", "외장"), ("43", "내장"), ("44", "소모품")],
         "hyunki_market": [("28", "전체")]}


def chance(*key):
    """A number from 0 to 1 that follows from the key alone."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:7], "big") / float(1 << 56)


class Shop:
    def __init__(self, name, options):
        self.name, self.o = name, options
        self.asked, self.lock = collections.Counter(), threading.Lock()
        self.parts = [self.part(i) for i in range(options.parts)]

    def fault(self, kind, *key):
        return chance(self.o.seed, self.name, kind, *key) < self.o.faults.get(kind, 0)

    def part(self, i):
        # two of three parts are in every shop, so that prices can be compared
        shared = i % 3 != 0
        r = random.Random(repr((self.o.seed, "all" if shared else self.name, i)))
        own = random.Random(repr((self.o.seed, self.name, i, "own")))
        name = r.choice(NAMES)
        number = "%05d%s%03d" % (r.randrange(10000, 99999), r.choice(["2B", "3X", "1R", "C1", "G4"]), r.randrange(1000))
        cars = r.sample(CARS, r.choice([1, 1, 1, 2, 2, 3, 4]))
        shown = own.choice([number] * 12 + ["%s (%s)" % (name, number), "단종되어 %s 로 대체" % number, number + "x4", number[:5] + "-" + number[5:], ""])
        applicable = own.choice([" , ".join(cars), ",".join(cars), "，".join(cars), " / ".join(cars), "<br>".join(cars), " / ".join(cars) + " (2019~2022)", "", "전차종"] if len(cars) > 1 or own.random() < .3 else cars * 3 + ["전차종", ""])
        return {"no": 1000 + i, "name": name, "number": shown, "applicable": applicable, "base": r.randrange(3, 900) * 1000, "i": i,
                "category": SHOPS[self.name][i % len(SHOPS[self.name])][0], "hidden": own.random() < .05, "style": own.randrange(4), "price_style": own.randrange(12)}

    def price(self, p):
        factor = .9 + .2 * chance(self.o.seed, self.name, p["i"]) + .04 * (chance(self.o.seed, self.name, p["i"], self.o.day) - .5)
        won = int(p["base"] * factor / 10) * 10
        return ["{:,}원 ", "{:,}원", "KRW\n\t\t{:,}", "KRW {:,}", "{:,}원 (1%)", "{:,}원 "][min(p["price_style"], 5)].format(won) if p["price_style"] else "무료"

    # ---- the list ----

    def link(self, p, page):
        name = urllib.parse.quote(p["name"])
        path = "/product/%s/%d/category/%s/display/1/" % (name, p["no"], p["category"])
        kind = p["no"] % 9
        if kind == 0:
            return "../../.." + path
        if kind == 1:
            return "//127.0.0.1:%d%s" % (self.port, path)
        if kind == 2:
            return "/product/detail.html?product_no=%d&amp;cate_no=%s&amp;display_group=1" % (p["no"], p["category"])
        if kind == 3:
            return "/product/%s/%d/category/%s/display/1/" % (p["name"], p["no"], p["category"])  # not escaped
        return path

    def list(self, q):
        page, count = int(q.get("page", "1")), min(int(q.get("count", "100")), 500)
        mine = [p for p in self.parts if p["category"] == q.get("cate_no")]
        # a few stand in the next category's list as well
        mine += [p for p in self.parts if p["i"] % 50 == 7 and p["category"] != q.get("cate_no")][:3]
        last = max(1, -(-len(mine) // count))
        endless = self.o.faults.get("endless", 0) > 0
        at = min(page, last) if endless else page
        rows = [{"product_no": p["no"] if p["no"] % 2 else str(p["no"]), "product_name": p["name"], "link_product_detail": self.link(p, page)} for p in mine[(at - 1) * count:at * count]]
        if page == 1:
            rows.append({"product_no": "{$product_no}", "product_name": "{$product_name}", "link_product_detail": "{$url}"})
        return {"rtn_code": "1000", "rtn_msg": "", "rtn_data": {"data": rows, "end": False if endless else page >= last}}

    # ---- the page ----

    def row(self, label, value, hidden=False, i18n="PRD_INFO"):
        return ('<tr class="%s xans-record-">\n<th scope="row"><span style="font-size:12px;color:#555555;" data-i18n=PRODUCT.%s>%s</span></th>\n'
                '                        <td><span style="font-size:12px;color:#555555;">%s</span></td>\n                    </tr>\n'
                % ("displaynone" if hidden else "", i18n, label, value))

    def page(self, p):
        market = self.name == "hyunki_market"
        price = '<strong id="span_product_price_text">%s</strong><input id="product_price" name="product_price" value="" type="hidden"  />' % self.price(p)
        applicable = p["applicable"]
        label = "item" if p["style"] == 3 else "상품명"
        rows = [self.row(label, "%s %s" % (p["name"], p["number"]), p["hidden"] or self.fault("hidden", p["no"]))]
        if not market:
            rows.append(self.row("정식 부품명", "%s%s" % (p["name"], " (신품)" if p["style"] == 1 else "")))
        rows.append(self.row("부품번호", p["number"]))
        rows.append(self.row("판매가", price, i18n="PRD_INFO_PRODUCT_PRICE"))
        if market:
            rows.append(self.row("적용차종", {0: "[차종 및 연식] ", 1: "차종: "}.get(p["style"], "") + applicable))
        elif p["style"] != 2:
            rows.append(self.row("적용차(생산연도)", applicable))
        rows += [self.row("브랜드", "현대모비스"), self.row("국내·해외배송", "국내배송"), self.row("배송비", '<span class="delv_price_B"><input id=delivery_cost_prepaid name=delivery_cost_prepaid value=P type=hidden><strong>2,500원</strong></span>')]
        ld = json.dumps({"@context": "https://schema.org/", "@type": "Product", "name": p["name"], "description": applicable.replace("<br>", " / "), "sku": p["number"]}, ensure_ascii=False)
        table = '<table border="1" summary="">\n<caption> 기본 정보</caption>\n<tbody>\n%s</tbody>\n</table>' % "".join(rows)
        if self.fault("empty", p["no"]):
            table = "<p>일시적인 오류입니다. 잠시 후 다시 시도해 주세요.</p>"
        meta = '<meta http-equiv="Content-Type" content="text/html; charset=%s"/>' % self.charset(p)[1]
        return "\n".join([
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "//www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">',
            '<html xmlns="//www.w3.org/1999/xhtml" xml:lang="ko" lang="ko"><head><script>', TRACER, '</script>', meta if self.charset(p)[1] else "",
            '<meta property="og:title" content="%s" />' % p["name"], '<meta property="product:price:currency" content="KRW" />',
            '<script type="text/javascript">', "var product_no = '%d'; var option_stock_data = '{\\\"P0000\\\":{\\\"stock_price\\\":\\\"0.00\\\",\\\"option_name\\\":\\\"<b>\\\\uc0c1\\\"}}';" % p["no"], SCRIPT * 12, '</script>',
            '<script type="application/ld+json">%s</script>' % ld, '<title>%s</title></head><body>' % p["name"],
            '<table><tr><th>상품명</th><td>장바구니</td></tr><tr><th>판매가</th><td>0원</td></tr></table>', MENU * 6,
            '<div class="xans-element- xans-product xans-product-detaildesign"><!--\n  출력 갯수 지정 변수, 없으면 설정된 전체가 나옵니다.\n  count = 10\n-->', table, '</div>',
            '<div class="regularDelivery displaynone"><table border="1" summary="정기결제"><tbody><tr>\n<th scope="row">구매방법</th>\n<td><label class=gLabel> 1회구매</label></td></tr></tbody></table></div>',
            FOOT * 8, '</body></html>'])

    def charset(self, p):
        """Of the header, named in the page, of the bytes."""
        kinds = [("utf-8", "utf-8", "utf-8")] * 5 + [("EUC-KR", "euc-kr", "cp949"), ("", "euc-kr", "cp949"), ("", "", "cp949"), ("", "", "utf-8")]
        kind = kinds[p["no"] % len(kinds)]
        return ("utf-8" if kind[2] == "cp949" else "euc-kr", kind[1], kind[2]) if self.fault("encoding", p["no"]) else kind

    def find(self, path, q):
        no = q.get("product_no") or next((s for s in path.split("/")[3:4] if s.isdigit()), None)
        return self.parts[int(no) - 1000] if no and 0 <= int(no) - 1000 < len(self.parts) else None


TRACER = "(function(i, s, o, g, r, a, m) { i[r].init('https://tracer.invalid', {\"token\":\"x\",\"collectWindowErrors\":true}); }(window, document));"
SCRIPT = "CAFE24.SHOP = {getLanguage : function() { return \"ko_KR\"; },getCurrencyFormat : function(p) { return '<td>' + p + '</td>'; }};\n"
MENU = '<ul class="xans-element- xans-layout xans-layout-category"><li class=" xans-record-"><a href="../../../category/바디/180/">바디</a></li><li class=" xans-record-"><a href="{$link}">{$name}</a></li></ul>\n'
FOOT = '<p class="displaynone"><img src="//img.invalid/txt_naver.gif" alt="안내"/> 상호 : 부품 가게 &copy; 대표 : 홍길동</p>\n'


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body, kind="text/html", charset="utf-8", headers=(), cut=False):
        self.send_response(status)
        self.send_header("Content-Type", kind + ("; charset=" + charset if charset else ""))
        self.send_header("Content-Length", str(len(body)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def do_GET(self):
        u = urllib.parse.urlsplit(self.path)
        path, q = urllib.parse.unquote(u.path), dict(urllib.parse.parse_qsl(u.query))
        shop = self.server.shop
        with shop.lock:
            shop.asked[self.path] += 1
            nth = shop.asked[self.path]
        if path.startswith("/_day/"):
            shop.o.day = path[6:]
            return self.send(200, b"ok\n")
        if path == "/_stats":
            return self.send(200, json.dumps({"requests": sum(shop.asked.values()), "paths": len(shop.asked)}).encode(), "application/json")
        if shop.o.dead == shop.name:
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if shop.fault("slow", path):
            time.sleep(1)
        for status in (429, 503):
            if nth <= 2 and shop.fault(str(status), path, u.query):
                return self.send(status, b"busy", headers=[("Retry-After", "1")])
        if path == "/exec/front/Product/ApiProductNormal":
            return self.send(200, json.dumps(shop.list(q), ensure_ascii=bool(int(q.get("page", "1")) % 2)).encode(), "text/html" if shop.name == "hyunki_store" else "application/json")
        p = shop.find(path, q) if path.startswith("/product/") else None
        if not p or shop.fault("404", p["no"]):
            return self.send(404, "<html>없는 상품입니다</html>".encode())
        header, _, real = shop.charset(p)
        text = shop.page(p)
        if p["no"] % 4 == 0:
            text = text.replace("\n", "\r\n")
        self.send(200, text.encode(real, "replace"), charset=header, cut=nth == 1 and shop.fault("cut", p["no"]))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args):
        pass


def faults(text):
    out = {}
    for part in filter(None, text.split(",")):
        k, _, v = part.partition("=")
        if k not in ("slow", "404", "429", "503", "cut", "encoding", "hidden", "empty", "endless", "dead"):
            raise argparse.ArgumentTypeError("no fault is called '%s'" % k)
        out[k] = v if k == "dead" else float(v or "1")
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--parts", type=int, default=400, help="in each shop")
    ap.add_argument("--day", default="2026-01-15")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--faults", type=faults, default={})
    ap.add_argument("--ports", default="0,0,0")
    o = ap.parse_args()
    o.dead = o.faults.pop("dead", None)
    for (name, _), port in zip(SHOPS.items(), o.ports.split(",")):
        server = Server(("127.0.0.1", int(port)), Handler)
        server.shop = Shop(name, o)
        server.shop.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("%s_URL=http://127.0.0.1:%d" % (name.upper(), server.server_port), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
