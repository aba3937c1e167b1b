"""Write the small pipeline "shop" (schemas/shop/) in the current directory.

Arguments PATH=JSON change the definition: datasets.0.load.mode='"upsert"'; PATH=- removes. Model texts are written with
MODEL.sql=TEXT. Without arguments: CSV-like JSONL files data/{date}.jsonl with id, item, amount; not null id, unique id,
amount 0..1000; table raw_shop; model mart_shop.
"""
import json
import os
import sys

definition = {
    "name": "shop", "zone": "UTC",
    "stages": {"default": {"retries": 0}},
    "datasets": [{
        "name": "rows",
        "source": {"kind": "files", "path": "data/{date}.jsonl"},
        "checks": [
            {"kind": "not_null", "name": "fields", "rules": [{"fields": ["id", "amount"]}]},
            {"kind": "unique", "name": "ids", "field": "id"},
            {"kind": "range", "name": "amounts", "rules": [{"field": "amount", "min": 0, "max": 1000}]},
        ],
        "load": {
            "table": "raw_shop", "mode": "replace_day", "key": ["id"],
            "columns": [{"name": "id", "type": "text", "not_null": True}, {"name": "item", "type": "text"}, {"name": "amount", "type": "number"}],
        },
    }],
    "models": [{
        "name": "mart_shop", "sql": "models/mart_shop.sql", "kind": "daily", "day": "day", "key": ["day", "item"],
        "columns": [{"name": "day", "type": "date"}, {"name": "item", "type": "text"}, {"name": "sold", "type": "integer"}, {"name": "amount", "type": "number"}],
        "tests": [{"not_empty": True}],
    }],
}
models = {"mart_shop.sql": "SELECT :ds AS day, item, COUNT(*) AS sold, SUM(amount) AS amount FROM {{ ref('raw_shop') }} WHERE dt = :ds GROUP BY item\n"}


def put(where, path, value):
    steps = [int(s) if s.lstrip("-").isdigit() else s for s in path.split(".")]
    for s in steps[:-1]:
        where = where.setdefault(s, {}) if isinstance(where, dict) else where[s]
    if value == "-":
        del where[steps[-1]]
    elif isinstance(where, list) and steps[-1] == len(where):
        where.append(json.loads(value))
    else:
        where[steps[-1]] = json.loads(value)


for arg in sys.argv[1:]:
    key, value = arg.split("=", 1)
    if key.endswith(".sql") and "." not in key[:-4]:
        models[key] = value + "\n"
    else:
        put(definition, key, value)
where = "schemas/shop/models"
os.makedirs(where, exist_ok=True)
os.makedirs("data", exist_ok=True)
with open("schemas/shop/pipeline.json", "w") as f:
    json.dump(definition, f, indent=2, ensure_ascii=False)
for name, text in models.items():
    with open(os.path.join(where, name), "w") as f:
        f.write(text)
if not os.listdir("data"):
    with open("data/2026-01-15.jsonl", "w") as f:
        f.write('{"id": "1", "item": "tea", "amount": 3.5}\n{"id": "2", "item": "bread", "amount": 2.2}\n{"id": "3", "item": "tea", "amount": 3.5}\n')
    with open("data/2026-01-16.jsonl", "w") as f:
        f.write('{"id": "4", "item": "tea", "amount": 3}\n')
