package openfinance

// The limits that apply where Deps sets none.
var (
	Callers   = callers
	Setups    = setups
	Documents = documents
)
