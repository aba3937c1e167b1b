"""Write the parts pipeline into ./schemas/parts with files in data/ in the place of its shops (data/SHOP_{date}.jsonl),
and such files: parts_files.py SEED ROWS DAY... What every file holds follows from seed, shop and day."""
import json
import os
import random
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from parts_reference import SHOPS, record


def definition():
    subprocess.run([os.environ["ETL"], "init", "-q", "made", "-p", "parts"], check=True, stdout=subprocess.DEVNULL)
    os.makedirs("schemas", exist_ok=True)
    os.rename("made/schemas/parts", "schemas/parts")
    with open("schemas/parts/pipeline.json", encoding="utf-8") as f:
        p = json.loads(re.sub(r"(?m)^\s*//.*$", "", f.read()))
    for d in p["datasets"]:
        if d["name"] in SHOPS:
            d["source"] = {"kind": "files", "path": "data/%s_{date}.jsonl" % d["name"]}
    p["stages"] = {"default": {"retries": 0}}
    with open("schemas/parts/pipeline.json", "w", encoding="utf-8") as f:
        json.dump(p, f, ensure_ascii=False, indent=1)


def data(seed, rows, day):
    os.makedirs("data", exist_ok=True)
    for shop in SHOPS:
        rng = random.Random("%s %s %s" % (seed, shop, day))
        with open("data/%s_%s.jsonl" % (shop, day), "w", encoding="utf-8") as f:
            for _ in range(rows):
                f.write(json.dumps(record(rng, shop, day), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    definition()
    for one in sys.argv[3:]:
        data(sys.argv[1], int(sys.argv[2]), one)
