package nevismeta_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/history"
	"tenure/tenancy/tenancytest"
)

var hex32 = regexp.MustCompile(`^[0-9a-f]{32}$`)

const confidential = `{"name":"a","confidentiality_type":"confidential"}`

func (f *fixture) disclosures(t *testing.T) (list []history.Envelope) {
	t.Helper()
	for _, e := range f.Events(t) {
		if e.Kind == "client.secret-disclosed" {
			list = append(list, e)
		}
	}
	return list
}

func TestCreatedClientShowsItsCredentialsOnce(t *testing.T) {
	for _, sealed := range []bool{true, false} {
		f := openFixture(t, sealed)
		made := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201)
		doc := made.doc(t)
		id, clientID, secret := made.text(t, "clientId"), made.text(t, "client_id"), made.text(t, "client_secret")
		if len(doc) != 3 || !hex32.MatchString(id) || !hex32.MatchString(clientID) || !hex32.MatchString(secret) || id == clientID {
			t.Errorf("made %v", doc)
		}
		h := made.Header()
		if h.Get("Location") != f.setup+"/clients/"+id || h.Get("Cache-Control") != "no-store" || h.Get("Tenure-Owner") != string(f.North) ||
			!hex32.MatchString(h.Get("Tenure-Snapshot-Id")) || h.Get("Tenure-Valid-From") == "" || h.Get("Tenure-Recorded-At") == "" {
			t.Errorf("headers %v", h)
		}
		shown := f.get(t, h.Get("Location")).want(t, 200).doc(t)["client_secret"]
		if sealed && shown != secret || !sealed && shown != nil {
			t.Errorf("sealed %t: %v is shown", sealed, shown)
		}
		// Without a secret, none is said to be there.
		for _, body := range []string{`{"name":"a"}`, `{"name":"a","token_endpoint_auth_method":"none"}`, `{"name":"a","confidentiality_type":"public"}`,
			`{"name":"a","token_endpoint_auth_method":"private_key_jwt","jwks":` + keySet(publicKey) + `}`} {
			made := f.send(t, "POST", f.setup+"/clients", body).want(t, 201)
			if _, has := made.doc(t)["client_secret"]; has {
				t.Errorf("%s: %s", body, made.Body)
			}
			f.get(t, made.Header().Get("Location")).want(t, 200, `"client_secret":null`)
		}
	}
}

func TestSecretIsForThoseWhoMaySee(t *testing.T) {
	f := newFixture(t)
	made := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201)
	path, secret := made.Header().Get("Location"), made.text(t, "client_secret")
	snapshot := path + "/snapshots/" + made.Header().Get("Tenure-Snapshot-Id")
	shown := 0
	for range 2 { // the second answers come from the cache
		for _, org := range []tenancy.OrgID{f.North, f.Root} {
			for _, role := range tenancytest.Roles() {
				for _, target := range []string{path, path + "?resolve=false", snapshot} {
					a := f.as(org, role).get(t, target)
					if role == tenancy.Reader && target == snapshot {
						a.want(t, 403)
						continue
					}
					a.want(t, 200)
					may := role == tenancy.Editor || role == tenancy.Admin
					if strings.Contains(a.Body.String(), secret) != may || (a.Header().Get("Cache-Control") == "no-store") != may {
						t.Errorf("%s %s: %v\n%s", role, target, a.Header(), a.Body)
					}
					if may {
						shown++
					}
				}
			}
		}
	}
	events := f.disclosures(t)
	if shown != 24 || len(events) != 4 {
		t.Errorf("%d disclosures to 4 keys, %d are logged", shown, len(events))
	}
	must(t, f.store.Flush(t.Context()))
	if len(f.disclosures(t)) != 4 {
		t.Error("the hour is not over")
	}
	f.Clock.Advance(time.Hour)
	must(t, f.store.Flush(t.Context()))
	if later := f.disclosures(t); len(later) != 8 || later[7].Detail == "" || later[7].Object != events[0].Object {
		t.Errorf("after the hour: %+v", later)
	}
	e := events[0]
	if e.Actor != "key:"+f.KeyID(f.North, tenancy.Editor) || e.Object != made.text(t, "clientId") {
		t.Errorf("the first is %+v", e)
	}
	if strings.Contains(fmt.Sprint(f.Events(t)), secret) || strings.Contains(f.log.String(), secret) {
		t.Error("the secret is in a log")
	}
}

