package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// tick is the unit of processor times in /proc, the same on every Linux.
const tick = 10 * time.Millisecond

// dieWithParent makes a child end when the thread that started it does.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// cpuOf is the processor time that a process has used; false if it is not known.
func cpuOf(pid int) (time.Duration, bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// The second field is the program's name in brackets, which may contain both.
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 13 {
		return 0, false
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	system, other := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * tick, err == nil && other == nil
}

// memoryOf is the resident memory of a process in bytes, now and at most so far; false
// if it is not known.
func memoryOf(pid int) (now, most int64, known bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, false
	}
	for line := range bytes.Lines(raw) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(value)
		if len(fields) != 2 {
			continue
		}
		n, err := strconv.ParseInt(string(fields[0]), 10, 64)
		switch {
		case err != nil:
		case string(name) == "VmRSS":
			now, known = n<<10, true
		case string(name) == "VmHWM":
			most = n << 10
		}
	}
	return now, most, known
}

// pause waits in the kernel. The runtime's own timers are late by up to a millisecond
// where nothing else runs, which is as much as the distances that are imitated.
func pause(d time.Duration) {
	if d > 0 {
		spec := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&spec, nil)
	}
}
