package diff

import "tenure/snapshots/document"

// Lines is a document as Unified writes it, a line for each member, item of a
// list and part of a document.
func Lines[T document.Content](doc *T) []string {
	var all []string
	for _, l := range linesOf(walk(doc, doc, walker{equal: true, details: true})) {
		all = append(all, l.text)
	}
	return all
}
