package nevismeta_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenure/tenancy"
	"tenure/tenancy/tenancytest"
)

// after is the instant some time after the world's start, as a body spells it.
func after(d time.Duration) string {
	return tenancytest.Start.Add(d).UTC().Format("2006-01-02T15:04:05.000Z")
}

// named is a client's body with a name, in force from an instant.
func named(name, validFrom string) string {
	return fmt.Sprintf(`{"name":%q,"valid_from":%q}`, name, validFrom)
}

func TestValidFromOfTheActiveSnapshot(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	f.Clock.Advance(time.Minute)
	doc, rows := f.get(t, path).doc(t), f.rows(t)
	f.send(t, "PUT", path, encode(t, doc)).want(t, 400, "/valid_from: ", "leave it out")
	doc["comment"] = "c"
	f.send(t, "PUT", path, encode(t, doc)).want(t, 400, "/valid_from: ", "leave it out")
	if f.rows(t) != rows {
		t.Error("something was stored")
	}
	f.send(t, "PUT", path, encode(t, edited(doc, nil))).want(t, 200)
}

func TestValidFromIsNowOrLater(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"a"}`)
	f.Clock.Advance(time.Hour)
	rows := f.rows(t)
	for _, wrong := range []string{after(time.Hour - 6*time.Second), after(0), "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
		"", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-01-02T03:04:60Z", "12026-01-02T03:04:05Z", "2026-01-02 03:04:05Z"} {
		f.send(t, "PUT", path, named("b", wrong)).want(t, 400, "MALFORMED_PAYLOAD", "/valid_from: ")
		f.send(t, "POST", f.setup+"/clients", named("b", wrong)).want(t, 400, "MALFORMED_PAYLOAD", "/valid_from: ")
		f.send(t, "POST", strings.Replace(f.setup, "/v2/", "/v3/", 1)+"/clients", fmt.Sprintf(`{"client_name":"b","valid_from":%q}`, wrong)).
			want(t, 400, "INVALID_CLIENT_METADATA", "/valid_from: ")
		admin := f.as(f.North, tenancy.Admin)
		admin.send(t, "PUT", f.setup, named("b", wrong)).want(t, 400, "/valid_from: ")
		admin.send(t, "POST", f.setup+"/resource-servers", fmt.Sprintf(`{"scopes":[],"valid_from":%q}`, wrong)).want(t, 400, "/valid_from: ")
	}
	if f.rows(t) != rows {
		t.Error("something was stored")
	}
	// A little in the past is now: clocks differ.
	a := f.send(t, "PUT", path, named("b", after(time.Hour-4*time.Second))).want(t, 200)
	if at := a.text(t, "valid_from"); at < after(time.Hour) {
		t.Errorf("it is in force from %s", at)
	}
	// Any offset does, and milliseconds are what is kept.
	a = f.send(t, "PUT", path, named("c", "2030-01-31T13:00:00.123987+01:00")).want(t, 200, `"valid_from":"2030-01-31T12:00:00.123Z"`)
	if a.Header().Get("Tenure-Valid-From") != "2030-01-31T12:00:00.123Z" {
		t.Errorf("header %v", a.Header())
	}
	f.send(t, "PUT", path, named("d", "9999-12-31T23:59:59.999Z")).want(t, 200)
}

func TestPlannedChange(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"before"}`)
	if got := f.get(t, path).want(t, 200).Header().Get("Tenure-Next-Valid-From"); got != "" {
		t.Errorf("nothing is planned, and the next change is at %q", got)
	}
	planned := f.send(t, "PUT", path, named("after", after(2*time.Second))).want(t, 200, `"name":"after"`, after(2*time.Second))
	rows := f.rows(t)
	for range 2 { // for each answer: made anew, and kept
		a := f.get(t, path).want(t, 200, `"name":"before"`)
		if got := a.Header().Get("Tenure-Next-Valid-From"); got != after(2*time.Second) {
			t.Errorf("the next change is at %q", got)
		}
	}
	if got := f.as(f.North, tenancy.Reader).get(t, path).Header().Get("Tenure-Next-Valid-From"); got != "" {
		t.Errorf("a reader is told of the plan for %q", got)
	}
	if got := f.as(f.North, tenancy.Auditor).get(t, path).Header().Get("Tenure-Next-Valid-From"); got != after(2*time.Second) {
		t.Errorf("an auditor is told of the plan for %q", got)
	}
	// Up to its instant nothing changes; each reading moves the clock by 1 µs.
	now := time.UnixMicro(int64(f.store.Now()))
	f.Clock.Advance(tenancytest.Start.Add(2*time.Second).Truncate(time.Millisecond).Sub(now) - time.Millisecond)
	f.get(t, path).want(t, 200, `"name":"before"`)
	f.Clock.Advance(time.Millisecond)
	a := f.get(t, path).want(t, 200, `"name":"after"`)
	if a.Header().Get("Tenure-Next-Valid-From") != "" || a.Header().Get("Tenure-Snapshot-Id") != planned.Header().Get("Tenure-Snapshot-Id") {
		t.Errorf("headers %v", a.Header())
	}
	if a.Body.String() != planned.Body.String() {
		t.Errorf("it reads\n%s, and was planned as\n%s", a.Body, planned.Body)
	}
	if f.rows(t) != rows {
		t.Error("a read or the change wrote something")
	}
}

