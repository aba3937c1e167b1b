"""An independent reference for the commerce pipeline, written from its domain document: the seven checks and four marts.

Everything in memory, Python's standard library only, no speed: to compare etl with. Run as a program it prints both for
a JSONL file:  reference.py FILE.jsonl [DAY]
"""
import json
import re
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

TYPES = ("page_view", "click", "add_to_cart", "purchase", "search")
COMMON = ("event_id", "event_type", "user_id", "session_id", "timestamp")
REQUIRED = {
    "page_view": ("page_url", "page_type"),
    "click": ("page_url", "element_id", "element_type"),
    "add_to_cart": ("product_id", "quantity", "unit_price"),
    "purchase": ("order_id", "total_amount", "payment_method"),
    "search": ("search_query", "result_count"),
}
DEVICES = {"web": ("desktop", "mobile", "tablet"), "ios": ("mobile",), "android": ("mobile",)}
CHECKS = ("null_check", "duplicate_check", "range_check", "sequence_check", "timestamp_check", "integrity_check", "consistency_check")
SEOUL = timezone(timedelta(hours=9))
MAX_DEPTH = 512
sys.setrecursionlimit(20000)


class Unreadable(Exception):
    pass


def refuse(text):
    raise Unreadable(text)


def parse(text):
    return json.loads(text, parse_constant=refuse)


def depth(value):
    if isinstance(value, dict):
        return 1 + max((depth(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(v) for v in value), default=0)
    return 0


def read(path):
    """All records of a JSONL file that are JSON objects."""
    events = []
    with open(path, "rb") as f:
        for line in f.read().split(b"\n"):
            try:
                value = parse(line.decode("utf-8"))
            except (ValueError, Unreadable, RecursionError):
                continue
            if isinstance(value, dict) and depth(value) <= MAX_DEPTH:
                events.append(value)
    return events


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(value):
    """A key that is equal for equal JSON values, whatever their type."""
    if value is None or isinstance(value, (bool, str)):
        return type(value).__name__, value
    if number(value):
        return "number", value
    return "json", json.dumps(value, sort_keys=True)


def is_type(event, name):
    return isinstance(event.get("event_type"), str) and event["event_type"] == name


def known(value):
    return isinstance(value, str) and value in TYPES


def null_check(events):
    failed = 0
    for e in events:
        failed += sum(1 for f in COMMON if not e.get(f))
        if known(e.get("event_type")):
            failed += sum(1 for f in REQUIRED[e["event_type"]] if e.get(f) is None)
    return len(events), failed


def duplicate_check(events):
    return len(events), len(events) - len({same(e.get("event_id")) for e in events})


def range_check(events):
    failed = 0
    for e in events:
        if is_type(e, "add_to_cart"):
            quantity, price = e.get("quantity", 0), e.get("unit_price", 0)
            failed += not (number(quantity) and 1 <= quantity <= 99)
            failed += not (number(price) and 0 < price <= 10_000_000)
        if is_type(e, "purchase"):
            total = e.get("total_amount", 0)
            failed += not (number(total) and 0 < total <= 100_000_000)
        if is_type(e, "search"):
            count = e.get("result_count", -1)
            failed += not (number(count) and count >= 0)
        failed += not known(e.get("event_type"))
    return len(events), failed


def sessions(events):
    groups = defaultdict(list)
    for e in events:
        groups[same(e.get("session_id"))].append(e)
    return groups


def sequence_check(events):
    groups, failed = sessions(events), 0
    for group in groups.values():
        def text(e):
            t = e.get("timestamp", "")
            return t if isinstance(t, str) else ""
        kinds = [e.get("event_type") for e in sorted(group, key=text)]
        failed += "purchase" in kinds and "add_to_cart" not in kinds
        if "add_to_cart" in kinds:
            before = kinds[:kinds.index("add_to_cart")]
            failed += "page_view" not in before and "click" not in before
    return len(groups), failed


STAMP = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]+)?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?")


