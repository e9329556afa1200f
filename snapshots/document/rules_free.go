package document

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"tenure/jwk/strictjson"
	"tenure/snapshots/document/uri"
	"tenure/tenancy/fault"
	"tenure/tenancy/text"
)

// checkUIConfiguration holds the tables of packages uri and text for the settings of hosted pages, which people
// see and follow: at every depth an address is what the nearest name says, and all other texts are prose that may
// be empty. What the base has at the same place stays.
func checkUIConfiguration(in Input[Client]) []fault.Field {
	next, set := free(in.Next.UIConfiguration)
	if !set {
		return nil
	}
	var stored any
	if in.Base != nil {
		stored, _ = free(in.Base.UIConfiguration)
	}
	w := freeWalk{self: in.Level == ByItself}
	w.value(&place{name: "ui_configuration"}, next, stored, nowhere)
	return w.broken
}

func free(doc JSON) (value any, ok bool) {
	return value, doc != "" && json.Unmarshal([]byte(doc), &value) == nil
}

// maxFree is how many broken texts of one document are told of: each comes with its whole path.
const maxFree = 20

// place is where a value is. Its pointer is put together only for what is broken.
type place struct {
	up   *place
	name string
}

func (p *place) pointer() string {
	if p == nil {
		return ""
	}
	return strictjson.Below(p.up.pointer(), p.name)
}

// nearness says whether the name of a value, or one above it, says that it is an address.
type nearness uint8

const (
	nowhere nearness = iota
	above            // of an object around it: en, fr
	here             // its own, or that of the list that it is in
)

type freeWalk struct {
	self   bool
	broken []fault.Field
}

func (w *freeWalk) add(at *place, rule, message string) {
	if len(w.broken) < maxFree {
		w.broken = append(w.broken, fault.Field{Path: at.pointer(), Rule: rule, Message: message})
	}
}

func (w *freeWalk) value(at *place, value, stored any, near nearness) {
	switch v := value.(type) {
	case string:
		if old, ok := stored.(string); v != "" && (!ok || old != v) {
			w.text(at, v, near)
		}
	case []any:
		old, _ := stored.([]any)
		had := make(map[string]bool, len(old))
		for _, one := range old {
			if text, ok := one.(string); ok {
				had[text] = true
			}
		}
		for i, one := range v {
			var before any
			if text, ok := one.(string); ok && had[text] {
				continue
			}
			if i < len(old) {
				before = old[i]
			}
			w.value(&place{at, strconv.Itoa(i)}, one, before, near)
		}
	case map[string]any:
		old, _ := stored.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			below := &place{at, name}
			before, was := old[name]
			if name != "" && !was {
				w.prose(below, name)
			}
			next := min(near, above)
			if addressName(name) {
				next = here
			}
			w.value(below, v[name], before, next)
		}
	}
}

func (w *freeWalk) text(at *place, value string, near nearness) {
	if near != nowhere {
		for _, rule := range uri.Broken(value, uri.Unknown, w.self) {
			if near == here || rule.Name == "uri-script-scheme" {
				w.add(at, rule.Name, rule.Message)
			}
		}
	}
	if near != here {
		w.prose(at, value)
	}
}

func (w *freeWalk) prose(at *place, value string) {
	if f := text.Check(text.Prose, value); f != nil {
		w.add(at, f.Rule, f.Message)
	}
}
