//go:build !race

package snapshots_test

const raced = false
