#!/usr/bin/env python3
"""A local KAMIS: the five APIs of the agricultural price service, in their real forms with their real oddities.

  kamis_server.py [--port N] [--codes DIR] [--key KEY --id ID] [--today DAY] [--delay SECONDS] [--fault RULE]...

Prints its URL (http://127.0.0.1:PORT/service/price/xml.do) on one line and serves until it is killed. Standard library
only. The same question has the same answer on every machine: prices come from hashes of product, town and day.

What day it is: --today, or a day in the path (http://127.0.0.1:PORT/2026-01-15/service/price/xml.do), so that a run of
several days needs one server; else the real one in Seoul. API 10 answers the last market day before it.

RULE is WHERE:WHAT[:TIMES]. WHERE is * or conditions joined by commas on the parameters of a question, action among
them: action=periodRetailProductList,p_itemcode=211. WHAT is one of
  key 900   wrong 200   nodata 001   empty body   html   torn JSON   boxes: every field []   http500   http404
  slow=SECONDS   zero: a price of 0   hundredfold: a price times 100   cp949: the body in CP949   bom: a BOM before it
  duplicate: every row twice   region: rows of another town   day: rows of another day   echo: the echo of another town
TIMES: only the first so many questions it holds for. The first rule that holds is taken. Rules can be changed while it
runs: GET /control?fault=RULE adds one, /control?clear=1 removes all, /control?log=1 tells how many questions of each
action came, how many were under way at most, and how many had wrong keys.

Odd without being asked: HTTP 200 and text/plain for everything; the question echoed under other names, with key and id
in it; no rows on Sundays; every price of API 1 "-" on Saturdays and holidays; single rows as an object instead of a
list; empty elements as [], null, "" or "[]"; prices under 1,000 without comma; units nested in kind names; MM/DD without
a year; rows of mean (평균) and normal year (평년), some of them in the future; markets named "B-유통" and once "B`-유통";
a wrongly named region parameter is ignored and all regions answer; a period over a year is cut to its last year;
products come and go by weeks.
"""
import argparse
import asyncio
import csv
import datetime as dt
import functools
import hashlib
import json
import math
import os
import sys
from urllib.parse import parse_qsl, urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
HOLIDAYS = {"01-01", "03-01", "05-05", "06-06", "08-15", "10-03", "10-09", "12-25"}
RANKS = {"00": "S", "01": "1++등급", "02": "1+등급", "03": "1등급", "04": "상품", "05": "중품", "07": "유기농", "08": "무농약",
         "13": "M과", "14": "S과", "15": "L과", "16": "M과", "20": "대", "21": "중", "22": "소", "24": "L과", "25": "M과",
         "27": "大멸치", "28": "中멸치", "29": "小멸치", "30": "중"}
ACTIONS = {"dailyPriceByCategoryList", "dailyCountyList", "EcoPriceList", "productInfo", "periodRetailProductList"}
CITIES = ["1101", "2100", "2200", "2401", "2501"]
ODD_EMPTY = ["-", "", [], None, "[]"]


def chance(*parts):
    """A number in [0, 1) that depends on the parts alone."""
    h = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(h, "big") / 2.0 ** 64


def day_of(text):
    text = text.replace("-", "")
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def closed(day):
    return day.weekday() == 6


def all_dashes(day):
    return day.weekday() == 5 or day.strftime("%m-%d") in HOLIDAYS


def market_day(day):
    while closed(day) or all_dashes(day):
        day -= dt.timedelta(days=1)
    return day


def won(n):
    return f"{n:,}"


