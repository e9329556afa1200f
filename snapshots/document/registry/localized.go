package registry

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document"
	"tenure/tenancy/fault"
)

// localizable are the members that may have a form for a language, name#tag (RFC 7591
// section 2.2); those of Open Finance Brasil come last.
var localizable = []string{"client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "organization_name", "description", "information_uri",
	"organization_uri", "software_name", "software_description", "organisation_name"}

// ReadLocalized gives a client the texts for languages of a body, without changing
// them. Those that the client has already keep their place, and texts that have no
// such name stay.
func ReadLocalized(body map[string]json.RawMessage, c *document.Client) []fault.Field {
	sent := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		base, locale, tagged := strings.Cut(name, "#")
		if !tagged || !slices.Contains(localizable, base) || string(body[name]) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(body[name], &text) != nil || locale == "" {
			return []fault.Field{{Path: strictjson.Below("", name), Rule: "type", Message: base + "# must be followed by a language, and its value must be a string"}}
		}
		if text != "" {
			sent[name] = text
		}
	}
	var texts []document.Localized
	for _, l := range c.Localized {
		if name := l.Name + "#" + l.Locale; isLocalized(l) {
			var still bool
			if l.Value, still = sent[name]; !still {
				continue
			}
			delete(sent, name)
		}
		texts = append(texts, l)
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		base, locale, _ := strings.Cut(name, "#")
		texts = append(texts, document.Localized{Name: base, Value: sent[name], Locale: locale})
	}
	c.Localized = texts
	return nil
}

func isLocalized(l document.Localized) bool {
	return l.Locale != "" && slices.Contains(localizable, l.Name)
}

// WriteLocalized appends a client's texts for languages to an object that is open,
// sorted by name.
func WriteLocalized(w *strictjson.Writer, texts []document.Localized) {
	members := map[string]string{}
	for _, text := range texts {
		if isLocalized(text) {
			members[text.Name+"#"+text.Locale] = text.Value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		w.AnyName(name)
		w.Text(members[name])
	}
}

// NameLocalized puts the names that localized texts have on the wire, such as
// logo_uri#fr, into the paths of a fault.
func NameLocalized(err error, texts []document.Localized) error {
	f := fault.Of(err)
	if err == nil || f.Kind != fault.Invalid {
		return err
	}
	named := *f
	named.Fields = slices.Clone(f.Fields)
	for i := range named.Fields {
		rest, ok := strings.CutPrefix(named.Fields[i].Path, "/localized_metadata/")
		at, _, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(at)
		if !ok || err != nil || n >= len(texts) {
			continue
		}
		name := texts[n].Name
		if texts[n].Locale != "" {
			name += "#" + texts[n].Locale
		}
		named.Fields[i].Path = strictjson.Below("", name)
	}
	return &named
}
