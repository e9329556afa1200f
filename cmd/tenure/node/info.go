package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tenure/cmd/tenure/exit"
	"tenure/snapshots"
	"tenure/tenancy"
)

// Info is the file that --info writes once the server is ready.
type Info struct {
	URL           string             `json:"url"`
	HydraAdminURL string             `json:"hydra_admin_url,omitempty"`
	OpsURL        string             `json:"ops_url,omitempty"`
	Module        string             `json:"module"`
	SetupID       snapshots.EntityID `json:"setup_id"`
	Organizations []InfoOrganization `json:"organizations"`
	Clients       []InfoClient       `json:"clients,omitempty"`
	OpenFinance   *InfoOpenFinance   `json:"open_finance,omitempty"`
}

type InfoOrganization struct {
	ID       tenancy.OrgID  `json:"id"`
	Name     string         `json:"name"`
	ParentID *tenancy.OrgID `json:"parent_id"`
	APIKey   string         `json:"api_key,omitempty"`
}

type InfoClient struct {
	ClientID     string             `json:"client_id"`
	EntityID     snapshots.EntityID `json:"entity_id"`
	Owner        tenancy.OrgID      `json:"owner_organization_id"`
	ClientSecret string             `json:"client_secret,omitempty"`
	// RegistrationToken opens /oauth2/register/{client_id}.
	RegistrationToken string `json:"registration_access_token,omitempty"`
}

// InfoOpenFinance is what a caller of the example scheme's /reg needs; its files
// are PEM.
type InfoOpenFinance struct {
	URL          string             `json:"url"` // of /reg
	SetupID      snapshots.EntityID `json:"setup_id"`
	CA           string             `json:"ca"`
	Cert         string             `json:"cert"`
	Key          string             `json:"key"`
	StatementURL string             `json:"statement_url"`
}

// ClientOf is the first client that an organization owns.
func (i Info) ClientOf(org tenancy.OrgID) InfoClient {
	for _, c := range i.Clients {
		if c.Owner == org {
			return c
		}
	}
	return InfoClient{}
}

// Describe describes the installation; keys are those just made, by organization.
func (n *Node) Describe(url string, keys map[tenancy.OrgID]string, clients []InfoClient) (Info, error) {
	operator := n.Tenancy.Operator("info")
	orgs, err := n.Tenancy.Organizations(operator)
	if err != nil {
		return Info{}, err
	}
	all := Info{URL: url, Module: snapshots.DefaultModule, Clients: clients,
		SetupID: snapshots.EntityID(n.Tenancy.DefaultSetup(n.Tenancy.Root()))}
	for _, o := range orgs {
		entry := InfoOrganization{ID: o.ID, Name: o.Name, APIKey: keys[o.ID]}
		if o.Parent != "" {
			entry.ParentID = &o.Parent
		}
		all.Organizations = append(all.Organizations, entry)
	}
	return all, nil
}

// KeepShownOnce copies from an earlier file what the server shows only once: API
// keys, and the credentials of clients.
func (i *Info) KeepShownOnce(earlier Info) {
	keys := make(map[tenancy.OrgID]string)
	for _, o := range earlier.Organizations {
		keys[o.ID] = o.APIKey
	}
	for k := range i.Organizations {
		if o := &i.Organizations[k]; o.APIKey == "" {
			o.APIKey = keys[o.ID]
		}
	}
	if len(i.Clients) == 0 && i.SetupID == earlier.SetupID {
		i.Clients = earlier.Clients
	}
}

// aside is where TakeInfo puts an earlier file: what it has is shown only once.
func aside(path string) string { return path + ".earlier" }

// TakeInfo reads the file of an earlier start and moves it aside, so that a
// file at path always describes a running server. What it read goes into the new
// file (KeepShownOnce); until that is written, the next start finds it aside.
func TakeInfo(path string) (Info, error) {
	if path == "" {
		return Info{}, nil
	}
	earlier, there, err := readInfo(path)
	if err != nil {
		return Info{}, err
	}
	if !there {
		earlier, _, err = readInfo(aside(path))
		return earlier, err
	}
	if err := os.Rename(path, aside(path)); err != nil {
		return Info{}, exit.With(exit.Usage, fmt.Errorf("--info: %w", err))
	}
	return earlier, nil
}

// readInfo reports whether there is a file. An empty one describes nothing.
func readInfo(path string) (i Info, there bool, err error) {
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return i, false, nil
	case err == nil && len(raw) > 0:
		if json.Unmarshal(raw, &i) != nil {
			err = errors.New("the file is there and is not an info file; it is not overwritten")
		}
	}
	if err != nil {
		return i, false, exit.With(exit.Usage, fmt.Errorf("--info %s: %w", path, err))
	}
	return i, true, nil
}

// End takes the file away when its server ends. What it has and shows only once
// is kept aside for the next start, if there can be one on the same database. A
// file that another server has put there since stays.
func (i Info) End(path string, again bool) error {
	if path == "" {
		return nil
	}
	own, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	there, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(there, append(own, '\n')) {
		return nil
	}
	if err != nil {
		return err
	}
	if again {
		return os.Rename(path, aside(path))
	}
	return os.Remove(path)
}

// Write puts the file in place at once, readable by its owner only, and removes
// the earlier one.
func (i Info) Write(path string) error {
	if path == "" {
		return nil
	}
	raw, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	err = ReplaceFile(path, append(raw, '\n'))
	if err == nil {
		if err = os.Remove(aside(path)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("--info: %w", err))
	}
	return nil
}
