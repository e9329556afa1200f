package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"tenure/cmd/tenure/demo"
)

// steadyImport is how many clients an import needs for its memory to be judged: before
// that the heap is still growing to the size that it keeps.
const steadyImport = 100_000

// measureImport imports a file of Hydra's clients by the program's own command: with
// SQLite into a new database, with PostgreSQL into that of the run, whose servers have
// ended by then.
func (r *run) measureImport(ctx context.Context) (err error) {
	if err := r.stopServers(); err != nil {
		return err
	}
	file := r.file("import.json")
	if err := writeHydraFile(file, fmt.Sprintf("import-%x", time.Now().Unix()), r.opts.Imported); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file)) }()
	args := []string{"import", "hydra", file, "--database", r.opts.Database, "--secrets-key-file", r.sealingKey()}
	if !r.postgres() {
		dir, err := os.MkdirTemp(r.dir, "import-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		args = []string{"import", "hydra", file, "--database", dir + "/tenure.db"}
	}
	took, used, memory, err := finish(ctx, r.program, args...)
	if err != nil {
		return err
	}
	cpu := float64(used.Microseconds()) / float64(r.opts.Imported)
	result := Result{Row: rowImport, Work: fmt.Sprintf("import of a file with %s clients", commas(r.opts.Imported)),
		Requests: r.opts.Imported, Rate: float64(r.opts.Imported) / took.Seconds(), CPU: &cpu}
	target{rate: 8000}.judge(&result)
	r.add(result)
	if half := len(memory) / 2; half > 0 {
		before, after := slices.Max(memory[:half]), slices.Max(memory[half:])
		result := Result{Row: "import-memory", Work: fmt.Sprintf("greatest memory of the import (first half: %d MB)", before/1e6), Bytes: after}
		if r.opts.Imported >= steadyImport {
			result.Target, result.Verdict = "constant", met
			if after > before+before/4 {
				result.Verdict = notMet
			}
		}
		r.add(result)
	}
	return nil
}

// writeHydraFile writes clients as Hydra lists them: a JSON array. One in ten has a key
// set with a certificate chain.
func writeHydraFile(path, prefix string, clients int) (err error) {
	issuer, err := demo.NewIssuer()
	if err != nil {
		return err
	}
	keys, err := makeKeys()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriterSize(f, 1<<20)
	for i := range clients {
		object := hydraObject(i, "none")
		if i%chainEvery == 0 {
			set, err := issuer.KeySet(fmt.Sprintf("i%d.clients", i), keys[i/chainEvery%len(keys)])
			if err != nil {
				return err
			}
			object["jwks"], object["token_endpoint_auth_method"] = json.RawMessage(set), "private_key_jwt"
		}
		object["client_id"] = fmt.Sprintf("%s-%07d", prefix, i)
		object["created_at"], object["updated_at"] = "2024-05-06T07:08:09Z", "2025-06-07T08:09:10Z"
		raw, err := json.Marshal(object)
		if err != nil {
			return err
		}
		between := ",\n"
		if i == 0 {
			between = "[\n"
		}
		out.WriteString(between)
		out.Write(raw)
	}
	out.WriteString("\n]\n")
	return out.Flush()
}
