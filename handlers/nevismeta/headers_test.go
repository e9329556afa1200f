package nevismeta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tenure/handlers/nevismeta"
	"tenure/snapshots"
	"tenure/snapshots/document"
	"tenure/tenancy"
)

func TestTagChangesWithWhatIsShown(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, confidential)
	admin := f.as(f.North, tenancy.Admin)
	seen := make(map[string]string)
	look := func(what string) string {
		t.Helper()
		for _, query := range []string{"", "?resolve=false"} {
			a := f.get(t, path+query).want(t, 200)
			tag := a.Header().Get("Etag")
			if !strings.HasPrefix(tag, `"`) || seen[tag] != "" {
				t.Errorf("%s%s: the tag %s was that of %s", what, query, tag, seen[tag])
			}
			seen[tag] = what + query
			if f.get(t, path+query).Header().Get("Etag") != tag {
				t.Errorf("%s: the tag is not the same twice", what)
			}
			f.get(t, path+query, "If-None-Match: "+tag).want(t, 304)
		}
		return f.get(t, path).Header().Get("Etag")
	}
	look("first")
	f.send(t, "PUT", path, `{"name":"b","confidentiality_type":"confidential"}`).want(t, 200)
	look("content")
	admin.send(t, "PUT", f.setup, defaults).want(t, 200)
	f.get(t, path).want(t, 200, `"access_token_ttl":3600`)
	look("inheritance")
	f.send(t, "PUT", path, `{"name":"b","confidentiality_type":"confidential","client_secret":"a new secret of mine"}`).want(t, 200)
	look("secret")
	f.as(f.North, tenancy.Reader).get(t, path, "If-None-Match: *").want(t, 304)

	// No API moves a client to another owner yet; the tag knows one all the same.
	found, err := snapshots.Resolve[document.Client](ctx, f.store, f.Scope(t, f.North, tenancy.Editor), snapshots.ByRef(f.ref(path)), snapshots.Instant{})
	must(t, err)
	before := nevismeta.TagOf(found)
	found.Entity.Owner = f.Harbour
	if nevismeta.TagOf(found) == before {
		t.Error("the tag does not change with the owner")
	}
}

func TestRecordedAtAndValidFrom(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	h := f.get(t, path).Header()
	valid, err := time.Parse("2006-01-02T15:04:05.000Z", h.Get("Tenure-Valid-From"))
	must(t, err)
	recorded, err := time.Parse("2006-01-02T15:04:05.000000Z", h.Get("Tenure-Recorded-At"))
	must(t, err)
	if got := f.get(t, path).text(t, "valid_from"); got != h.Get("Tenure-Valid-From") || recorded.Truncate(time.Millisecond) != valid {
		t.Errorf("valid_from %s, headers %v", got, h)
	}
	for _, target := range []string{f.setup, path + "/snapshots/" + h.Get("Tenure-Snapshot-Id")} {
		h := f.get(t, target).want(t, 200).Header()
		for _, name := range []string{"Tenure-Snapshot-Id", "Tenure-Valid-From", "Tenure-Recorded-At", "Tenure-Owner", "Etag"} {
			if h.Get(name) == "" {
				t.Errorf("%s has no %s", target, name)
			}
		}
	}
}