// TestReadingDoesNotFillTheLog: whoever polls appends one entry an hour, and one that
// says how often.
func TestReadingDoesNotFillTheLog(t *testing.T) {
	f := newFixture(t)
	path := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201).Header().Get("Location")
	before := f.Log.Size()
	for range 4000 {
		f.get(t, path, "Tenure-Reason: ticket 7").want(t, 200)
	}
	must(t, f.store.Finish(t.Context()))
	if n := f.Log.Size() - before; n != 2 {
		t.Errorf("4000 reads made %d entries", n)
	}
	events := f.disclosures(t)
	var detail string
	must(t, f.DB.Raw().Get(&detail, "SELECT content FROM log_detail ORDER BY idx DESC LIMIT 1"))
	if len(events) != 2 || events[0].Reason != "ticket 7" || !strings.HasPrefix(detail, `{"again":3999,"since":"2026-`) {
		t.Errorf("%+v, %s", events, detail)
	}
}

// TestHeadShowsNoSecret: HEAD has the headers of an answer that shows a secret, and 304
// none of it; as nothing is shown, nothing is logged.
func TestHeadShowsNoSecret(t *testing.T) {
	f := newFixture(t)
	path := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201).Header().Get("Location")
	head := f.send(t, "HEAD", path, "", "X-Request-Id: same").want(t, 200)
	f.get(t, path, "If-None-Match: "+head.Header().Get("Etag")).want(t, 304)
	logged := len(f.disclosures(t))
	get := f.get(t, path, "X-Request-Id: same").want(t, 200)
	get.Header().Set("Content-Length", fmt.Sprint(get.Body.Len())) // which the server adds to a short body
	if head.Body.Len() != 0 || logged != 0 || !reflect.DeepEqual(head.Header(), get.Header()) {
		t.Errorf("GET %v\nHEAD %v, %d bytes, %d disclosures", get.Header(), head.Header(), head.Body.Len(), logged)
	}
	if len(f.disclosures(t)) != 1 {
		t.Error("what was shown is not logged")
	}
}

// Neither entity tags nor kept bytes bring a secret to who may not see it.
func TestSecretDoesNotTravelByTag(t *testing.T) {
	f := newFixture(t)
	made := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201)
	path, secret := made.Header().Get("Location"), made.text(t, "client_secret")
	editors := f.get(t, path).want(t, 200, secret)
	reader := f.as(f.North, tenancy.Reader)
	a := reader.get(t, path, "If-None-Match: "+editors.Header().Get("Etag")).want(t, 200, `"client_secret":null`)
	if strings.Contains(a.Body.String(), secret) {
		t.Errorf("a reader got %s", a.Body)
	}
	tag := a.Header().Get("Etag")
	reader.get(t, path, "If-None-Match: "+tag).want(t, 304)
	f.get(t, path, "If-None-Match: "+tag).want(t, 200, secret)
	f.get(t, path, "If-None-Match: "+editors.Header().Get("Etag")).want(t, 304)
	// The tag does not tell the secret's id, which names its record.
	for _, e := range f.Events(t) {
		if e.Kind == "client.secret-added" && strings.Contains(editors.Header().Get("Etag"), e.Ref) {
			t.Error("the tag holds the whole id of the secret's record")
		}
	}
}

