package slashid_test

import (
	"testing"

	"tenure/tenancy"
	"tenure/tenancy/db/dbtest"
)

// parents is the tree, written without the program's own.
var parents = map[string]string{"a": "root", "b": "a", "c": "b", "d": "a", "x": "root"}

func above(upper, lower string) bool {
	for ; lower != ""; lower = parents[lower] {
		if upper == lower {
			return true
		}
	}
	return false
}

// TestHeaderOwnerAndKey asks every route for every organization, with every
// organization's key, about every organization's client. What succeeds changes
// nothing: empty patches, and a delete that a moved tag stops at the very end.
func TestHeaderOwnerAndKey(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	letters := []string{"root", "a", "b", "c", "d", "x"}
	made := map[string]string{}
	for _, owner := range letters {
		made[owner] = f.as(owner, tenancy.Admin).client(minimal)
	}
	routes := []struct {
		method, suffix, body, header string
		success                      int
	}{
		{"GET", "", "", "", 200}, {"GET", "/ui-configuration", "", "", 200}, {"PATCH", "", "{}", "", 200}, {"PUT", "/ui-configuration", "{}", "", 201},
		{"DELETE", "", "", `If-Match: "moved"`, 412}, {"PUT", "/secret?overlap=1h", "", "", 200},
	}
	asked := 0
	for _, header := range letters {
		for _, key := range letters {
			acting := f.acting(header, key, tenancy.Admin)
			for _, owner := range letters {
				for _, r := range routes {
					want := r.success
					switch {
					case !above(key, header):
						want = 401
					case !above(header, owner):
						want = 403
					}
					asked++
					if a := acting.send(r.method, made[owner]+r.suffix, r.body, "Tenure-Reason: matrix", r.header); a.Code != want {
						t.Errorf("%s %s of %s's for %s with %s's key: %d, not %d: %s", r.method, r.suffix, owner, header, key, a.Code, want, a.Body)
					}
				}
			}
			for target, success := range map[string]int{clients: 200, "/organizations": 200, "/organizations/suborganizations": 200, "/organizations/config": 200} {
				if !above(key, header) {
					success = 401
				}
				asked++
				if a := acting.get(target); a.Code != success {
					t.Errorf("GET %s for %s with %s's key: %d, not %d", target, header, key, a.Code, success)
				}
			}
		}
	}
	t.Logf("%d cells", asked)
	for _, path := range made {
		if n := len(f.history(path)); n != 1 {
			t.Errorf("%s has %d snapshots", path, n)
		}
	}
	f.sound()
}
