//go:build !linux

package bench

import (
	"syscall"
	"time"
)

// What /proc says on Linux is not known elsewhere: the table has "-" there.

func dieWithParent() *syscall.SysProcAttr { return nil }

func cpuOf(int) (time.Duration, bool) { return 0, false }

func memoryOf(int) (now, most int64, known bool) { return 0, 0, false }

func pause(d time.Duration) { time.Sleep(d) }
