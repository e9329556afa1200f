package main

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"tenure/tenancy/db"
	"tenure/tenancy/db/dbtest"
)

// TestKilledImport: an import that is killed in its middle is finished by the same command. No
// client is there twice, none is missing, and what was there is not written again.
func TestKilledImport(t *testing.T) {
	const all, before, reported = 3000, 1500, 600
	client := func(b *strings.Builder, i int) {
		fmt.Fprintf(b, `{"client_id":"client-%d","client_name":"Client %d","token_endpoint_auth_method":"none","redirect_uris":["https://app.example/%d"]}`+"\n", i, i, i)
	}
	var half, file strings.Builder
	for i := range all {
		if client(&file, i); i < before {
			client(&half, i)
		}
	}
	dbtest.Each(t, func(t *testing.T, dsn string) {
		args := []string{"import", "hydra", "-", "--database", dsn, "--secrets-key-file", "none", "--jobs", "200"}
		cmd := command(args...)
		in, err := cmd.StdinPipe()
		must(t, err)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		go in.Write([]byte(half.String())) // and never closes it: there is more to come
		lines, seen := bufio.NewScanner(out), 0
		for seen < reported && lines.Scan() {
			if strings.HasPrefix(lines.Text(), "created ") {
				seen++
			}
		}
		must(t, cmd.Process.Kill())
		if err := cmd.Wait(); err == nil || seen < reported {
			t.Fatalf("it ended by itself, after %d clients: %v", seen, err)
		}
		there := clientsOf(t, dsn)
		if there < reported || there >= all {
			t.Fatalf("%d clients are there, of %d that were reported", there, reported)
		}
		for _, want := range []string{
			fmt.Sprintf("%d clients: %d created, 0 updated, %d unchanged, 0 refused\n", all, all-there, there),
			fmt.Sprintf("%d clients: 0 created, 0 updated, %d unchanged, 0 refused\n", all, all),
		} {
			cmd := command(args...)
			cmd.Stdin = strings.NewReader(file.String())
			said, err := cmd.CombinedOutput()
			if err != nil || !strings.HasSuffix(string(said), want) {
				t.Fatalf("%v, no %q in %s", err, want, said)
			}
			if n := clientsOf(t, dsn); n != all {
				t.Errorf("%d clients are there", n)
			}
		}
		if code, said := fails(t, "check", "--database", dsn); code != 0 {
			t.Errorf("check: %d %s", code, said)
		}
	})
}

// clientsOf counts the clients in a database, each of which has one snapshot.
func clientsOf(t *testing.T, dsn string) int {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, db.Options{ReadOnly: true})
	must(t, err)
	defer d.Close()
	var clients, written int
	must(t, d.View(t.Context(), func(c *db.Conn) error {
		if err := c.Get(&clients, "SELECT count(*) FROM entity WHERE kind = 'client'"); err != nil {
			return err
		}
		return c.Get(&written, "SELECT count(*) FROM snapshot s WHERE s.entity_id IN (SELECT entity_id FROM entity WHERE kind = 'client')")
	}))
	if written != clients {
		t.Errorf("%d clients have %d snapshots", clients, written)
	}
	return clients
}
