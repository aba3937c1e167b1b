/*
 * XML as JSON, so that pointers reach into it:
 *
 *   <r a="1"><x>2</x><x/>t</r>   ->   {"r":{"@a":"1","x":["2",""],"#text":"t"}}
 *
 * An element with text only is a string (blanks around it are left out), one without anything "". Elements of one name
 * beside each other are a list, at the place of the first. Namespaces: prefixes stay part of the names. Nothing outside
 * the document is read; entities that blow up are refused by the parser.
 */
#ifndef ETL_EXTRACT_XML_H
#define ETL_EXTRACT_XML_H

#include "base/mem.h"

#define XML_DEPTH 256

/* text is UTF-8, whatever its declaration says. false with why (one line) when it is no XML or beyond the limits. */
bool xml_to_json(struct sv text, struct buf *out, char *why, size_t why_n);

#endif
