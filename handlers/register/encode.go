package register

import (
	"cmp"

	"tenure/handlers/ory"
	"tenure/handlers/web"
	"tenure/jwk/strictjson"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/snapshots/document/registry"
)

// encode writes the client object as RFC 7591 section 3.2.1 and RFC 7592 section 3
// have it: what the client is, defaults included, and nothing about what is unset. The
// members that Hydra's object does not have come last.
func encode(view ory.Client, found snapshots.Resolved[document.Client]) ([]byte, error) {
	object, err := web.Encode(view)
	if err != nil {
		return nil, err
	}
	w := strictjson.NewWriter(make([]byte, 0, len(object)))
	w.Open('{')
	r := strictjson.NewReader(string(object), maxDepth)
	for r.Object(); r.Member(); {
		name, value := r.Name(), r.Raw()
		if says(value) && (name != "client_secret_expires_at" || hasSecret(view)) {
			w.AnyName(name)
			w.Raw(value)
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	c := *found.Content
	c.ApplicationType = cmp.Or(c.ApplicationType, ory.DefaultApplication)
	registry.Write(w, ory.Registered(), &c)
	registry.WriteLocalized(w, c.Localized)
	w.Name("client_id_issued_at")
	w.Int(found.Entity.RecordedAt.Time().Unix())
	w.Close('}')
	return w.Bytes(), nil
}

const maxDepth = 100 // of a client object; a key set has 64

// says reports whether a value of the client object says something. A flag that is
// false there is one that nobody set.
func says(value string) bool {
	switch value {
	case "null", "false", `""`, "[]", "{}":
		return false
	}
	return true
}

// hasSecret reports whether a client authenticates with a secret or is shown one: only
// then the secret's end is of use.
func hasSecret(view ory.Client) bool {
	return view.ClientSecret != "" || ory.TakesSecret(view.TokenEndpointAuthMethod)
}
