//go:build linux

package drill

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// ownNetwork says, in the environment, that the drill runs in a network namespace of its
// own. There the kernel drops packets where a connection is to be cut, and nobody else on the machine notices.
const ownNetwork = "TENURE_DRILL_NETWORK"

// ruleset drops what goes to and comes from the ports of the set.
const ruleset = `table inet drill {
	set dropped { type inet_service; }
	chain input { type filter hook input priority 0; tcp dport @dropped drop; tcp sport @dropped drop; }
}`

// runInOwnNetwork runs the tests in a network of their own, where that is allowed (root) and
// nft is there, and returns how they ended.
func runInOwnNetwork() (code int, done bool) {
	if os.Getenv(ownNetwork) != "" || os.Getuid() != 0 {
		return 0, false
	}
	for _, program := range []string{"nft", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			return 0, false
		}
	}
	probe := exec.Command("true")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if probe.Run() != nil {
		return 0, false
	}
	self := exec.Command(os.Args[0], os.Args[1:]...)
	self.Env = append(os.Environ(), ownNetwork+"=own")
	self.Stdout, self.Stderr = os.Stdout, os.Stderr
	self.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := self.Run()
	if err != nil && self.ProcessState == nil {
		return 0, false
	}
	return self.ProcessState.ExitCode(), true
}

// prepareNetwork brings up the loopback of a network of its own.
func prepareNetwork() error {
	if os.Getenv(ownNetwork) == "" {
		return nil
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, out)
	}
	return nft(ruleset)
}

func nft(rules string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	return nil
}

// dropPackets begins or ends that the kernel drops a port's packets. It returns false
// where it cannot be asked.
func dropPackets(t testing.TB, port string, drop bool) bool {
	t.Helper()
	if os.Getenv(ownNetwork) == "" {
		return false
	}
	verb := "delete"
	if drop {
		verb = "add"
	}
	must(t, nft(fmt.Sprintf("%s element inet drill dropped { %s }", verb, port)))
	return true
}
