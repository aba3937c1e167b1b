"""Is a page well formed, self-contained and escaped? page.py FILE"""
import html.parser
import re
import sys

VOID = {"meta", "link", "br", "img", "hr", "input", "col", "wbr", "source", "area", "base"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.scripts = [], 0

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            value = value or ""
            if name in ("src", "href", "action", "data", "poster", "srcset", "xlink:href") and re.match(r"\s*(https?:)?//", value):
                print("MISMATCH refers to the outside: <%s %s=%s>" % (tag, name, value))
            if name.startswith("on"):
                print("MISMATCH an attribute that runs code: %s" % name)
        if tag == "link" or (tag == "script" and dict(attrs).get("src")):
            print("MISMATCH needs another file: %s %s" % (tag, attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        optional = {"p", "li", "td", "th", "tr", "tbody", "thead", "dt", "dd", "option", "path"}
        while self.open and self.open[-1] != tag and self.open[-1] in optional:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            print("MISMATCH </%s> at %s closes nothing of that name" % (tag, self.getpos()))

    def handle_data(self, data):
        if self.open and self.open[-1] == "style" and re.search(r"@import|url\(\s*['\"]?(https?:)?//", data):
            print("MISMATCH the style refers to the outside")


text = open(sys.argv[1], encoding="utf-8").read()
page = Page()
page.feed(text)
page.close()
if page.open:
    print("MISMATCH never closed: %s" % page.open)
for part in ("<!doctype html>", '<meta charset="utf-8">', 'name="viewport"', "color-scheme"):
    if part.lower() not in text.lower():
        print("MISMATCH the page lacks %s" % part)
if "<script>alert" in text or "<img src=x" in text:
    print("MISMATCH a value is not escaped")
