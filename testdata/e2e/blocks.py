"""Writes schemas/shop/ with a report that has a block of every kind; blocks.py [hostile|many]. See shop.py."""
import json
import os
import subprocess
import sys

what = sys.argv[1:]
subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "shop.py"), 'report="report.json"', 'title="가게"', 'language="ko"', 'zone="Asia/Seoul"'], check=True)
os.makedirs("schemas/shop/r", exist_ok=True)
for day, n in (("2026-01-14", 2), ("2026-01-15", 3)):
    with open("data/%s.jsonl" % day, "w") as f:
        f.writelines(json.dumps({"id": day[-2:] + str(i), "item": "tea", "amount": 2 + i}) + "\n" for i in range(n))

EVIL = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'&`${1}"
TOWNS = [("서울", 126.98, 37.57, 41), ("부산", 129.08, 35.18, 17), ("제주", 126.53, 33.5, 3), ("강릉", 128.9, 37.75, -5)]
if "hostile" in what:
    TOWNS = [(EVIL, 126.98, 37.57, 41), ("=HYPERLINK(\"http://x\")", 129.08, 35.18, 17), ("가" * 300, 1e300, -999, 3), ("+1", "x", None, -5)]
lit = lambda v: "NULL" if v is None else str(v) if isinstance(v, (int, float)) else "'%s'" % v.replace("'", "''")
sql = {
    "figures": "SELECT COUNT(*) * 1000 AS n, SUM(amount) * 1234.5 AS won, 12.345 + (CASE WHEN :ds = '2026-01-15' THEN 1 ELSE 0 END) AS pct, NULL AS none FROM raw_shop WHERE dt = :ds",
    "towns": "WITH t (town, lon, lat, v) AS (VALUES %s) SELECT town, lon, lat, v, v * 1000.0 AS won, v > 20 AS hi, v * 1.5 AS pct, 'p.html' AS page FROM t" % ", ".join("(%s)" % ", ".join(map(lit, t)) for t in TOWNS),
    "series": "WITH RECURSIVE d (day, i) AS (VALUES (:from, 0) UNION ALL SELECT date(day, '+1 day'), i + 1 FROM d WHERE day < :ds),"
              " t (town, k) AS (VALUES %s) SELECT day, town, 100 + (i * k * 37) %% 60 AS price, i AS n FROM d, t WHERE NOT (i = 7 AND k = 2)" % ", ".join("(%s, %d)" % (lit(t[0]), i + 1) for i, t in enumerate(TOWNS[:3])),
    "roads": "WITH RECURSIVE s (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM s WHERE i < 60) SELECT 'S' || i AS name, 127.5 + i * 0.001 AS a, 34.6 + (i % 7) * 0.001 AS b, 127.5 + (i + 1) * 0.001 AS c, 34.6 + ((i + 1) % 7) * 0.001 AS d, i AS risk FROM s",
    "many": "WITH RECURSIVE s (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i, 'row ' || i AS name, (i * 7919) %% 1000 AS v, CASE i %% 2 WHEN 0 THEN '-' || i ELSE '@x' END AS risky FROM s" % (10000 if "many" in what else 12),
    "empty": "SELECT 1 AS a WHERE 0",
    "broken": "SELECT a FROM nowhere",
    "log": "SELECT check_name, pass_rate FROM quality_check_log WHERE pipeline = :pipeline AND check_date = :ds ORDER BY check_no",
    "tasks": "SELECT stage, dataset, state, finished_at, seconds, COALESCE(rows_out, 0) * 1000 AS size FROM ledger.tasks WHERE pipeline = :pipeline AND day = :ds AND stage <> 'report' ORDER BY task_id",
}
for name, text in sql.items():
    open("schemas/shop/r/%s.sql" % name, "w").write(text + "\n")
json.dump({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "MultiPolygon", "coordinates": [
    [[[126, 34], [126.5, 37.8], [128.4, 38.6], [129.5, 37], [129.4, 35.2], [128, 34.6], [126, 34]]], [[[126.1, 33.2], [126.9, 33.2], [126.9, 33.6], [126.1, 33.5], [126.1, 33.2]]]]}}]},
    open("schemas/shop/outline.json", "w"))