func TestSecretOnPut(t *testing.T) {
	f := newFixture(t)
	made := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201)
	path, secret := made.Header().Get("Location"), made.text(t, "client_secret")
	put := func(members string) answer {
		return f.send(t, "PUT", path, `{"name":"a","confidentiality_type":"confidential"`+members+`}`)
	}
	put("").want(t, 200, secret)
	put(`,"client_secret":null`).want(t, 200, secret)
	put(`,"client_secret":"`+secret+`"`).want(t, 200, secret)
	rows := f.rows(t)
	for _, wrong := range []string{"", strings.Repeat("x", 256), "tab\t", "ü", "\x7f", "a\nb"} {
		put(`,"client_secret":`+encode(t, wrong)).want(t, 400, "/client_secret: ")
		f.send(t, "POST", f.setup+"/clients", `{"name":"a","confidentiality_type":"confidential","client_secret":`+encode(t, wrong)+`}`).want(t, 400, "/client_secret: ")
	}
	f.send(t, "PUT", path, `{"name":"a","client_secret":"something else"}`).want(t, 400, "/client_secret: a public client has no secret")
	f.send(t, "POST", f.setup+"/clients", `{"name":"a","client_secret":"something"}`).want(t, 400, "/client_secret: a public client has no secret")
	if f.rows(t) != rows {
		t.Error("a refused write stored something")
	}
	// Another secret replaces the first, and nothing else changes.
	tag, snapshot := f.get(t, path).Header().Get("Etag"), f.get(t, path).Header().Get("Tenure-Snapshot-Id")
	chosen := put(`,"client_secret":"kr&ut <und> \"rueben\" \\ 1"`).want(t, 200, `"client_secret":"kr&ut <und> \"rueben\" \\ 1"`)
	if chosen.Header().Get("Tenure-Snapshot-Id") != snapshot || chosen.Header().Get("Etag") == tag {
		t.Errorf("headers %v", chosen.Header())
	}
	if ok, err := f.store.SecretMatches(ctx, f.Scope(t, f.North, tenancy.Editor), f.ref(path), secret, 0); ok || err != nil {
		t.Errorf("the first secret still holds: %t, %v", ok, err)
	}
	// Public, it shows none; confidential again, it has the one it had.
	f.send(t, "PUT", path, `{"name":"a"}`).want(t, 200, `"client_secret":null`, `"confidentiality_type":"public"`)
	put("").want(t, 200, `"client_secret":"kr&ut <und>`)
}

func TestClientThatStartsToNeedASecret(t *testing.T) {
	f := newFixture(t)
	for _, before := range []string{`{"name":"a"}`, `{"name":"a","token_endpoint_auth_method":"private_key_jwt","jwks":` + keySet(publicKey) + `}`} {
		path := f.client(t, before)
		a := f.send(t, "PUT", path, confidential).want(t, 200)
		secret := a.text(t, "client_secret")
		if !hex32.MatchString(secret) || f.get(t, path).text(t, "client_secret") != secret {
			t.Errorf("%s then %s", secret, f.get(t, path).Body)
		}
	}
}

func TestClientID(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a","client_id":"my shop/1?x=%2F&"}`)
	put := func(id string) answer {
		return f.send(t, "PUT", path, `{"name":"b","client_id":`+encode(t, id)+`}`)
	}
	put("my shop/1?x=%2F&").want(t, 200)
	f.send(t, "PUT", path, `{"name":"c"}`).want(t, 200, `"client_id":"my shop/1?x=%2F&"`)
	rows := f.rows(t)
	for _, other := range []string{"other", "", "my shop/1?x=%2f&", "MY SHOP/1?x=%2F&"} {
		put(other).want(t, 400, "MALFORMED_PAYLOAD", "/client_id: ", "cannot be changed")
	}
	for _, wrong := range []string{"", strings.Repeat("x", 256), "ü", "a\tb", "\x7f", "a\u0000b", "😀"} {
		f.send(t, "POST", f.setup+"/clients", `{"name":"a","client_id":`+encode(t, wrong)+`}`).want(t, 400, "MALFORMED_PAYLOAD", "/client_id: ")
	}
	f.send(t, "POST", f.setup+"/clients", `{"name":"a","client_id":"my shop/1?x=%2F&"}`).want(t, 400, "MALFORMED_PAYLOAD", "/client_id: ")
	// Another organization learns no more than that it is taken.
	a := f.as(f.Harbour, tenancy.Editor).send(t, "POST", f.setup+"/clients", `{"name":"a","client_id":"my shop/1?x=%2F&"}`).want(t, 400, "/client_id: ")
	if strings.Contains(a.Body.String(), string(f.North)) || strings.Contains(a.Body.String(), "north") {
		t.Errorf("the answer names the owner: %s", a.Body)
	}
	if f.rows(t) != rows {
		t.Error("a refused write stored something")
	}
	f.client(t, `{"name":"a","client_id":"`+strings.Repeat("~", 255)+`"}`)
}

