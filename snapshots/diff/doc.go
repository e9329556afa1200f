// Package diff compares two documents.
package diff
