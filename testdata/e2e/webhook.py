"""A webhook for tests: webhook.py LOG STATUS...  answers POSTs with the statuses in turn (the last for ever); prints its port."""
import http.server
import sys

log, statuses = sys.argv[1], [int(s) for s in sys.argv[2:]]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(log, "ab") as f:
            f.write(body.replace(b"\n", b" ") + b"\n")
        self.send_response(statuses[0])
        if len(statuses) > 1:
            statuses.pop(0)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
