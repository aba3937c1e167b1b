"""A receiver of webhooks for tests: receiver.py LOG ANSWER...  answers POSTs in turn, the last answer for ever; prints its port.

ANSWER: a status (200), a status with a Retry-After (429:3), hang (takes the request, never answers), close (takes it and
hangs up), until:FILE (200 as soon as there is that file). Every request is a line of LOG: {"at": seconds, "path": ..., "headers": {...}, "body": JSON or text}.
"""
import http.server
import json
import os
import sys
import threading
import time

log, answers = sys.argv[1], sys.argv[2:]
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            body = json.loads(text)
        except ValueError:
            body = text
        with lock:
            answer = answers[0]
            if len(answers) > 1:
                answers.pop(0)
            with open(log, "a", encoding="utf-8") as f:
                f.write(json.dumps({"at": time.time(), "path": self.path, "headers": dict(self.headers), "body": body}) + "\n")
        if answer == "hang":
            time.sleep(600)
        if answer.startswith("until:"):
            while not os.path.exists(answer[6:]):
                time.sleep(0.02)
            answer = "200"
        if answer == "close":
            self.close_connection = True
            return
        status, _, after = answer.partition(":")
        self.send_response(int(status))
        if after:
            self.send_header("Retry-After", after)
        words = b"ok" if status == "200" else b"no_service"
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
