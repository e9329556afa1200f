package dbtest

import (
	"runtime"
	"runtime/debug"
	"time"
)

// PeakMemory runs fn and returns how many bytes of the heap it had in use at
// most, about: garbage is collected often meanwhile.
func PeakMemory(fn func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	used := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.GC()
	before, peak := used(), int64(0)
	done, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				peak = max(peak, used()-before)
			}
		}
	}()
	fn()
	close(stop)
	<-done
	return peak
}
