// Package handlers mounts every surface and the operations endpoints. It is
// the only package that imports surfaces, which never import each other; the
// tests of layering, of the route list and of access over all routes are here.
//
//	HTTP request
//	  → web (route, credential, Principal, Scope)
//	  → handlers/<surface> (wire value → document)
//	  → snapshots, tenancy (Scope and document → snapshot)
//	  → handlers/<surface> (snapshot → wire value, pure)
//	  → web (one write, one event)
package handlers