def stamp(text):
    """(local wall clock as datetime without zone, offset or None) or None; the fraction in microseconds."""
    m = STAMP.fullmatch(text) if isinstance(text, str) else None
    if not m:
        return None
    y, mo, d, h, mi, s, frac, zone = m.groups()
    offset = None
    if zone:
        minutes = 0 if zone == "Z" else int(zone[1:3]) * 60 + int(zone[-2:] if len(zone) > 3 else 0)
        offset = timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    try:
        return datetime(int(y), int(mo), int(d), int(h or 0), int(mi or 0), int(s or 0), int(Decimal(frac or 0) * 1000000)), offset
    except ValueError:
        return None


def timestamp_check(events):
    failed = 0
    for e in events:
        t = stamp(e.get("timestamp"))
        failed += t is None or not 2020 <= t[0].year <= 2030
    return len(events), failed


def document(extra):
    if isinstance(extra, str):
        try:
            extra = parse(extra)
        except (ValueError, RecursionError):
            raise Unreadable("no JSON") from None
    if not isinstance(extra, dict):
        raise Unreadable("no object")
    return extra


def exact(value):
    if not number(value):
        raise Unreadable("no number")
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return value
    return Fraction(value)


def balanced(event):
    extra = document(event["extra_data"])
    products = extra.get("products", [])
    if not isinstance(products, list):
        raise Unreadable("products is no list")
    total = Fraction(0)
    for item in products:
        if not isinstance(item, dict) or "unit_price" not in item or "quantity" not in item:
            raise Unreadable("no item")
        total += exact(item["unit_price"]) * exact(item["quantity"])
    for field, sign in (("discount_amount", -1), ("shipping_fee", 1)):
        value = extra.get(field)
        total += sign * (exact(value) if value is not None else 0)
    return abs(exact(event.get("total_amount", 0)) - total) <= 1


def integrity_check(events):
    purchases = [e for e in events if is_type(e, "purchase")]
    failed = 0
    for e in purchases:
        if not e.get("extra_data"):
            continue
        try:
            failed += not balanced(e)
        except (Unreadable, OverflowError):
            failed += 1
    return len(purchases), failed


def consistency_check(events):
    failed, first = 0, {}
    for e in events:
        platform, device = e.get("platform"), e.get("device_type")
        if isinstance(platform, str) and platform in DEVICES:
            failed += not (isinstance(device, str) and device in DEVICES[platform])
        key = same(e.get("session_id"))
        failed += first.setdefault(key, same(platform)) != same(platform)
    return len(events), failed


def pass_rate(total, failed):
    return round((1 - failed / max(total, 1)) * 100, 2)


def checks(events):
    """{check: (total, failed, pass_rate)}"""
    result = {}
    for name in CHECKS:
        total, failed = globals()[name](events)
        result[name] = (total, failed, pass_rate(total, failed))
    return result


# ---- marts ----

