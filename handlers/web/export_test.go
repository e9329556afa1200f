package web

// IsPublic is the guard of fetched addresses.
var IsPublic = isPublic
