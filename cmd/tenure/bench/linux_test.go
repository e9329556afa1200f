package bench

import (
	"os"
	"testing"
	"time"
)

// TestOwnUse: what /proc says of this process, which has used some of both.
func TestOwnUse(t *testing.T) {
	used := func() time.Duration {
		cpu, known := cpuOf(os.Getpid())
		if !known {
			t.Fatal("no processor time")
		}
		return cpu
	}
	before, sum := used(), 0
	for used() < before+3*tick { // it grows while this process works
		for i := range 1_000_000 {
			sum += i
		}
	}
	now, most, known := memoryOf(os.Getpid())
	if !known || now < 1<<20 || most < now/2 || sum == 0 {
		t.Errorf("memory %d, at most %d, %v", now, most, known)
	}
	if _, known := cpuOf(1 << 30); known {
		t.Error("processor time of no process")
	}
	if _, _, known := memoryOf(1 << 30); known {
		t.Error("memory of no process")
	}
}
