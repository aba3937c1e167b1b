"""The parts pipeline told a second time, in plain Python and without the patterns of the definition: cleaning that goes
through the letters one by one, car types by difflib, the summary. Tests compare etl with it. Also a generator of listings
made from pieces that real pages hold."""
import csv, difflib, functools, itertools, random, re

DAY = "2026-01-15"
HARDWARE = "ASSY BRACKET BOLT NUT SCREW GASKET SEAL HOSE DUCT COVER REINF CHECKER CLIP GROMMET LATCH GUARD".split()
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
ALNUM = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
DIGITS = set("0123456789")


def clean_name(s):
    s = (s or "").rstrip()
    if s.endswith(")") and "(" in s and ")" not in s[s.rindex("("):-1]:
        s = s[:s.rindex("(")]
    return " ".join(s.split())


def runs(s, letters):
    """[(start, end)] of the longest runs of these letters"""
    out, at = [], 0
    for ok, group in itertools.groupby(s, key=lambda c: c in letters):
        n = len(list(group))
        if ok:
            out.append((at, at + n))
        at += n
    return out


def clean_part_no(s):
    """(number, quantity)"""
    s = (s or "").strip()
    for a, b in runs(s, ALNUM):
        word = s[a:b]
        for i in range(len(word) - 1, 0, -1):
            if word[i] == "x" and word[i + 1:].isdigit() and len(word) - i - 1 <= 3 and word[i + 1] != "0":
                return word[:i], int(word[i + 1:])
    for a, b in runs(s, ALNUM):
        if a > 0 and s[a - 1] == "(" and s[b:b + 1] == ")":
            return s[a:b], None
    for i in range(len(s)):
        if s.startswith("단종되어", i):
            rest = s[i + 4:].lstrip()
            n = len(list(itertools.takewhile(lambda c: c in ALNUM, rest)))
            after = rest[n:].lstrip()
            if n and (after.startswith("로") or after.startswith("으로")):
                return rest[:n], None
    if s and all(c in ALNUM for c in s):
        return s, None
    for a, b in runs(s, ALNUM):
        if b - a >= 5:
            return s[a:b], None
    return None, None


def without_groups(s, which=lambda inside: True):
    """bracketed groups without brackets inside, innermost first, until none is left that goes"""
    again = True
    while again:
        again = False
        out, i = "", 0
        while i < len(s):
            if s[i] == "(":
                end = next((k for k in range(i + 1, len(s)) if s[k] in "()"), None)
                if end is not None and s[end] == ")" and which(s[i + 1:end]):
                    out, i, again = out + " ", end + 1, True
                    continue
            out += s[i]
            i += 1
        s = out
    return s


def clean_price(s, quantity):
    digits = "".join(c for c in without_groups(s or "") if c in DIGITS)
    if not digits:
        return None
    return round(int(digits) / (quantity or 1))


def is_spec(word):
    a, x, b = word.partition("X")
    return x and a.isdigit() and b.isdigit()


def spread(token):
    """YF 10X20/11X21 -> YF 10X20, YF 11X21"""
    words = token.split(" ")
    last = words[-1].split("/")
    if len(words) > 1 and len(last) > 1 and all(is_spec(w) for w in last) and "/" not in " ".join(words[:-1]):
        return [" ".join(words[:-1]) + " " + w for w in last]
    return [token]


def is_year(s):
    return len(s) == 4 and s[:2] in ("19", "20") and s.isdigit()


def without_years(token):
    out, i = "", 0
    while i < len(token):
        before = token[i - 1] if i else " "
        if before not in ALNUM:
            j = i
            # [NN:][-~]MON[.]YEAR
            if token[j:j + 2].isdigit() and token[j + 2:j + 3] == ":":
                j += 3
            elif token[j:j + 1].isdigit() and token[j + 1:j + 2] == ":":
                j += 2
            while token[j:j + 1] == " ":
                j += 1
            if token[j:j + 1] in ("-", "~"):
                j += 1
            while token[j:j + 1] == " ":
                j += 1
            if token[j:j + 3].upper() in MONTHS:
                k = j + 3
                if token[k:k + 1] == ".":
                    k += 1
                while token[k:k + 1] == " ":
                    k += 1
                if is_year(token[k:k + 4]) and token[k + 4:k + 5] not in ALNUM:
                    out, i = out + " ", k + 4
                    continue
            if is_year(token[i:i + 4]) and token[i + 4:i + 5] not in ALNUM:
                k = i + 4
                rest = token[k:].lstrip()
                if rest.startswith("년"):
                    rest = rest[1:]
                    if rest.lstrip()[:1] in ("식", "형", "도") and rest.lstrip():
                        rest = rest.lstrip()[1:]
                    k = len(token) - len(rest)
                out, i = out + " ", k
                continue
            if token[i:i + 2].isdigit() and token[i + 2:].lstrip()[:2] in ("년식", "년형"):
                out, i = out + " ", len(token) - len(token[i + 2:].lstrip()[2:])
                continue
        out += token[i]
        i += 1
    return out


