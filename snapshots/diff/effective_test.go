package diff_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenure/snapshots/diff"
	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

// drawSetup is a setup in which each member that clients inherit is that of a full
// one, unset, or another.
func drawSetup(t *rapid.T, name string) *document.Setup {
	s := documenttest.FullSetup()
	v := reflect.ValueOf(&s).Elem()
	for _, member := range []string{"GrantTypes", "ForceReauthentication", "AccessTokenTTL", "RefreshTokenTTL", "IDTokenTTL", "PersistedConsentTTL"} {
		switch field := v.FieldByName(member); rapid.IntRange(0, 2).Draw(t, name+" "+member) {
		case 0:
			field.SetZero()
		case 1:
			alter(field)
		}
	}
	return &s
}

var inheritable = []string{"grant_types", "force_reauthentication", "access_token_ttl", "refresh_token_ttl", "id_token_ttl", "persisted_consent_ttl"}

// TestEffectiveLaws: two equal sides have no difference; Effective and Of agree on members
// that are not inherited; a setup does not change what a client sets itself; and each
// inherited side, and no other, names the setup's snapshot.
func TestEffectiveLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawClient(t, "a"), drawClient(t, "b")
		before, after := drawSetup(t, "before"), drawSetup(t, "after")
		from, to := diff.InForce{Client: a, Setup: before, From: "1"}, diff.InForce{Client: b, Setup: after, From: "2"}
		if r := diff.Effective(from, from, noon); !r.Empty() || len(r.Reordered)+len(r.Stored) > 0 {
			t.Fatalf("equal: %+v", r)
		}
		r := diff.Effective(from, to, noon)
		stored := diff.Of(a, b, diff.Options{At: noon, From: before, To: after})
		own := func(name string) bool { return !slices.Contains(inheritable, name) }
		if got, want := only(r.Changes, own), only(stored.Changes, own); !reflect.DeepEqual(got, want) {
			t.Fatalf("what is not inherited: %+v, want %+v", got, want)
		}
		inOld, inNew := document.Inherited(a, before), document.Inherited(b, after)
		for _, c := range r.Changes {
			if c.Old.Set() && slices.Contains(inOld, c.Member) != (c.OldFrom == "1") || c.New.Set() && slices.Contains(inNew, c.Member) != (c.NewFrom == "2") {
				t.Fatalf("marked wrongly: %+v, inherited %q and %q", c, inOld, inNew)
			}
			if !c.Old.Set() && c.OldFrom != "" || !c.New.Set() && c.NewFrom != "" {
				t.Fatalf("nothing is inherited: %+v", c)
			}
		}
		acts, then := document.Effective(a, before), document.Effective(b, after)
		if same := diff.Of(&acts, &then, diff.Options{}); len(same.Changes) != len(r.Changes) {
			t.Fatalf("in force %+v, told %+v", same.Changes, r.Changes)
		}
		for _, name := range r.Stored {
			if !slices.ContainsFunc(stored.Changes, func(c diff.Change) bool { return c.Member == name }) || slices.ContainsFunc(r.Changes, func(c diff.Change) bool { return c.Member == name }) {
				t.Fatalf("%s is said to be only stored in another way", name)
			}
		}
		for _, c := range stored.Changes {
			told := slices.ContainsFunc(r.Changes, func(o diff.Change) bool { return o.Member == c.Member })
			if !told && !slices.Contains(r.Stored, c.Member) {
				t.Fatalf("%s changed as stored, and nothing says so", c.Member)
			}
		}
		if text := diff.EffectiveUnified(from, to, "a", "b", 1); (text == "") != r.Empty() {
			t.Fatalf("text %q of %+v", text, r.Changes)
		}
		moved := diff.Effective(from, diff.InForce{Client: a, Setup: after, From: "2"}, noon)
		for _, c := range moved.Changes {
			if !c.Inherited() || own(c.Member) {
				t.Fatalf("only the setup changed: %+v", c)
			}
		}
		if len(moved.Stored) > 0 {
			t.Fatalf("only the setup changed: %q", moved.Stored)
		}
	})
}

// only are the changes of some members, without the risks of document.Works: those go
// with the first change of several members.
func only(all []diff.Change, want func(member string) bool) (some []diff.Change) {
	for _, c := range all {
		if want(c.Member) {
			var risks []diff.Risk
			for _, r := range c.Risks {
				if !slices.ContainsFunc(document.Works, func(w document.Work) bool { return w.Name == r.Rule }) {
					risks = append(risks, r)
				}
			}
			c.Risks = risks
			some = append(some, c)
		}
	}
	return some
}

