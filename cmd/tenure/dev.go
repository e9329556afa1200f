package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"tenure/handlers/openfinance"
	"tenure/snapshots"
	"tenure/tenancy"
)

type devFlags struct {
	config, database, listen, info, logLevel, logFile string
	allowRemote                                       bool
	hydra                                             hydraAdmin
	openFinance                                       string // address of the mutual-TLS listener
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Serve a small example installation, ready to try",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			return dev(cmd.OutOrStdout(), f)
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "", "JSON file whose members are these flags")
	cmd.Flags().StringVar(&f.database, "database", "", "SQLite file to keep (default: one that goes with the server)")
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to serve on")
	cmd.Flags().StringVar(&f.info, "info", "", "file to describe the running server in (JSON, with its keys)")
	cmd.Flags().StringVar(&f.logLevel, "log-level", "info", "debug, info, warn, error or disabled")
	cmd.Flags().StringVar(&f.logFile, "log-file", "", "file to log to (default: standard error)")
	cmd.Flags().BoolVar(&f.allowRemote, "dev-allow-remote", false, "allow an address that others can reach; the keys are printed")
	cmd.Flags().StringVar(&f.openFinance, "open-finance-listen", "127.0.0.1:0", "address to serve Open Finance on with mutual TLS, or off")
	f.hydra.flags(cmd.Flags())
	return cmd
}

func dev(out io.Writer, f devFlags) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	log, err := newLog(f.logLevel, f.logFile)
	if err != nil {
		return err
	}
	if !f.allowRemote && !isLoopback(f.listen) {
		return &exit{exitUsage, fmt.Errorf("--listen %s: tenure dev serves on loopback addresses only, unless --dev-allow-remote", f.listen)}
	}
	earlier, err := readInfo(f.info)
	if err != nil {
		return err
	}
	l, err := listen(f.listen)
	if err != nil {
		return err
	}
	defer l.Close()
	admin, err := f.hydra.open()
	if err != nil {
		return err
	}
	if admin != nil {
		defer admin.Close()
	}
	if f.database == "" {
		dir, err := os.MkdirTemp("", "tenure-dev-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		f.database = filepath.Join(dir, "tenure.db")
	}
	demo, err := f.demo()
	if err != nil {
		return err
	}
	if demo != nil {
		defer demo.close()
	}
	if err := migrateFirst(ctx, out, f.database, false); err != nil {
		return err
	}
	n, err := openNode(ctx, nodeConfig{database: f.database, log: log})
	if err != nil {
		return err
	}
	if demo == nil {
		n.mount(openfinance.Scheme{}, nil)
	} else {
		n.mount(demo.scheme(), demo.fetch())
	}
	described, err := n.example(ctx, address(l, nil), earlier)
	if err != nil {
		return errors.Join(&exit{exitFailure, fmt.Errorf("%s", message(err))}, n.close())
	}
	described.HydraAdminURL = adminURL(admin)
	endpoints := []endpoint{{l, n.handler, nil}}
	if demo != nil {
		endpoints, err = demo.beside(ctx, endpoints, n, &described)
	}
	if err == nil && admin != nil {
		endpoints, err = f.hydra.beside(endpoints, n, admin, described.Organizations[1].APIKey, described.URL)
	}
	if err == nil {
		err = described.write(f.info)
	}
	if err != nil {
		return errors.Join(err, n.close())
	}
	printRequests(out, described)
	return errors.Join(n.serve(ctx, endpoints...), n.close())
}

// demo opens the demonstration, its certificates beside the database; nil if
// it is not wanted.
func (f devFlags) demo() (*demoScheme, error) {
	if f.openFinance == "off" {
		return nil, nil
	}
	if !f.allowRemote && !isLoopback(f.openFinance) {
		return nil, &exit{exitUsage, fmt.Errorf("--open-finance-listen %s: a loopback address, or off", f.openFinance)}
	}
	dir, err := filepath.Abs(f.database + ".open-finance") // callers are in folders of their own
	if err != nil {
		return nil, err
	}
	return openDemoScheme(f.openFinance, dir)
}

// isLoopback reports whether an address is one that only this machine reaches.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// example fills an empty database with the example installation and describes
// it. On a later start with the same database it makes new keys only where the
// earlier description does not have them.
func (n *node) example(ctx context.Context, url string, earlier info) (info, error) {
	first, err := n.bootstrap(ctx, "acme")
	if err != nil {
		return info{}, err
	}
	operator := n.tenancy.Operator("example")
	root := n.tenancy.Root()
	keys := map[tenancy.OrgID]string{}
	if first != "" {
		keys[root] = first
	}
	orgs, err := n.tenancy.Organizations(operator)
	if err != nil {
		return info{}, err
	}
	var clients []infoClient
	if len(orgs) == 1 {
		tree, err := n.exampleTree(ctx, operator, root)
		if err != nil {
			return info{}, err
		}
		if clients, err = n.exampleClients(ctx, tree); err != nil {
			return info{}, err
		}
		if err := n.openRegistration(ctx, operator); err != nil {
			return info{}, err
		}
	}
	described, err := n.gather(url, keys, clients)
	if err != nil {
		return info{}, err
	}
	described.keep(earlier)
	for i := range described.Organizations {
		o := &described.Organizations[i]
		if o.APIKey != "" {
			continue
		}
		if _, o.APIKey, err = n.tenancy.CreateKey(ctx, operator, tenancy.NewKey{Org: o.ID, Name: "dev", Role: tenancy.Admin}); err != nil {
			return info{}, err
		}
	}
	return described, nil
}

// openRegistration lets anybody register a client in the default setup.
func (n *node) openRegistration(ctx context.Context, operator tenancy.Scope) error {
	policy := snapshots.DefaultPolicy()
	policy.Registration, policy.OpenFinanceProfile = snapshots.RegistrationOpen, snapshots.ProfilePlain
	setup := snapshots.EntityID(n.tenancy.DefaultSetup(n.tenancy.Root()))
	return n.snapshots.SetPolicy(ctx, operator, snapshots.DefaultModule, setup, policy)
}

// exampleTree makes two children of the root and a grandchild; it returns the
// organizations in that order, the root first.
func (n *node) exampleTree(ctx context.Context, operator tenancy.Scope, root tenancy.OrgID) ([]tenancy.OrgID, error) {
	tree := []tenancy.OrgID{root}
	for _, o := range []struct {
		name  string
		below int
	}{{"acme-north", 0}, {"acme-south", 0}, {"acme-north-harbour", 1}} {
		made, err := n.tenancy.CreateOrganization(ctx, operator, tree[o.below], o.name)
		if err != nil {
			return nil, err
		}
		tree = append(tree, made.ID)
	}
	return tree, nil
}
