"""Comparison pages taken apart without a browser."""

import base64
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "link", "br", "input", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict
    children: list = field(default_factory=list)

    def all(self, tag=None, **attributes):
        found = []
        for child in self.children:
            if isinstance(child, Element):
                wanted = attributes.items()
                if tag in (None, child.tag) and all(child.attributes.get(k.rstrip("_")) == v for k, v in wanted):
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag=None, **attributes):
        (found,) = self.all(tag, **attributes)
        return found

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


class _Builder(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(data: bytes) -> Element:
    """Parse a page; every element must be closed."""
    builder = _Builder()
    builder.feed(data.decode())
    builder.close()
    assert builder.open == [builder.root]
    return builder.root


def embedded(image: Element, attribute: str = "src") -> tuple[str, bytes]:
    """Return kind and bytes of an embedded picture."""
    head, body = image.attributes[attribute].split(",", 1)
    assert head.startswith("data:") and head.endswith(";base64")
    return head[5:-7], base64.b64decode(body, validate=True)
