package api_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
	"tenure/tenancy/history"
)

// TestExportIsWhole: an export of more than one page has every event of the
// subtree once and in order, in each form, and ends where it began to be made.
func TestExportIsWhole(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	const written = 2345
	must(t, f.DB.Write(ctx, func(tx *db.Tx) error {
		for i := range written {
			org := []tenancy.OrgID{f.Harbour, f.South}[i%2]
			history.Record(tx, history.Event{Kind: "client.changed", ObjectKind: history.ObjectClient, Object: fmt.Sprint("o", i%7), Org: string(org),
				Actor: "key:" + f.KeyID(f.Root, tenancy.Admin), ActingOrg: string(f.Root), Surface: "test", Effective: 1})
		}
		return nil
	}))
	var want []int64
	for i, e := range f.Events(t) {
		if e.Org == string(f.Harbour) || e.Org == string(f.North) {
			want = append(want, int64(i))
		}
	}
	export := func(form string) string {
		r := httptest.NewRequest("GET", "/v1/history?format="+form, nil)
		r.Header.Set("Authorization", "Bearer "+f.Key(f.North, tenancy.Auditor))
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != 200 || !w.Flushed {
			t.Fatalf("%s: %d, sent in parts: %t", form, w.Code, w.Flushed)
		}
		return w.Body.String()
	}
	for _, form := range []string{"jsonl", "ocsf"} {
		var got []int64
		lines := bufio.NewScanner(strings.NewReader(export(form)))
		for lines.Scan() {
			var line struct {
				LogIndex int64 `json:"log_index"`
				Unmapped struct {
					LogIndex int64 `json:"log_index"`
					Key      *struct{ Name *string }
				}
			}
			must(t, json.Unmarshal(lines.Bytes(), &line))
			got = append(got, line.LogIndex+line.Unmapped.LogIndex)
			if k := line.Unmapped.Key; k != nil && k.Name != nil {
				t.Fatalf("a key from above is named: %s", lines.Text())
			}
		}
		same(t, form, want, got)
	}
	rows, err := csv.NewReader(strings.NewReader(export("csv"))).ReadAll()
	must(t, err)
	var got []int64
	for _, row := range rows[1:] {
		var index int64
		_, err := fmt.Sscan(row[0], &index)
		must(t, err)
		got = append(got, index)
	}
	same(t, "csv", want, got)
}

func same(t *testing.T, form string, want, got []int64) {
	t.Helper()
	if fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("%s: %d events, want %d", form, len(got), len(want))
	}
}
