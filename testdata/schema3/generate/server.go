package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// publicURL is what answers name; tests serve the fixture under it, too.
const publicURL = "https://tenure.example"

// key is the path of a key file.
func (p program) key(name string) string { return filepath.Join(p.keys, name) }

// run runs a command of the program to its end.
func (p program) run(args ...string) string {
	var errs bytes.Buffer
	cmd := exec.Command(p.path, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		log.Panicf("%v: %v\n%s%s", args, err, out, errs.String())
	}
	return string(out)
}

// server is the program while it serves.
type server struct {
	url  string
	cmd  *exec.Cmd
	keys map[string]string // API keys by name
}

// serve starts the program and waits until it is ready.
func (p program) serve(w *world) *server {
	if _, err := os.Stat(p.key("sealing-key")); errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		_, err := rand.Read(key)
		check(err)
		check(os.WriteFile(p.key("sealing-key"), []byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600))
	}
	info := filepath.Join(p.work, "info.json")
	check(os.WriteFile(filepath.Join(p.work, "ca.pem"), w.authority.PEM(), 0o600))
	check(os.WriteFile(filepath.Join(p.work, "directory.json"), w.directory.JWKS(), 0o600))
	os.Remove(info)
	s := &server{keys: w.Keys}
	s.cmd = exec.Command(p.path, "serve", "--database", p.database, "--listen", "127.0.0.1:0", "--info", info, "--public-url", publicURL,
		"--secrets-key-file", p.key("sealing-key"), "--log-key", p.key("log-key"), "--evidence-key", p.key("evidence-key"),
		"--read-log", "full", "--log-level", "error", "--client-ca", filepath.Join(p.work, "ca.pem"), "--directory-keys", filepath.Join(p.work, "directory.json"),
		"--proxy-cert-header", "Client-Cert", "--proxy-cert-format", "rfc9440", "--proxy-from", "127.0.0.1/32")
	s.cmd.Stderr, s.cmd.Stdout = os.Stderr, os.Stderr
	check(s.cmd.Start())
	var described struct {
		URL           string `json:"url"`
		Setup         string `json:"setup_id"`
		Organizations []struct {
			ID  string `json:"id"`
			Key string `json:"api_key"`
		} `json:"organizations"`
	}
	for tries := 0; ; tries++ {
		raw, err := os.ReadFile(info)
		if err == nil && json.Unmarshal(raw, &described) == nil {
			break
		}
		if tries > 100 {
			log.Panic("the server does not start")
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.url = described.URL
	if w.Keys["root"] == "" {
		w.Keys["root"], w.IDs["root"], w.IDs["default"] = described.Organizations[0].Key, described.Organizations[0].ID, described.Setup
	}
	return s
}

func (s *server) stop() {
	check(s.cmd.Process.Signal(syscall.SIGTERM))
	check(s.cmd.Wait())
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// text is a member of a JSON answer, by the names that lead to it.
func (a answer) text(path ...string) string {
	var value any
	check(json.Unmarshal(a.body, &value))
	for _, name := range path {
		value = value.(map[string]any)[name]
	}
	return value.(string)
}

// send sends a request with an API key by name, or none, and headers in pairs.
func (s *server) send(key, method, path, body string, headers ...string) answer {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	check(err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+s.keys[key])
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	check(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	check(err)
	return answer{res.StatusCode, res.Header, raw}
}

// do is send for a request that must succeed.
func (s *server) do(key, method, path, body string, headers ...string) answer {
	a := s.send(key, method, path, body, headers...)
	if a.status >= 300 {
		log.Panicf("%s %s %.300s: %d %s", method, path, body, a.status, a.body)
	}
	return a
}

func (s *server) get(key, path string) []byte { return s.do(key, "GET", path, "").body }
