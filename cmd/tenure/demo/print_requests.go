package demo

import (
	"fmt"
	"io"

	"tenure/cmd/tenure/node"
)

// PrintRequests prints what is in the example installation, and requests to
// paste, at least one for each surface.
func PrintRequests(out io.Writer, i node.Info) {
	fmt.Fprintf(out, "tenure dev serves an example on %s\n", i.URL)
	if i.HydraAdminURL != "" {
		fmt.Fprintf(out, "Hydra's admin API, which needs no key, is on %s\n", i.HydraAdminURL)
	}
	fmt.Fprint(out, "\norganizations, each with an administrator's key:\n")
	for _, o := range i.Organizations {
		fmt.Fprintf(out, "  %-20s %s  %s\n", o.Name, o.ID, o.APIKey)
	}
	if len(i.Clients) == 0 { // the database is an earlier one, and no info file has the credentials
		fmt.Fprint(out, "\nfor the requests of docs/api/openfinance.md:\n\n")
		for _, v := range Variables(i) {
			if v.Value != "" && v.Name != "CLIENT" {
				fmt.Fprintf(out, "export %s=%s\n", v.Name, v.Value)
			}
		}
		return
	}
	fmt.Fprintf(out, "\nclients in setup %s, each with a certificate chain and a past, an active and a planned snapshot:\n", i.SetupID)
	for _, c := range i.Clients {
		fmt.Fprintf(out, "  %-20s entity %s\n", c.ClientID, c.EntityID)
	}
	fmt.Fprint(out, "\nfor the requests of the README and of docs/api/openfinance.md:\n\n")
	for _, v := range Variables(i) {
		fmt.Fprintf(out, "export %s=%s\n", v.Name, v.Value)
	}
	fmt.Fprint(out, "\nrequests to paste as they are:\n")
	for _, r := range Requests(i) {
		fmt.Fprintf(out, "\n# %s\n%s\n", r.What, r.Command)
	}
}

// Variable is a shell variable that the requests in the documents use.
type Variable struct{ Name, Value string }

// Variables are the values for the requests in the README and the documents.
func Variables(i node.Info) []Variable {
	root, last := i.Organizations[0], i.Organizations[len(i.Organizations)-1]
	all := []Variable{
		{"TENURE", i.URL},
		{"SETUP", fmt.Sprintf("%s/v2/modules/%s/setups/%s", i.URL, i.Module, i.SetupID)},
		{"CLIENT", string(i.ClientOf(last.ID).EntityID)},
		{"ROOT_KEY", root.APIKey},
		{"CHILD_KEY", last.APIKey},
		{"CHILD_ORG", string(last.ID)},
		{"CHILD_CLIENT", i.ClientOf(last.ID).ClientID},
		{"ROOT_ORG", string(root.ID)},
	}
	if o := i.OpenFinance; o != nil {
		all = append(all, Variable{"REG", o.URL}, Variable{"CA", o.CA}, Variable{"CERT", o.Cert}, Variable{"KEY", o.Key},
			Variable{"STATEMENT_URL", o.StatementURL})
	}
	return all
}

// Request is a command line for a shell.
type Request struct{ What, Command string }

// Requests are complete: they can be pasted as they are.
func Requests(i node.Info) []Request {
	root, last := i.Organizations[0], i.Organizations[len(i.Organizations)-1]
	setup := fmt.Sprintf("%s/v2/modules/%s/setups/%s", i.URL, i.Module, i.SetupID)
	own := i.ClientOf(last.ID)
	all := []Request{
		{"nevisMeta: a child organization resolves its own client, certificates parsed",
			fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' %s/clients/%s", last.APIKey, setup, own.EntityID)},
		{"nevisMeta: its past, active and planned snapshots",
			fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' %s/clients/%s/snapshots", root.APIKey, setup, own.EntityID)},
		{"nevisMeta: a new client",
			fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{\"name\":\"my app\",\"confidentiality_type\":\"public\"}' %s/clients", root.APIKey, setup)},
		{"Ory Hydra's admin API: the same client, as Hydra's SDK and command line see it",
			fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' %s/admin/clients/%s", last.APIKey, i.URL, own.ClientID)},
		{"Ory Hydra's dynamic registration: a client registers itself, with no key at all",
			fmt.Sprintf("curl -s -d '{\"client_name\":\"my agent\",\"redirect_uris\":[\"https://agent.example/callback\"]}' %s/oauth2/register", i.URL)},
		{"Ory Hydra's dynamic registration: a client reads itself",
			fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' %s/oauth2/register/%s", own.RegistrationToken, i.URL, own.ClientID)},
		{"Open Finance's registration, in its plain profile",
			fmt.Sprintf("curl -s -H 'Content-Type: application/json' -d '{\"client_name\":\"my app\",\"redirect_uris\":[\"https://app.example/callback\"]}' %s/reg", i.URL)},
		{"SlashID's API: the root reads a client two organizations below; the answer names its owner",
			fmt.Sprintf("curl -s -H 'SlashID-OrgID: %s' -H 'SlashID-API-Key: %s' %s/oauth2/clients/%s", root.ID, root.APIKey, i.URL, own.ClientID)},
		{"SlashID's API: every organization below the root",
			fmt.Sprintf("curl -s -H 'SlashID-OrgID: %s' -H 'SlashID-API-Key: %s' %s/organizations/suborganizations", root.ID, root.APIKey, i.URL)},
		{"Tenure's own API: the organization tree",
			fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' %s/v1/organizations", root.APIKey, i.URL)},
	}
	if o := i.OpenFinance; o != nil {
		all = append(all, Request{"Open Finance: a software registers over mutual TLS with the statement that the demonstration directory signs",
			fmt.Sprintf("curl -s --cacert '%s' --cert '%s' --key '%s' -H 'Content-Type: application/json' -d '{\"software_statement\":\"'$(curl -s %s)'\",\"redirect_uris\":[\"https://software.example/callback\"]}' %s",
				o.CA, o.Cert, o.Key, o.StatementURL, o.URL)})
	}
	return all
}