class Kamis:
    def __init__(self, codes, key, ident, today, faults):
        with open(os.path.join(codes, "codes.csv"), encoding="utf-8") as f:
            self.kinds = list(csv.DictReader(f))
        with open(os.path.join(codes, "products.csv"), encoding="utf-8") as f:
            self.products = list(csv.DictReader(f))
        with open(os.path.join(codes, "towns.csv"), encoding="utf-8") as f:
            self.towns = {r["country_cd"]: r["country_nm"] for r in csv.DictReader(f)}
        self.category_names = {k["category_cd"]: k["category_nm"] for k in self.kinds}
        self.by_kind = {(k["category_cd"], k["item_cd"], k["kind_cd"]): k for k in self.kinds}
        self.key, self.id, self.today, self.faults = key, ident, today, faults
        self.known = {}
        self.log = {"most": 0, "now": 0, "wrong_key": 0, "questions": {}}

    # ---- prices ----

    @functools.lru_cache(maxsize=None)
    def base(self, *product):
        own = 10 ** (2.75 + 1.7 * chance("base", *product[:2]))
        return int(round(own * (0.85 + 0.3 * chance("rank", *product[2:])), -1))

    @functools.lru_cache(maxsize=None)
    def character(self, product, town):
        return chance("phase", *product), chance("slow", *product, town), 0.85 + 0.3 * chance("town", town, *product)

    @functools.lru_cache(maxsize=1 << 20)
    def price(self, product, town, day):
        phase, slowness, there = self.character(product, town)
        noise = chance("noise", *product, town, day)
        if noise < 0.25:  # as the market day before
            return self.price(product, town, market_day(day - dt.timedelta(days=1)))
        season = math.sin(2 * math.pi * (day.toordinal() / 365.25 + phase))
        slow = math.sin(2 * math.pi * (day.toordinal() / 23 + slowness))
        return max(10, int(round(self.base(*product) * there * (1 + 0.22 * season + 0.05 * slow + 0.08 * (noise - 0.625)), -1)))

    def absent(self, product, day):
        return chance("away", *product, day.isocalendar()[:2]) < 0.04

    def cell(self, product, town, day, *place):
        """A price as API 1 writes it, or one of the ways in which it writes none."""
        if all_dashes(day):
            return "-"
        if chance("zero", *product, town, day) < 0.0002:
            return "0"
        if closed(day) or chance("gap", *product, town, day) < 0.02:
            return ODD_EMPTY[int(chance("how", *product, town, day, *place) * len(ODD_EMPTY))]
        return won(self.price(product, town, day))

    # ---- the five APIs ----

    def api1(self, q, today, fault):
        day = day_of(q["p_regday"])
        if closed(day):
            return None
        wholesale = q.get("p_product_cls_code", "01") == "02"
        town = q.get("p_country_code", "")
        if fault == "day":
            day -= dt.timedelta(days=7)
        ago = lambda n: day - dt.timedelta(days=n)
        rows = []
        for k in self.kinds:
            if k["category_cd"] != q["p_item_category_code"]:
                continue
            unit = k["wholesale_unit"] if wholesale else k["retail_unit"]
            for rank in (k["wholesale_ranks"] if wholesale else k["retail_ranks"]).split():
                p = (k["item_cd"], k["kind_cd"], rank, "w" if wholesale else "r")
                if self.absent(p, day):
                    continue
                row = {"item_name": k["item_nm"], "item_code": k["item_cd"],
                       "kind_name": k["kind_nm"] + (f"({unit})" if k["category_cd"] != "500" else ""), "kind_code": k["kind_cd"],
                       "rank": RANKS.get(rank, "상품"), "rank_code": rank, "unit": unit}
                for n, (label, at) in enumerate([("당일", day), ("1일전", ago(1)), ("1주일전", ago(7)), ("2주일전", ago(14)),
                                                 ("1개월전", ago(30)), ("1년전", ago(365)), ("일평년", ago(366))], 1):
                    row[f"day{n}"] = f"{label} ({at:%m/%d})" if n <= 4 else label
                    row[f"dpr{n}"] = self.cell(p, town, at if n <= 4 else market_day(at), n)
                if chance("unnamed", *p, day) < 0.003:
                    row["kind_name"] = []
                rows.append(row)
        return rows or None

    def api10(self, q, today, fault):
        day = market_day(today - dt.timedelta(days=1))
        before = market_day(day - dt.timedelta(days=1))
        town = q.get("p_countycode", "")
        if fault == "region":
            town = "2100" if town != "2100" else "1101"
        if fault == "day":
            day, before = before, market_day(before - dt.timedelta(days=1))
        rows = []
        labels = [f"{d:%m/%d}" for d in (day, before)] if chance("labels", town) < 0.7 else ["당일", "1일전"]
        for p in self.products:
            key = (p["product_no"],)
            if self.absent(key, day):
                continue
            k = self.by_kind.get((p["category_cd"], p["item_cd"], p["kind_cd"]))
            unit = k["retail_unit"] if k else "1kg"
            rows.append(self.api10_row(p["product_no"], "01", p["category_cd"], p["item_nm"], p["kind_nm"], unit, town, day, before, labels))
        rows.append(self.api10_row("9001", "01", "800", "국수", "소면", "900g", town, day, before, labels))
        rows.append(self.api10_row("9002", "01", "500", "돼지", "삼겹살", "100g", town, day, before, labels))
        rows.append(self.api10_row("272", "01", "100", "쌀", "일반계", "20kg", town, day, before, labels))
        rows.append(self.api10_row("273", "02", "100", "쌀", "햇일반계", "20kg", town, day, before, labels))
        return rows

    def api10_row(self, no, cls, category, item, kind, unit, town, day, before, labels):
        now, then = self.price((no,), town, day), self.price((no,), town, before)
        name = f"{item}/{kind}"
        row = {"product_cls_code": cls, "product_cls_name": "소매" if cls == "01" else "도매", "category_code": category,
               "category_name": self.category_names.get(category, "가공식품"), "productno": no, "lastest_day": day.isoformat(),
               "productName": name, "item_name": name, "unit": unit, "day1": labels[0], "dpr1": won(now), "day2": labels[1],
               "dpr2": won(then), "day3": "1개월전", "dpr3": won(self.price((no,), town, market_day(day - dt.timedelta(days=30)))),
               "day4": "1년전", "dpr4": won(self.price((no,), town, market_day(day - dt.timedelta(days=365)))),
               "direction": "2" if now == then else "1" if now > then else "0", "value": f"{abs(now - then) / then * 100:.1f}"}
        if chance("none", no, town, day) < 0.02:
            row["dpr3"] = []
        if town:
            row["county_code"], row["county_name"] = town, self.towns.get(town, "기타")
        return row

    def row17(self, item, kind, county, market, day, price):
        return {"itemname": item, "kindname": kind, "countyname": county, "marketname": market, "yyyy": f"{day:%Y}", "regday": f"{day:%m/%d}", "price": price}

    def api13(self, q, today, fault):
        day = day_of(q["p_regday"])
        k = self.by_kind.get((q["p_itemcategorycode"], q["p_itemcode"], q["p_kindcode"]))
        rank = q.get("p_productrankcode", "07")
        if not k or rank not in k["eco_ranks"].split() or closed(day) or all_dashes(day):
            return None
        p = (k["item_cd"], k["kind_cd"], rank, "eco")
        if self.absent(p, day):
            return None
        name = f"{k['kind_nm']}({k['retail_unit']})"
        rows = [self.row17([], [], "평균", [], day, won(self.price(p, "", day)))]
        for town in ("1101", "2100", "2501"):
            for n, market in enumerate(["A-유통", "B-유통", "C-친환경전문점", "D-전통"]):
                if chance("market", *p, town, market) < 0.2:
                    continue
                if market == "B-유통" and p[0] == "211" and town == "2100":
                    market = "B`-유통"
                rows.append(self.row17(k["item_nm"], name, self.towns[town], market, day, won(self.price(p + (market,), town, day))))
        return rows

    def api17(self, q, today, fault):
        first, last = day_of(q["p_startday"]), day_of(q["p_endday"])
        if (last - first).days > 366:
            first = last - dt.timedelta(days=365)
        if fault == "day":
            first, last = first - dt.timedelta(days=7), last - dt.timedelta(days=7)
        k = self.by_kind.get((q["p_itemcategorycode"], q["p_itemcode"], q["p_kindcode"]))
        rank = q.get("p_productrankcode", "04")
        if not k or rank not in k["retail_ranks"].split():
            return None
        towns = [q["p_countrycode"]] if q.get("p_countrycode") else CITIES
        if fault == "region":
            towns = ["2100" if towns[0] != "2100" else "1101"]
        p = (k["item_cd"], k["kind_cd"], rank, "r")
        name = f"{k['kind_nm']}({k['retail_unit']})"
        odd = [[], None, "[]"][int(chance("odd", *p) * 3)]
        mean, normal, rows = [], [], []
        if chance("blank row", *p) < 0.1:
            rows.append(dict.fromkeys(["itemname", "kindname", "countyname", "marketname", "yyyy", "regday", "price"], ""))
        day = first
        while day <= last:
            if not closed(day) and not all_dashes(day) and not self.absent(p, day):
                mean.append(self.row17(odd, odd, "평균", odd, day, won(self.price(p, "", day))))
                normal.append(self.row17(odd, odd, "평년", odd, day + dt.timedelta(days=3), won(self.price(p, "normal", day))))
                for town in towns:
                    for market in ["가-전통", "A-유통"] + (["나-전통"] if chance("two", town, *p) < 0.4 else []):
                        cell = won(self.price(p + (market,), town, day)) if chance("gap", *p, town, market, day) > 0.02 else "-"
                        rows.append(self.row17(k["item_nm"], name, self.towns[town], market, day, cell))
            day += dt.timedelta(days=1)
        return mean + normal + rows if mean else None

    def api15(self, q, today, fault):
        return [{"itemcategorycode": k["category_cd"], "itemcategoryname": k["category_nm"], "itemcode": k["item_cd"], "itemname": k["item_nm"],
                 "kindcode": k["kind_cd"], "kindname": k["kind_nm"], "wholesale_unit": k["wholesale_unit"] or [], "retail_unit": k["retail_unit"] or [],
                 "wholesale_productrankcode": ",".join(k["wholesale_ranks"].split()) or [],
                 "retail_productrankcode": ",".join(k["retail_ranks"].split()) or [],
                 "eco_productrankcode": ",".join(k["eco_ranks"].split()) or []} for k in self.kinds]

    # ---- answers ----

    NEEDED = {"dailyPriceByCategoryList": ["p_item_category_code", "p_regday"], "dailyCountyList": [],
              "EcoPriceList": ["p_regday", "p_itemcategorycode", "p_itemcode", "p_kindcode"], "productInfo": [],
              "periodRetailProductList": ["p_startday", "p_endday", "p_itemcategorycode", "p_itemcode", "p_kindcode"]}

    def echo(self, action, q, fault):
        """The question under other names; what was not asked is []."""
        get = lambda name: q.get(name) or []
        town = q.get("p_countrycode") or q.get("p_country_code")
        if fault == "echo":
            town = "2100" if town != "2100" else "1101"
        if action == "dailyPriceByCategoryList":
            e = {"p_product_cls_code": get("p_product_cls_code"), "p_category_code": get("p_item_category_code"),
                 "p_country_code": town or [], "p_regday": get("p_regday"), "p_convert_kg_yn": get("p_convert_kg_yn") or "N"}
        elif action == "EcoPriceList":
            e = {"p_regday": get("p_regday"), "p_itemcategorycode": get("p_itemcategorycode"), "p_itemcode": get("p_itemcode"),
                 "p_kindcode": get("p_kindcode"), "p_productrankcode": get("p_productrankcode"), "p_convert_kg_yn": get("p_convert_kg_yn") or "N"}
        else:
            e = {"p_startday": get("p_startday"), "p_endday": get("p_endday"), "p_itemcategorycode": get("p_itemcategorycode"),
                 "p_itemcode": get("p_itemcode"), "p_kindcode": get("p_kindcode"), "p_productrankcode": get("p_productrankcode"),
                 "p_countycode": town or [], "p_convert_kg_yn": get("p_convert_kg_yn") or "N"}
        e.update(p_key=get("p_cert_key"), p_id=get("p_cert_id"), p_returntype=get("p_returntype") or "xml")
        return e

    def answer(self, q, today, fault):
        action = q.get("action", "")
        code = {"key": "900", "wrong": "200", "nodata": "001"}.get(fault)
        condition = [self.echo(action, q, fault)] if action != "dailyCountyList" else [[f"{market_day(today - dt.timedelta(days=1)):%Y%m%d}"]]
        if self.key and (q.get("p_cert_key") != self.key or q.get("p_cert_id") != self.id):
            self.log["wrong_key"] += 1
            code = "900"
        if not code and (action not in ACTIONS or any(not q.get(n) for n in self.NEEDED[action])):
            return {"condition": [{"p_returntype": q.get("p_returntype", "xml")}], "data": ["200"]}
        if code == "900" and action == "dailyCountyList":
            return {"condition": [[[]]], "error_code": "900"}
        if code:
            return {"condition": condition, "data": [code]}
        rows = {"dailyPriceByCategoryList": self.api1, "dailyCountyList": self.api10, "EcoPriceList": self.api13,
                "productInfo": self.api15, "periodRetailProductList": self.api17}[action](q, today, fault)
        if not rows:
            return {"condition": condition, "data": ["001"]}
        rows = self.spoil(rows, fault)
        if action == "dailyCountyList":
            return {"condition": condition, "error_code": "000", "price": rows}
        if action == "productInfo":
            return {"condition": condition, "error_code": "000", "info": rows}
        return {"condition": condition, "data": {"error_code": "000", "item": rows if len(rows) > 1 else rows[0]}}

    def spoil(self, rows, fault):
        name = "dpr1" if "dpr1" in rows[0] else "price"
        if fault == "boxes":
            return [{k: [] for k in r} for r in rows]
        if fault == "duplicate":
            return [r for r in rows for _ in (0, 1)]
        if fault in ("zero", "hundredfold"):
            at = next((i for i, r in enumerate(rows) if isinstance(r.get(name), str) and r[name][:1].isdigit() and r.get("marketname", "x") not in ([], None, "[]")), 0)
            price = rows[at].get(name)
            rows[at] = dict(rows[at], **{name: "0" if fault == "zero" or not isinstance(price, str) else won(int(price.replace(",", "") or 0) * 100)})
        return rows

    def body(self, q, today, fault):
        """status, type, body"""
        if fault in ("http500", "http404"):
            return int(fault[4:]), "text/plain", b"error"
        if fault == "empty":
            return 200, "text/plain;charset=UTF-8", b""
        if fault == "html":
            return 200, "text/html", "<html><body><h1>서비스 점검 중입니다</h1></body></html>".encode()
        try:
            text = json.dumps(self.answer(q, today, fault), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, KeyError):
            text = json.dumps({"condition": [{"p_returntype": "json"}], "data": ["200"]})
        data = text.encode("cp949" if fault == "cp949" else "utf-8", "replace")
        if fault == "torn":
            data = data[: len(data) * 2 // 3]
        return 200, "text/plain;charset=" + ("EUC-KR" if fault == "cp949" else "UTF-8"), (b"\xef\xbb\xbf" if fault == "bom" else b"") + data

    def fault_for(self, q):
        for f in self.faults:
            if f["left"] and all(q.get(k) == v for k, v in f["where"].items()):
                f["left"] -= 1
                return f["what"]
        return ""

    def take(self, path):
        """status, type, body, seconds to wait"""
        parts = urlsplit(path)
        q = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path == "/control":
            return 200, "application/json", self.control(q), 0
        pieces = parts.path.strip("/").split("/")
        today = self.today or (dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=9)).date()
        if len(pieces) > 1 and len(pieces[0]) == 10 and pieces[0][4] == "-":
            today = day_of(pieces.pop(0))
        if pieces != ["service", "price", "xml.do"]:
            return 404, "text/plain", b"not found", 0
        action = q.get("action", "")
        self.log["questions"][action] = self.log["questions"].get(action, 0) + 1
        fault = self.fault_for(q)
        wait = float(fault[5:]) if fault.startswith("slow=") else 0
        if wait:
            fault = ""
        known = (today, fault, parts.query)
        if known not in self.known:
            if len(self.known) > 20000:
                self.known.clear()
            self.known[known] = self.body(q, today, fault)
        return (*self.known[known], wait)

    def control(self, q):
        if "fault" in q:
            self.faults.append(read_fault(q["fault"]))
        if "clear" in q:
            self.faults.clear()
        if "today" in q:
            self.today = day_of(q["today"])
        return json.dumps(self.log).encode()


