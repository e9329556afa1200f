package evidence

// Bounds of what comes from outside.
const (
	maxManifest = 64 << 20
	maxFiles    = 2*MaxEvents + 16
	maxLine     = 8 << 20
	maxTotal    = 4 << 30 // bytes of all files, unpacked
	maxSmall    = 1 << 20 // keys, notes, the consistency proof
)
