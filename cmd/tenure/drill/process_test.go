//go:build linux

package drill

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// launcher starts every process from one thread that lives as long as the test
// program: the kernel then kills the processes when the test program dies, however that happens.
type launcher chan launch

type launch struct {
	cmd  *exec.Cmd
	done chan error
}

var processes = newLauncher()

func newLauncher() launcher {
	l := make(launcher)
	go l.run()
	return l
}

func (l launcher) start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr.Setpgid = true // an interrupt reaches the tests only
	done := make(chan error)
	l <- launch{cmd, done}
	return <-done
}

func (l launcher) run() {
	runtime.LockOSThread() // and never unlocks it
	for one := range l {
		one.done <- one.cmd.Start()
	}
}

// process is one that the drill has started.
type process struct {
	cmd    *exec.Cmd
	output *lockedBuffer
	ended  chan struct{} // closed when it has ended
}

// startProcess starts a program; the test's end kills it.
func startProcess(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, output: &lockedBuffer{}, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.output, p.output
	must(t, processes.start(cmd))
	go func() {
		cmd.Wait() // its result stands in cmd.ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// running reports whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// exitCode is that of a process that has ended, -1 if a signal ended it.
func (p *process) exitCode() int { return p.cmd.ProcessState.ExitCode() }

// kill ends the process with SIGKILL and waits for that.
func (p *process) kill() {
	if p.running() {
		p.cmd.Process.Kill()
	}
	<-p.ended
}

// signalTree sends a signal to the process and to all that it has started.
func (p *process) signalTree(sig syscall.Signal) error {
	if !p.running() {
		return nil
	}
	for _, pid := range append(children(p.pid()), p.pid()) {
		if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return nil
}

// children are the processes that a process has started itself.
func children(parent int) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid: the name may have blanks and brackets.
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// lockedBuffer keeps what a process says.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// last is the end of what a process said, for a message.
func (b *lockedBuffer) last() string {
	s := b.String()
	return fmt.Sprintf("…%s", s[max(0, len(s)-1500):])
}
