package openfinance

// What Deps stands for where it says nothing.
var (
	Callers   = callers
	Setups    = setups
	Documents = documents
)