def names_hardware(token):
    up = token.upper()
    for word in HARDWARE:
        at = up.find(word)
        while at >= 0:
            if at == 0 or not ("A" <= up[at - 1] <= "Z"):
                return True
            at = up.find(word, at + 1)
    return False


def tokens_of(s):
    """parted by commas and by a slash between blanks"""
    out, word = [], ""
    for i, c in enumerate(s):
        if c == "," or (c == "/" and s[i - 1:i].isspace() and s[i + 1:i + 2].isspace()):
            out.append(word)
            word = ""
        else:
            word += c
    return out + [word]


def car_types(s):
    types = []
    for token in tokens_of(s):
        for t in spread(" ".join(token.split())):
            words = [w for w in without_years(t).split() if w.strip("-.,:;~")]
            t = " ".join(words).strip("-.,:;~ ")
            if len(t) > 1 and "_" not in t and not names_hardware(t) and t not in types:
                types.append(t)
    return types or ["All"]


def store_types(s):
    return car_types(without_groups((s or "").replace("，", ",").replace("、", ",")))


def market_types(s):
    s = (s or "").replace("，", ",").replace("、", ",")
    s = s.replace("[차종 및 연식]", " ").replace("전 차종", "전차종").replace("전차종", ",All,").replace("차종:", " ").replace("차종 :", " ")
    out = ""
    for i, c in enumerate(s):
        out += c
        rest = s[i + 1:]
        if c == ")" and rest[:1].isspace() and rest.strip() and rest.lstrip()[0] not in ",/":
            out += ","
    once = []  # one pass: a group that holds a year or ~
    i = 0
    while i < len(out):
        end = next((k for k in range(i + 1, len(out)) if out[k] in "()"), None) if out[i] == "(" else None
        inside = out[i + 1:end] if end is not None and out[end] == ")" else None
        if inside is not None and ("~" in inside or is_year(inside.lstrip()[:4])):
            once.append(" ")
            i = end + 1
        else:
            once.append(out[i])
            i += 1
    return car_types("".join(once))


def reference(shop, r, day=DAY):
    name = clean_name(r.get("name" if shop == "hyunki_market" else "official_name"))
    if not name:
        return "no name"
    number, quantity = clean_part_no(r.get("part_no"))
    if not number:
        return "no part number"
    types = market_types(r.get("car_type")) if shop == "hyunki_market" else store_types(r.get("applicable"))
    price = clean_price(r.get("price"), quantity)
    return [{"part_no": number, "name": name, "price": price, "car_type": t, "source": shop, "dt": day} for t in types]

NAMES = ["브레이크 패드", "오일 필터 (순정)", "PAD KIT-FR DISC BRAKE", "  램프  어셈블리(좌)  ", "볼트 (M8) (10EA)", "(단독)", "", None, "엔진오일\u00a0필터", "커버(앞(뒤))", "휠 (", "허브)", "가스켓\t세트\n(1)", "\"인용\" \\ 부품"]
NUMBERS = ["58101D3A00", "263002Y500x4", "ABC123x4", "58101-D3A00 (581013SA26)", "단종되어 97133D1000 로 대체", "97133 단종되어97133D1000으로", "품번: 26300-35505", "58101 D3A00",
           "x", "", None, "없음", "86350X1000", "abc12x10 (ZZ9)", "12x34x5", "AB12x007", "ABC123x4개", "(가나)", "26300", "1234", "ⅡABCDE12345", "58101D3A00x1234"]
PRICES = ["14,000원 ", "KRW 38,000", "KRW\n\t\t 38,000", "380원 (1%)", "무료", "", None, "12,345", "1001원", "₩1,234,567", "0원", "999 원(부가세 10% 별도)", "7", "50"]
CARS = ["쏘나타", "YF 10X20/11X21", "NF 쏘나타 05X08/09X10/11X12", "그랜저(HG)", "그랜저 (2011~2016)", "아반떼 MD 2010", "K5 2010년식", "~2012", "05:-JAN.2010", "카니발 05:-JAN.2010", "모닝 , 레이", "투싼 / 싼타페", "투싼/싼타페",
        "BRACKET ASSY-RR", "BOLT", "HOSE-WATER", "a_b", "A", "i30", "스포티지，쏘렌토", "- K7 -", "K3.", "; K9", "쏘렌토 R 2009 ~ 2012", "봉고Ⅲ 15년식", "DONUT", "포터Ⅱ (HR) (04~)", "전차종", "EF-쏘나타", "2.0 가솔린", "12X34", "그랜저(HG(LPI))", "Mar.2012 모하비", "JAN.2010-DEC.2012", "", " ", "쏘나타"]
