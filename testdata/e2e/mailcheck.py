"""Looks at the mails that smtp.py took: mailcheck.py LOG prints what each is, and MISMATCH where one is no sound mail."""
import email
import email.policy
import html.parser
import json
import sys

VOID = {"meta", "br", "hr", "img"}


class Page(html.parser.HTMLParser):
    """Tags must nest; nothing is fetched, no script, no style sheet; styles are inline."""

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.text = [], 0, []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.cells += tag in ("td", "th")
        if tag in ("script", "link", "style", "iframe", "form", "img") or any(k in ("src", "href", "class") or k.startswith("on") for k, _ in attrs):
            print("MISMATCH what mail programs drop:", tag, attrs)
        if tag in ("td", "th") and not dict(attrs).get("style") and dict(attrs).get("align") != "center":
            print("MISMATCH a cell without inline style")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            print("MISMATCH tags do not nest at", tag)

    def handle_data(self, data):
        self.text.append(data)


for line in open(sys.argv[1], encoding="utf-8"):
    m = json.loads(line)
    mail = email.message_from_string(m["data"], policy=email.policy.default)
    if mail.defects:
        print("MISMATCH defects:", mail.defects)
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    page = Page()
    page.feed(rich.get_content())
    page.close()
    if page.open:
        print("MISMATCH not closed:", page.open)
    if any(len(x) > 998 for x in m["data"].split("\r\n")):
        print("MISMATCH a line longer than SMTP takes")
    print(m["from"].split()[0], " ".join(m["to"]), "|", mail["subject"], "|", mail["to"], "|", mail["auto-submitted"], "|", bool(mail["message-id"]), bool(mail["date"]), m["tls"] is not None, m.get("user"))
    for word in sys.argv[2:]:
        if word not in plain.get_content():
            print("MISMATCH the text lacks", word)
        if word not in "".join(page.text):
            print("MISMATCH the page lacks", word)