// TestEffectiveStory: a setup adds the grant type password and raises a lifetime. A
// client that inherits both shows both with their risks, one that sets both shows
// nothing.
func TestEffectiveStory(t *testing.T) {
	hour, day := int64(3600), int64(86400)
	before := &document.Setup{GrantTypes: []string{"authorization_code"}, AccessTokenTTL: &hour}
	after := &document.Setup{GrantTypes: []string{"authorization_code", "password"}, AccessTokenTTL: &day}
	compare := func(a, b *document.Client) diff.Result {
		return diff.Effective(diff.InForce{Client: a, Setup: before, From: "s1"}, diff.InForce{Client: b, Setup: after, From: "s2"}, noon)
	}
	bare := &document.Client{ClientName: "bare", RedirectURIs: []string{"https://a.example/"}}
	r := compare(bare, bare)
	if len(r.Changes) != 2 || r.Level() != diff.Critical || r.Changes[0].Path != "/grant_types/1" || r.Changes[0].NewFrom != "s2" ||
		r.Changes[0].OldFrom != "" || r.Changes[1].OldFrom != "s1" || r.Changes[1].NewFrom != "s2" {
		t.Fatalf("%+v", r)
	}
	if got := rulesOf(r.Changes[0]) + rulesOf(r.Changes[1]); got != "grant-password lifetime-longer " {
		t.Errorf("risks %q", got)
	}
	if rows := string(diff.AppendRows(nil, r.Changes)); !strings.Contains(rows, `"inherited":{"old":null,"new":"s2"}`) || !strings.Contains(rows, `"inherited":{"old":"s1","new":"s2"}`) {
		t.Error(rows)
	}
	if text := diff.Markdown(&r); !strings.Contains(text, "inherited from `s2`") {
		t.Error(text)
	}
	text := diff.EffectiveUnified(diff.InForce{Client: bare, Setup: before, From: "s1"}, diff.InForce{Client: bare, Setup: after, From: "s2"}, "a", "b", 0)
	if !strings.Contains(text, "+grant_types: \"password\" (inherited from s2)\n") || !strings.Contains(text, "-access_token_ttl: 3600 s (1 h) (inherited from s1)\n") {
		t.Error(text)
	}

	own := &document.Client{GrantTypes: []string{"authorization_code"}, AccessTokenTTL: &hour}
	if r := compare(own, own); !r.Empty() || len(r.Stored) > 0 {
		t.Errorf("sets both itself: %+v", r)
	}
	same := &document.Client{GrantTypes: []string{"password", "authorization_code"}, AccessTokenTTL: &day}
	r = diff.Effective(diff.InForce{Client: &document.Client{}, Setup: after, From: "s2"}, diff.InForce{Client: same, Setup: after, From: "s2"}, noon)
	if !r.Empty() || !slices.Equal(r.Stored, []string{"grant_types", "access_token_ttl"}) {
		t.Errorf("sets what it inherited: %+v", r)
	}
	if text := diff.Markdown(&r); !strings.Contains(text, "No change.") || !strings.Contains(text, "with the same value in force: `grant_types`, `access_token_ttl`.") {
		t.Error(text)
	}

	fresh := diff.Effective(diff.InForce{}, diff.InForce{Client: bare, Setup: after, From: "s2"}, noon)
	if got := memberNames(fresh.Changes); !slices.Equal(got, []string{"client_name", "redirect_uris", "grant_types", "access_token_ttl"}) || fresh.Level() != diff.Critical {
		t.Errorf("a new client: %q, %s", got, fresh.Level())
	}
	if got := memberNames(diff.Effective(diff.InForce{}, diff.InForce{Client: bare}, noon).Changes); !slices.Equal(got, []string{"client_name", "redirect_uris"}) {
		t.Errorf("a new client of a setup without defaults: %q", got)
	}
}

func memberNames(all []diff.Change) (list []string) {
	for _, c := range all {
		if !slices.Contains(list, c.Member) {
			list = append(list, c.Member)
		}
	}
	return list
}

func rulesOf(c diff.Change) string {
	names := ""
	for _, r := range c.Risks {
		names += r.Rule + " "
	}
	return names
}

// TestGrantsThatAnEmptyListActsAs: without grant types a client acts as one with
// authorization_code. A list that comes or goes is judged by that.
func TestGrantsThatAnEmptyListActsAs(t *testing.T) {
	none, code, machine := []string{}, []string{"authorization_code"}, []string{"client_credentials"}
	for _, tt := range []struct {
		name     string
		old, new []string
		want     string
	}{
		{"what it acted as", none, code, ""},
		{"what it will act as", code, none, ""},
		{"another one", none, machine, "grant-added grant-removed "},
		{"from another one", machine, none, "grant-added grant-removed "},
	} {
		uris := []string{"https://a.example/"}
		for _, r := range []diff.Result{
			diff.Of(&document.Client{GrantTypes: tt.old, RedirectURIs: uris}, &document.Client{GrantTypes: tt.new, RedirectURIs: uris}, diff.Options{}),
			diff.Effective(diff.InForce{Client: &document.Client{RedirectURIs: uris}, Setup: &document.Setup{GrantTypes: tt.old}, From: "1"},
				diff.InForce{Client: &document.Client{RedirectURIs: uris}, Setup: &document.Setup{GrantTypes: tt.new}, From: "2"}, noon),
		} {
			got := ""
			for _, c := range r.Changes {
				got += rulesOf(c)
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
			}
		}
	}
}
