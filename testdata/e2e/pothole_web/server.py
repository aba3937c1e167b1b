import http.server, json, sys, urllib.parse
log = open("asked", "a", buffering=1)
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def do_GET(self):
        u = urllib.parse.urlsplit(self.path); q = dict(urllib.parse.parse_qsl(u.query))
        log.write(u.path + " " + json.dumps(q, sort_keys=True) + " " + str(self.headers.get("Authorization")) + "\n")
        if u.path == "/refuses": # as the portal does, with status 200
            body = {"response": {"header": {"resultCode": "30", "resultMsg": "SERVICE KEY IS NOT REGISTERED ERROR."}}}
        elif u.path == "/portal": # {"items": {"item": [...]}}, a lone one not in a list; one place is none
            near = json.load(open("near"))
            item = [{"create_dt": "p%d" % i, "event_lat": near[1] if i else None, "event_lon": near[0]} for i in range(3)]
            old = q["dateFrom"] < "20260101"
            body = {"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": dict(item[1], create_dt="alone") if old else item}, "totalCount": 1 if old else 3}}}
        elif u.path == "/complaints":
            n = int(q["pageNo"]); first = q["dateFrom"] < "20260101"
            total = 1003 if first else 2
            near = json.load(open("near"))
            items = []
            for i in range((n - 1) * 1000, min(total, n * 1000)):
                x = {"create_dt": "%s%06d" % (q["dateFrom"], i), "event_lat": str(near[1] + (0.0001 * (i % 3))), "event_lon": near[0] if i % 2 else near[0] + 1}
                items.append({"item": x} if first else x)
            body = {"body": {"items": items, "totalCount": total}}
            if not first: body = {"response": body}
        elif q["x"].endswith("1"): # nobody lives there
            body = {"documents": []}
        else:
            body = {"documents": [{"road_address": None if float(q["y"]) > 34.8 else {"road_name": "국도" , "region_2depth_name": "보성군"}, "address": {"region_3depth_name": "벌교읍", "region_2depth_name": "고흥군"}}]}
        b = json.dumps(body).encode()
        self.send_response(200); self.send_header("Content-Type", "application/json"); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
open("port", "w").write(str(s.server_address[1])); s.serve_forever()
