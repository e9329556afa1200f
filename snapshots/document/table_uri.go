package document

import (
	"slices"
	"strings"

	"tenure/snapshots/document/uri"
	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// addresses is the use of every member that is an address, in domain names. A
// localized text has the use of the member whose name it has.
var addresses = map[string]uri.Use{
	"client_uri":                uri.Page,
	"logo_uri":                  uri.Page,
	"tos_uri":                   uri.Page,
	"policy_uri":                uri.Page,
	"initiate_login_uri":        uri.Page,
	"redirect_uris":             uri.Redirect,
	"post_logout_redirect_uris": uri.Logout,
	"frontchannel_logout_uri":   uri.Frame,
	"backchannel_logout_uri":    uri.Called,
	"webhook_uris":              uri.Called,
	"request_uris":              uri.Request,
	"jwks_uri":                  uri.Keys,
	"sector_identifier_uri":     uri.Keys,
	"allowed_cors_origins":      uri.Origin,
	"claims_redirect_uris":      uri.Redirect,
	"signed_jwks_uri":           uri.Keys,
	"information_uri":           uri.Page,
	"organization_uri":          uri.Page,
	"backchannel_client_notification_endpoint": uri.Called,
	"uri": uri.Identifier, // of a resource server
}

// UseOf is what a member's address is for, by the member's domain name or the
// name of a localized text; ok is false where it is no address. Names that readers
// may take for each other (text.Bare) have one use.
func UseOf(name string) (use uri.Use, ok bool) {
	if use, ok = addresses[text.Bare(name)]; ok {
		return use, ok
	}
	if addressName(name) {
		return uri.Unknown, true
	}
	return 0, false
}

// checkAddresses holds the table of package uri for every address of the
// document that its base does not have.
func checkAddresses[T Content](in Input[T]) []fault.Field {
	self := in.Level == ByItself
	var all []fault.Field
	check := func(at spot, address string, use uri.Use) {
		for _, rule := range uri.Broken(address, use, self) {
			all = append(all, fault.Field{Path: at.path(), Rule: rule.Name, Message: rule.Message})
		}
	}
	in.eachNew(func(at spot, name, value string, localized bool) {
		use, ok := UseOf(name)
		if !localized {
			use, ok = addresses[name]
		}
		if ok && (value != "" || use == uri.Redirect) { // other lists have NoEmptyItems
			check(at, value, use)
		}
	})
	slices.SortStableFunc(all, func(a, b fault.Field) int { return rank(a.Rule) - rank(b.Rule) })
	return all
}

// rank is where a rule is in the table.
func rank(rule string) int {
	return slices.IndexFunc(uri.Rules, func(row uri.Rule) bool { return row.Name == rule })
}

// addressName reports whether a name of a caller's own invention says that what
// it names is an address.
func addressName(name string) bool {
	name = strings.TrimSuffix(text.Bare(name), "s")
	return strings.HasSuffix(name, "uri") || strings.HasSuffix(name, "url")
}

// eachNew visits the strings of every bound member that is set, those of listed
// objects included, without the ones that the base has there. name is the
// member's, for the value of a localized text the text's own.
func (in Input[T]) eachNew(visit func(at spot, name, value string, localized bool)) {
	for _, f := range fieldsOf[T]() {
		if !in.Binds(f.Name) {
			continue
		}
		var stored any
		if in.Base != nil {
			stored = f.at(in.Base)
		}
		eachNewText("/", f.Name, f.Name, f.at(in.Next), stored, visit)
	}
}

// spot is where a string is: under a pointer, in a member, and there in a list unless
// item is negative. Few are faults, so the pointer is put together when it is asked for.
type spot struct {
	under, member string
	item          int
}

func (s spot) path() string {
	if s.item < 0 {
		return s.under + s.member
	}
	return item(s.under+s.member, s.item)
}

// eachNewText visits those of one member; under ends with a slash.
func eachNewText(under, field, name string, member, stored any, visit func(at spot, name, value string, localized bool)) {
	switch m := member.(type) {
	case *string:
		if old, _ := stored.(*string); *m != "" && (old == nil || *old != *m) {
			visit(spot{under, field, -1}, name, *m, false)
		}
	case *[]Localized:
		var old []Localized
		if s, ok := stored.(*[]Localized); ok {
			old = *s
		}
		for i, l := range *m {
			if slices.Contains(old, l) {
				continue
			}
			at := item(under+field, i) + "/"
			visit(spot{at, "name", -1}, "name", l.Name, false)
			if l.Value != "" {
				visit(spot{at, "value", -1}, l.Name, l.Value, true)
			}
		}
	case *[]Scope:
		var old []Scope
		if s, ok := stored.(*[]Scope); ok {
			old = *s
		}
		for i := range *m {
			scope, at := &(*m)[i], item(under+field, i)+"/"
			was := slices.IndexFunc(old, func(s Scope) bool { return s.Name == scope.Name })
			for _, f := range scopeFields {
				var before any
				if was >= 0 {
					before = f.at(&old[was])
				}
				eachNewText(at, f.Name, scopePrefix+f.Name, f.at(scope), before, visit)
			}
		}
	default:
		list, ok := listOf(member)
		if !ok {
			return
		}
		var old []string
		if stored != nil {
			old, _ = listOf(stored)
		}
		for i, one := range list {
			if !slices.Contains(old, one) {
				visit(spot{under, field, i}, name, one, false)
			}
		}
	}
}
