package ory

// IsPublic is the guard of fetched addresses.
var IsPublic = isPublic