func TestIfMatch(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	n := 0
	put := func(header ...string) answer {
		n++
		return f.send(t, "PUT", path, fmt.Sprintf(`{"name":"put %d"}`, n), header...)
	}
	first := f.get(t, path).Header().Get("Etag")
	readers := f.as(f.North, tenancy.Reader).get(t, path).Header().Get("Etag")
	raw := f.get(t, path+"?resolve=false").Header().Get("Etag")
	put("If-Match: "+readers).want(t, 200)
	rows := f.rows(t)
	for _, moved := range []string{first, readers, raw, "W/" + f.get(t, path).Header().Get("Etag"), `"x"`, `""`, `"."`, first + `, "y"`} {
		put("If-Match: "+moved).want(t, 412, "PRECONDITION_FAILED")
		f.send(t, "DELETE", path, "", "If-Match: "+moved).want(t, 412, "PRECONDITION_FAILED")
	}
	put("If-Match: ").want(t, 412)
	for _, wrong := range []string{"x", `"x`, `w/"x"`, "*, *"} {
		put("If-Match: "+wrong).want(t, 400, "If-Match")
	}
	if f.rows(t) != rows {
		t.Error("a refused write stored something")
	}
	put("If-Match: *").want(t, 200)
	put("If-Match: "+first+", "+f.get(t, path+"?resolve=false").Header().Get("Etag")).want(t, 200)
	// The base of a planned change is what will be in force then.
	f.send(t, "PUT", path, named("planned", after(time.Hour))).want(t, 200)
	active := f.get(t, path).Header().Get("Etag")
	f.send(t, "PUT", path, named("later", after(2*time.Hour)), "If-Match: "+active).want(t, 412)
	f.send(t, "PUT", path, named("between", after(time.Minute)), "If-Match: "+active).want(t, 200)
	f.send(t, "DELETE", path, "", "If-Match: "+active).want(t, 204)
	f.send(t, "PUT", f.setup+"/clients/"+strings.Repeat("0", 32), `{"name":"a"}`, "If-Match: *").want(t, 404)

	// Setups and resource servers take it too.
	admin := f.as(f.North, tenancy.Admin)
	tag := f.get(t, f.setup).Header().Get("Etag")
	admin.send(t, "PUT", f.setup, `{"name":"t2"}`, "If-Match: "+tag).want(t, 200)
	admin.send(t, "PUT", f.setup, `{"name":"t3"}`, "If-Match: "+tag).want(t, 412)
	server := admin.send(t, "POST", f.setup+"/resource-servers", `{"scopes":[]}`).want(t, 201).Header().Get("Location")
	tag = f.get(t, server).Header().Get("Etag")
	admin.send(t, "PUT", server, `{"scopes":[],"name":"s"}`, "If-Match: "+tag).want(t, 200)
	admin.send(t, "PUT", server, `{"scopes":[],"name":"u"}`, "If-Match: "+tag).want(t, 412)
	admin.send(t, "DELETE", server, "", "If-Match: "+tag).want(t, 412)
}

func TestNoUpdateIsLostUnderIfMatch(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	tag := f.get(t, path).Header().Get("Etag")
	const n = 16
	codes := make(chan int, n)
	for i := range n {
		go func() {
			codes <- f.send(t, "PUT", path, fmt.Sprintf(`{"name":"%d"}`, i), "If-Match: "+tag).Code
		}()
	}
	won := 0
	for range n {
		switch code := <-codes; code {
		case 200:
			won++
		case 412:
		default:
			t.Errorf("a writer got %d", code)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d writers with the same base won", won, n)
	}
}

func TestConcurrentWritesAllStay(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	const n = 24
	done := make(chan answer, n)
	for i := range n {
		go func() { done <- f.send(t, "PUT", path, fmt.Sprintf(`{"name":"%d"}`, i)) }()
		go f.get(t, path)
	}
	names := make(map[string]bool)
	for range n {
		names[(<-done).want(t, 200).text(t, "name")] = true
	}
	list := f.get(t, path+"/snapshots").list(t, "snapshotIds")
	if len(names) != n || len(list) != n+1 {
		t.Errorf("%d writers were answered with %d names; there are %d snapshots", n, len(names), len(list))
	}
	last, err := snapshots.Snapshot[document.Client](ctx, f.store, f.Scope(t, f.North, tenancy.Editor), snapshots.ByRef(f.ref(path)), snapshots.SnapshotID(list[n]))
	must(t, err)
	if got := f.get(t, path).text(t, "name"); got != last.Content.ClientName {
		t.Errorf("it reads %s, and the last snapshot is %s", got, last.Content.ClientName)
	}
	problems, err := snapshots.Check(ctx, f.DB)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}
