package web

import (
	"net/http"
	"strings"

	"tenure/tenancy/fault"
)

// IfMatch reads the If-Match header: the entity tags in it, with their quotes,
// or whether it is "*". Weak tags are left out, as they match nothing here
// (RFC 9110, 13.1.1); present is true all the same.
func (c *Call) IfMatch() (tags []string, any bool, present bool, err error) {
	lines := c.Request.Header["If-Match"]
	if len(lines) == 0 {
		return nil, false, false, nil
	}
	list := strings.Join(lines, ",")
	if strings.TrimSpace(list) == "*" {
		return nil, true, true, nil
	}
	for rest := list; ; {
		tag, weak, next, ok := nextTag(rest)
		if !ok {
			return nil, false, true, fault.New(fault.Malformed, "", "If-Match is neither * nor a list of entity tags")
		}
		if tag == "" {
			return tags, false, true, nil
		}
		if !weak {
			tags = append(tags, tag)
		}
		rest = next
	}
}

// notModified reports whether If-None-Match says that the caller has etag. A
// header that does not parse is passed over.
func notModified(h http.Header, etag string) bool {
	lines := h["If-None-Match"]
	etag = strings.TrimPrefix(etag, "W/")
	for _, line := range lines {
		if line == etag || strings.TrimSpace(line) == "*" {
			return true
		}
		for rest := line; rest != ""; {
			tag, _, next, ok := nextTag(rest)
			if !ok || tag == "" {
				break
			}
			if tag == etag {
				return true
			}
			rest = next
		}
	}
	return false
}

// nextTag takes the first entity tag off a list; tag is empty at its end.
func nextTag(list string) (tag string, weak bool, rest string, ok bool) {
	list = strings.TrimLeft(list, " \t,")
	if list == "" {
		return "", false, "", true
	}
	list, weak = strings.CutPrefix(list, "W/")
	if list == "" || list[0] != '"' {
		return "", false, "", false
	}
	end := strings.IndexByte(list[1:], '"')
	if end < 0 {
		return "", false, "", false
	}
	tag, rest = list[:end+2], strings.TrimLeft(list[end+2:], " \t")
	return tag, weak, rest, rest == "" || rest[0] == ','
}
