"""A mail server for tests: smtp.py LOG CERT KEY [tls|starttls|plain] [ANSWER...]; prints its port.

ANSWER in turn for the end of each mail: 250, 451, 554, hang. Speaks EHLO, STARTTLS, AUTH PLAIN and LOGIN (any user and
password), MAIL, RCPT, DATA. A mail is a line of LOG: {"from", "to", "user", "password", "tls", "data"}.
"""
import base64
import json
import socketserver
import ssl
import sys
import threading
import time

log, cert, key, mode = sys.argv[1:5]
answers = sys.argv[5:] or ["250"]
lock = threading.Lock()
context = None
if mode != "plain":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)


class Handler(socketserver.BaseRequestHandler):
    def say(self, line):
        self.file.write(line.encode() + b"\r\n")
        self.file.flush()

    def wrap(self):
        self.request = context.wrap_socket(self.request, server_side=True)
        self.file = self.request.makefile("rwb")
        self.mail["tls"] = self.request.version()

    def auth(self, words):
        text = words[1] if len(words) > 1 else None
        if words[0] == "PLAIN":
            if text is None:
                self.say("334 ")
                text = self.file.readline().decode().strip()
            _, user, password = base64.b64decode(text).decode().split("\0")
        else:
            if text is None:
                self.say("334 VXNlcm5hbWU6")
                text = self.file.readline().decode().strip()
            user = base64.b64decode(text).decode()
            self.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.file.readline()).decode()
        self.mail.update(user=user, password=password)
        self.say("535 no" if password == "wrong" else "235 ok")

    def data(self):
        self.say("354 go on")
        lines = []
        while (line := self.file.readline().decode()) not in (".\r\n", ""):
            lines.append(line[1:] if line.startswith("..") else line)
        with lock:
            answer = answers[0]
            if len(answers) > 1:
                answers.pop(0)
            if answer == "250":
                self.mail["data"] = "".join(lines)
                with open(log, "a", encoding="utf-8") as f:
                    f.write(json.dumps(self.mail) + "\n")
        if answer == "hang":
            time.sleep(600)
        self.say(answer + " that is it")

    def handle(self):
        self.mail = {"from": None, "to": [], "tls": None}
        self.file = self.request.makefile("rwb")
        if mode == "tls":
            self.wrap()
        self.say("220 test")
        while line := self.file.readline().decode():
            word, _, rest = line.strip().partition(" ")
            word = word.upper()
            if word == "EHLO":
                self.say("250-test")
                if mode == "starttls" and not self.mail["tls"]:
                    self.say("250-STARTTLS")
                if self.mail["tls"] or mode == "plain":
                    self.say("250-AUTH PLAIN LOGIN")
                self.say("250 8BITMIME")
            elif word == "STARTTLS":
                self.say("220 go on")
                self.wrap()
            elif word == "AUTH":
                self.auth(rest.split())
            elif word == "MAIL":
                self.mail["from"] = rest
                self.say("250 ok")
            elif word == "RCPT":
                self.mail["to"].append(rest)
                self.say("250 ok")
            elif word == "DATA":
                self.data()
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what?")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
