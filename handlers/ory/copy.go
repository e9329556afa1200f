package ory

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tenure/jwk/strictjson"
	"tenure/snapshots"
	"tenure/snapshots/document"
)

// ListForm is the form of a list whose elements are what a read of each client shows.
// name is the surface's.
func ListForm(name string) snapshots.Form {
	return snapshots.Form{Name: name, Fill: Fill(Read), Copy: copied}
}

// read is a client that is copied.
type read = *snapshots.Resolved[document.Client]

// copied makes the body that Fill makes for Read from the stored bytes, which have most
// members as the client object has them. It is nil where encoding/json would write
// something in another way.
func copied(found read, stored *document.Places) *snapshots.Rendering {
	created, updated := createdAt(found).Year(), updatedAt(found).Year()
	if !utf8.ValidString(found.Entity.ClientID) || min(created, updated) < 0 || max(created, updated) > 9999 {
		return nil
	}
	object := append(stored.Room[:0], '{')
	for i := range copies {
		object = copies[i].append(object, found, stored)
	}
	object = append(object, "}\n"...)
	stored.Room = object
	if bytes.Contains(object, []byte("\u2028")) || bytes.Contains(object, []byte("\u2029")) { // it escapes these two
		return nil
	}
	return &snapshots.Rendering{Body: bytes.Clone(object)}
}

// copyOf is how a member of the client object is made from the stored one.
type copyOf struct {
	name   string // with the quotes and the colon
	stored document.Place
	unset  string // what is shown where nothing is stored; empty for no member
	write  writer // nil for the stored value as it is
}

// writer appends a member's value; nothing where the object has no such member then. value
// is the stored one, empty if that is unset.
type writer func(dst []byte, value string, found read) []byte

func (m *copyOf) append(dst []byte, found read, stored *document.Places) []byte {
	value := m.unset
	if m.stored >= 0 {
		if own := stored.Value(m.stored); own != "" || m.write != nil {
			value = own
		}
	}
	if m.write == nil && value == "" {
		return dst
	}
	before := len(dst)
	if before > 1 {
		dst = append(dst, ',')
	}
	dst = append(dst, m.name...)
	start := len(dst)
	if m.write == nil {
		dst = append(dst, value...)
	} else if dst = m.write(dst, value, found); len(dst) == start {
		dst = dst[:before]
	}
	return dst
}

// copies are the members that a read shows, in their order.
var copies = copiesOf(members)

// nowhere is the place of what is not a member of the document.
const nowhere document.Place = -1

func copiesOf(members []string) (list []copyOf) {
	const none, empty, no = `""`, `[]`, "false"
	unset := map[string]string{"client_name": none, "owner": none, "policy_uri": none, "tos_uri": none, "client_uri": none, "logo_uri": none,
		"redirect_uris": empty, "response_types": empty, "audience": empty, "allowed_cors_origins": empty, "contacts": empty,
		"subject_type": `"` + defaultSubjectType + `"`, "token_endpoint_auth_method": `"` + defaultMethod + `"`,
		"userinfo_signed_response_alg": `"` + defaultUserinfoAlg + `"`, "metadata": `{}`, "skip_consent": no, "skip_logout_consent": "null",
		"client_secret_expires_at": "0"}
	made := map[string]writer{
		"client_id": func(dst []byte, _ string, found read) []byte {
			return strictjson.AppendText(dst, found.Entity.ClientID)
		},
		"created_at":  func(dst []byte, _ string, found read) []byte { return appendTime(dst, createdAt(found)) },
		"updated_at":  func(dst []byte, _ string, found read) []byte { return appendTime(dst, updatedAt(found)) },
		"grant_types": grantTypes, "scope": spaced,
		"jwks":                                 func(dst []byte, value string, _ read) []byte { return append(dst, keySet(document.JWKS(value))...) },
		"frontchannel_logout_session_required": onlyTrue, "backchannel_logout_session_required": onlyTrue,
	}
	for _, name := range members {
		m := copyOf{name: `"` + name + `":`, stored: nowhere, unset: unset[name], write: made[name]}
		switch name {
		case "client_secret", "registration_access_token", "registration_client_uri":
			continue // of answers to a write
		case "client_id", "created_at", "updated_at", "client_secret_expires_at":
		case "scope":
			m.stored = document.PlaceOf("scopes")
		default:
			m.stored = document.PlaceOf(name)
		}
		if strings.HasSuffix(name, "_lifespan") {
			m.write = lifespan
		}
		list = append(list, m)
	}
	return list
}

// grantTypes are the client's own, or the setup's.
func grantTypes(dst []byte, value string, found read) []byte {
	if value != "" {
		return append(dst, value...)
	}
	w := strictjson.NewWriter(dst)
	w.Texts(notNil(found.Setup.Content.GrantTypes))
	return w.Bytes()
}

// spaced makes one text of a list of texts.
func spaced(dst []byte, value string, _ read) []byte {
	if value == "" {
		return append(dst, `""`...)
	}
	if !strings.Contains(value, `\`) {
		return append(dst, strings.ReplaceAll(value[1:len(value)-1], `","`, " ")...)
	}
	var texts []string
	r := strictjson.NewReader(value, 1)
	for r.Array(); r.Item(); {
		texts = append(texts, r.Text())
	}
	return strictjson.AppendText(dst, strings.Join(texts, " "))
}

// onlyTrue leaves a flag out that is not set.
func onlyTrue(dst []byte, value string, _ read) []byte {
	if value == "true" {
		dst = append(dst, value...)
	}
	return dst
}

// lifespan makes a duration of nanoseconds.
func lifespan(dst []byte, value string, _ read) []byte {
	if value == "" {
		return append(dst, "null"...)
	}
	span, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return append(dst, value...) // it was written by Encode, so it is an integer
	}
	return strictjson.AppendText(dst, time.Duration(span).String())
}

func appendTime(dst []byte, at time.Time) []byte {
	return append(at.AppendFormat(append(dst, '"'), time.RFC3339Nano), '"')
}
