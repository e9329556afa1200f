package slashid

import (
	"encoding/json"
	"strings"
	"unicode"

	scim "github.com/scim2/filter-parser/v2"

	"tenure/tenancy"
	"tenure/tenancy/fault"
)

// Bounds of a filter, in bytes and in parentheses inside each other.
const (
	maxFilter = 2 << 10
	maxDepth  = 32
)

// test says whether an organization is wanted.
type test func(tenancy.Organization) bool

func errFilter(format string, args ...any) error {
	return fault.New(fault.Malformed, fault.CodeQuery, "filter: "+format, args...)
}

// parseFilter reads a SCIM filter (RFC 7644, 3.4.2.2) of what this list knows.
func parseFilter(text string) (test, error) {
	if len(text) > maxFilter {
		return nil, errFilter("it is longer than %d bytes", maxFilter)
	}
	text, depth := prepared(strings.TrimSpace(text))
	if depth > maxDepth {
		return nil, errFilter("parentheses are more than %d deep", maxDepth)
	}
	expression, err := scim.ParseFilter([]byte(text))
	if err != nil {
		return nil, errFilter(`it must be a SCIM filter such as name sw "north" and not (id eq "…")`)
	}
	return compile(expression)
}

// prepared writes the hexadecimal digits of escapes in upper case, as the
// parser wants them, and tells how deep parentheses go.
func prepared(text string) (string, int) {
	out := []byte(text)
	quoted, depth, deepest := false, 0, 0
	for i := 0; i < len(out); i++ {
		switch b := out[i]; {
		case b == '"':
			quoted = !quoted
		case quoted && b == '\\':
			i++
			if i+4 < len(out) && out[i] == 'u' {
				copy(out[i+1:], strings.ToUpper(string(out[i+1:i+5])))
			}
		case quoted:
		case b == '(' || b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == ')' || b == ']':
			depth--
		}
	}
	return string(out), deepest
}

func compile(expression scim.Expression) (test, error) {
	switch e := expression.(type) {
	case *scim.NotExpression:
		inner, err := compile(e.Expression)
		return func(o tenancy.Organization) bool { return !inner(o) }, err
	case *scim.LogicalExpression:
		left, err := compile(e.Left)
		if err != nil {
			return nil, err
		}
		right, err := compile(e.Right)
		if e.Operator == scim.AND {
			return func(o tenancy.Organization) bool { return left(o) && right(o) }, err
		}
		return func(o tenancy.Organization) bool { return left(o) || right(o) }, err
	case *scim.AttributeExpression:
		return comparison(e)
	}
	return nil, errFilter("brackets are not supported")
}

// comparison is one attribute, operator and value.
func comparison(e *scim.AttributeExpression) (test, error) {
	attribute := e.AttributePath.String()
	var value func(tenancy.Organization) string
	switch strings.ToLower(attribute) {
	case "name":
		value = func(o tenancy.Organization) string { return o.Name }
	case "id":
		value = func(o tenancy.Organization) string { return string(o.ID) }
	case "parent_org_id":
		value = func(o tenancy.Organization) string { return string(o.Parent) }
	default:
		return nil, errFilter("unknown attribute %s; use name, id or parent_org_id", attribute)
	}
	var holds func(s, part string) bool
	switch e.Operator {
	case scim.EQ:
		holds = func(s, part string) bool { return s == part }
	case scim.CO:
		holds = strings.Contains
	case scim.SW:
		holds = strings.HasPrefix
	default:
		return nil, errFilter("the operator %s is not supported; use eq, co or sw", e.Operator)
	}
	asWritten, ok := e.CompareValue.(string)
	var wanted string
	if !ok || json.Unmarshal([]byte(`"`+asWritten+`"`), &wanted) != nil {
		return nil, errFilter("the value of %s must be a string", attribute)
	}
	wanted = folded(wanted)
	return func(o tenancy.Organization) bool { return holds(folded(value(o)), wanted) }, nil
}

// folded is s without regard to case: every letter as the first of those that
// differ from it in case only.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		first := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			first = min(first, other)
		}
		return first
	}, s)
}
