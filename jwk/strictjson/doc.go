// Package strictjson writes JSON (RFC 8259): [Writer] for views, [AppendText] for single strings.
package strictjson