MARKET = ["[차종 및 연식] 쏘나타(DN8) (2019~2023)", "차종: 그랜저(IG) K7(YG)", "전차종", "전 차종 / 모닝", "전차종 (일부 제외) 레이", "아반떼(2010년식) i30(2012~)", "쏘렌토(2009) 카니발", "스타렉스(~2007) , 봉고", "[차종 및 연식] 전차종", "모하비(HM) / 베라크루즈"]


def record(rng, shop, day=DAY):
    cars = rng.choice([", ", ",", " / ", "，", " "]).join(rng.choice(CARS) for _ in range(rng.choice([0, 1, 1, 2, 3, 5])))
    if shop == "hyunki_market":
        if rng.random() < 0.6:
            cars = rng.choice(MARKET) + (" " + rng.choice(CARS) if rng.random() < 0.3 else "")
        r = {"extracted_at": day, "name": rng.choice(NAMES), "part_no": rng.choice(NUMBERS), "price": rng.choice(PRICES), "car_type": rng.choice([cars, cars, cars, None])}
    else:
        r = {"extracted_at": day, "category": "엔진", "name": "상품", "price": rng.choice(PRICES), "official_name": rng.choice(NAMES), "part_no": rng.choice(NUMBERS), "applicable": rng.choice([cars, cars, cars, None])}
    return {k: v for k, v in r.items() if v is not None or rng.random() < 0.5}


# ---- car types and summary ----

VARIANTS = ["하이브리드", "일렉트릭", "플러그인", "electrified", "hybrid", "택시", "쿠페"]
SHOPS = ["partsro", "hyunki_store", "hyunki_market"]


@functools.cache
def letters(s):
    return re.sub("[^0-9a-z가-힣]", "", s.lower())


@functools.cache
def words(s):
    return re.findall("[0-9a-z가-힣]+", s.lower())


def ratio(a, b):
    return difflib.SequenceMatcher(None, letters(a), letters(b), autojunk=False).ratio()


def score(a, b):
    x, y, s, t = letters(a), letters(b), set(words(a)), set(words(b))
    return 0.7 * ratio(a, b) + 0.2 * (len(s & t) / len(s | t) if s | t else 0.0) + (0.1 if x and y and (x in y or y in x) else 0.0)


def keywords(row):
    base = row["base"].split()
    found = [" ".join(words(row["base"])), letters(row["base"])] + [letters(c) for c in row["codes"].split()]
    if len(base) > 1 and letters(base[0]) not in VARIANTS and not base[0].endswith("N"):
        found.append(" ".join(words(base[0])))
    return [k for k in found if len(k) > 1]


class Vocabulary:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.rows = list(csv.DictReader(f))
        self.known = {}

    def name(self, text):
        if text not in self.known:
            self.known[text] = self.find(text)
        return self.known[text]

    def find(self, text):
        if text.strip().lower() in ("", "all"):
            return "all"
        scores = [score(text, r["name"]) for r in self.rows]
        if max(scores) >= 0.55:
            return self.rows[scores.index(max(scores))]["name"]
        spaced, best = " ".join(words(text)), None
        for r in self.rows:
            hits = [len(k) for k in keywords(r) if k in spaced]
            if hits:
                rank = (max(hits), ratio(text, r["base"]))
                if best is None or rank > best[0]:
                    best = (rank, r["name"])
        return best[1] if best else "unknown"


def summary(rows, vocabulary, day):
    """{(name, car type): (min, max)} of cleaned rows"""
    groups, out = {}, {}
    for r in rows:
        groups.setdefault((r["part_no"], vocabulary.name(r["car_type"])), []).append(r)
    for (_, car), members in groups.items():
        best = next(s for s in SHOPS if any(m["source"] == s for m in members))
        names = [m["name"] for m in members if m["source"] == best]
        name = min(set(names), key=lambda n: (-names.count(n), n))
        prices = [m["price"] for m in members if m["price"] is not None]
        if prices:
            out.setdefault((name, car), []).extend(prices)
    return {(name, day, car): (min(p), max(p)) for (name, car), p in out.items()}