func TestTranslationOfClientIDs(t *testing.T) {
	f := newFixture(t)
	for id, escaped := range map[string]string{"plain": "plain", "a/b": "a%2Fb", "a b+c": "a+b%2Bc", "x&client_id=y": "x%26client_id%3Dy", "?#%": "%3F%23%25",
		"...": "...", "names": "names", `"<>"`: "%22%3C%3E%22"} {
		path := f.client(t, `{"name":"a","client_id":`+encode(t, id)+`}`)
		got := f.get(t, f.setup+"/clients/entity-id?client_id="+escaped).want(t, 200).text(t, "clientId")
		if f.setup+"/clients/"+got != path {
			t.Errorf("%s is %s", id, got)
		}
		f.as(f.South, tenancy.Admin).get(t, f.setup+"/clients/entity-id?client_id="+escaped).want(t, 404, "SETUP_NOT_FOUND")
		f.as(f.Harbour, tenancy.Admin).get(t, f.setup+"/clients/entity-id?client_id="+escaped).want(t, 404, "CLIENT_NOT_FOUND")
	}
	f.get(t, f.setup+"/clients/entity-id?client_id=nobody").want(t, 404, "CLIENT_NOT_FOUND")
	for _, wrong := range []string{"", "?client_id=", "?client_id=a&client_id=b", "?client_id=%zz", "?client_id=%00", "?client_id=%ff"} {
		f.get(t, f.setup+"/clients/entity-id"+wrong).want(t, 400, "MALFORMED_QUERY_PARAMETER")
	}
}

func TestOwnerOrganization(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`, "Tenure-Owner: "+string(f.Harbour))
	f.as(f.Harbour, tenancy.Reader).get(t, path).want(t, 200)
	if got := f.get(t, path).Header().Get("Tenure-Owner"); got != string(f.Harbour) {
		t.Errorf("owned by %s", got)
	}
	rows := f.rows(t)
	for _, wrong := range []struct {
		owner  string
		status int
	}{{string(f.South), 403}, {string(f.Root), 403}, {"00000000-0000-4000-8000-000000000000", 403}, {"harbour", 400}, {string(f.North) + ",", 400}} {
		f.send(t, "POST", f.setup+"/clients", `{"name":"a"}`, "Tenure-Owner: "+wrong.owner).want(t, wrong.status)
		f.send(t, "PUT", path, `{"name":"b"}`, "Tenure-Owner: "+wrong.owner).want(t, 400)
	}
	f.send(t, "POST", f.setup+"/clients", `{"name":"a"}`, "Tenure-Owner: "+string(f.North), "Tenure-Owner: "+string(f.Harbour)).want(t, 400)
	if f.rows(t) != rows {
		t.Error("a refused write stored something")
	}
	f.send(t, "PUT", path, `{"name":"b"}`, "Tenure-Owner: "+string(f.Harbour)).want(t, 200)
	f.send(t, "PUT", path, `{"name":"b"}`, "Tenure-Owner: "+strings.ToUpper(string(f.Harbour))).want(t, 200)
}

// TestWriteOfAClientWhoseSecretCannotBeShown: a sealed copy that was changed in the
// database is never shown; a change is answered as what it is, made.
func TestWriteOfAClientWhoseSecretCannotBeShown(t *testing.T) {
	f := openFixture(t, true)
	path := f.send(t, "POST", f.setup+"/clients", confidential).want(t, 201).Header().Get("Location")
	for _, statement := range []string{"DROP TRIGGER secret_copy_no_update", "UPDATE secret_copy SET sealed = zeroblob(60)"} {
		if _, err := f.DB.Raw().Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	f.get(t, path).want(t, 500)
	f.send(t, "PUT", path, `{"name":"b","confidentiality_type":"confidential"}`).want(t, 200, `"name":"b"`, `"client_secret":null`)
	f.get(t, path).want(t, 500)
}