WHAT = {"key", "wrong", "nodata", "empty", "html", "torn", "boxes", "http500", "http404", "zero", "hundredfold", "cp949", "bom",
        "duplicate", "region", "day", "echo"}


def read_fault(rule):
    where, what, *times = rule.split(":")
    if what not in WHAT and not what.startswith("slow="):
        raise SystemExit(f"no fault '{what}'; there are: {', '.join(sorted(WHAT))}, slow=SECONDS")
    return {"where": {} if where == "*" else dict(c.split("=", 1) for c in where.split(",")), "what": what,
            "left": int(times[0]) if times else 1 << 60}


class Connection(asyncio.Protocol):
    def __init__(self, kamis, delay):
        self.kamis, self.delay, self.data = kamis, delay, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, self.data = self.data.split(b"\r\n\r\n", 1)
            self.question(head.decode("latin-1"))

    def question(self, head):
        path = head.split(" ", 2)[1]
        log = self.kamis.log
        log["now"] += 1
        log["most"] = max(log["most"], log["now"])
        status, kind, body, wait = self.kamis.take(path)
        wait += self.delay
        if wait:
            asyncio.get_running_loop().call_later(wait, self.reply, status, kind, body)
        else:
            self.reply(status, kind, body)

    def reply(self, status, kind, body):
        self.kamis.log["now"] -= 1
        if not self.transport.is_closing():
            self.transport.write(f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


async def serve(args):
    kamis = Kamis(args.codes, args.key, args.id, day_of(args.today) if args.today else None, [read_fault(f) for f in args.fault])
    server = await asyncio.get_running_loop().create_server(lambda: Connection(kamis, args.delay), "127.0.0.1", args.port)
    print("http://127.0.0.1:%d/service/price/xml.do" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--codes", default=os.path.join(HERE, "..", "schemas", "kamis", "seeds"))
    p.add_argument("--key", default="")
    p.add_argument("--id", default="")
    p.add_argument("--today")
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--fault", action="append", default=[])
    try:
        asyncio.run(serve(p.parse_args()))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
