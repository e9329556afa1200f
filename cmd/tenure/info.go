package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenure/snapshots"
	"tenure/tenancy"
)

// info is the file that --info writes once the server is ready.
type info struct {
	URL           string             `json:"url"`
	HydraAdminURL string             `json:"hydra_admin_url,omitempty"`
	Module        string             `json:"module"`
	SetupID       snapshots.EntityID `json:"setup_id"`
	Organizations []infoOrg          `json:"organizations"`
	Clients       []infoClient       `json:"clients,omitempty"`
	OpenFinance   *infoScheme        `json:"open_finance,omitempty"`
}

type infoOrg struct {
	ID       tenancy.OrgID  `json:"id"`
	Name     string         `json:"name"`
	ParentID *tenancy.OrgID `json:"parent_id"`
	APIKey   string         `json:"api_key,omitempty"`
}

type infoClient struct {
	ClientID     string             `json:"client_id"`
	EntityID     snapshots.EntityID `json:"entity_id"`
	Owner        tenancy.OrgID      `json:"owner_organization_id"`
	ClientSecret string             `json:"client_secret,omitempty"`
	// RegistrationToken opens /oauth2/register/{client_id}.
	RegistrationToken string `json:"registration_access_token,omitempty"`
}

// gather describes the installation; keys are those just made, by organization.
func (n *node) gather(url string, keys map[tenancy.OrgID]string, clients []infoClient) (info, error) {
	operator := n.tenancy.Operator("info")
	orgs, err := n.tenancy.Organizations(operator)
	if err != nil {
		return info{}, err
	}
	all := info{URL: url, Module: snapshots.DefaultModule, Clients: clients,
		SetupID: snapshots.EntityID(n.tenancy.DefaultSetup(n.tenancy.Root()))}
	for _, o := range orgs {
		entry := infoOrg{ID: o.ID, Name: o.Name, APIKey: keys[o.ID]}
		if o.Parent != "" {
			entry.ParentID = &o.Parent
		}
		all.Organizations = append(all.Organizations, entry)
	}
	return all, nil
}

// keep takes over from an earlier file what is shown only once.
func (i *info) keep(earlier info) {
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

// readInfo reads an earlier file; none is no error.
func readInfo(path string) (info, error) {
	var i info
	if path == "" {
		return i, nil
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(raw) == 0 {
		return i, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &i)
	}
	if err != nil {
		return i, &exit{exitUsage, fmt.Errorf("--info %s: %w", path, err)}
	}
	return i, nil
}

// write puts the file in place at once, readable by its owner only.
func (i info) write(path string) error {
	if path == "" {
		return nil
	}
	raw, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".info-*") // made 0600
	if err == nil {
		_, err = f.Write(append(raw, '\n'))
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return &exit{exitUsage, fmt.Errorf("--info: %w", err)}
	}
	return nil
}
