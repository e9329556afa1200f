package policy_test

import (
	"testing"

	"tenure/snapshots/policy"
)

// TestDoors: what each kind of policy opens.
func TestDoors(t *testing.T) {
	for _, row := range []struct {
		registration, profile string
		oauth2, reg           bool
	}{
		{"", "", false, false},
		{policy.RegistrationOpen, "", true, false},
		{policy.RegistrationToken, "", true, false},
		{policy.RegistrationStatement, "", false, true},
		{policy.RegistrationOpen, policy.ProfileDCR2, false, true},
		{policy.RegistrationToken, policy.ProfileID3, false, true},
		{policy.RegistrationStatement, policy.ProfileID3, false, true},
		{policy.RegistrationStatement, policy.ProfilePlain, false, false},
		{policy.RegistrationOpen, policy.ProfilePlain, true, true},
		{policy.RegistrationOff, policy.ProfilePlain, false, false},
	} {
		raw, err := policy.Policy{Registration: row.registration, OpenFinanceProfile: row.profile}.Filled().Encode()
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.Decode(raw)
		if err != nil || p.Opens(policy.DoorOAuth2) != row.oauth2 || p.Opens(policy.DoorReg) != row.reg {
			t.Errorf("%+v: %v, %v", row, p, err)
		}
	}
}

// TestPoliciesOfAnOlderProgram named a profile whether or not somebody had chosen it:
// their doors stay as they were.
func TestPoliciesOfAnOlderProgram(t *testing.T) {
	for raw, want := range map[string][2]bool{
		`{"registration":"open","open_finance_profile":"ofb-dcr2"}`:      {true, true},
		`{"registration":"open","open_finance_profile":"plain"}`:         {true, true},
		`{"registration":"statement","open_finance_profile":"ofb-dcr2"}`: {false, true},
		`{"registration":"off","open_finance_profile":"ofb-dcr2"}`:       {false, false},
	} {
		p, err := policy.Decode([]byte(raw))
		if err != nil || [2]bool{p.Opens(policy.DoorOAuth2), p.Opens(policy.DoorReg)} != want {
			t.Errorf("%s: %+v, %v", raw, p, err)
		}
	}
}

// TestAllowedGrants: what no client could have is no grant type that one may have.
func TestAllowedGrants(t *testing.T) {
	for grant, rule := range map[string]string{
		"authorization_code": "", "implicit": "", "password": "", "client_credentials": "", "refresh_token": "",
		"urn:ietf:params:oauth:grant-type:device_code": "", "https://a.example/grants/x": "",
		"foo": "grant-type-known", "Authorization_Code": "grant-type-known", "*": "grant-type-known", "javascript:x": "grant-type-known",
		"a b": "word", "": "word", "a\u200b": "word",
	} {
		faults := policy.Policy{AllowedGrants: []string{"implicit", grant}}.Filled().Check()
		if rule == "" && len(faults) != 0 || rule != "" && (len(faults) != 1 || faults[0].Rule != rule || faults[0].Path != "/allowed_grants/1") {
			t.Errorf("%q: %v, want %q", grant, faults, rule)
		}
	}
}

// TestOrigins: what no browser sends is refused, "*" is alone, and lists have nothing twice.
func TestOrigins(t *testing.T) {
	for _, row := range []struct {
		origins []string
		faults  int
	}{
		{[]string{"https://a.example", "https://a.example"}, 0},
		{[]string{"*", "*"}, 0},
		{[]string{"*", "https://a.example"}, 1},
		{[]string{"https://a.example/x", "https://a.example?x", "https://a.example#x", "https://u@a.example", "https://a.example:99999"}, 5},
	} {
		p := policy.Policy{Origins: row.origins}.Filled()
		if faults := p.Check(); len(faults) != row.faults {
			t.Errorf("%q: %v", row.origins, faults)
		}
		if kept := p.Settled(); row.faults == 0 && len(kept.Origins) != 1 || kept.AllowedGrants != nil {
			t.Errorf("%q: %+v", row.origins, kept)
		}
	}
	if p := (policy.Policy{Origins: []string{}}).Settled(); p.Origins == nil {
		t.Error("no origins became the default")
	}
}
