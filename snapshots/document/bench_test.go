package document_test

import (
	"testing"

	"tenure/snapshots/document"
	"tenure/snapshots/document/documenttest"
)

func BenchmarkEncode(b *testing.B) {
	client := documenttest.TypicalClient()
	b.SetBytes(int64(len(document.Encode(&client))))
	b.ReportAllocs()
	for b.Loop() {
		document.Encode(&client)
	}
}

func BenchmarkDecode(b *testing.B) {
	client := documenttest.TypicalClient()
	data := document.Encode(&client)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := document.Decode[document.Client](data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChanged(b *testing.B) {
	base, next := documenttest.TypicalClient(), documenttest.TypicalClient()
	next.ClientName = "other"
	b.ReportAllocs()
	for b.Loop() {
		document.Changed(&base, &next)
	}
}

func BenchmarkValidate(b *testing.B) {
	client := documenttest.TypicalClient()
	rules := document.ClientRules()
	b.ReportAllocs()
	for b.Loop() {
		document.Validate(rules, document.Input[document.Client]{Next: &client})
	}
}
