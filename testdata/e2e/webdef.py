"""Write the pipeline "web" (schemas/web/pipeline.json): webdef.py 'JSON of a source' ['JSON' ...]  one dataset each, a, b, c ...

What every source here has in common: the server of the environment's WEB_URL as {+base}, no politeness, short pauses.
"""
import json
import os
import sys

common = {"kind": "http", "settings": {"base": {"env": "WEB_URL"}}, "rate": 0, "max_failed": 100,
          "retry": {"attempts": 2, "backoff": "0s", "backoff_max": "0s", "rounds": 0, "pause": "0s"}, "breaker": {"failures": 1000}}
datasets = []
for i, text in enumerate(sys.argv[1:]):
    source = json.loads(text)
    d = {"name": "abcdefgh"[i], "min_pass_rate": 0, "source": dict(common, **source)}
    for key in ("isolated", "empty_ok"):
        if key in source:
            d[key] = d["source"].pop(key)
    datasets.append(d)
os.makedirs("schemas/web", exist_ok=True)
with open("schemas/web/pipeline.json", "w") as f:
    json.dump({"name": "web", "zone": "UTC", "stages": {"default": {"retries": 0}}, "datasets": datasets}, f, indent=1, ensure_ascii=False)
