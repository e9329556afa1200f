package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Times that a child is given.
const (
	startTime = 5 * time.Minute // to say that it is ready: a first start may have to read a large log
	stopTime  = 15 * time.Second
)

// child is a process that the run started and ends.
type child struct {
	address string        // of its listener
	took    time.Duration // from its start to its being ready

	cmd   *exec.Cmd
	input io.Closer
	ended chan struct{}
	err   error // of its end
	says  lastWords
}

// startChild starts a program and waits until it prints a line with the words; what
// follows them is its address. The child ends with the thread that started it, so that
// it does not outlive a bench that is killed.
func startChild(ctx context.Context, words, program string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	c.cmd.SysProcAttr = dieWithParent()
	c.cmd.Stderr = &c.says
	output, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.input, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	ready, failed, start := make(chan string, 1), make(chan error, 1), time.Now()
	go func() {
		runtime.LockOSThread() // for as long as the child runs
		defer runtime.UnlockOSThread()
		if err := c.cmd.Start(); err != nil {
			failed <- err
			return
		}
		failed <- nil
		lines := bufio.NewReader(output)
		for {
			line, err := lines.ReadString('\n')
			if _, address, found := strings.Cut(line, words); found {
				ready <- strings.TrimSpace(address)
			}
			if err != nil {
				break
			}
		}
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	if err := <-failed; err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	select {
	case c.address = <-ready:
		c.took = time.Since(start)
		return c, nil
	case <-c.ended:
		err = fmt.Errorf("%s %s ended before it was ready: %v: %s", program, args[0], c.err, c.says.text())
	case <-time.After(startTime):
		err = fmt.Errorf("%s %s is not ready after %s", program, args[0], startTime)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, c.stop())
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop ends the child: by a signal that lets it finish, and by force if it does not.
func (c *child) stop() error {
	c.input.Close()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
		return nil
	case <-time.After(stopTime):
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
	return fmt.Errorf("%s had to be killed: %s", c.cmd.Path, c.says.text())
}

// watchEvery is how often the memory of a program that runs to its end is looked at.
const watchEvery = 20 * time.Millisecond

// finish runs a program to its end. It returns how long that took, the processor time
// that it used, and its memory in bytes at regular times, none if it is not known.
func finish(ctx context.Context, program string, args ...string) (took, used time.Duration, memory []int64, err error) {
	var says lastWords
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = &says
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, nil, fmt.Errorf("%s: %w", program, err)
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				if now, _, known := memoryOf(cmd.Process.Pid); known {
					memory = append(memory, now)
				}
			}
		}
	})
	err = cmd.Wait()
	took = time.Since(start)
	close(ended)
	watching.Wait()
	if err != nil {
		return took, 0, memory, fmt.Errorf("%s %s: %w: %s", program, args[0], err, says.text())
	}
	return took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), memory, nil
}

// lastWords keeps the end of what a child says on standard error.
type lastWords struct {
	mu  sync.Mutex
	raw []byte
}

func (w *lastWords) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.raw = append(w.raw, p...)
	w.raw = w.raw[max(0, len(w.raw)-1000):]
	return len(p), nil
}

func (w *lastWords) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimSpace(string(w.raw))
}