def percent(part, whole):
    if not whole:
        return None
    return float((Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def local(text):
    """The wall clock in Seoul."""
    t = stamp(text)
    if t is None:
        return None
    when, offset = t
    return when if offset is None else (when - offset).replace(tzinfo=timezone.utc).astimezone(SEOUL).replace(tzinfo=None)


def of_day(events, day):
    wanted = date.fromisoformat(day)
    rows = [(local(e.get("timestamp")), e) for e in events]
    return [(t, e) for t, e in rows if t is not None and t.date() == wanted]


def mart_user_daily(events, day):
    users = defaultdict(list)
    for t, e in of_day(events, day):
        users[e["user_id"]].append((t, e))
    result = {}
    for user, rows in users.items():
        count = {k: sum(1 for _, e in rows if e["event_type"] == k) for k in TYPES}
        first, last = min(t for t, _ in rows), max(t for t, _ in rows)
        result[user, day] = {
            "session_count": len({e["session_id"] for _, e in rows}),
            "page_view_count": count["page_view"], "click_count": count["click"], "add_to_cart_count": count["add_to_cart"],
            "purchase_count": count["purchase"], "search_count": count["search"],
            "total_purchase_amount": sum(e.get("total_amount") or 0 for _, e in rows if e["event_type"] == "purchase"),
            "first_event_at": first, "last_event_at": last, "session_duration_total": (last - first).total_seconds(),
        }
    return result


def mart_funnel_daily(events, day):
    steps = defaultdict(lambda: {k: set() for k in TYPES})
    for _, e in of_day(events, day):
        steps[e.get("platform")][e["event_type"]].add(e["user_id"])
    result = {}
    for platform, s in steps.items():
        a, b, c, d = (len(s[k]) for k in ("page_view", "click", "add_to_cart", "purchase"))
        result[day, platform] = {
            "step1_viewers": a, "step2_clickers": b, "step3_cart_adders": c, "step4_purchasers": d,
            "view_to_click_rate": percent(b, a), "click_to_cart_rate": percent(c, b),
            "cart_to_purchase_rate": percent(d, c), "overall_conversion_rate": percent(d, a),
        }
    return result


def extra_of(event):
    try:
        return document(event.get("extra_data"))
    except Unreadable:
        return {}


def mart_product_daily(events, day):
    def new():
        return {"click_count": 0, "cart_add_count": 0, "purchase_count": 0, "revenue": 0, "units_sold": 0, "viewers": set(), "buyers": set()}
    products = defaultdict(new)
    for _, e in of_day(events, day):
        kind, product = e["event_type"], e.get("product_id")
        if kind == "click" and product is not None:
            products[product]["click_count"] += 1
            products[product]["viewers"].add(e["user_id"])
        elif kind == "add_to_cart" and product is not None:
            products[product]["cart_add_count"] += 1
        elif kind == "purchase":
            for item in extra_of(e).get("products") or []:
                p = products[item["product_id"]]
                p["purchase_count"] += 1
                p["revenue"] += item["unit_price"] * item["quantity"]
                p["units_sold"] += item["quantity"]
                p["buyers"].add(e["user_id"])
    result = {}
    for product, p in products.items():
        viewers, buyers = len(p.pop("viewers")), len(p.pop("buyers"))
        result[product, day] = dict(p, unique_viewers=viewers, unique_buyers=buyers, conversion_rate=percent(buyers, viewers))
    return result


def mart_orders(events, day):
    result = {}
    for t, e in of_day(events, day):
        if e["event_type"] != "purchase":
            continue
        extra = extra_of(e)
        result[(e["order_id"],)] = {
            "user_id": e["user_id"], "order_date": day, "order_timestamp": t, "total_amount": e.get("total_amount"),
            "payment_method": e.get("payment_method"), "platform": e.get("platform"),
            "discount_amount": extra.get("discount_amount") or 0, "shipping_fee": extra.get("shipping_fee") or 0,
            "coupon_code": extra.get("coupon_code"), "item_count": len(extra.get("products") or []),
        }
    return result


MARTS = {
    "mart_user_daily": (("user_id", "activity_date"), mart_user_daily),
    "mart_funnel_daily": (("funnel_date", "platform"), mart_funnel_daily),
    "mart_product_daily": (("product_id", "activity_date"), mart_product_daily),
    "mart_orders": (("order_id",), mart_orders),
}


def main():
    events = read(sys.argv[1])
    for name, (total, failed, rate) in checks(events).items():
        print("%-18s %8d %8d %9.2f" % (name, total, failed, rate))
    if len(sys.argv) > 2:
        for name, (key, make) in MARTS.items():
            rows = make(events, sys.argv[2])
            print(name, len(rows))
            for k in sorted(rows, key=str):
                print("  ", *k, *rows[k].values())


if __name__ == "__main__":
    main()