func TestDeletingSnapshots(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"1"}`)
	f.Clock.Advance(time.Second)
	f.send(t, "PUT", path, `{"name":"2"}`).want(t, 200)
	f.send(t, "PUT", path, named("3", after(time.Hour))).want(t, 200)
	list := f.get(t, path+"/snapshots").list(t, "snapshotIds")
	if len(list) != 3 {
		t.Fatal(list)
	}
	one := func(id string) string { return path + "/snapshots/" + id }
	for i, id := range list {
		f.get(t, one(id)).want(t, 200, fmt.Sprintf(`"name":"%d"`, i+1))
	}
	rows := f.rows(t)
	f.send(t, "DELETE", one(list[0]), "").want(t, 403, "INVALID_SNAPSHOT")
	f.send(t, "DELETE", one(list[1]), "").want(t, 403, "INVALID_SNAPSHOT")
	for _, unknown := range []string{strings.Repeat("0", 32), "x", "%2F", strings.Repeat("a", 3000)} {
		f.send(t, "DELETE", one(unknown), "").want(t, 404, "SNAPSHOT_NOT_FOUND")
		f.get(t, one(unknown)).want(t, 404, "SNAPSHOT_NOT_FOUND")
	}
	if f.rows(t) != rows {
		t.Error("a refused deletion wrote something")
	}
	// The same instant with other content is taken; with the same it is a retry.
	f.send(t, "PUT", path, named("other", after(time.Hour))).want(t, 400, "MALFORMED_PAYLOAD", "/valid_from: another snapshot")
	again := f.send(t, "PUT", path, named("3", after(time.Hour))).want(t, 200)
	if again.Header().Get("Tenure-Snapshot-Id") != list[2] || f.rows(t) != rows {
		t.Error("a retry planned it twice")
	}
	if a := f.send(t, "DELETE", one(list[2]), "").want(t, 204); a.Body.Len() > 0 {
		t.Errorf("204 with %s", a.Body)
	}
	f.send(t, "DELETE", one(list[2]), "").want(t, 404, "SNAPSHOT_NOT_FOUND")
	f.get(t, one(list[2])).want(t, 404, "SNAPSHOT_NOT_FOUND")
	if a := f.get(t, path); a.Header().Get("Tenure-Next-Valid-From") != "" {
		t.Error("the withdrawn snapshot is still to come")
	}
	f.send(t, "PUT", path, named("other", after(time.Hour))).want(t, 200) // the instant is free again
	if got := f.get(t, path+"/snapshots").list(t, "snapshotIds"); len(got) != 3 || got[2] == list[2] {
		t.Errorf("snapshots %v", got)
	}
	for _, spelling := range []string{"includeSoftDeletedStates", "includeSoftDeleteStates"} {
		if got := f.get(t, path+"/snapshots?"+spelling+"=true").list(t, "snapshotIds"); len(got) != 4 {
			t.Errorf("%s: %v", spelling, got)
		}
		f.get(t, path+"/snapshots?"+spelling+"=yes").want(t, 400, "MALFORMED_QUERY_PARAMETER", spelling)
	}
}

func TestOnlyPlannedClient(t *testing.T) {
	f := newFixture(t)
	made := f.send(t, "POST", f.setup+"/clients", `{"name":"p","client_id":"planned","valid_from":"`+after(time.Hour)+`"}`).want(t, 201)
	path := made.Header().Get("Location")
	f.get(t, path).want(t, 404, "CLIENT_NOT_FOUND")
	if ids := f.get(t, f.setup+"/clients").list(t, "clientIds"); len(ids) != 0 {
		t.Errorf("listed %v", ids)
	}
	if ids := f.get(t, f.setup+"/clients?validAt=any").list(t, "clientIds"); len(ids) != 1 {
		t.Errorf("at any time %v", ids)
	}
	f.get(t, f.setup+"/clients/entity-id?client_id=planned").want(t, 200, made.text(t, "clientId"))
	f.as(f.North, tenancy.Reader).get(t, f.setup+"/clients/entity-id?client_id=planned").want(t, 404, "CLIENT_NOT_FOUND")
	list := f.get(t, path+"/snapshots").list(t, "snapshotIds")
	f.get(t, path+"/snapshots/"+list[0]).want(t, 200, `"name":"p"`)
	f.send(t, "DELETE", path+"/snapshots/"+list[0], "").want(t, 403, "DELETE_FORBIDDEN")
	// Its client_id is held.
	f.send(t, "POST", f.setup+"/clients", `{"name":"q","client_id":"planned"}`).want(t, 400, "MALFORMED_PAYLOAD", "/client_id: ")
	// It can be edited, now and later.
	f.send(t, "PUT", path, named("later", after(2*time.Hour))).want(t, 200)
	f.send(t, "PUT", path, `{"name":"now"}`).want(t, 200)
	f.get(t, path).want(t, 200, `"name":"now"`)
	f.Clock.Advance(3 * time.Hour)
	f.get(t, path).want(t, 200, `"name":"later"`)
}

// A planned confidential client has its secret from the start; plans after
// that keep it.
func TestPlannedClientKeepsItsSecret(t *testing.T) {
	f := newFixture(t)
	made := f.send(t, "POST", f.setup+"/clients", `{"name":"p","confidentiality_type":"confidential","valid_from":"`+after(time.Hour)+`"}`).want(t, 201)
	path, secret := made.Header().Get("Location"), made.text(t, "client_secret")
	f.send(t, "PUT", path, `{"name":"q","confidentiality_type":"confidential","valid_from":"`+after(2*time.Hour)+`"}`).want(t, 200)
	f.Clock.Advance(90 * time.Minute)
	f.get(t, path).want(t, 200, `"name":"p"`, secret)
	f.Clock.Advance(time.Hour)
	f.get(t, path).want(t, 200, `"name":"q"`, secret)
}

func TestSnapshotsAtAnInstant(t *testing.T) {
	f := newFixture(t)
	path := f.client(t, `{"name":"1"}`)
	f.Clock.Advance(time.Minute)
	f.send(t, "PUT", path, `{"name":"2"}`).want(t, 200)
	f.send(t, "PUT", path, named("3", after(time.Hour))).want(t, 200)
	list := f.get(t, path+"/snapshots").list(t, "snapshotIds")
	for query, want := range map[string]string{
		"": strings.Join(list, " "), "?validAt=any": strings.Join(list, " "),
		"?validAt=" + after(30*time.Second): list[0], "?validAt=" + after(2*time.Minute): list[1], "?validAt=" + after(2*time.Hour): list[2],
		"?validAt=2020-01-01T00:00:00Z": "", "?validAt=2030-01-01T00:00:00%2B01:00": list[2], "?validAt=2030-01-01T00:00:00+01:00": list[2],
	} {
		if got := strings.Join(f.get(t, path+"/snapshots"+query).list(t, "snapshotIds"), " "); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	for _, wrong := range []string{"now", "ANY", "2020-10-14", "2020-10-14T12:00:00", "1602669600", "%00", "2020-10-14T12:00:00Z&validAt=any"} {
		f.get(t, path+"/snapshots?validAt="+wrong).want(t, 400, "MALFORMED_QUERY_PARAMETER")
	}
	f.as(f.North, tenancy.Reader).get(t, path+"/snapshots").want(t, 403, "AUTHORIZATION_FAILURE")
	f.as(f.North, tenancy.Auditor).get(t, path+"/snapshots/"+list[0]).want(t, 200)
}

// TestListsAsOf: lists, names and entity ids answer about another instant, by at,
// Accept-Datetime and known_at.
func TestListsAsOf(t *testing.T) {
	f := newFixture(t)
	f.Clock.Advance(time.Minute)
	path := f.client(t, `{"name":"before","client_id":"c"}`)
	id := path[strings.LastIndexByte(path, '/')+1:]
	f.Clock.Advance(time.Minute)
	f.send(t, "PUT", path, `{"name":"after"}`).want(t, 200)
	f.send(t, "PUT", path, named("planned", after(time.Hour))).want(t, 200)
	list, names, entity := f.setup+"/clients", f.setup+"/clients/names", f.setup+"/clients/entity-id?client_id=c"
	const early = "2020-01-01T00:00:00Z"
	between := after(90 * time.Second)
	for target, want := range map[string]string{
		list + "?at=" + early:                                        `{"clientIds":[]}`,
		list + "?known_at=" + early:                                  `{"clientIds":[]}`,
		list + "?at=" + between:                                      `{"clientIds":["` + id + `"]}`,
		list + "?name=before&at=" + between:                          `{"clientIds":["` + id + `"]}`,
		list + "?name=after&at=" + between:                           `{"clientIds":[]}`,
		list + "?name=before&known_at=" + between:                    `{"clientIds":["` + id + `"]}`,
		list + "?name=planned&at=" + after(2*time.Hour):              `{"clientIds":["` + id + `"]}`,
		names + "?at=" + early:                                       `{}`,
		names + "?at=" + between:                                     `{"` + id + `":"before"}`,
		names + "?known_at=" + between:                               `{"` + id + `":"before"}`,
		names + "?at=" + after(2*time.Hour):                          `{"` + id + `":"planned"}`,
		names + "?at=" + after(2*time.Hour) + "&known_at=" + between: `{"` + id + `":"before"}`,
		entity + "&at=" + between:                                    `{"clientId":"` + id + `"}`,
		f.setup + "/resource-servers?at=" + between:                  `{"resourceServerIds":[]}`,
		"/v2/modules/" + module + "/setups?at=" + early:              `{"setupIds":[]}`,
		"/v2/modules/" + module + "/setups?at=" + between:            `{"setupIds":["` + string(f.id) + `"]}`,
	} {
		a := f.get(t, target).want(t, 200)
		if got := strings.TrimSpace(a.Body.String()); got != want {
			t.Errorf("%s: %s", target, got)
		}
		if strings.Contains(target, "?at=") && a.Header().Get("Memento-Datetime") == "" || a.Header().Get("Cache-Control") == "" {
			t.Errorf("%s: headers %v", target, a.Header())
		}
	}
	f.get(t, entity+"&at="+early).want(t, 404, "NOT_FOUND")
	if got := f.get(t, names, "Accept-Datetime: "+tenancytest.Start.Add(90*time.Second).UTC().Format(http.TimeFormat)).want(t, 200).text(t, id); got != "before" {
		t.Errorf("by Accept-Datetime the name is %s", got)
	}
	if a := f.get(t, list+"?at="+between+"&known_at="+between).want(t, 200); !strings.Contains(a.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("what is final: %v", a.Header())
	}
	for _, wrong := range []string{"?validAt=" + between + "&at=" + between, "?validAt=any&at=" + between, "?validAt=any&known_at=" + between} {
		f.get(t, list+wrong).want(t, 400, "MALFORMED_QUERY_PARAMETER", "validAt")
	}
	f.get(t, list+"?at=now").want(t, 400, "MALFORMED_QUERY_PARAMETER", "at must be")
	for _, target := range []string{list + "?at=" + between, names + "?at=" + between, entity + "&at=" + between} {
		f.as(f.North, tenancy.Reader).get(t, target).want(t, 403, "AUTHORIZATION_FAILURE")
	}
	f.send(t, "DELETE", path, "").want(t, 204)
	f.get(t, path+"?at="+after(3*time.Minute)).want(t, 410, `"error_code":"DELETED"`)
	f.Clock.Advance(time.Hour)
	f.get(t, entity+"&at="+after(10*time.Minute)).want(t, 410, `"error_code":"DELETED"`)
	if ids := f.get(t, list+"?at="+between).list(t, "clientIds"); len(ids) != 1 {
		t.Errorf("after the deletion, at an instant before it: %v", ids)
	}
}
