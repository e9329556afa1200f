package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tenure/tenancy/fault"
)

// Tag is the one form of entity tag of objects with versions. It says what the
// bytes depend on:
//
//	"<snapshot>.<setup's snapshot>.<owner>.<form>[.<secret>]"
//
// all but the first and the form cut to their last eight characters.
// form tells the representations of one version apart and has no dot; secret is
// the id of the client secret that the body shows, empty for none. Every
// surface's tag is so accepted by every surface's writes of the object.
func Tag(snapshot, setup, owner, form, secret string) string {
	tag := `"` + snapshot + "." + short(setup) + "." + short(owner) + "." + form
	if secret != "" {
		tag += "." + short(secret)
	}
	return tag + `"`
}

// short is enough of an id to tell representations of one snapshot apart. Ids
// begin with the time, so their ends differ.
func short(id string) string { return id[max(len(id)-8, 0):] }

// entityTag is one entity tag of a condition, with its quotes.
type entityTag struct {
	text string
	weak bool
}

// names reports whether the tag is one of a state; what it does not say is not
// compared, so that the value of Tenure-Snapshot-Id in quotes is a tag, too.
func (t entityTag) names(snapshot, setup, owner, secret string) bool {
	parts := strings.Split(strings.Trim(t.text, `"`), ".")
	if snapshot == "" || parts[0] != snapshot {
		return false
	}
	for i, part := range parts[1:] {
		switch i {
		case 0:
			if part != short(setup) {
				return false
			}
		case 1:
			if part != short(owner) {
				return false
			}
		case 3:
			if part != short(secret) {
				return false
			}
		}
	}
	return true
}

// Match turns If-Match and If-None-Match of a write into a test of the state
// that it changes: the snapshots in force of the object and of its setup, its
// owner and the newest valid secret, each empty for none. The test's fault is
// PreconditionFailed. It is nil without a condition. Weak tags match nothing in
// If-Match (RFC 9110, 13.1.1); * there is any state, and in If-None-Match none.
func Match(c *Call) (func(snapshot, setup, owner, secret string) error, error) {
	if !c.Route.Conditional {
		panic(fmt.Sprintf("web: the route %s %s does not declare that it is conditional", c.Route.Method, c.Route.Pattern))
	}
	wanted, anyState, given, err := c.tags("If-Match")
	if err != nil {
		return nil, err
	}
	refused, mustBeNew, givenNone, err := c.tags("If-None-Match")
	if err != nil || !given && !givenNone {
		return nil, err
	}
	return func(snapshot, setup, owner, secret string) error {
		is := func(t entityTag) bool { return t.names(snapshot, setup, owner, secret) }
		isStrong := func(t entityTag) bool { return !t.weak && is(t) }
		switch {
		case given && !(anyState && snapshot != "") && !slices.ContainsFunc(wanted, isStrong):
			return fault.New(fault.PreconditionFailed, "", "the object has changed since the version that If-Match names")
		case mustBeNew && snapshot != "" || slices.ContainsFunc(refused, is):
			return fault.New(fault.PreconditionFailed, "", excluded)
		}
		return nil
	}, nil
}

const excluded = "the object exists, and If-None-Match excludes that"

// tags reads a header of entity tags, or whether it is *.
func (c *Call) tags(name string) (tags []entityTag, all, given bool, err error) {
	lines := c.Request.Header[name]
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
			return nil, false, true, fault.New(fault.Malformed, "", "%s is neither * nor a list of entity tags", name)
		}
		if tag == "" {
			return tags, false, true, nil
		}
		tags, rest = append(tags, entityTag{tag, weak}), next
	}
}

// refuseCondition refuses a condition where the surface is strict and the write
// takes none: it would be passed over. A POST takes If-None-Match; see existed.
func (c *Call) refuseCondition() error {
	if c.reads() || c.Route.Conditional || !c.surface.Strict {
		return nil
	}
	for _, name := range []string{"If-Match", "If-None-Match"} {
		if len(c.Request.Header[name]) > 0 && (name == "If-Match" || c.Route.Method != http.MethodPost) {
			return fault.New(fault.PreconditionFailed, "", "this route takes no %s: what it changes has no entity tag", name)
		}
	}
	return nil
}

// existed turns the conflict of a create into a failed precondition where the
// caller said that it only creates.
func (c *Call) existed(err error) error {
	f := fault.Of(err)
	if f.Kind != fault.Conflict || f.Code != fault.CodeIDTaken && f.Code != fault.CodeNameTaken {
		return err
	}
	if _, mustBeNew, _, bad := c.tags("If-None-Match"); bad != nil || !mustBeNew {
		return err
	}
	return fault.Wrap(err, fault.PreconditionFailed, f.Code, excluded)
}

// MayBeNotModified reports whether a read has a condition that can make its answer 304.
func (c *Call) MayBeNotModified() bool {
	return c.reads() && len(c.Request.Header["If-None-Match"]) > 0
}

// NotModified reports whether the answer with an entity tag will be 304, so that
// nothing of it is shown.
func (c *Call) NotModified(etag string) bool {
	return c.reads() && notModified(c.Request.Header, etag)
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
