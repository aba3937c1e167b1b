"""OpenLineage events: openlineage.py FILE prints a line for each, and MISMATCH where one is not as the spec (2-0-2) wants it."""
import datetime
import json
import re
import sys
import urllib.parse
import uuid

FACETS = {  # facet: what it must have, as the published schemas say
    "nominalTime": {"nominalStartTime"}, "processing_engine": {"version"}, "parent": {"run", "job"}, "errorMessage": {"message", "programmingLanguage"},
    "jobType": {"processingType", "integration"}, "documentation": {"description"}, "sql": {"query"}, "schema": {"fields"},
    "outputStatistics": {"rowCount"}, "dataQualityMetrics": {"columnMetrics"}, "dataQualityAssertions": {"assertions"}, "etl_run": {"day"},
}


def fault(*words):
    print("MISMATCH", *words)


def uri(s):
    if not urllib.parse.urlparse(s).scheme:
        fault("no URI:", s)


def facets(o, where):
    for name, f in o.items():
        if name not in FACETS:
            fault("unknown facet", name)
        if not {"_producer", "_schemaURL"} <= set(f) or not FACETS.get(name, set()) <= set(f):
            fault(where, name, "lacks fields:", sorted(f))
        uri(f["_producer"]), uri(f["_schemaURL"])
        if not re.fullmatch(r"https://openlineage.io/spec/(facets/)?\d+-\d+-\d+/(\w+).json#/\$defs/(\2|RunFacet)", f["_schemaURL"]):
            fault("schema URL", f["_schemaURL"])


def datasets(event, key, inner):
    for d in event[key]:
        if set(d) - {"namespace", "name", "facets", inner} or not d["namespace"] or not d["name"]:
            fault("dataset", d)
        facets(d.get("facets", {}), key)
        facets(d.get(inner, {}), key)


started, ended, made, rows = {}, {}, set(), []
for line in open(sys.argv[1], encoding="utf-8"):
    e = json.loads(line)
    if set(e) != {"eventType", "eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"}:
        fault("event", sorted(e))
    datetime.datetime.fromisoformat(e["eventTime"])
    uri(e["producer"]), uri(e["schemaURL"])
    run = e["run"]["runId"]
    if str(uuid.UUID(run)) != run or uuid.UUID(run).version != 8:
        fault("runId", run)
    facets(e["run"]["facets"], "run"), facets(e["job"]["facets"], "job")
    datasets(e, "inputs", "inputFacets"), datasets(e, "outputs", "outputFacets")
    if e["eventType"] == "START":
        if run in started:
            fault("started twice", run)
        started[run] = e
    else:
        if e["eventType"] not in ("COMPLETE", "FAIL", "ABORT") or run not in started or run in ended:
            fault("an end without a start, or twice", e["eventType"], e["job"])
        ended[run] = e
        if (e["eventType"] != "COMPLETE") != ("errorMessage" in e["run"]["facets"]):
            fault("errorMessage", e["eventType"])
    parent = e["run"]["facets"].get("parent")
    if parent and (parent["run"]["runId"] not in started or started[parent["run"]["runId"]]["job"]["name"] != parent["job"]["name"]):
        fault("parent", parent)
    if e["eventType"] == "COMPLETE" and parent:
        for d in e["inputs"]:
            if ".report." not in e["job"]["name"] and "/source/" not in d["name"] and "/data/" not in d["name"] and (d["namespace"], d["name"]) not in made:
                fault("input that nothing made:", d["name"])
        made |= {(d["namespace"], d["name"]) for d in e["outputs"]}
    counts = [d.get("outputFacets", {}).get("outputStatistics", {}).get("rowCount") for d in e["outputs"]]
    checks = [a for d in e["inputs"] for a in d.get("inputFacets", {}).get("dataQualityAssertions", {}).get("assertions", [])]
    print(e["eventType"], e["job"]["name"], [d["name"].rsplit("/", 2)[-2 if d["namespace"] == "file" else -1] if d["namespace"] == "file" else d["name"] for d in e["outputs"]],
          counts if e["eventType"] != "START" else "", [a["success"] for a in checks] or "", e["run"]["facets"].get("errorMessage", {}).get("message", "")[:30])
for run, e in started.items():
    if run not in ended:
        print("no end:", e["job"]["name"])
