package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// query is what a request's query says, read against what its route declares.
// It is read once, at the latest before Handle; a route with Admit may read its
// parameters before they are checked.
type query struct {
	read  bool
	given []given
	err   error
}

// given is a declared parameter that the request gives.
type given struct {
	param *Param
	name  string
	texts []string
}

// timeNames are the names, in their normal form, by which people ask for
// another instant than now.
var timeNames = []string{"at", "knownat", "validat", "asof", "asat", "effectiveat"}

// ask reads the query.
func (c *Call) ask() {
	if c.query.read {
		return
	}
	c.query.read = true
	raw := c.Request.URL.RawQuery
	if raw == "" {
		return
	}
	values, err := url.ParseQuery(raw)
	if err != nil || !allStorable(values) {
		c.query.err = fault.New(fault.Malformed, fault.CodeQuery, "the query does not parse")
		return
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if p := c.Route.declared(name); p != nil {
			c.query.given = append(c.query.given, given{p, name, values[name]})
		}
	}
	c.query.err = c.wrongQuery(names, values)
}

// declared is the route's declaration of a parameter; nil if there is none.
func (r *Route) declared(name string) *Param {
	for i := range r.Query {
		if r.Query[i].is(name) {
			return &r.Query[i]
		}
	}
	return nil
}

func allStorable(values url.Values) bool {
	for name, texts := range values {
		if !tenancy.Storable(name) || slices.ContainsFunc(texts, func(text string) bool { return !tenancy.Storable(text) }) {
			return false
		}
	}
	return true
}

// wrongQuery is the fault of a query that the route does not take; nil for one
// that it does.
func (c *Call) wrongQuery(names []string, values url.Values) error {
	strict := c.surface != nil && c.surface.Strict
	var wrong []fault.Field
	for _, name := range names {
		text := ""
		if p := c.Route.declared(name); p != nil {
			text = p.fault(values[name], strict)
		} else {
			text = c.undeclared(name, values[name], strict)
		}
		if text != "" {
			wrong = append(wrong, fault.Field{Path: "?" + name, Rule: "query", Message: shown(name) + " " + text})
		}
	}
	if span := c.backwards(); len(wrong) == 0 && span != "" {
		wrong = append(wrong, fault.Field{Path: "?from", Rule: "query", Message: span})
	}
	if len(wrong) == 0 {
		return nil
	}
	f := fault.New(fault.Malformed, fault.CodeQuery, "%s", wrong[0].Message)
	if strict { // a dialect has no place for these
		f.Fields = wrong
	}
	return f
}

// undeclared says what is wrong with a parameter that the route does not
// declare. A dialect passes over what its original passes over, but never over
// an instant or a dry run: the answer would be about something else.
func (c *Call) undeclared(name string, values []string, strict bool) string {
	declared := make([]string, len(c.Route.Query))
	for i, p := range c.Route.Query {
		declared[i] = p.Name
	}
	isTime := slices.Contains(timeNames, normal(name))
	isDryRun := normal(name) == normal(nameDryRun) && !(len(values) == 1 && values[0] == "false")
	near := Nearest(name, declared)
	switch {
	case !strict && !isTime && !isDryRun:
		return ""
	case near != "":
		return fmt.Sprintf("is not a parameter of this route; did you mean %s?", near)
	case isTime:
		return "is not taken here: this route is about now"
	case isDryRun && c.reads():
		return "is not taken here: this route changes nothing"
	case isDryRun:
		return "is not taken here: nothing was done"
	case len(declared) == 0:
		return "is not a parameter of this route, which has none"
	}
	return "is not a parameter of this route; it has " + strings.Join(declared, ", ")
}

// backwards is the fault of a time span that ends before it begins.
func (c *Call) backwards() string {
	from, to := c.instantOf("from"), c.instantOf("to")
	if from != nil && to != nil && from.After(*to) {
		return "from is after to"
	}
	return ""
}

func (c *Call) instantOf(name string) *time.Time {
	for _, g := range c.query.given {
		if g.param.Name == name && g.param.kind == kindInstant {
			if at, ok := parseInstant(g.texts[0]); ok {
				return &at
			}
		}
	}
	return nil
}

// shown is a name as an error may repeat it.
func shown(name string) string {
	if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '"' || r > '~' }) {
		return strconv.QuoteToASCII(name[:min(len(name), 64)])
	}
	return name
}

// param finds what the request gives for a declared parameter; nil if nothing.
// Asking for a parameter that the route does not declare, or by another type,
// is a mistake in the program and panics.
func (c *Call) param(name string, kinds ...paramKind) []string {
	c.ask()
	for _, g := range c.query.given {
		if g.param.Name == name && slices.Contains(kinds, g.param.kind) {
			return g.texts
		}
	}
	for _, p := range c.Route.Query {
		if p.Name == name && slices.Contains(kinds, p.kind) {
			return nil
		}
	}
	panic(fmt.Sprintf("web: the route %s %s does not declare the query parameter %s of this type", c.Route.Method, c.Route.Pattern, name))
}

// texts are the kinds that are read as they are written.
var texts = []paramKind{kindText, kindWord, kindID, kindUUID, kindCursor}

// Text is the parameter's value; empty without one.
func (c *Call) Text(name string) string {
	if values := c.param(name, texts...); len(values) > 0 {
		return values[0]
	}
	return ""
}

// TextOrNil tells an empty value from none.
func (c *Call) TextOrNil(name string) *string {
	if values := c.param(name, texts...); len(values) > 0 {
		return &values[0]
	}
	return nil
}

// Texts are the values of a parameter that may be repeated.
func (c *Call) Texts(name string) []string { return c.param(name, texts...) }

// Family are the parameters of a declared family: what follows the prefix, and
// the values.
func (c *Call) Family(prefix string) map[string][]string {
	c.param(prefix, kindFamily)
	all := map[string][]string{}
	for _, g := range c.query.given {
		if g.param.kind == kindFamily && g.param.Name == prefix {
			all[strings.TrimPrefix(g.name, prefix)] = g.texts
		}
	}
	return all
}

// Int is the parameter's number, or otherwise without one.
func (c *Call) Int(name string, otherwise int64) int64 {
	if values := c.param(name, kindInt); len(values) > 0 {
		n, _ := strconv.ParseInt(values[0], 10, 64) // checked
		return n
	}
	return otherwise
}

// Flag reports whether the parameter is true.
func (c *Call) Flag(name string) bool {
	values := c.param(name, kindFlag)
	return len(values) > 0 && values[0] == "true"
}

// Instant is the parameter's instant; nil without one.
func (c *Call) Instant(name string) *time.Time {
	c.param(name, kindInstant)
	return c.instantOf(name)
}

// DryRun reports whether a write is to be tried only. A route that does not
// declare it refuses it.
func (c *Call) DryRun() bool { return c.Flag(nameDryRun) }