town = {"name": "town", "label": "도시"}
evil = EVIL if "hostile" in what else "가게 보고서"
report = {
    "title": evil,
    "choosers": [{"column": "town", "label": "도시 선택"}],
    "tabs": [
        {"title": "요약", "blocks": [
            {"kind": "cards", "sql": "r/figures.sql", "compare": [1, {"days": 3, "label": "사흘 전"}], "columns": [
                {"name": "n", "label": "건수", "format": "integer", "good": "up"}, {"name": "won", "label": "금액", "format": "krw"},
                {"name": "pct", "label": "비율", "format": "percent", "good": "down"}, {"name": "none", "label": "없음", "format": "number"}]},
            {"kind": "cards", "title": "도시", "sql": "r/towns.sql", "name": "cards", "label": "town", "value": "won", "change": "pct", "highlight": "hi", "columns": [
                town, {"name": "won", "label": "가격", "format": "krw", "decimals": 0}, {"name": "pct", "label": "등락", "format": "change", "good": "down"},
                {"name": "v", "label": "값", "format": "integer", "unit": "개"}, {"name": "hi", "hide": True}]},
            {"kind": "line", "title": "가격", "note": "도시별", "sql": "r/series.sql", "name": "line", "x": "day", "by": "town", "value": "price", "days": 20, "rows": 1000, "columns": [
                {"name": "day", "label": "날짜", "format": "date"}, town, {"name": "price", "label": "가격", "format": "krw"}]},
            {"kind": "bar", "title": "막대", "sql": "r/towns.sql", "name": "bar", "x": "town", "series": ["v", "pct"], "half": True, "columns": [
                town, {"name": "v", "label": "값", "format": "integer"}, {"name": "pct", "label": "두 번째", "format": "number"}]},
            {"kind": "stacked", "title": "쌓기", "sql": "r/series.sql", "name": "stacked", "x": "day", "by": "town", "value": "n", "half": True, "days": 10, "columns": [
                {"name": "day", "label": "날짜", "format": "date"}, town, {"name": "n", "label": "수", "format": "integer"}]},
            {"kind": "funnel", "title": "깔때기", "sql": "r/towns.sql", "name": "funnel", "x": "town", "series": ["won", "v"], "columns": [
                town, {"name": "won", "label": "첫째", "format": "integer"}, {"name": "v", "label": "둘째", "format": "integer"}]},
        ]},
        {"title": "지도와 표", "blocks": [
            {"kind": "map", "title": "지도", "sql": "r/towns.sql", "name": "map", "lon": "lon", "lat": "lat", "value": "v", "label": "town", "outline": "outline.json", "half": True, "columns": [
                town, {"name": "lon", "label": "경도", "format": "number", "decimals": 4}, {"name": "lat", "label": "위도", "format": "number", "decimals": 4}, {"name": "v", "label": "값", "format": "integer"}]},
            {"kind": "map", "title": "도로", "sql": "r/roads.sql", "name": "roads", "lon": "a", "lat": "b", "lon2": "c", "lat2": "d", "value": "risk", "label": "name", "half": True, "columns": [
                {"name": "name", "label": "구간"}, {"name": "a", "hide": True}, {"name": "b", "hide": True}, {"name": "c", "hide": True}, {"name": "d", "hide": True}, {"name": "risk", "label": "위험", "format": "integer"}]},
            {"kind": "heat", "title": "격자", "sql": "r/series.sql", "name": "heat", "x": "day", "y": "n", "value": "price", "days": 8, "columns": [
                {"name": "day", "label": "날짜", "format": "date"}, town, {"name": "price", "label": "가격", "format": "integer"}, {"name": "n", "label": "수", "format": "integer"}]},
            {"title": "긴 표", "sql": "r/many.sql", "columns": [
                {"name": "i", "label": "번호", "format": "integer"}, {"name": "name", "label": "이름"}, {"name": "v", "label": "값", "format": "integer", "bar": True}, {"name": "risky", "label": "위험한 글"}]},
            {"title": "링크", "sql": "r/towns.sql", "name": "links", "highlight": "hi", "columns": [
                {"name": "town", "label": "도시", "link": "page"}, {"name": "page", "hide": True}, {"name": "hi", "hide": True}]},
            {"title": "빈 표", "sql": "r/empty.sql", "columns": [{"name": "a", "label": "a"}]},
            {"title": "고장", "sql": "r/broken.sql", "columns": [{"name": "a", "label": "a"}]},
        ]},
        {"title": "품질", "blocks": [
            {"kind": "checks"}, {"kind": "stages"}, {"kind": "lineage"}, {"kind": "text", "text": "글 " + evil},
            {"title": "로그", "sql": "r/log.sql", "columns": [{"name": "check_name", "label": "검사"}, {"name": "pass_rate", "label": "율", "format": "percent"}]},
            {"title": "장부", "sql": "r/tasks.sql", "columns": [
                {"name": "stage", "label": "단계"}, {"name": "state", "label": "상태", "format": "state"}, {"name": "finished_at", "label": "시각", "format": "time"}, {"name": "size", "label": "크기", "format": "bytes"}]},
        ]},
    ],
}
json.dump(report, open("schemas/shop/report.json", "w"), ensure_ascii=False, indent=1)
