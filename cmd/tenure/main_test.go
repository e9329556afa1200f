package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/cmd/tenure/node"
)

// asProgram makes the test binary be the program itself.
const asProgram = "TENURE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "1" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// program is a running server.
type program struct {
	cmd  *exec.Cmd
	info node.Info
	file string
	out  *bytes.Buffer
	ends chan error
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "TENURE_DRAIN=0s") // no load balancer looks at it
	return cmd
}

// started starts the program and waits until it has written its --info file.
func started(t *testing.T, infoFile string, args ...string) *program {
	t.Helper()
	if infoFile == "" {
		infoFile = filepath.Join(t.TempDir(), "info.json")
	}
	p := &program{file: infoFile, out: &bytes.Buffer{}, ends: make(chan error, 1)}
	p.cmd = command(append(args, "--listen", "127.0.0.1:0", "--info", infoFile)...)
	stdout, err := p.cmd.StdoutPipe()
	must(t, err)
	var stderr bytes.Buffer
	p.cmd.Stderr = &stderr
	must(t, p.cmd.Start())
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewReader(stdout)
		for {
			line, err := lines.ReadString('\n')
			p.out.WriteString(line)
			if strings.HasPrefix(line, "tenure ") { // printed after the info file is in place
				close(ready)
			}
			if err != nil || strings.HasPrefix(line, "tenure ") {
				break
			}
		}
		io.Copy(p.out, lines)
		p.ends <- p.cmd.Wait()
	}()
	select {
	case <-ready:
	case err := <-p.ends:
		t.Fatalf("%v did not start: %v: %s", args, err, stderr.String())
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	raw, err := os.ReadFile(infoFile)
	must(t, err)
	must(t, json.Unmarshal(raw, &p.info))
	return p
}

// stop asks the program to end and waits for that.
func (p *program) stop(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := <-p.ends; err != nil {
		t.Fatalf("the server ended with %v", err)
	}
}

// kill ends the program with no chance to finish anything.
func (p *program) kill(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Kill())
	<-p.ends
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails runs the program to its end and returns its exit code and what it said.
func fails(t *testing.T, args ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// call sends a request with the root's key and decodes a JSON answer.
func (p *program) call(method, path, body string) (int, map[string]any, error) {
	req, err := http.NewRequest(method, p.info.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+p.info.Organizations[0].APIKey)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil && !errors.Is(err, io.EOF) {
		return res.StatusCode, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return res.StatusCode, answer, nil
}

func (p *program) clients() string {
	return fmt.Sprintf("/v2/modules/%s/setups/%s/clients", p.info.Module, p.info.SetupID)
}
