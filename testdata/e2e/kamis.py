"""The kamis pipeline with files in the place of the service, for cases about what its answers mean (not how they come).

files_pipeline(): schemas/kamis in the current directory, its sources raw/DATASET_{date}.jsonl.
records(answer): the items of an answer, whichever form it has.
"""
import json
import os
import re
import shutil
import subprocess

ROOT = os.environ["ROOT"]
ETL = os.environ["ETL"]


def files_pipeline():
    shutil.copytree(ROOT + "/schemas/kamis", "schemas/kamis")
    text = open("schemas/kamis/pipeline.json", encoding="utf-8").read()
    text, n = re.subn(r'("name": "(\w+)",\n(?:      [^\n]*\n){0,4}?      "source": )\{\n        "kind": "http".*?\n      \},\n',
                      lambda m: m[1] + '{"kind": "files", "path": "raw/%s_{date}.jsonl"},\n' % m[2], text, flags=re.S)
    assert n >= 4, n
    text = text.replace(',\n\n  "report": "report.json"', "")
    with open("schemas/kamis/pipeline.json", "w", encoding="utf-8") as f:
        f.write(text)
    os.makedirs("raw", exist_ok=True)


def records(answer):
    data = answer.get("price", answer.get("data"))
    if isinstance(data, dict):
        data = data.get("item", [])
    if isinstance(data, dict):
        data = [data]
    return [r for r in data if isinstance(r, dict)]


def write(path, rows):
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def transform(dataset, rows, day):
    """silver rows, and what the command said"""
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    p = subprocess.run([ETL, "transform", "-p", "kamis", "--dataset", dataset, "-d", day], input=text.encode(), capture_output=True)
    if p.returncode:
        return None, p.stderr.decode()
    return [json.loads(line) for line in p.stdout.decode().splitlines()], p.stderr.decode()


class Quirks:
    """quirk(NAME, RECORD, EXPECTED): what a record becomes; None where it is dropped, then REASON is why."""

    def __init__(self, dataset, base, day):
        self.dataset, self.base, self.day, self.n = dataset, base, day, 0

    def __call__(self, name, changes, expected, reason=None, day=None):
        record = {k: v for k, v in dict(self.base, **changes).items() if v is not Ellipsis}
        rows, said = transform(self.dataset, [record], day or self.day)
        self.n += 1
        if rows is None:
            print("MISMATCH", name, said)
        elif expected is None:
            if rows or (reason and reason not in said):
                print("MISMATCH", name, rows, said)
        elif len(rows) != 1:
            print("MISMATCH", name, "dropped:", said)
        else:
            for k, v in expected.items():
                if rows[0].get(k) != v:
                    print("MISMATCH %s: %s is %r, not %r" % (name, k, rows[0].get(k), v))
